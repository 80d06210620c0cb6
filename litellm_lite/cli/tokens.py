"""`litellm-lite tokens`: how many tokens a text or a chat is, how sure that is, and whether it fits the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from litellm_lite.cli.columns import Cell, show_facts
from litellm_lite.cli.given import called, nearest, read_chat, read_text
from litellm_lite.cli.show import UnusableError, answering, consoles, say, show_json
from litellm_lite.context import Fit, judge
from litellm_lite.counting import count_tokens, meant
from litellm_lite.tokens.count import TokenCount


@dataclass(frozen=True, slots=True)
class Wish:
    """What to count: the text of `source`, or the chat that it holds as JSON."""

    model: str
    source: str
    is_chat: bool = False
    max_tokens: int | None = None
    as_json: bool = False


@answering
def run(wish: Wish) -> int:
    """Show the count and return the exit code. A model that nobody knows is counted too, as an estimate."""
    out, err = consoles()
    if not wish.model.isprintable():
        raise UnusableError(f"{wish.model!r} is no name of a model")
    _, _, info = meant(wish.model)
    count, prompt, longest = _counted_chat(wish) if wish.is_chat else _counted_text(wish)
    fit = judge(prompt, info, wish.model, longest if wish.max_tokens is None else wish.max_tokens)
    if wish.as_json:
        show_json(out, {"model": info.key if info else wish.model, **asdict(count), "fit": asdict(fit)})
    else:
        show_facts(out, called(info) if info else wish.model, _facts(wish.model, count, fit))
    if info is None:
        say(err, f"{wish.model!r} is not in the registry; {nearest(wish.model)}")
    return 0


def certainty(count: TokenCount) -> str:
    """Say how sure a count is."""
    if count.exact:
        return "exact"
    return f"at least {count.least:,}, " + ("with no upper bound" if count.most is None else f"at most {count.most:,}")


def _counted_text(wish: Wish) -> tuple[TokenCount, TokenCount, None]:
    """Count the text by itself, and as the only message of a chat."""
    text = read_text(wish.source)
    return count_tokens(wish.model, text=text), count_tokens(wish.model, [{"role": "user", "content": text}]), None


def _counted_chat(wish: Wish) -> tuple[TokenCount, TokenCount, int | None]:
    chat = read_chat(wish.source)
    beside = {"tools": chat.tools, "tool_choice": chat.tool_choice, "response_format": chat.response_format}
    count = count_tokens(wish.model, chat.messages, **beside)
    return count, count, chat.max_tokens


def _facts(model: str, count: TokenCount, fit: Fit) -> Iterator[tuple[str, Cell]]:
    yield "tokens", count.tokens
    yield "certainty", certainty(count)
    yield "counted by", count.method
    if fit.prompt != count:
        yield "as a message", fit.prompt.tokens
    yield "window", fit.window
    yield fit.verdict, fit.why.removeprefix(f"{model}: ")
