"""Streams of chunks, and their promise: a stream that ends without an error is complete.

`StreamCore` is pure: packets in, chunks out, a pending error kept until the chunks before it were delivered.
The two public streams, sync and async, are thin loops around it.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, Self

from litellm_lite.chunks import Ledger
from litellm_lite.errors import APIConnectionError, APIError, APIResponseValidationError, Timeout
from litellm_lite.sse import Event, EventTooLarge, SSEDecoder

if TYPE_CHECKING:
    from types import TracebackType

    from litellm_lite.cost import Cost
    from litellm_lite.transformer import JSON, StreamParser
    from litellm_lite.transport.seam import AsyncByteStream, ByteStream
    from litellm_lite.types.response import ModelResponseStream

logger = logging.getLogger(__name__)

# Once every choice has finished only usage and the end mark can follow: seconds to wait for each. After the
# end mark comes the end of the body, and only a connection read to its end can be used again.
USAGE_WAIT_S = 2.0
MARK_WAIT_S = 0.25
DRAIN_WAIT_S = 0.05
MAX_EVENT_BYTES = 16 << 20  # a chunk may carry an image or a sound, but not more than this


class StreamCore:
    """Turns packets into chunks and knows whether the stream is whole."""

    __slots__ = (
        "_decoder",
        "_max_bytes",
        "_parser",
        "_size",
        "error",
        "ledger",
        "over",
        "patience",
        "ready",
        "wants_usage",
    )

    def __init__(
        self, parser: StreamParser, *, expected: int = 1, wants_usage: bool = False, max_bytes: int = 64 << 20
    ) -> None:
        self._parser = parser
        self._decoder = SSEDecoder(min(max_bytes, MAX_EVENT_BYTES))
        self._max_bytes, self._size = max_bytes, 0
        self.ledger = Ledger(expected)
        self.wants_usage = wants_usage
        self.patience: Callable[[], float | None] | None = None
        """How many seconds the next packet may take; None: as long as the timeouts allow."""
        self.ready: deque[JSON] = deque()
        self.error: APIError | None = None
        self.over = False

    @property
    def malformed(self) -> int:
        """How many events could not be read and were skipped."""
        return self._parser.malformed

    @property
    def wait_s(self) -> float | None:
        """How long the next packet is worth waiting for; None: as long as the timeouts allow."""
        if not self.ledger.complete:
            return None if self.patience is None else self.patience()
        return USAGE_WAIT_S if self.wants_usage and self.ledger.usage is None else MARK_WAIT_S

    def stop_at(self, source: Any) -> bool:
        """Whether there is nothing left to read, or nothing that a source without timed reads should wait for."""
        return self.over or (not source.timed and self.ledger.complete and self.wait_s == MARK_WAIT_S)

    def feed(self, packet: bytes) -> None:
        """Take a packet; b"" is the end of the body."""
        self._size += len(packet)
        try:
            if self._size > self._max_bytes:
                msg = f"the stream is larger than {self._max_bytes} bytes"
                raise APIResponseValidationError(msg)
            self._take(self._decoder.feed(packet) if packet else self._decoder.end())
            if not packet:
                self._note(self._parser.end())
        except EventTooLarge as error:
            self.error = APIResponseValidationError(f"the stream cannot be read: {error}")
        except APIError as error:
            self.error = error
        if self.error is not None:
            self.over = True
        elif not packet or self._parser.done:
            self._finish()

    def fail(self, error: APIError) -> None:
        """Take the transport's word that the body broke off; after the last finish reason nothing was lost."""
        self.over = True
        if not self.ledger.complete:
            self.error = error

    def reject(self, error: APIError) -> None:
        """End with an error, whatever else is at hand."""
        self.over, self.error = True, error
        self.ready.clear()

    def abandon(self) -> None:
        """Forget what was not delivered: the stream was closed early."""
        self.over = True
        self.ready.clear()

    def may_drain(self, source: Any) -> bool:
        """Whether the end of the body is worth a read: it follows the end mark, or the read has a limit."""
        return self.error is None and (source.timed or self._parser.done)

    def _take(self, events: list[Event]) -> None:
        for event in events:
            before = self._parser.malformed
            self._note(self._parser.feed(event))
            if self._parser.malformed != before:
                logger.warning("skipped an event of %d bytes that cannot be read", len(event.data))
            if self._parser.done:
                return

    def _note(self, chunks: list[JSON]) -> None:
        for chunk in chunks:
            self.ledger.note(chunk)
            self.ready.append(chunk)

    def _finish(self) -> None:
        self.over = True
        if not self.ledger.complete:
            what = "ended" if self._parser.done else "was cut"
            skipped = f" (events skipped as unreadable: {self.malformed})" if self.malformed else ""
            self.error = APIConnectionError(
                f"the stream {what} before it was complete: {self.ledger.unfinished()}{skipped}", retryable=True
            )


class CustomStreamWrapper:
    """What all streams share; named as LiteLLM names it.

    `usage` and `response_cost` are known once the stream has ended; `malformed_events` counts what was skipped.
    """

    def __init__(self, hidden_params: dict[str, Any]) -> None:
        self._hidden_params = hidden_params

    @property
    def hidden_params(self) -> dict[str, Any]:
        """Return what is known of the call: headers, the base URL, what was dropped, at the end the cost."""
        return self._hidden_params

    @property
    def dropped_params(self) -> dict[str, str]:
        """Return the parameters that were not sent, each with the reason."""
        dropped: dict[str, str] = self._hidden_params.get("dropped_params", {})
        return dropped

    @property
    def cost(self) -> Cost | None:
        """Return what the stream cost, or None while that is not known."""
        cost: Cost | None = self._hidden_params.get("cost")
        return cost

    @property
    def response_cost(self) -> float | None:
        """Return what the stream cost in US dollars, or None while that is not known."""
        cost: float | None = self._hidden_params.get("response_cost")
        return cost


class _OneStream(CustomStreamWrapper):
    """What both colours share of a stream that one vendor sends."""

    def __init__(self, core: StreamCore, finish: StreamEnd, headers: Mapping[str, str]) -> None:
        super().__init__(finish.hidden_params)
        self._core = core
        self._end = finish
        self.headers = headers
        """Of the vendor's answer, as they came."""

    @property
    def usage(self) -> JSON | None:
        """Return the tokens as the vendor counted them, or None while, or when, it has not told."""
        return self._core.ledger.usage

    @property
    def malformed_events(self) -> int:
        """Return how many events could not be read and were skipped."""
        return self._core.malformed

    def at_hand(self) -> list[Any]:
        """Return the chunks that came with those before them, and that nobody need wait for."""
        chunks = []
        while (chunk := self._next_ready()) is not None:
            chunks.append(chunk)
        return chunks

    def _next_ready(self) -> ModelResponseStream | None:
        """Return the next chunk for the caller, if one is at hand."""
        core = self._core
        while core.ready:
            try:
                chunk: ModelResponseStream | None = self._end.deliver(core.ready.popleft())
            except APIError as error:  # it has not the shape of a chunk
                core.reject(error)
            else:
                if chunk is not None:
                    return chunk
        return None

    def _raise(self, error: APIError) -> NoReturn:
        self._core.error = None
        if error.partial is None:
            error.partial = self._core.ledger.partial()
        raise self._end.locate(error)


class StreamEnd:
    """What a stream needs of its call: how a chunk is delivered, how an error is placed, what the end computes."""

    __slots__ = ("deliver", "hidden_params", "locate", "settle")

    def __init__(
        self,
        deliver: Callable[[JSON], Any],
        locate: Callable[[APIError], APIError],
        settle: Callable[[Ledger], None],
        hidden_params: dict[str, Any],
    ) -> None:
        self.deliver, self.locate, self.settle = deliver, locate, settle
        self.hidden_params = hidden_params


class CompletionStream(_OneStream):
    """A chat completion as it comes. Iterate it, or use it as a context manager to let go of it early."""

    def __init__(self, source: ByteStream, core: StreamCore, end: StreamEnd) -> None:
        super().__init__(core, end, source.headers)
        self._source: ByteStream | None = source

    def __iter__(self) -> CompletionStream:
        return self

    def __next__(self) -> ModelResponseStream:
        while (chunk := self._next_ready()) is None:
            if not self._advance():
                raise StopIteration
        return chunk

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # A loop that was left with `break` must not keep its connection. When the interpreter ends, its sockets go
        # anyway, and httpx would reach for modules that are gone (a segmentation fault with Python 3.13).
        if not sys.is_finalizing():
            self.close()

    def close(self) -> None:
        """Let go of the connection; what was not read is lost."""
        source, self._source = self._source, None
        self._core.abandon()
        if source is not None:
            source.close()

    def prime(self) -> CompletionStream:
        """Read up to the first chunk, so that a failure before it can still be retried."""
        while not self._core.ready and self._advance():
            pass
        return self

    def _advance(self) -> bool:
        """Read one packet. Returns False at the end; raises what went wrong."""
        core, source = self._core, self._source
        if source is None or core.stop_at(source):
            return self._settle()
        try:
            core.feed(source.read(core.wait_s))
        except APIError as error:
            core.fail(error)
        except BaseException:  # Ctrl-C in the middle of a read
            self.close()
            core.fail(_interrupted())
            raise
        return True

    def _settle(self) -> bool:
        core, source = self._core, self._source
        if source is not None:
            if core.may_drain(source):
                _drain(source)
            self.close()
            self._end.settle(core.ledger)
        if core.error is not None:
            self._raise(core.error)
        return False


class AsyncCompletionStream(_OneStream):
    """The async twin of `CompletionStream`."""

    def __init__(self, source: AsyncByteStream, core: StreamCore, end: StreamEnd) -> None:
        super().__init__(core, end, source.headers)
        self._source: AsyncByteStream | None = source

    def __aiter__(self) -> AsyncCompletionStream:
        return self

    async def __anext__(self) -> ModelResponseStream:
        while (chunk := self._next_ready()) is None:
            if not await self._advance():
                raise StopAsyncIteration
        return chunk

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of the connection; what was not read is lost."""
        source, self._source = self._source, None
        self._core.abandon()
        if source is not None:
            await source.close()

    async def prime(self) -> AsyncCompletionStream:
        """Read up to the first chunk, so that a failure before it can still be retried."""
        while not self._core.ready and await self._advance():
            pass
        return self

    async def _advance(self) -> bool:
        """Read one packet. Returns False at the end; raises what went wrong."""
        core, source = self._core, self._source
        if source is None or core.stop_at(source):
            return await self._settle()
        try:
            core.feed(await source.read(core.wait_s))
        except APIError as error:
            core.fail(error)
        except BaseException:  # cancelled in the middle of a read
            await self.aclose()
            core.fail(_interrupted())
            raise
        return True

    async def _settle(self) -> bool:
        core, source = self._core, self._source
        if source is not None:
            if core.may_drain(source):
                await _adrain(source)
            await self.aclose()
            self._end.settle(core.ledger)
        if core.error is not None:
            self._raise(core.error)
        return False


def _interrupted() -> APIConnectionError:
    """Return what a stream says from then on: it was closed with a wait under way, and is not complete."""
    return APIConnectionError("the wait for the next chunk was interrupted, and the stream closed", retryable=False)


def _drain(source: ByteStream) -> None:
    """Read the end of the body, if it is there: the connection then goes back to the pool."""
    try:
        source.read(DRAIN_WAIT_S)
    except APIError as error:
        _log_undrained(error)


async def _adrain(source: AsyncByteStream) -> None:
    try:
        await source.read(DRAIN_WAIT_S)
    except APIError as error:
        _log_undrained(error)


def _log_undrained(error: APIError) -> None:
    reason = "late" if isinstance(error, Timeout) else "cut"
    logger.debug("the end of a complete stream came %s; its connection is dropped", reason)
