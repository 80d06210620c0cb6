"""What an emulator can be told: where to listen, how fast to be, what to allow, and when to fail."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One failure, used up by one chat request. What is not set goes on as usual.

    `status` answers with that status instead (`body` and `content_type` override its problem+json, so a
    non-JSON 200 or an HTML error page can be had). `redirect` answers with that status and a `location`,
    by default the same URL, and the empty completion seen on the real API (ogx#2496). The others let the
    answer begin: the connection is cut, or goes silent, or the body ends properly but early, after so many
    chunks (after none: before the headers, but for a proper end); in a stream, an error or an unparseable
    event comes in after the first. An answer that is not streamed is cut, stalled or ended in the middle of
    its body. `headers` are added to whatever is answered.
    """

    status: int | None = None
    body: bytes | None = None
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    redirect: int | None = None
    location: str | None = None
    cut_after_chunks: int | None = None
    stall_after_chunks: int | None = None
    end_after_chunks: int | None = None
    error_mid_stream: bool = False
    malformed_event: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How an emulator serves. Limits left at None are the documented ones of each model.

    `latency_s` passes before an answer begins, `chunk_pace_s` before each chunk after the first. `faults`
    are used up in order, one a chat request, before anything else about the request is looked at.
    """

    host: str = "127.0.0.1"
    port: int = 0
    api_key: str = field(default="llama-emulator-key", repr=False)
    latency_s: float = 0.0
    chunk_pace_s: float = 0.0
    tokens_per_chunk: int = 1
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    faults: tuple[Fault, ...] = ()
