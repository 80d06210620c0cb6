"""How the command line shows things: answers, what they cost, and what went wrong."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ParamSpec

import orjson

from litellm_lite.errors import APIError, BadRequestError, NotFoundError, PriceUnknown

if TYPE_CHECKING:
    from rich.console import Console

UNKNOWN_EXIT = 1
BAD_INPUT_EXIT = 2
_BROKEN_PIPE_EXIT = 141  # 128 + SIGPIPE, as shells have it

P = ParamSpec("P")

# A model may say anything; only line breaks and tabs may move the cursor of a terminal.
_CONTROL = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


class UnusableError(Exception):
    """Something on the command line cannot be used; the message says what and what to do."""


def consoles() -> tuple[Console, Console]:
    """Return the consoles for what was asked for and for everything else: standard output and standard error."""
    from rich.console import Console  # a gateway that has nothing to show does without

    return Console(highlight=False), Console(stderr=True, highlight=False)


def say(console: Console, text: str, *, end: str = "\n") -> None:
    """Write text of a model or a user as it is: no markup, no wrapping, no control characters."""
    shown = visible(text) + end
    console.file.write(shown.encode(console.encoding, "replace").decode(console.encoding))
    console.file.flush()


def visible(text: str) -> str:
    """Take out what would move the cursor of a terminal."""
    return text.translate(_CONTROL)


def plain(number: Decimal) -> str:
    """Write a number with all its digits, no exponent and no zeros at its end."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def show_json(console: Console, value: object) -> None:
    """Write JSON. Money keeps every digit: a Decimal becomes a number of the JSON, never a float on the way."""
    say(console, orjson.dumps(value, default=_exact, option=orjson.OPT_INDENT_2).decode())


def answering(command: Callable[P, int]) -> Callable[P, int]:
    """Let a command end with an exit code and one line on standard error, whatever goes wrong.

    1: what was asked for is not known; 2: the input cannot be used. A reader that has seen enough is not told.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return command(*args, **kwargs)
        except BrokenPipeError:
            # Otherwise the interpreter complains when it flushes what is left.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return _BROKEN_PIPE_EXIT
        except (UnusableError, APIError) as error:
            say(consoles()[1], " ".join(str(error).split()))
            return _exit_code(error)

    return run


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


def _exit_code(error: Exception) -> int:
    unusable = isinstance(error, UnusableError | NotFoundError | BadRequestError) and not isinstance(
        error, PriceUnknown
    )
    return BAD_INPUT_EXIT if unusable else UNKNOWN_EXIT


def _exact(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(plain(value))
    raise TypeError(f"{type(value).__name__} is no JSON")
