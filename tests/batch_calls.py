"""A batch in either colour, so that a test is written once and runs twice; see `calls`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from typing import Any

from litellm_lite import batches
from tests.wire import PATIENCE_S, Request, Steps, Wire, completion

MOCK: dict[str, Any] = {"mock_response": "Hello."}


def run(mode: str, name: str, *args: Any, **params: Any) -> Any:
    """Call an entry point of batches, or its async twin."""
    if mode == "sync":
        return getattr(batches, name)(*args, **params)

    async def main() -> Any:
        return await getattr(batches, f"a{name}")(*args, **params)

    return asyncio.run(main())


def batch(mode: str, wire: Wire, messages: Any, /, **params: Any) -> list[Any]:
    answers: list[Any] = run(
        mode, "batch_completion", "openai/m", messages, **{"num_retries": 0, **wire.target, **params}
    )
    return answers


def chat(text: object) -> list[dict[str, str]]:
    return [{"role": "user", "content": str(text)}]


def said(answers: Iterable[Any]) -> list[str]:
    """What the answers say, and the class of what is none."""
    return [type(each).__name__ if isinstance(each, Exception) else each.choices[0].message.content for each in answers]


def asked(request: Request) -> str:
    text: str = request.json["messages"][0]["content"]
    return text


def echo(request: Request) -> Steps:
    return completion(asked(request))


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "litellm-lite-batch"]


def wait_for_workers() -> None:
    for thread in workers():
        thread.join(PATIENCE_S)
    assert not workers()
