"""`litellm-lite models`: the models of the registry, picked, put in order and listed."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

from litellm_lite.cli.columns import UNKNOWN, Cell, Sheet, on_terminal, show_sheet
from litellm_lite.cli.given import called, nearest
from litellm_lite.cli.prices import by_name, other_prices, per_million, varies
from litellm_lite.cli.show import UnusableError, answering, consoles, plain, say, show_json
from litellm_lite.registry import registry
from litellm_lite.registry.info import ModelInfo

FEATURES = {
    "vision": ("image", "supports_vision"),
    "tools": ("", "supports_function_calling"),
    "parallel-tools": ("", "supports_parallel_function_calling"),
    "json": ("", "supports_response_schema"),
    "reasoning": ("", "supports_reasoning"),
    "audio": ("audio", "supports_audio_input"),
    "speech": ("", "supports_audio_output"),
    "video": ("video", "supports_video_input"),
    "pdf": ("pdf", "supports_pdf_input"),
    "cache": ("", "supports_prompt_caching"),
    "search": ("", "supports_web_search"),
}
"""Words of `--filter`: what a model must take, or the flag that must be true. The modes are words as well."""

# An answer of these has no tokens, so that a price for them is not missing.
_WITHOUT_ANSWER_TOKENS = frozenset({"embedding", "rerank"})

_TAKE_TEXT = frozenset({"chat", "completion", "responses", "embedding", "rerank"})

# Prices by the image, the second and the like; one for searches beside the tokens says nothing of the tokens.
_BY_ANOTHER_UNIT = ("input_cost_per_", "output_cost_per_")

# Below this, three columns are left out of the table, and said to be.
_WIDE_COLUMNS = 110

Key = Callable[[ModelInfo], str | int | Decimal | None]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which models to list, and how."""

    words: Sequence[str] = ()
    features: Sequence[str] = ()
    providers: Sequence[str] = ()
    sort: str = "name"
    reverse: bool = False
    limit: int | None = None
    retired: bool = False
    as_json: bool = False


@answering
def run(wish: Wish, today: date) -> int:
    """List the models and return the exit code."""
    out, err = consoles()
    everything = list(registry().models.values())
    picked = _picked(everything, wish)
    current = picked if wish.retired else [info for info in picked if not info.retired(today)]
    listed = _in_order(current, wish)[: wish.limit]
    if wish.as_json:
        show_json(out, [whole_row(info) for info in listed])
        return 0
    wide = not on_terminal(out) or out.width >= _WIDE_COLUMNS
    if listed:
        show_sheet(out, _sheet(listed, wide=wide, whole_urls=not on_terminal(out)))
    found = f"{len(listed)} of {len(everything)} models"
    if len(current) > len(listed):
        found = f"the first {len(listed)} of {len(current)} models found, out of {len(everything)}"
    say(err, "; ".join([found, *_remarks(listed, len(picked) - len(current), wide=wide)]))
    if wish.words and not picked:
        say(err, nearest(" ".join(wish.words)))
    return 0


def whole_row(info: ModelInfo) -> dict[str, object]:
    """Give all that `get_model_info` answers, and the prices per million tokens beside it."""
    return {**info.describe(), "per_million_tokens": by_name(info)}


def takes(info: ModelInfo) -> str | None:
    """Name what a model takes; "text, image, ?" where no more is known than that these are among it."""
    if info.input_modalities:
        return joined(info.input_modalities)
    among = ["text"] if info.row.get("mode") in _TAKE_TEXT else []
    among += [modality for modality, flag in FEATURES.values() if modality and info.supports(flag)]
    return joined([*among, UNKNOWN]) if among else None


def joined(kinds: Iterable[str]) -> str | None:
    return ", ".join(kinds) or None


def _picked(models: Iterable[ModelInfo], wish: Wish) -> list[ModelInfo]:
    everything = list(models)
    modes = {str(info.row.get("mode") or "").replace("_", "-") for info in everything} - {""}
    features = [_one_of(word.replace("_", "-"), {*FEATURES, *modes}, "filter") for word in _split(wish.features)]
    providers = {_one_of(word, {info.provider for info in everything}, "provider") for word in _split(wish.providers)}
    words = [word.lower() for word in wish.words]
    return [
        info
        for info in everything
        if (not providers or info.provider in providers)
        and all(_has(info, feature) for feature in features)
        and all(word in _names(info) for word in words)
    ]


def _split(options: Iterable[str]) -> list[str]:
    return [word.strip().lower() for option in options for word in option.split(",") if word.strip()]


def _one_of(word: str, known: set[str], what: str) -> str:
    if word in known:
        return word
    close = difflib.get_close_matches(word, known, n=1)
    nearest = f"did you mean {close[0]!r}? " if close else ""
    raise UnusableError(f"unknown {what} {word!r}; {nearest}there are {', '.join(sorted(known))}")


def _has(info: ModelInfo, feature: str) -> bool:
    if feature not in FEATURES:
        return str(info.row.get("mode")).replace("_", "-") == feature
    modality, flag = FEATURES[feature]
    return info.supports(flag) is True or modality in info.input_modalities


def _names(info: ModelInfo) -> str:
    return " ".join((called(info), info.key, *(info.row.get("aliases") or ()))).lower()


def _in_order(models: list[ModelInfo], wish: Wish) -> list[ModelInfo]:
    """Sort by name, then by what was asked for; models for which that is not known come last either way."""
    if (order := SORTS.get(wish.sort.lower())) is None:
        raise UnusableError(f"cannot sort by {wish.sort!r}; there are {', '.join(SORTS)}")
    key, largest_first = order
    by_called = sorted(models, key=lambda info: called(info).lower())
    known = [(value, info) for info in by_called if (value := key(info)) is not None]
    known.sort(key=lambda pair: pair[0], reverse=largest_first is not wish.reverse)
    return [info for _, info in known] + [info for info in by_called if key(info) is None]


def _price(info: ModelInfo) -> Decimal | None:
    """Add a million tokens of prompt and a million of answer, at list price for a short prompt."""
    paid_in, paid_out = info.input_cost_per_token, info.output_cost_per_token
    if paid_out is None and not _answers(info):
        paid_out = Decimal(0)
    return None if paid_in is None or paid_out is None else paid_in + paid_out


SORTS: dict[str, tuple[Key, bool]] = {
    "name": (lambda info: called(info).lower(), False),
    "price": (_price, False),
    "context": (lambda info: info.max_input_tokens, True),
    "output": (lambda info: info.max_output_tokens, True),
    "provider": (lambda info: info.provider, False),
}
"""Words of `--sort`: what is compared, and whether the largest comes first."""


def _sheet(models: list[ModelInfo], *, wide: bool, whole_urls: bool) -> Sheet:
    gives, origin = (("gives",), ("source", "read")) if wide else ((), ())
    head = ("model", "context", "output", "takes", *gives, "$/M in", "$/M out", *origin)
    rows = [
        (
            called(info),
            info.max_input_tokens,
            info.max_output_tokens or (None if _answers(info) else "-"),
            takes(info),
            *([joined(info.output_modalities)] if wide else []),
            _rate(info, info.input_cost_per_token),
            _output_rate(info),
            *(_origin(info, whole_url=whole_urls) if wide else ()),
        )
        for info in models
    ]
    numbers = frozenset({"context", "output", "$/M in", "$/M out"})
    return Sheet(head, rows, numbers, labels=frozenset({"read"}), most={"takes": 12, "gives": 12, "source": 20})


def _rate(info: ModelInfo, price: Decimal | None) -> Cell:
    if price is None:
        elsewhere = varies(info) or any(name.startswith(_BY_ANOTHER_UNIT) for name, _ in other_prices(info))
        return "other" if elsewhere else None
    return plain(per_million(price)) + ("+" if varies(info) else "")


def _output_rate(info: ModelInfo) -> Cell:
    price = info.output_cost_per_token
    return "-" if price is None and not _answers(info) else _rate(info, price)


def _answers(info: ModelInfo) -> bool:
    return info.row.get("mode") not in _WITHOUT_ANSWER_TOKENS


def _origin(info: ModelInfo, *, whole_url: bool) -> tuple[Cell, Cell]:
    source = info.source if whole_url else urlsplit(info.source).netloc or info.source
    return source or None, info.verified or None


def _remarks(listed: list[ModelInfo], hidden: int, *, wide: bool) -> Iterable[str]:
    if hidden:
        yield f"{hidden} retired not shown (--retired shows them)"
    if any(varies(info) for info in listed):
        yield "+ other rates for long prompts or at other hours, see `litellm-lite info`"
    if listed and not wide:
        yield f"what it gives, source and day are shown from {_WIDE_COLUMNS} columns on"
