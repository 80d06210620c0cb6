"""`litellm-lite cost`: what a usage costs, or what a call may cost before it is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from rich.console import Console

from litellm_lite.cli.columns import Cell, Sheet, show_facts, show_sheet
from litellm_lite.cli.given import Chat, called, known_model, read_chat
from litellm_lite.cli.prices import dollars, in_words, per_million
from litellm_lite.cli.show import UNKNOWN_EXIT, UnusableError, answering, consoles, say, show_json
from litellm_lite.cli.tokens import certainty
from litellm_lite.cli.usage import Tokens, Used, cost_or_reason, used
from litellm_lite.cost import Cost
from litellm_lite.cost.buckets import completion_buckets, prompt_buckets, totals
from litellm_lite.errors import PriceUnknown
from litellm_lite.pricing import CostEstimate, estimate_call
from litellm_lite.registry.info import ModelInfo

_WAYS = "--prompt-tokens and --completion-tokens, --usage, --messages or --text"


@dataclass(frozen=True, slots=True)
class Wish:
    """What to price: the tokens of options, the usage of a file, or a call that is not made yet. One of them."""

    model: str
    tokens: Tokens = field(default_factory=Tokens)
    usage: str | None = None
    messages: str | None = None
    text: str | None = None
    max_tokens: int | None = None
    service_tier: str | None = None
    at: datetime | None = None
    as_json: bool = False


@answering
def run(wish: Wish, now: datetime) -> int:
    """Show the cost and return the exit code: 1 when it is not known."""
    info = known_model(wish.model)
    if wish.messages is not None and wish.text is not None:
        raise UnusableError("give either --messages or --text")
    usage = used(wish.tokens, wish.usage, wish.service_tier, wish.at)
    chat = Chat([{"role": "user", "content": wish.text}]) if wish.text is not None else None
    if wish.messages is not None:
        chat = read_chat(wish.messages)
    if (usage is None) == (chat is None):
        raise UnusableError(f"say what to price, in one way: {_WAYS}")
    return _after(wish, info, usage, now) if usage else _before(wish, info, chat or Chat([]))


def _after(wish: Wish, info: ModelInfo, usage: Used, now: datetime) -> int:
    """Price what was used."""
    out, err = consoles()
    if wish.max_tokens is not None:
        raise UnusableError("--max-tokens belongs to a call before it is made, with --messages or --text")
    cost = usage.price(info, now)
    if wish.as_json:
        show_json(out, {"model": info.key, "usage": usage.usage, **cost_or_reason(cost)})
    if isinstance(cost, str):
        say(err, f"no cost for {called(info)}: {cost}")
        return UNKNOWN_EXIT
    if not wish.as_json:
        _show_cost(out, info, usage.usage, cost)
        show_facts(out, "\nWhere this is from", [*_provenance(cost), *_hour(info, usage, now)])
    return 0


def _before(wish: Wish, info: ModelInfo, chat: Chat) -> int:
    """Estimate a call; the options go before what the request itself says."""
    out, _ = consoles()
    if wish.at is not None:
        raise UnusableError("--at belongs to a usage; a call before it is made has no hour yet")
    try:
        estimate = estimate_call(
            info,
            chat.messages,
            chat.max_tokens if wish.max_tokens is None else wish.max_tokens,
            n=chat.n,
            tools=chat.tools,
            tool_choice=chat.tool_choice,
            response_format=chat.response_format,
            service_tier=wish.service_tier or chat.service_tier,
        )
    except PriceUnknown as error:
        if wish.as_json:
            show_json(out, {"model": info.key, "estimate": None, "unknown": str(error)})
        raise
    if wish.as_json:
        show_json(out, {"model": info.key, "estimate": asdict(estimate)})
    else:
        show_facts(out, called(info), _estimated(estimate))
    return 0


def _show_cost(out: Console, info: ModelInfo, usage: Mapping[str, object], cost: Cost) -> None:
    prompt, completion = totals(usage) or (0, 0)
    counts = {**prompt_buckets(usage, prompt), **completion_buckets(usage, completion)}
    rows: list[tuple[Cell, ...]] = [
        (in_words(kind), counts[kind], per_million(paid / counts[kind]), paid) for kind, paid in cost.breakdown.items()
    ]
    rows.append(("total", prompt + completion, "", cost.total))
    head = (called(info), "tokens", "$ per million", "$")
    show_sheet(out, Sheet(head, rows, numbers=frozenset(head[1:])), aligned=True)


def _estimated(estimate: CostEstimate) -> Iterator[tuple[str, Cell]]:
    count, answers = estimate.prompt, "each of" if estimate.n > 1 else ""
    yield "least", f"{dollars(estimate.least)}, for the prompt alone at its cheapest"
    yield "most", "nothing bounds it" if estimate.most is None else f"{dollars(estimate.most)}, with the longest answer"
    yield "prompt", f"{count.tokens:,} tokens, {certainty(count)} ({count.method})"
    longest = None if estimate.max_tokens is None else f"up to {estimate.max_tokens:,} tokens"
    yield "answer", f"{longest}, {answers} {estimate.n}" if longest and answers else longest
    yield from _provenance(estimate)


def _provenance(cost: Cost | CostEstimate) -> Iterator[tuple[str, Cell]]:
    yield "source", cost.price_source or None
    yield "read", cost.price_date or None


def _hour(info: ModelInfo, usage: Used, now: datetime) -> Iterator[tuple[str, Cell]]:
    """Yield the hour that was priced, where the price depends on it."""
    if info.row.get("off_peak_pricing"):
        yield "priced at", f"{usage.when(now):%Y-%m-%d %H:%M} UTC"
