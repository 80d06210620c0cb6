"""What is compared: the same request made by a library, or by hand over a bare HTTP client.

Runs inside a worker, in whichever environment has the subject, so every import but the standard library's waits for
its subject. All of them send the same parameters and look at the text of every answer and of every chunk.
"""

from __future__ import annotations

import importlib
import time
from typing import Any, Protocol

MODEL = "gpt-4o-mini"
KEY = "sk-benchmark"
MESSAGES = [
    {"role": "system", "content": "You answer in one paragraph."},
    {"role": "user", "content": "What does a routing layer for language models do?"},
]
PARAMS = {"temperature": 0.2, "max_tokens": 300}
HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", "Accept": "application/json"}
PATH = "/v1"
PACED_PATH = "/paced/v1"
GROUP = "group"
DEPLOYMENTS = 100


class Subject(Protocol):
    """The four calls that are measured; each returns the text of the answer."""

    def call(self) -> str: ...

    async def acall(self) -> str: ...

    def stream(self, path: str) -> str: ...

    async def astream(self, path: str) -> str: ...


class Library:
    """litellm_lite, and litellm: the same calls under two names."""

    def __init__(self, module: str, origin: str) -> None:
        library = importlib.import_module(module)
        self._completion, self._acompletion = library.completion, library.acompletion
        self.name, self.origin = module, origin

    def routed(self) -> Library:
        """Return the same calls through the library's Router, over a group of deployments that are all the mock."""
        return _Routed(self.name, self.origin)

    def _arguments(self, path: str) -> dict[str, Any]:
        return {
            "model": f"openai/{MODEL}",
            "messages": MESSAGES,
            "api_base": self.origin + path,
            "api_key": KEY,
            **PARAMS,
        }

    def call(self) -> str:
        text: str = self._completion(**self._arguments(PATH)).choices[0].message.content
        return text

    async def acall(self) -> str:
        text: str = (await self._acompletion(**self._arguments(PATH))).choices[0].message.content
        return text

    def stream(self, path: str) -> str:
        chunks = self._completion(stream=True, **self._arguments(path))
        return "".join([chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices])

    async def astream(self, path: str) -> str:
        chunks = await self._acompletion(stream=True, **self._arguments(path))
        return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices])

    def first(self, path: str) -> float:
        """Return the CPU time up to a stream's first chunk; the rest is read, too."""
        started = time.process_time()
        chunks = iter(self._completion(stream=True, **self._arguments(path)))
        next(chunks)
        taken = time.process_time() - started
        for _ in chunks:
            pass
        return taken

    async def afirst(self, path: str) -> float:
        """The async twin of `first`."""
        started = time.process_time()
        chunks = aiter(await self._acompletion(stream=True, **self._arguments(path)))
        await anext(chunks)
        taken = time.process_time() - started
        async for _ in chunks:
            pass
        return taken


class _Routed(Library):
    def __init__(self, module: str, origin: str) -> None:
        super().__init__(module, origin)
        router = importlib.import_module(module).Router(model_list=model_list(origin, DEPLOYMENTS))
        self._completion, self._acompletion = router.completion, router.acompletion

    def _arguments(self, path: str) -> dict[str, Any]:
        assert path == PATH, path  # where all deployments are
        return {"model": GROUP, "messages": MESSAGES, **PARAMS}


def model_list(origin: str, deployments: int, **params: Any) -> list[dict[str, Any]]:
    """Return a group of deployments that are all the mock."""
    place = {"model": f"openai/{MODEL}", "api_base": origin + PATH, "api_key": KEY, **params}
    return [
        {"model_name": GROUP, "litellm_params": place, "model_info": {"id": f"deployment-{number}"}}
        for number in range(deployments)
    ]


class _ByHand:
    """What the bare clients share: JSON by orjson, events split at their blank lines and nothing checked."""

    def __init__(self, origin: str) -> None:
        import orjson

        self._dumps, self._loads = orjson.dumps, orjson.loads
        self._origin = origin

    def _url(self, path: str) -> str:
        return f"{self._origin}{path}/chat/completions"

    def _body(self, *, stream: bool) -> bytes:
        body: dict[str, Any] = {"model": MODEL, "messages": MESSAGES, **PARAMS}
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return self._dumps(body)

    def _text(self, answer: bytes) -> str:
        text: str = self._loads(answer)["choices"][0]["message"]["content"]
        return text

    def _take(self, held: bytes, pieces: list[str]) -> bytes:
        """Read the whole events in what is held, and return the rest."""
        *events, rest = held.split(b"\n\n")
        for event in events:
            data = event.removeprefix(b"data: ")
            if data != b"[DONE]" and (choices := self._loads(data)["choices"]):
                pieces.append(choices[0]["delta"].get("content") or "")
        return rest


class Pyreqwest(_ByHand):
    """The bare engine. It streams as litellm_lite has it stream: every chunk as soon as it comes."""

    def __init__(self, origin: str) -> None:
        from pyreqwest.client import ClientBuilder, SyncClientBuilder

        super().__init__(origin)
        self._sync = SyncClientBuilder().build()
        self._async = ClientBuilder().build()

    def _request(self, client: Any, path: str, *, stream: bool) -> Any:
        return client.post(self._url(path)).headers(HEADERS).body_bytes(self._body(stream=stream))

    def call(self) -> str:
        return self._text(bytes(self._request(self._sync, PATH, stream=False).build().send().bytes()))

    async def acall(self) -> str:
        reply = await self._request(self._async, PATH, stream=False).build().send()
        return self._text(bytes(await reply.bytes()))

    def stream(self, path: str) -> str:
        pieces: list[str] = []
        held = b""
        request = self._request(self._sync, path, stream=True).streamed_read_buffer_limit(0)
        with request.build_streamed() as reply:
            while (packet := reply.body_reader.read_chunk()) is not None:
                held = self._take(held + bytes(packet), pieces)
        return "".join(pieces)

    async def astream(self, path: str) -> str:
        pieces: list[str] = []
        held = b""
        request = self._request(self._async, path, stream=True).streamed_read_buffer_limit(0)
        async with request.build_streamed() as reply:
            while (packet := await reply.body_reader.read_chunk()) is not None:
                held = self._take(held + bytes(packet), pieces)
        return "".join(pieces)


class Httpx(_ByHand):
    """The other engine, as it comes out of the box."""

    def __init__(self, origin: str) -> None:
        import httpx

        super().__init__(origin)
        self._sync = httpx.Client()
        self._async = httpx.AsyncClient()

    def _arguments(self, path: str, *, stream: bool) -> dict[str, Any]:
        return {"url": self._url(path), "headers": HEADERS, "content": self._body(stream=stream)}

    def call(self) -> str:
        return self._text(self._sync.post(**self._arguments(PATH, stream=False)).content)

    async def acall(self) -> str:
        return self._text((await self._async.post(**self._arguments(PATH, stream=False))).content)

    def stream(self, path: str) -> str:
        pieces: list[str] = []
        held = b""
        with self._sync.stream("POST", **self._arguments(path, stream=True)) as reply:
            for packet in reply.iter_bytes():
                held = self._take(held + packet, pieces)
        return "".join(pieces)

    async def astream(self, path: str) -> str:
        pieces: list[str] = []
        held = b""
        async with self._async.stream("POST", **self._arguments(path, stream=True)) as reply:
            async for packet in reply.aiter_bytes():
                held = self._take(held + packet, pieces)
        return "".join(pieces)


def subject(name: str, origin: str) -> Subject:
    """Return the subject of that name, ready to talk to the mock at `origin`."""
    if name in ("litellm_lite", "litellm"):
        return Library(name, origin)
    by_hand: dict[str, type[Pyreqwest | Httpx]] = {"pyreqwest": Pyreqwest, "httpx": Httpx}
    return by_hand[name](origin)
