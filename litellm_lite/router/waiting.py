"""Who waits for a deployment of a group, in the order of joining. Whom a deployment suits is asked of the tickets.

A ticket is called by whoever ends an attempt, from any thread; what that wakes is the affair of the ticket's driver.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any


class Ticket:
    """One waiting caller. Called means: look again, there is a place for you, or may be.

    A driver sets `wake` and then looks at `granted` before it waits; so a call that came earlier is never lost. `wake`
    may run in another thread than the caller's and under the Router's lock: it must be quick.
    """

    __slots__ = ("accepts", "granted", "standing", "tokens", "wake")

    def __init__(self, accepts: Callable[[Any], bool], tokens: int = 0) -> None:
        self.accepts, self.tokens = accepts, tokens
        self.granted = False
        self.standing: Any = None
        """The place that was taken on its behalf, if one was."""
        self.wake: Callable[[], object] | None = None

    def claim(self) -> Any:
        """Return the place that was taken on its behalf, which is the caller's own from now on; None where none was."""
        standing, self.standing = self.standing, None
        return standing

    def call(self) -> bool:
        """Wake the caller, from any thread; once more does no harm. False where it has gone: its loop is closed."""
        self.granted = True  # before `wake` is read, for the driver writes that one first and reads this one then
        if (wake := self.wake) is not None:
            try:
                wake()
            except RuntimeError:  # what call_soon_threadsafe of a closed loop raises, in a thread that is not to blame
                return False
        return True


class Queue:
    """A line of tickets: first come, first served, and bounded. Joining and leaving cost the same in a long one."""

    __slots__ = ("_line", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        # A plain dict keeps the order too, but to find its first key it walks over all that were taken before it.
        self._line: OrderedDict[Ticket, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._line)

    def join(self, accepts: Callable[[Any], bool], tokens: int = 0) -> Ticket | None:
        """Return a ticket at the end of the line; None where the line is full."""
        if len(self._line) >= self._most:
            return None
        ticket = Ticket(accepts, tokens)
        self._line[ticket] = None
        return ticket

    def leave(self, ticket: Ticket) -> bool:
        """Take a ticket out of the line; False where it was out already.

        Whoever was called and leaves without use for the place took the call from the next one, and has to pass it on.
        """
        if ticket not in self._line:
            return False
        del self._line[ticket]
        return True

    @property
    def head(self) -> Ticket | None:
        """The ticket that has waited the longest."""
        return next(iter(self._line), None)

    def first(self, ticket: Ticket) -> bool:
        """Tell whether nobody stands before that ticket."""
        return next(iter(self._line), ticket) is ticket

    def next_for(self, standing: object) -> Ticket | None:
        """Return the first ticket that accepts `standing`; None where nobody does. All keep their place."""
        for ticket in self._line:
            if ticket.accepts(standing):
                return ticket
        return None
