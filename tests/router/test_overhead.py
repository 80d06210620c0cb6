"""What a call through a Router costs beside a direct one, in what no other work on the machine can change."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import httpx

from litellm_lite import Router, completion
from litellm_lite.router.calls import Calls
from litellm_lite.router.clock import Clock
from litellm_lite.router.underway import Limit
from litellm_lite.transport.pools import Pools
from litellm_lite.transport.seam import Settings

MESSAGES = [{"role": "user", "content": "Hi"}]
ANSWER = {
    "id": "c-1",
    "object": "chat.completion",
    "created": 1_760_000_000,
    "model": "gpt-4o-mini",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
HEADERS = {
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-reset-requests": "8.64s",
    "x-ratelimit-limit-tokens": "200000",
    "x-ratelimit-remaining-tokens": "199957",
    "x-ratelimit-reset-tokens": "12ms",
}
CALLS = 50
MOST_STEPS = 220
"""Calls of Python functions; there were 201 when this was written, with Python 3.11."""


def place() -> dict[str, Any]:
    """Return a deployment's parameters: a vendor that tells its limits, and answers without a network."""
    vendor = httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER, headers=HEADERS))
    return {"model": "openai/gpt-4o-mini", "api_key": "sk-test", "client": httpx.Client(transport=vendor)}


def steps(call: Callable[[], object]) -> float:
    """Return how many Python functions one call enters, on average, once it is warm."""
    for _ in range(CALLS):
        call()
    entered = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal entered
        entered += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        for _ in range(CALLS):
            call()
    finally:
        sys.setprofile(before)
    return entered / CALLS


def test_a_routed_call_takes_few_steps_more_than_a_direct_one():
    shared = place()
    entries = [
        {"model_name": "group", "litellm_params": shared, "model_info": {"id": f"deployment-{number}"}}
        for number in range(100)
    ]
    router = Router(entries, seed=1)
    direct = steps(lambda: completion(messages=MESSAGES, temperature=0.2, max_tokens=300, **shared))
    routed = steps(lambda: router.completion("group", MESSAGES, temperature=0.2, max_tokens=300))
    assert routed - direct <= MOST_STEPS


def test_calls_with_different_times_left_share_their_connections():
    """An engine has connections of its own, and is made for its limits: a deadline must not ask for another."""
    calls = Calls(MESSAGES, {}, stream=False, checked=True, clock=Clock())
    pools = Pools()
    engines = {
        id(pools.engine(Settings(), calls.timeouts(Limit(300 - number / 7)), stream=False, client=None))
        for number in range(40)
    }
    pools.close()
    assert len(engines) == 1
