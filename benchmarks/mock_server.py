"""A chat completion server that costs next to nothing: ready-made bytes over a raw asyncio protocol.

It answers any POST. A body that asks for a stream gets `CHUNKS` events, one write and one HTTP chunk each, back to
back. A path that begins with /chunks-50 asks for so many instead, and then one that goes on with /paced for one every
`PACE_MS` milliseconds, with /paced-40 for one every 40. It ends when its standard input is closed, so it cannot
outlive the benchmark.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from functools import cache

from benchmarks import machine

CHUNKS = 200
PACE_MS = 1

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_WISH = re.compile(rb"POST (?:/chunks-(\d+))?(/paced(?:-(\d+))?)?/")
_STREAM = re.compile(rb'"stream": ?true')
_STAMP = 1_760_000_000
_MODEL = "gpt-4o-mini-2024-07-18"
_HEADERS = """\
date: Thu, 09 Oct 2025 08:53:20 GMT
server: uvicorn
x-request-id: req_0123456789abcdef0123456789abcdef
openai-processing-ms: 214
openai-version: 2020-10-01
x-ratelimit-limit-requests: 10000
x-ratelimit-limit-tokens: 200000
x-ratelimit-remaining-requests: 9999
x-ratelimit-remaining-tokens: 199957
x-ratelimit-reset-requests: 8.64s
x-ratelimit-reset-tokens: 12ms
strict-transport-security: max-age=31536000; includeSubDomains
"""
_TEXT = (
    "A routing layer takes one request in one shape and sends it to whichever model should answer it. "
    "It maps parameters, keeps the errors honest, and hands back an answer in the shape you asked in. "
)


def _usage(completion_tokens: int) -> dict[str, object]:
    return {
        "prompt_tokens": 21,
        "completion_tokens": completion_tokens,
        "total_tokens": 21 + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _head(content_type: str, framing: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", *_HEADERS.splitlines(), f"content-type: {content_type}", framing]
    return "\r\n".join([*lines, "", ""]).encode()


def _answer() -> bytes:
    body = json.dumps(
        {
            "id": "chatcmpl-BenchmarkBenchmarkBenchmark",
            "object": "chat.completion",
            "created": _STAMP,
            "model": _MODEL,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": _TEXT, "refusal": None, "annotations": []},
                    "logprobs": None,
                    "finish_reason": "stop",
                }
            ],
            "usage": _usage(CHUNKS),
            "service_tier": "default",
            "system_fingerprint": "fp_0123456789",
        },
        separators=(",", ":"),
    ).encode()
    return _head("application/json", f"content-length: {len(body)}") + body


def _chunk(choices: list[object], usage: object = None) -> bytes:
    event = {
        "id": "chatcmpl-BenchmarkBenchmarkBenchmark",
        "object": "chat.completion.chunk",
        "created": _STAMP,
        "model": _MODEL,
        "service_tier": "default",
        "system_fingerprint": "fp_0123456789",
        "choices": choices,
        "usage": usage,
    }
    return _framed(b"data: " + json.dumps(event, separators=(",", ":")).encode() + b"\n\n")


def _framed(event: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(event), event)


def _words(chunks: int) -> list[str]:
    """Return the texts of a stream: all chunks but the first, the one with the reason and the one with the usage."""
    words = [f" {word}" for word in _TEXT.split()]
    return [words[index % len(words)] for index in range(chunks - 3)]


@cache
def events(chunks: int) -> tuple[bytes, ...]:
    """Return the writes of one stream: so many chunks, the usage among them, and the end mark."""
    deltas: list[dict[str, object]] = [{"role": "assistant", "content": "", "refusal": None}]
    deltas += [{"content": word} for word in _words(chunks)]
    made = [_chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]) for delta in deltas]
    made.append(_chunk([{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]))
    made.append(_chunk([], _usage(chunks)))
    return (*made, _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n")


def text_size(chunks: int) -> int:
    """Return how long the text of a stream is."""
    return sum(len(word) for word in _words(chunks))


ANSWER_TEXT = _TEXT
STREAM_TEXT_SIZE = text_size(CHUNKS)
ANSWER = _answer()
STREAM_HEAD = _head("text/event-stream; charset=utf-8", "transfer-encoding: chunked")


class Chat(asyncio.Protocol):
    """One connection, kept alive."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._held = b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end]
            length = _LENGTH.search(head)
            whole = end + 4 + int(length[1] if length else 0)
            if len(self._held) < whole:
                return
            body, self._held = self._held[end + 4 : whole], self._held[whole:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if not _STREAM.search(body):
            self._transport.write(ANSWER)
            return
        self._transport.write(STREAM_HEAD)
        wish = _WISH.match(head)
        chunks, paced, pace_ms = wish.groups() if wish else (None, None, None)
        writes = events(int(chunks or CHUNKS))
        if paced:
            self._next_event(writes, 0, float(pace_ms or PACE_MS) / 1000)
            return
        for event in writes:
            self._transport.write(event)

    def _next_event(self, writes: tuple[bytes, ...], index: int, pace_s: float) -> None:
        if index < len(writes) and not self._transport.is_closing():
            self._transport.write(writes[index])
            asyncio.get_running_loop().call_later(pace_s, self._next_event, writes, index + 1, pace_s)


async def serve(core: str = "") -> None:
    machine.pin(int(core) if core else None)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Chat, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
