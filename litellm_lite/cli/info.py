"""`litellm-lite info`: everything that is known of one model, with where it is from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rich.console import Console

from litellm_lite.cli.columns import Cell, Facts, show_facts, show_sheet
from litellm_lite.cli.given import called, known_model
from litellm_lite.cli.models import joined, takes, whole_row
from litellm_lite.cli.prices import other_prices, price_sheet, shown_value
from litellm_lite.cli.show import answering, consoles, say, show_json
from litellm_lite.registry.info import ALWAYS_ANSWERED, ModelInfo

LIMITS = {
    "max_input_tokens": "context (tokens)",
    "max_output_tokens": "output (tokens)",
    "output_vector_size": "vector (numbers)",
    "rpm": "requests a minute",
    "tpm": "tokens a minute",
}


@answering
def run(model: str, today: date, *, as_json: bool) -> int:
    """Show a model and return the exit code."""
    out, _ = consoles()
    info = known_model(model)
    if as_json:
        show_json(out, whole_row(info))
    else:
        _show(out, info, today)
    return 0


def abilities(info: ModelInfo) -> dict[str, bool | None]:
    """Tell what the model can do, in words; None where that is not known."""
    flags = dict.fromkeys(name for name in (*ALWAYS_ANSWERED, *info.row) if name.startswith("supports_"))
    return {name.removeprefix("supports_").replace("_", " "): info.supports(name) for name in flags}


def ends(info: ModelInfo, today: date) -> Cell:
    """Tell the day on which the vendor ends the model, and whether it has come; "-" where none is announced."""
    day = info.deprecation_date
    return f"{day}, retired" if info.retired(today) else day or "-"


def _show(out: Console, info: ModelInfo, today: date) -> None:
    show_facts(out, called(info), _identity(info, today))
    show_facts(out, "\nLimits", [*_limits(info), *_images(info)])
    show_facts(out, "\nAbilities", _can(info))
    _show_prices(out, info)
    show_facts(out, "\nWhere this is from", _provenance(info))
    show_facts(out, "\nOther sources say otherwise", _conflicts(info))


def _show_prices(out: Console, info: ModelInfo) -> None:
    sheet, others = price_sheet(info), list(other_prices(info))
    say(out, "")
    if sheet is not None:
        show_sheet(out, sheet, aligned=True)
    elif not others:
        say(out, "The price is not known.")
    show_facts(out, "\nOther prices" if sheet else "Prices", others)


def _identity(info: ModelInfo, today: date) -> Facts:
    yield "provider", info.provider
    yield "kind", info.row.get("mode")
    yield "takes", takes(info)
    yield "gives", joined(info.output_modalities)
    if info.deprecation_date:
        yield "ends", ends(info, today)
    if info.row.get("aliases"):
        yield "also called", ", ".join(info.row["aliases"])
    if info.row.get("supported_endpoints"):
        yield "endpoints", ", ".join(info.row["supported_endpoints"])


def _limits(info: ModelInfo) -> Facts:
    return [(label, info.limit(name)) for name, label in LIMITS.items() if name in info.row or name.startswith("max_")]


def _images(info: ModelInfo) -> Facts:
    if rules := info.image_rules:
        yield "images a request", rules.get("max_images")
        yield "bytes an image", rules.get("max_bytes")
        yield "image formats", ", ".join(rules.get("formats", ())) or None


def _can(info: ModelInfo) -> Facts:
    for answer, label in ((True, "yes"), (False, "no"), (None, "not known")):
        names = [name for name, can in abilities(info).items() if can is answer]
        if names:
            yield label, ", ".join(names)


def _provenance(info: ModelInfo) -> Facts:
    yield "source", info.source or None
    yield "read", info.verified or None
    for name in ("via", "notes"):
        if info.row.get(name):
            yield name, str(info.row[name])


def _conflicts(info: ModelInfo) -> Iterator[tuple[str, Cell]]:
    for conflict in info.row.get("conflicts") or ():
        name, value = str(conflict.get("field")), conflict.get("value")
        said = "says nothing" if value is None else f"says {shown_value(name, value)}"
        yield name, f"{conflict.get('source')} {said}. {conflict.get('reason') or ''}"
