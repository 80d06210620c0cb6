"""What becomes of a known row when a user registers facts about its model. Pure.

As in LiteLLM, a fact that the new row does not name stays: a price of cached tokens outlives a new price of the prompt.
But no old number poses as the new one's: what the old price was under a condition (a long prompt, a service tier, a
batch, an hour) is unknown once the price itself is another. The row keeps what was replaced among its `conflicts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from litellm_lite.registry.rows import Row, implied, is_price

# Fields about the row rather than the model.
_ABOUT = frozenset({"litellm_provider", "source", "verified", "via", "notes", "aliases", "conflicts"})
# A price under a condition: what stands before the first of these is the price itself.
_CONDITION = re.compile(r"_(?:above_|(?:batches|flex|priority|balanced|ultrafast|decisions)$)")
_REST = "the rest of the row is from "


def merged(known: Row, new: Row, source: str) -> dict[str, Any]:
    """Return the known row with the new facts in it. `source` is the file or function that brought them.

    The row's own source and date are those of its prices, so they change with the first price that does.
    """
    facts = {**_unknown_now(known, new), **new}
    seen = {**implied(known), **known}
    changed = {name for name, value in facts.items() if name not in _ABOUT and value != seen.get(name)}
    said = new.get("source") or source
    if new.get("source") or any(map(is_price, changed)):
        facts |= {"source": said, "verified": new.get("verified"), "via": new.get("via") or _rest(known, said)}
    kept = new.get("conflicts") or known.get("conflicts") or ()
    conflicts = [conflict for conflict in kept if conflict.get("field") not in changed]
    replaced = [name for name in facts if name in changed and known.get(name) is not None]
    conflicts += [_replaced(known, name, said, named=name in new) for name in replaced]
    facts["conflicts"] = conflicts or None
    row = {**known, **facts}
    return {name: value for name, value in row.items() if value is not None or name not in _ABOUT}


def _unknown_now(known: Row, new: Row) -> dict[str, Any]:
    """Return the fields of the old row that belong to a price which is another now."""
    rates = {name: value for name, value in new.items() if is_price(name) and value != known.get(name)}
    facts: dict[str, Any] = dict.fromkeys(_under_conditions(known, rates))
    if tiers := known.get("tiered_pricing"):
        facts["tiered_pricing"] = [_in_tier(tier, rates) for tier in tiers]
    if hours := known.get("off_peak_pricing"):
        facts["off_peak_pricing"] = {name: None if name in rates else value for name, value in hours.items()}
    return facts


def _under_conditions(known: Row, rates: Row) -> Iterator[str]:
    for name, value in known.items():
        condition = _CONDITION.search(name) if value is not None else None
        if condition is not None and name[: condition.start()] in rates:
            yield name


def _in_tier(tier: Row, rates: Row) -> dict[str, Any]:
    """Put the new rates into the tier of small prompts; those of larger ones are not known."""
    first = (tier.get("range") or [0])[0] == 0
    return {name: (rates[name] if first else None) if name in rates else value for name, value in tier.items()}


def _rest(known: Row, said: str) -> str | None:
    """Say where all is from that the new source did not say."""
    source, via = known.get("source"), known.get("via") or ""
    if not source or source == said or via.startswith(_REST):
        return via or None
    return f"{_REST}{source}" + (f", read {known['verified']}" if known.get("verified") else "")


def _replaced(known: Row, name: str, said: str, *, named: bool) -> Mapping[str, Any]:
    reason = f"replaced by {said}" if named else f"belongs to a price that {said} replaced"
    return {"field": name, "value": known[name], "source": known.get("source") or "an earlier row", "reason": reason}
