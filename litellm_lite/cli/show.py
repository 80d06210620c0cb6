"""How the command line shows things: answers, what they cost, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from litellm_lite.errors import APIError

# A model may say anything; only line breaks and tabs may move the cursor of a terminal.
_CONTROL = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def consoles() -> tuple[Console, Console]:
    """Return the consoles for what was asked for and for everything else: standard output and standard error."""
    return Console(highlight=False), Console(stderr=True, highlight=False)


def say(console: Console, text: str, *, end: str = "\n") -> None:
    """Write text of a model or a user as it is: no markup, no wrapping, no control characters."""
    shown = text.translate(_CONTROL) + end
    console.file.write(shown.encode(console.encoding, "replace").decode(console.encoding))
    console.file.flush()


def bill(usage: Mapping[str, Any] | None, cost: float | None) -> str:
    """Return one line about tokens and cost. What nobody knows is called unknown."""
    prompt, answer = ((usage or {}).get(f"{kind}_tokens") for kind in ("prompt", "completion"))
    known = prompt is not None and answer is not None
    tokens = f"{prompt} prompt + {answer} answer tokens" if known else "tokens unknown"
    return f"{tokens}, {'price unknown' if cost is None else f'${cost:.6f}'}"


def complain(console: Console, error: APIError) -> None:
    """Print what went wrong: the kind of error, its sentence, and the request id if there is one."""
    request = f" (request {error.request_id})" if error.request_id else ""
    console.print(type(error).__name__, style="bold red", end=": ")
    say(console, f"{error}{request}")
