"""Rows of the registry: how each field is checked, and how a row is turned into LiteLLM's plain types.

Pure; knows no model, no provider and no file. Money is `Decimal` wherever it stands in a row, and so is every other
number with a point; limits are `int`.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NoReturn

Row = Mapping[str, Any]

LIMITS = frozenset(
    "max_tokens max_input_tokens max_output_tokens rpm tpm output_vector_size prompt_cache_min_tokens".split()
)

_TEXTS = "litellm_provider mode source via notes".split()
_DATES = "deprecation_date verified".split()
_LISTS_OF_TEXTS = (
    "aliases supported_modalities supported_output_modalities supported_endpoints supported_regions".split()
)

# What a row's modalities say about its flags, where the flags themselves say nothing.
_IMPLIED = {
    "supported_modalities": {
        "image": "supports_vision",
        "audio": "supports_audio_input",
        "pdf": "supports_pdf_input",
        "video": "supports_video_input",
    },
    "supported_output_modalities": {"audio": "supports_audio_output"},
}

_TIER = re.compile(r"_above_(\d+)k_tokens")
# Larger numbers are slips, and arithmetic with them takes for ever.
_LARGEST = 10**15
_DEAREST = 10**6
_LONGEST = 300  # digits of a number; a float has no more
_DEEPEST = 16


def is_price(name: str) -> bool:
    """Tell whether a field of that name holds US dollars, or a table of them."""
    return "cost" in name or name in _PRICE_TABLES


def checked(key: object, row: object) -> dict[str, Any]:
    """Copy a row, every price in it as Decimal; the copy shares nothing with the row. Fields unknown here are kept.

    Raises ValueError naming row, field and value where a price is no number of dollars from 0, a limit no whole number,
    a capability not true or false, a date no ISO date, or a list or an object something else.
    """
    if not isinstance(key, str) or not key.strip():
        raise ValueError(f"register_model: a key must be the name of a model, not {reprlib.repr(key)}")
    if not isinstance(row, Mapping):
        raise ValueError(f"register_model: {key!r} must be an object of fields, not {reprlib.repr(row)}")  # noqa: TRY004
    return _entries(f"{key!r}: ", row, 0, _field)


def exact(row: Row) -> dict[str, Any]:
    """Copy a row that needs no check, numbers with a point and all money as Decimal."""
    return {name: _in_decimals(value, "cost" in name) for name, value in row.items()}


def implied(row: Row) -> dict[str, bool]:
    """Return the capabilities that follow from a row's modalities and that its flags say nothing about."""
    return {
        flag: True
        for field, flags in _IMPLIED.items()
        for modality in row.get(field) or ()
        if (flag := flags.get(modality, "")) and row.get(flag) is None
    }


def tier_threshold(row: Row) -> int | None:
    """Find the prompt size above which other rates than the base ones apply; None when they never do.

    That is the smallest N of fields such as `input_cost_per_token_above_272k_tokens`, or 0 where all rates are tiered.
    """
    if row.get("tiered_pricing") is not None:
        return 0
    return min((int(size) * 1000 for name in row if "_above_" in name for size in _TIER.findall(name)), default=None)


def in_floats(value: Any) -> Any:
    """Copy a row, or a part of one, with LiteLLM's types: dicts, lists and floats."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {name: in_floats(inner) for name, inner in value.items()}
    return [in_floats(inner) for inner in value] if isinstance(value, list | tuple) else value


def _in_decimals(value: Any, money: bool) -> Any:
    if isinstance(value, float) or (money and isinstance(value, int)):
        return _exact(value)
    if isinstance(value, dict):
        return {name: _in_decimals(inner, money or "cost" in name) for name, inner in value.items()}
    return [_in_decimals(inner, money) for inner in value] if isinstance(value, list) else value


_Check = Callable[[str, Any, int], Any]
"""Copies a value that is not None: given where it stands, the value, and how deep inside the row that is."""


def _entries(place: str, row: Mapping[Any, Any], depth: int, choose: Callable[[str], _Check]) -> dict[str, Any]:
    """Copy an object, each field as `choose` says; what is not known may be null."""
    if depth > _DEEPEST:
        raise ValueError(f"register_model: {place[:100]}… is nested deeper than {_DEEPEST} levels")
    for name in row:
        if not isinstance(name, str):
            _refuse(f"{place}a field's name", "a text", name)
    return {
        name: None if value is None else choose(name)(place + name, value, depth + 1) for name, value in row.items()
    }


@lru_cache(1024)
def _field(name: str) -> _Check:
    return _FIELDS.get(name) or (_flag if name.startswith("supports_") else _priced_field(name))


def _priced_field(name: str) -> _Check:
    return _kept if "cost" not in name else _rate if "token" in name else _price


def _price(where: str, value: Any, depth: int) -> Any:
    """Turn a price into a Decimal; a table of prices (by search size, say) stays a table."""
    return (
        _entries(f"{where}.", value, depth, lambda _: _price) if isinstance(value, Mapping) else _rate(where, value, 0)
    )


def _rate(where: str, value: Any, _: int) -> Decimal:
    price = _exact(value)
    # Nor so small that it is a price here and a float of 0 in LiteLLM's functions.
    if price is None or not price.is_finite() or not 0 <= price <= _DEAREST or (price and not float(price)):
        _refuse(where, f"US dollars, a number from 0 to {_DEAREST}", value)
    return price.copy_abs()  # there is a -0.0


def _exact(value: object) -> Decimal | None:
    """Return a number as it is written; None for anything else."""
    if isinstance(value, float):
        return Decimal(float.__repr__(value))
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _limit(where: str, value: Any, _: int) -> int:
    number = _exact(value)
    # LiteLLM's file spells some limits 4000000.0.
    if number is None or not number.is_finite() or not 0 <= number <= _LARGEST or number != int(number):
        _refuse(where, "a whole number from 0", value)
    return int(number)


def _flag(where: str, value: Any, _: int) -> bool:
    if not isinstance(value, bool):
        _refuse(where, "true, false or null", value)
    return value


def _text(where: str, value: Any, _: int) -> str:
    if not isinstance(value, str):
        _refuse(where, "a text", value)
    return str.__str__(value)  # of an enumeration, too


def _date(where: str, value: Any, _: int) -> str:
    """Take a date as JSON has it, or as a reader of YAML makes it."""
    if type(value) is date:
        return value.isoformat()
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        _refuse(where, "an ISO date such as '2026-11-21'", value)


def _texts(where: str, value: Any, depth: int) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) and text for text in value):
        _refuse(where, "a list of texts", value)
    return [_text(where, text, depth) for text in value]


def _objects(where: str, value: Any, depth: int) -> list[Any]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, Mapping) for one in value):
        _refuse(where, "a list of objects", value)
    return [_kept(f"{where}[{at}]", one, depth) for at, one in enumerate(value)]


def _image_rules(where: str, value: Any, depth: int) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        _refuse(where, "an object", value)
    rules = _entries(f"{where}.", value, depth, lambda name: _IMAGE_RULES.get(name, _kept))
    if any(rules.get(name) is None for name in _IMAGE_RULES):
        _refuse(where, f"an object with {', '.join(_IMAGE_RULES)}", value)
    return rules


def _tiers(where: str, value: Any, depth: int) -> list[dict[str, Any]]:
    """Copy `tiered_pricing`: for each range of prompt sizes, or of something else, its own prices."""
    if not isinstance(value, list | tuple) or not all(isinstance(tier, Mapping) for tier in value):
        _refuse(where, "a list of objects", value)
    return [_entries(f"{where}[{at}].", tier, depth, _tier_field) for at, tier in enumerate(value)]


def _tier_field(name: str) -> _Check:
    return _range if name == "range" else _priced_field(name)


def _range(where: str, value: Any, depth: int) -> list[int | None]:
    """Take where a tier begins and ends; the last one may end at null."""
    if not isinstance(value, list | tuple) or len(value) != 2 or value[0] is None:
        _refuse(where, "the two numbers of tokens where the tier begins and ends", value)
    begin, end = (None if number is None else _limit(where, number, depth) for number in value)
    if begin is None or (end is not None and end <= begin):
        _refuse(where, "the two numbers of tokens where the tier begins and ends, the smaller first", value)
    return [begin, end]


def _hours(where: str, value: Any, depth: int) -> dict[str, Any]:
    """Copy `off_peak_pricing`: the prices of some hours, and which hours those are."""
    if not isinstance(value, Mapping):
        _refuse(where, "an object", value)
    return _entries(f"{where}.", value, depth, _priced_field)


def _kept(where: str, value: Any, depth: int) -> Any:
    """Copy what this module has no rule for, if it is JSON."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Mapping):
        return _entries(f"{where}.", value, depth, lambda _: _kept)
    if isinstance(value, list | tuple):
        items = _entries(where, {f"[{at}]": inner for at, inner in enumerate(value)}, depth, lambda _: _kept)
        return [*items.values()]
    number = _exact(value)
    if number is None or not number.is_finite() or abs(number.adjusted()) > _LONGEST:
        _refuse(where, "a text, a number, true, false, null, a list or an object", value)
    return int(value) if isinstance(value, int) else number


def _refuse(where: str, must: str, value: object) -> NoReturn:
    huge = isinstance(value, int) and value.bit_length() > _LARGEST.bit_length() * 2
    hint = "; write it as a number, without quotes" if isinstance(value, str) and "number" in must else ""
    shown = "a number of very many digits" if huge else reprlib.repr(value)
    raise ValueError(f"register_model: {where} must be {must}, not {shown}{hint}")


_IMAGE_RULES: dict[str, _Check] = {"formats": _texts, "max_bytes": _limit, "max_images": _limit}
_PRICE_TABLES: dict[str, _Check] = {"tiered_pricing": _tiers, "off_peak_pricing": _hours}
_FIELDS: dict[str, _Check] = {
    **dict.fromkeys(LIMITS, _limit),
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(_DATES, _date),
    **dict.fromkeys(_LISTS_OF_TEXTS, _texts),
    **_PRICE_TABLES,
    "conflicts": _objects,
    "image_rules": _image_rules,
}
