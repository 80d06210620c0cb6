"""The connection a request came on: what faults do to it, and whether the client is still there."""

from __future__ import annotations

import asyncio
import socket
import struct


class Line:
    """One client's connection. `gone` is set once it has ended, whoever ended it; `ended_here` when we did."""

    __slots__ = ("_transport", "ended_here", "gone")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.gone = asyncio.Event()
        self.ended_here = False

    @property
    def hung_up(self) -> bool:
        """Whether the client has ended it."""
        return self.gone.is_set() and not self.ended_here

    def close(self) -> None:
        """End it properly, once what was sent has left."""
        self.ended_here = True
        self._transport.close()

    def abort(self) -> None:
        """End it at once."""
        self.ended_here = True
        self._transport.abort()

    def reset(self) -> None:
        """End it with a TCP reset: that is what closing does to a socket that does not linger."""
        connection: socket.socket = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    async def lasts(self, seconds: float) -> bool:
        """Wait so long, and tell whether it is still there; return at once when it ends."""
        try:
            await asyncio.wait_for(self.gone.wait(), seconds)
        except TimeoutError:
            return True
        return False
