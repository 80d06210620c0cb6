"""Waiting, in both colours: for time to pass, or for a ticket to be called."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

from litellm_lite.router.steps import Wait

if TYPE_CHECKING:
    from litellm_lite.router.clock import Clock
    from litellm_lite.router.steps import Pause


def pause(step: Pause | Wait, clock: Clock) -> None:
    """Wait as the step says."""
    real_s = clock.real_s(step.seconds)
    if not isinstance(step, Wait):
        time.sleep(real_s)
        return
    called = threading.Event()
    step.ticket.wake = called.set
    if not step.ticket.granted:
        called.wait(real_s)


async def apause(step: Pause | Wait, clock: Clock) -> None:
    """The async twin of `pause`."""
    real_s = clock.real_s(step.seconds)
    if not isinstance(step, Wait):
        await asyncio.sleep(real_s)
        return
    loop, called = asyncio.get_running_loop(), asyncio.Event()
    step.ticket.wake = lambda: loop.call_soon_threadsafe(called.set)
    if step.ticket.granted:
        return
    try:
        async with asyncio.timeout(real_s):
            await called.wait()
    except TimeoutError:
        return
