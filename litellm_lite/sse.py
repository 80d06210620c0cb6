"""Server-sent events: bytes in, events out. No I/O; any split of the same bytes gives the same events.

Lines may end in LF, CR or CRLF, also across packets. Comments are skipped. A line whose field name the
standard does not know comes out as an event of its own, named `LINE`: Meta's native API reports an
error in the middle of a stream as a bare line of JSON, and old llama.cpp builds as `error: {...}`.
"""

from __future__ import annotations

from typing import NamedTuple

LINE = "(line)"
_IGNORED_FIELDS = frozenset({b"id", b"retry"})
_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event: its name (`message` when it had none) and its data, still bytes."""

    name: str
    data: bytes


class EventTooLarge(ValueError):  # noqa: N818 - a statement of fact, turned into an APIError by the stream
    """One event grew past the limit."""


class SSEDecoder:
    """Turns a byte stream into events, holding back what is not complete yet."""

    __slots__ = ("_after_cr", "_data", "_held", "_max_bytes", "_name", "_parts", "_started")

    def __init__(self, max_event_bytes: int = 64 << 20) -> None:
        self._max_bytes = max_event_bytes
        self._parts: list[bytes] = []  # the unfinished last line, in the packets it came in
        self._data: list[bytes] = []
        self._name = b""
        self._held = 0  # bytes in _parts and _data together, line ends included
        self._after_cr = False
        self._started = False

    def feed(self, packet: bytes) -> list[Event]:
        """Take one packet and return the events it completes. Raises EventTooLarge."""
        if packet.startswith(b"data: ") and packet.endswith(b"\n\n") and self._is_one_event(packet):
            return [Event("message", packet[6:-2])]
        packet = self._trim_start(packet)
        if not packet:
            return []
        self._after_cr = packet.endswith(b"\r")
        if b"\n" not in packet and b"\r" not in packet:
            self._hold(self._parts, packet)
            return []
        lines = packet.splitlines()
        if self._parts:
            self._hold(self._parts, lines[0])
            lines[0] = self._take_parts()
        unfinished = b"" if packet[-1:] in b"\r\n" else lines.pop()
        events = self._read_lines(lines)
        self._hold(self._parts, unfinished)
        return events

    def end(self) -> list[Event]:
        """Return the last event, if the body ended without the blank line after it."""
        last = self._take_parts()
        return self._read_lines([last, b""] if last else [b""])

    def _is_one_event(self, packet: bytes) -> bool:
        """Whether a packet is one event of one line, as nearly all are: the long way takes four times as long."""
        nothing_held = not (self._parts or self._data or self._name or self._after_cr)
        self._started = self._started or nothing_held
        return nothing_held and packet.count(b"\n") == 2 and b"\r" not in packet and len(packet) <= self._max_bytes

    def _trim_start(self, packet: bytes) -> bytes:
        if self._after_cr and packet.startswith(b"\n"):  # the second half of a CRLF
            packet = packet[1:]
            self._after_cr = False
        if not self._started:
            packet = b"".join((*self._parts, packet))
            self._parts, self._held = [], 0
            if len(packet) < len(_BOM) and _BOM.startswith(packet):
                self._hold(self._parts, packet)
                return b""
            self._started = True
            packet = packet.removeprefix(_BOM)
        return packet

    def _hold(self, where: list[bytes], piece: bytes) -> None:
        is_line = where is self._data
        self._held += len(piece) + is_line  # a line counts with its end: a million empty ones are no small event
        if self._held > self._max_bytes:
            msg = f"one event is larger than {self._max_bytes} bytes"
            raise EventTooLarge(msg)
        if piece or is_line:
            where.append(piece)

    def _take_parts(self) -> bytes:
        line, self._parts = b"".join(self._parts), []
        self._held -= len(line)
        return line

    def _read_lines(self, lines: list[bytes]) -> list[Event]:
        events = []
        for line in lines:
            if not line:
                if self._data:
                    events.append(self._dispatch())
                self._name = b""
            elif line.startswith(b"data:"):
                self._hold(self._data, line[6:] if line[5:6] == b" " else line[5:])
            elif not line.startswith(b":"):
                self._read_field(line, events)
        return events

    def _read_field(self, line: bytes, events: list[Event]) -> None:
        field, _, value = line.partition(b":")
        if field == b"event":
            self._name = value.removeprefix(b" ")
        elif line == b"data":
            self._hold(self._data, b"")
        elif field not in _IGNORED_FIELDS:
            events.append(Event(LINE, line))

    def _dispatch(self) -> Event:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        name = self._name.decode("utf-8", "replace") if self._name else "message"
        self._held -= sum(map(len, self._data)) + len(self._data)
        self._data = []
        return Event(name, data)
