"""What an emulator can be told: where to listen, how fast to be, what to allow, and when to fail."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One failure of one answer. What is not set goes on as usual; `faults.py` has names for the usual ones.

    `status` answers with that status instead (`body` and `content_type` override its problem+json, so a
    non-JSON 200 or an HTML error page can be had). `redirect` answers with that status and a `location`,
    by default the same URL, and the empty completion seen on the real API (ogx#2496). `headers` are added to
    whatever is answered.

    The others take a valid request. `reset` ends the connection with a TCP reset, before the headers.
    `head_after_s` and `first_token_after_s` count from the request; an answer that is not streamed comes whole
    after the later of them. The connection is cut, or goes silent, or the body ends properly but early, after so
    many chunks (after none: before the headers, but for a proper end), or tokens (of a shorter answer: before its
    last chunk with text). An answer that is not streamed is cut, stalled or ended in the middle of its body.
    In a stream, an error or an unparseable event comes in after the first chunk; `without_done` leaves out its
    `[DONE]`, and `end_after_s` lets its body end only that long after its last event. `model` is the name the
    answer gives for who made it.
    """

    status: int | None = None
    body: bytes | None = None
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    redirect: int | None = None
    location: str | None = None
    reset: bool = False
    head_after_s: float = 0.0
    first_token_after_s: float = 0.0
    cut_after_chunks: int | None = None
    cut_after_tokens: int | None = None
    stall_after_chunks: int | None = None
    stall_after_tokens: int | None = None
    end_after_chunks: int | None = None
    error_mid_stream: bool = False
    malformed_event: bool = False
    without_done: bool = False
    end_after_s: float = 0.0
    model: str | None = None


class Spell(NamedTuple):
    """A fault, and when it holds, in seconds since the first chat request that could have met it.

    A text is a named fault with its parameters: "stall; after=10".
    """

    fault: Fault | str
    from_s: float = 0.0
    until_s: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How an emulator serves. Limits left at None are the documented ones of each model.

    `latency_s` passes before an answer begins, `chunk_pace_s` before each chunk after the first. `faults`
    are used up in order, one a chat request, before anything else about the request is looked at. Of
    `schedule`, the first spell that holds is played to all other requests, for each upstream on its own.
    `answer_tokens` makes every text that long, in words that each are a token and that depend on nothing else.
    `any_upstream` takes any model name and any key, or none. Of all these times, `speed` seconds pass in one.
    Raises ValueError for a speed that is none.
    """

    host: str = "127.0.0.1"
    port: int = 0
    api_key: str = field(default="llama-emulator-key", repr=False)
    latency_s: float = 0.0
    chunk_pace_s: float = 0.0
    tokens_per_chunk: int = 1
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    faults: tuple[Fault | str, ...] = ()
    schedule: tuple[Spell, ...] = ()
    answer_tokens: int | None = None
    any_upstream: bool = False
    speed: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.speed < math.inf:
            raise ValueError(f"the emulator's speed must be a number above 0, not {self.speed!r}")
