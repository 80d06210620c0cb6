"""A client of a gateway, which takes its answers as OpenAI's own client does, and believes no more of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import httpx
import orjson

from litellm_lite.doctor.conversation import GIVEN_UP_S, JSON, Heard
from litellm_lite.doctor.observed import Told
from litellm_lite.errors import APIError, Partial, class_for, status_of
from litellm_lite.retry_after import seconds_until_retry
from litellm_lite.router.clock import Clock
from litellm_lite.sse import Event, SSEDecoder
from litellm_lite.vendor_errors import read_error, redact

_OK = 200
_DONE = b"[DONE]"
_AFTER_ERROR_S = 1.0
_LONGEST_CONNECT_S = 10.0
_MODEL_ID, _COST = "x-litellm-model-id", "x-litellm-response-cost"
_HEADERS = frozenset({"retry-after", "retry-after-ms"})
_PREFIX = "x-litellm-"


class BrokenPromiseError(Exception):
    """An answer that no client of OpenAI's API could make sense of."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where a gateway is, as OpenAI's client is told it: with `/v1`. Its key is in no repr."""

    base: str
    key: str | None = field(default=None, repr=False)

    def connected(self) -> httpx.AsyncClient:
        """Return a client of httpx with the key."""
        headers = {} if self.key is None else {"authorization": f"Bearer {self.key}"}
        limits = httpx.Limits(max_connections=None)
        timeout = httpx.Timeout(GIVEN_UP_S, connect=_LONGEST_CONNECT_S)
        return httpx.AsyncClient(base_url=self.base, headers=headers, timeout=timeout, limits=limits)

    def without_key(self, text: str) -> str:
        """Return what a gateway said, without its key."""
        return redact(text, [self.key]) if self.key else text


@dataclass(frozen=True, slots=True)
class Client:
    """Calls one model of a gateway, which is asked to keep to a timeout; a stream may have one of its own."""

    gateway: Gateway
    http: httpx.AsyncClient
    model: str
    clock: Clock
    timeout_s: float
    stream_timeout_s: float | None = None
    id_prefix: str = ""
    """What the ids of deployments begin with there, and not here."""

    async def ask(self, question: JSON, heard: Heard, *, stream: bool) -> None:
        """Ask, and let `heard` take what comes. Raises APIError for an error that is told as OpenAI's are.

        Raises BrokenPromiseError, or what httpx or orjson raise, for anything else that is no answer.
        """
        body = {"model": self.model, **question}
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        own_s = self.stream_timeout_s if stream else None
        limit = {"x-litellm-timeout": f"{self.timeout_s if own_s is None else own_s:g}"}
        async with self.http.stream("POST", "chat/completions", json=body, headers=limit) as reply:
            self._head(reply, heard)
            if reply.status_code != _OK:
                raise self._refusal(reply, await reply.aread())
            if stream:
                await _Stream(self, heard).take(reply)
            else:
                heard.answer(orjson.loads(await reply.aread()))

    def error(self, body: Any, status: int | None = None, retry_after: float | None = None) -> APIError | None:
        """Return what an error in OpenAI's shape stands for; None where there is none in it."""
        told = read_error(body) if isinstance(body, dict) and body.get("error") else None
        if told is None:
            return None
        status = status or told.status or status_of(told.code)
        kind = class_for(status, told.code, told.message)
        message = self.gateway.without_key(told.message)
        return kind(message, status_code=status, code=told.code, param=told.param, retry_after=retry_after)

    def _head(self, reply: httpx.Response, heard: Heard) -> None:
        headers = {name: value for name, value in reply.headers.items() if name in _HEADERS or _is_ours(name)}
        heard.told = Told(reply.status_code, headers)
        given = reply.headers.get(_MODEL_ID)
        heard.model_id = None if given is None else given.removeprefix(self.id_prefix)
        heard.cost = _dollars(headers)

    def _refusal(self, reply: httpx.Response, body: bytes) -> Exception:
        try:
            read = orjson.loads(body)
        except orjson.JSONDecodeError:
            read = None
        wait_s = seconds_until_retry(reply.headers, self.clock.epoch_s())
        error = self.error(read, reply.status_code, wait_s)
        return error or BrokenPromiseError(f"status {reply.status_code}, with no error of OpenAI's shape in its body")


class _Stream:
    """The events of one answer, and what they come to at its end."""

    def __init__(self, client: Client, heard: Heard) -> None:
        self._client, self._heard = client, heard
        self._error: APIError | None = None
        self._done = False

    async def take(self, reply: httpx.Response) -> None:
        """Take it to `[DONE]`, or to its end. Raises as `Client.ask`."""
        try:
            await self._read(reply)
        except (httpx.HTTPError, TimeoutError):
            if self._error is None:
                raise
        self._note(done=self._done)
        if self._error is not None:
            raise self._error
        if self._heard.finish is not None and not self._done:
            raise BrokenPromiseError("the stream has a finish reason, and no [DONE] at its end")

    async def _read(self, reply: httpx.Response) -> None:
        decoder, loop = SSEDecoder(), asyncio.get_running_loop()
        async with asyncio.timeout(None) as limit:
            async for packet in reply.aiter_bytes():
                self._note(first_byte=True)
                for event in decoder.feed(packet):
                    self._event(event)
                if self._done:
                    return
                if self._error is not None and limit.when() is None:  # whatever follows is not waited for long
                    limit.reschedule(loop.time() + _AFTER_ERROR_S)
        for event in decoder.end():
            self._event(event)

    def _event(self, event: Event) -> None:
        if self._error is not None:
            raise BrokenPromiseError(f"a stream told of an error, and went on: {self._error}")
        if self._done:
            return
        if event.data == _DONE:
            self._done = True
            return
        body = orjson.loads(event.data)
        self._error = self._client.error(body)
        if self._error is None:
            self._heard.chunk(body, self._client.clock.now())
        else:
            said = self._heard.said
            self._error.partial = Partial(said, {0: said}, None)

    def _note(self, *, first_byte: bool = False, done: bool | None = None) -> None:
        told = self._heard.told
        if told is None:  # pragma: no cover - the head comes first
            return
        if first_byte and told.first_byte_s is None:
            told = told._replace(first_byte_s=self._client.clock.now() - self._heard.began)
        self._heard.told = told if done is None else told._replace(done=done)


def _is_ours(name: str) -> bool:
    return name.startswith(_PREFIX)


def _dollars(headers: Mapping[str, str]) -> Decimal | None:
    try:
        return Decimal(headers[_COST])
    except (KeyError, InvalidOperation):
        return None
