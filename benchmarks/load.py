"""The load on a gateway, from this process and from wrk: one caller, many streams at the same time, many connections.

Every answer is read whole and its text checked, after the clock has stopped; of wrk's only the status is.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import orjson

from benchmarks.mock_server import ANSWER_TEXT, text_size
from benchmarks.processes import LONGEST_JOB_S, SubjectFailed
from benchmarks.subjects import MESSAGES, PARAMS

HOST = "127.0.0.1"
CHUNKS = 50
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TEXT = re.compile(rb'"content": ?"[^"]')
_HEAD_END = b"\r\n\r\n"
_CHUNKS_END = b"\r\n0\r\n\r\n"
_LARGEST = 1 << 20
_WRK_WAITS = "30s"  # for an answer; by default 2 s
_WRK_SCRIPT = """
wrk.method, wrk.body = "POST", [==[{body}]==]
wrk.headers["Content-Type"], wrk.headers["Authorization"] = "application/json", "Bearer {key}"
function done(summary, latency, requests)
  local wrong = summary.errors
  io.write(string.format('\\n{{"requests": %d, "took_us": %d, "wrong": %d}}\\n', summary.requests, summary.duration,
    wrong.connect + wrong.read + wrong.write + wrong.status + wrong.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Door:
    """Where requests go, and what they ask for."""

    port: int
    path: str
    model: str
    key: str

    def body(self, *, stream: bool) -> bytes:
        asked = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
        return orjson.dumps({"model": self.model, "messages": MESSAGES, **PARAMS, **asked})

    def request(self, *, stream: bool) -> bytes:
        body = self.body(stream=stream)
        lines = (
            f"POST {self.path} HTTP/1.1",
            f"host: {HOST}:{self.port}",
            f"authorization: Bearer {self.key}",
            "content-type: application/json",
            f"content-length: {len(body)}",
        )
        return "\r\n".join((*lines, "", "")).encode() + body


class Caller:
    """One connection, kept alive, with one request at a time. Both calls raise SubjectFailed."""

    def __init__(self, door: Door) -> None:
        self._socket = socket.create_connection((HOST, door.port), LONGEST_JOB_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._call, self._stream = door.request(stream=False), door.request(stream=True)

    def call(self) -> tuple[float]:
        """Return how many seconds an answer took."""
        started = time.perf_counter()
        self._socket.sendall(self._call)
        answer = self._read_until(_is_whole, b"")
        taken = time.perf_counter() - started
        _check(answer, len(ANSWER_TEXT))
        return (taken,)

    def stream(self) -> tuple[float, float]:
        """Return how many seconds it took until the first event of a stream, and until the first with a text."""
        started = time.perf_counter()
        self._socket.sendall(self._stream)
        answer = self._read_until(lambda held: b"data: " in held or _is_whole(held), b"")
        event_s = time.perf_counter() - started
        answer = self._read_until(lambda held: bool(_TEXT.search(held)) or _is_whole(held), answer)
        text_s = time.perf_counter() - started
        _check_stream(self._read_until(_is_whole, answer))
        return event_s, text_s

    def _read_until(self, is_there: Callable[[bytes], bool], held: bytes) -> bytes:
        while not is_there(held):
            held = self._read(held)
        return held

    def _read(self, held: bytes) -> bytes:
        try:
            packet = self._socket.recv(_LARGEST)
        except OSError as error:
            raise SubjectFailed(f"the connection broke: {error}") from error
        if not packet:
            raise SubjectFailed("the connection was closed before the answer had ended")
        return held + packet

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many streams at the same time went: `wrong` tells of each that did not what was the matter."""

    took_s: float
    wrong: list[str]


def crowd(door: Door, *, count: int, connections: int) -> Crowd:
    """Read so many streams, each connection one after another."""
    answers: list[bytes] = []
    told: list[str] = []
    started = time.perf_counter()
    for answer in asyncio.run(_answers(door, count // connections, connections)):
        if isinstance(answer, bytes):
            answers.append(answer)
        else:
            told.append(f"{type(answer).__name__}: {answer}")
    took_s = time.perf_counter() - started
    for answer in answers:
        try:
            _check_stream(answer)
        except SubjectFailed as error:
            told.append(str(error))
    return Crowd(took_s, told)


async def _answers(door: Door, each: int, connections: int) -> list[bytes | Exception]:
    request = door.request(stream=True)

    async def one() -> list[bytes | Exception]:
        found: list[bytes | Exception] = []
        try:
            async with asyncio.timeout(LONGEST_JOB_S):
                reader, writer = await asyncio.open_connection(HOST, door.port, limit=_LARGEST)
                for _ in range(each):
                    writer.write(request)
                    found.append(await _stream(reader))
                writer.close()
        except (OSError, EOFError, TimeoutError) as error:
            found += [error] * (each - len(found))
        return found

    return [answer for found in await asyncio.gather(*(one() for _ in range(connections))) for answer in found]


async def _stream(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(_HEAD_END)
    if length := _LENGTH.search(head):  # an error, as no stream has one
        return head + await reader.readexactly(int(length[1]))
    return head + await reader.readuntil(_CHUNKS_END)


def has_wrk() -> bool:
    return shutil.which("wrk") is not None


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk got done."""

    requests: int
    took_s: float


def wrk(door: Door, *, connections: int, seconds: int, stream: bool = False) -> Load:
    """Ask over so many connections at the same time, for so long. Raises SubjectFailed where any request fails."""
    script = _WRK_SCRIPT.format(body=door.body(stream=stream).decode(), key=door.key)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "load.lua")
        file.write_text(script, encoding="utf-8")
        shape = ["-t", "1", "-c", str(connections), "-d", str(seconds), "--timeout", _WRK_WAITS, "-s", str(file)]
        command = ["wrk", *shape, f"http://{HOST}:{door.port}{door.path}"]
        limit_s = seconds + LONGEST_JOB_S
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    if done.returncode:
        raise SubjectFailed(f"wrk: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    if told["wrong"] or not told["requests"]:
        raise SubjectFailed(f"{told['wrong']:,} requests failed under load, {told['requests']:,} were answered")
    return Load(told["requests"], told["took_us"] / 1e6)


def _is_whole(answer: bytes) -> bool:
    end = answer.find(_HEAD_END)
    if end < 0:
        return False
    if length := _LENGTH.search(answer, 0, end):
        return len(answer) >= end + len(_HEAD_END) + int(length[1])
    return answer.endswith(_CHUNKS_END)


def _check(answer: bytes, size: int) -> None:
    """Hold an answer against what the mock sends. Raises SubjectFailed."""
    content = json.loads(_good(answer))["choices"][0]["message"]["content"]
    if len(content) != size:
        raise SubjectFailed(f"the answer has {len(content)} characters and must have {size}")


def _check_stream(answer: bytes) -> None:
    """Hold a stream against what the mock sends. Raises SubjectFailed."""
    events = [line[6:] for line in _good(answer).split(b"\n") if line.startswith(b"data: ")]
    if not events or events[-1] != b"[DONE]":
        raise SubjectFailed(f"a stream ended without [DONE], after {len(events)} events")
    choices = [choice for event in events[:-1] for choice in json.loads(event).get("choices", [])]
    size = sum(len(choice["delta"].get("content") or "") for choice in choices)
    if size != text_size(CHUNKS):
        raise SubjectFailed(f"a stream has {size} characters and must have {text_size(CHUNKS)}")


def _good(answer: bytes) -> bytes:
    """Return the body of an answer. Raises SubjectFailed for one that tells of an error."""
    head, _, body = answer.partition(_HEAD_END)
    status = head.split(b" ", 2)[1]
    if not _LENGTH.search(head):
        body = _joined(body)
    if status != b"200":
        raise SubjectFailed(f"status {status.decode()}: {body[:200].decode(errors='replace')}")
    return body


def _joined(body: bytes) -> bytes:
    """Return a body that came in HTTP's chunks."""
    parts, start = [], 0
    while (size := int(body[start : (line := body.index(b"\r\n", start))], 16)) > 0:
        parts.append(body[line + 2 : line + 2 + size])
        start = line + 2 + size + 2
    return b"".join(parts)
