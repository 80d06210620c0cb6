"""`litellm-lite compare`: models side by side, where they differ, and what one usage would cost on each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from litellm_lite.cli.columns import Cell, Sheet, show_sheet
from litellm_lite.cli.given import called, known_model
from litellm_lite.cli.info import LIMITS, abilities, ends
from litellm_lite.cli.models import joined, takes, whole_row
from litellm_lite.cli.prices import Rate, dollars, in_words, rates
from litellm_lite.cli.show import UNKNOWN_EXIT, UnusableError, answering, consoles, say, show_json
from litellm_lite.cli.usage import Tokens, cost_or_reason, used
from litellm_lite.cost import Cost
from litellm_lite.registry.info import ModelInfo

_DIFFERS, _MAY_DIFFER = "*", "?"
_ANSWERS: dict[bool | None, Cell] = {True: "yes", False: "no", None: None}

Line = tuple[str, tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which models to compare, and the usage to price on each."""

    models: Sequence[str]
    tokens: Tokens = field(default_factory=Tokens)
    usage: str | None = None
    service_tier: str | None = None
    only_differences: bool = False
    as_json: bool = False


@answering
def run(wish: Wish, now: datetime) -> int:
    """Show the models as columns and return the exit code: 1 when a cost was asked for and one is not known."""
    out, err = consoles()
    infos = list({info.key: info for info in map(known_model, wish.models)}.values())
    if len(infos) < 2:
        raise UnusableError("compare needs two models or more that are not the same")
    usage = used(wish.tokens, wish.usage, wish.service_tier)
    costs = None if usage is None else [usage.price(info, now) for info in infos]
    if wish.as_json:
        show_json(out, _as_json(infos, costs))
    else:
        lines = [*_facts(infos, now.date()), *([] if costs is None else [_cost_line(costs)])]
        show_sheet(out, _sheet(infos, lines, only_differences=wish.only_differences))
    reasons = [
        f"{called(info)}: {cost}" for info, cost in zip(infos, costs or (), strict=False) if isinstance(cost, str)
    ]
    for reason in reasons:
        say(err, f"no cost for {reason}")
    return UNKNOWN_EXIT if reasons else 0


def _facts(infos: Sequence[ModelInfo], today: date) -> Iterator[Line]:
    yield "provider", tuple(info.provider for info in infos)
    yield "kind", tuple(info.row.get("mode") for info in infos)
    for name, label in LIMITS.items():
        if any(name in info.row for info in infos):
            yield label, tuple(info.limit(name) for info in infos)
    yield "takes", tuple(takes(info) for info in infos)
    yield "gives", tuple(joined(info.output_modalities) for info in infos)
    yield from _can(infos)
    yield from _prices(infos)
    yield "ends", tuple(ends(info, today) for info in infos)
    yield "source", tuple(info.source or None for info in infos)
    yield "read", tuple(info.verified or None for info in infos)


def _can(infos: Sequence[ModelInfo]) -> Iterator[Line]:
    """Yield what at least one of the models is known to do or not to do."""
    each = [abilities(info) for info in infos]
    for name in dict.fromkeys(name for can in each for name in can):
        if any(can.get(name) is not None for can in each):
            yield name, tuple(_ANSWERS[can.get(name)] for can in each)


def _prices(infos: Sequence[ModelInfo]) -> Iterator[Line]:
    """Yield the list prices, "-" for a rate that a priced model does not have, and the names of what else has one."""
    each = [_listed(info) for info in infos]
    for label in dict.fromkeys(["input", "output", *(label for found in each for label in found)]):
        yield f"$/M {label}", tuple(found.get(label, "-" if "input" in found else None) for found in each)
    others = [", ".join(dict.fromkeys(rate.when for rate in rates(info) if rate.when)) for info in infos]
    if any(others):
        yield "also priced", tuple(names or "-" for names in others)


def _listed(info: ModelInfo) -> dict[str, Decimal]:
    def label(rate: Rate) -> str:
        return ", ".join(filter(None, (in_words(rate.kind), rate.prompt)))

    return {label(rate): rate.per_million for rate in rates(info) if not rate.when}


def _cost_line(costs: Sequence[Cost | str]) -> Line:
    least = _least(costs)
    mark = "cheapest known" if any(isinstance(cost, str) for cost in costs) else "cheapest"
    return "this usage", tuple(
        None if isinstance(cost, str) else dollars(cost.total) + (f", {mark}" if cost.total == least else "")
        for cost in costs
    )


def _least(costs: Sequence[Cost | str]) -> Decimal | None:
    return min((cost.total for cost in costs if not isinstance(cost, str)), default=None)


def _sheet(infos: Sequence[ModelInfo], lines: Sequence[Line], *, only_differences: bool) -> Sheet:
    rows = [(mark, label, *cells) for label, cells in lines if (mark := _mark(cells)) or not only_differences]
    loud = frozenset(place for place, row in enumerate(rows) if row[0] == _DIFFERS)
    return Sheet(("", "fact", *map(called, infos)), rows, labels=frozenset({"", "fact"}), loud=loud)


def _mark(cells: Sequence[Cell]) -> str:
    """Mark what differs; what is not known of every model may differ or not."""
    if len(set(cells) - {None}) > 1:
        return _DIFFERS
    return _MAY_DIFFER if len(set(cells)) > 1 else ""


def _as_json(infos: Sequence[ModelInfo], costs: Sequence[Cost | str] | None) -> Mapping[str, object]:
    rows = [whole_row(info) for info in infos]
    names = dict.fromkeys(name for row in rows for name in row if name != "key")
    differences = [name for name in names if any(row.get(name) != rows[0].get(name) for row in rows)]
    if costs is None:
        return {"models": rows, "differences": differences}
    least = _least(costs)
    cheapest = [
        info.key for info, cost in zip(infos, costs, strict=True) if not isinstance(cost, str) and cost.total == least
    ]
    priced_rows = [{**row, **cost_or_reason(cost)} for row, cost in zip(rows, costs, strict=True)]
    return {"models": priced_rows, "differences": differences, "cheapest": cheapest}
