"""Writes the tables in docs/ that say what the code does. With --check it only tells whether they are current.

A table stands between `<!-- table: name -->` and `<!-- end -->`; everything else in a page is written by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer
from typer.core import TyperOption

from litellm_lite.call import Endpoint
from litellm_lite.cli.app import app
from litellm_lite.emulator.faults import table as fault_table
from litellm_lite.params import ENDPOINT_PARAMS, NEUTRAL, OPENAI_PARAMS, Rule
from litellm_lite.proxy.absent import ABSENT
from litellm_lite.proxy.cold import served
from litellm_lite.proxy.exposition import described
from litellm_lite.proxy.openapi.operations import OPERATIONS
from litellm_lite.proxy.schema import ConfigFile, Deployment, GeneralSettings, LiteLLMSettings
from litellm_lite.registry import ModelInfo, registry
from litellm_lite.resolve import find_provider, provider_names
from litellm_lite.transformer import Provider

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

DOCS = Path(__file__).resolve().parents[1] / "docs"

_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_PER_MILLION = 1_000_000
_STANDS_IN: dict[Endpoint, str] = {
    "chat": "itself",
    "completions": "by its chat",
    "responses": "by its chat",
    "embeddings": "no",
    "moderations": "no",
}


def main(arguments: Sequence[str], docs: Path = DOCS) -> int:
    stale = {path: fresh for path in sorted(docs.rglob("*.md")) if (fresh := rendered(path)) != path.read_text("utf-8")}
    if "--check" in arguments:
        for path in stale:
            print(f"{path.relative_to(docs.parent)} does not say what the code does: run make docs", file=sys.stderr)
        return 1 if stale else 0
    for path, text in stale.items():
        path.write_text(text, "utf-8")
        print(f"wrote {path.relative_to(docs.parent)}")
    return 0


def rendered(path: Path) -> str:
    """Return a page with its tables written anew."""
    return _TABLE.sub(lambda found: found[1] + TABLES[found[2]]() + found[3], path.read_text("utf-8"))


def parameters() -> str:
    """One row for each parameter of OpenAI's and the vendors', one column for each API shape of each provider."""
    columns = [column for name in provider_names() for column in _shapes(name)]
    names = sorted({*OPENAI_PARAMS, *(param for _, rules in columns for param in rules)})
    rows = [("`stream`", *("sent" for _ in columns))]
    rows += [(f"`{param}`", *(_cell(param, rules.get(param)) for _, rules in columns)) for param in names]
    return _table(("parameter", *(title for title, _ in columns)), rows)


def endpoints() -> str:
    """Which provider serves which endpoint itself, and where its chat stands in."""
    names = [*_STANDS_IN]
    rows = [(f"`{name}/`", *(_served(name, endpoint) for endpoint in names)) for name in provider_names()]
    return _table(("provider", *(f"`/{name}`" for name in names)), rows)


def endpoint_parameters() -> str:
    """One row for each parameter of each endpoint beside chat, one column for each provider that serves any of them."""
    providers = [name for name in provider_names() if _row(name).endpoints]
    rows = [
        (f"`/{endpoint}`", f"`{param}`", *(_at_endpoint(name, endpoint, param) for name in providers))
        for endpoint, params in ENDPOINT_PARAMS.items()
        for param in params
    ]
    return _table(("endpoint", "parameter", *(f"`{name}/`" for name in providers)), rows)


def neutral() -> str:
    """The values that ask for nothing."""
    values = ((f"`{name}`", " or ".join(f"`{value!r}`" for value in values)) for name, values in NEUTRAL.items())
    return _table(("parameter", "value that asks for nothing"), values)


def models() -> str:
    """A section for each provider, with a row for each model that is not retired."""
    infos = registry().models.values()
    today = max(info.verified for info in infos)
    current: dict[str, list[ModelInfo]] = {name: [] for name in sorted({info.provider for info in infos})}
    for info in infos:
        if (info.deprecation_date or today) >= today:
            current[info.provider].append(info)
    header = ("model", "context", "output", "takes", "in / out", "cached", "until")
    contents = " · ".join(f"[{name}](#{name}) {len(known)}" for name, known in current.items())
    sections = (f"\n### {name}\n\n{_table(header, map(_model, known))}" for name, known in current.items())
    return f"\n{contents}\n{''.join(sections)}\n"


def llama_models() -> str:
    """The Llama API's models, with what is checked of their images."""
    found = [info for info in registry().models.values() if info.provider == "meta_llama"]
    header = ("model", "short names", "context", "output", "images", "requests / tokens a minute")
    return _table(header, (_llama(info) for info in found))


def faults() -> str:
    """What the emulator can be told to do wrong."""
    rows = ((f"`{name}`", text, f"`{given}`" if given else "") for name, text, given in fault_table())
    return _table(("fault", "what happens", "parameters"), rows)


def metrics() -> str:
    """What the gateway counts."""
    rows = (
        (f"`{each.name}`", each.kind, ", ".join(f"`{label}`" for label in each.labels), each.text)
        for each in described()
    )
    return _table(("metric", "kind", "labels", "what"), rows)


def config_keys(model: type[BaseModel]) -> Callable[[], str]:
    """The keys of one section of config.yaml."""

    def keys() -> str:
        rows = ((f"`{name}`", _default(field), field.description or "") for name, field in model.model_fields.items())
        return _table(("key", "without it", "meaning"), rows)

    return keys


def config_absent() -> str:
    """LiteLLM's keys that are refused, by what to do instead."""
    remedies: dict[str, list[str]] = {}
    for section, names in ABSENT.items():
        for name, remedy in names.items():
            remedies.setdefault(remedy, []).append(f"`{section}.{name}`" if section else f"`{name}`")
    rows = ((", ".join(names), remedy.replace("*", "\\*")) for remedy, names in remedies.items())
    return _table(("key", "instead"), rows)


def gateway_endpoints() -> str:
    """Everything that the gateway serves, each path once, without `/v1` where it is there without."""
    paths = set(served())
    rows = []
    for (method, path), operation in OPERATIONS.items():
        both = (method, path) in paths
        marks = (*("no key" for _ in "." if operation.open), *("streams" for _ in "." if operation.streams))
        rows.append((f"`{method} {path if both else f'/v1{path}'}`", operation.summary, ", ".join(marks)))
    return _table(("path", "what it does", ""), rows)


def gateway_options() -> str:
    """The options of `litellm-lite`, that is of `litellm-lite serve`."""
    command = typer.main.get_group(app).commands["serve"]
    rows = [
        (
            " ".join(f"`{name}`" for name in option.opts),
            "" if option.default in (None, False) else str(option.default),
            option.help or "",
        )
        for option in command.params
        if isinstance(option, TyperOption)
    ]
    return _table(("option", "without it", "meaning"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "parameters": parameters,
    "endpoints": endpoints,
    "endpoint_parameters": endpoint_parameters,
    "neutral": neutral,
    "models": models,
    "llama_models": llama_models,
    "faults": faults,
    "metrics": metrics,
    "gateway_endpoints": gateway_endpoints,
    "gateway_options": gateway_options,
    "config_sections": config_keys(ConfigFile),
    "config_model_list": config_keys(Deployment),
    "config_general": config_keys(GeneralSettings),
    "config_litellm": config_keys(LiteLLMSettings),
    "config_absent": config_absent,
}


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be there"
    default = field.default
    return f"{default:g}" if isinstance(default, float) else "false" if default is False else ""


def _shapes(name: str) -> Iterable[tuple[str, dict[str, Rule]]]:
    provider = find_provider(name)
    assert provider is not None
    row = provider.row
    yield f"`{name}/`", dict(row.rules)
    for shape, rules in row.shapes.items():
        if rules is not row.rules:
            yield f"`{name}/` with `api={shape!r}`", dict(rules)


def _row(name: str) -> Provider:
    provider = find_provider(name)
    assert provider is not None
    return provider.row


def _served(name: str, endpoint: Endpoint) -> str:
    return "itself" if endpoint == "chat" or endpoint in _row(name).endpoints else _STANDS_IN[endpoint]


def _at_endpoint(name: str, endpoint: str, param: str) -> str:
    rules = dict(_row(name).endpoints).get(cast("Endpoint", endpoint))
    if rules is None:
        return ""
    return _cell(param, rules[param]) if param in rules else "refused"


def _cell(param: str, rule: Rule | None) -> str:
    if rule is None:
        return "refused" if param in OPENAI_PARAMS else "passed on"
    said = f"as `{rule.wire_name}`" if rule.wire_name else "sent" if rule.sends else "not needed"
    return f"{said}: {rule.note}" if rule.note else said


def _model(info: ModelInfo) -> tuple[str, ...]:
    cached = info.cache_read_input_token_cost
    takes = info.input_modalities and ([kind for kind in info.input_modalities if kind != "text"] or ["text only"])
    return (
        f"`{info.key.removeprefix(f'{info.provider}/')}`",
        _count(info.max_input_tokens),
        _count(info.max_output_tokens),
        ", ".join(takes) or "?",
        f"[{_price(info)}]({info.source.partition('?')[0]})",
        "" if cached is None else _dollars(cached),
        info.deprecation_date or "",
    )


def _llama(info: ModelInfo) -> tuple[str, ...]:
    rules = info.image_rules
    images = f"up to {rules['max_images']} of {rules['max_bytes'] >> 20} MB" if rules else "none"
    return (
        f"`{info.model}`",
        _words(f"`{alias}`" for alias in info.row.get("aliases") or () if alias != info.model.lower()),
        _count(info.max_input_tokens),
        _count(info.max_output_tokens),
        images,
        f"{_count(info.limit('rpm'))} / {_count(info.limit('tpm'))}",
    )


def _price(info: ModelInfo) -> str:
    rates: tuple[Decimal | None, ...] = (info.input_cost_per_token, info.output_cost_per_token)
    if rates[1] is None and info.row["mode"] == "embedding":
        rates = rates[:1]
    told = " / ".join("?" if rate is None else _dollars(rate) for rate in rates)
    if set(rates) == {None}:
        return "unknown"
    return told if info.tier_threshold is None else f"{told} up to {info.tier_threshold // 1000}k"


def _dollars(rate: Decimal) -> str:
    return f"{(rate * _PER_MILLION).normalize():f}"


def _count(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _words(words: Iterable[str]) -> str:
    return ", ".join(words) or "unknown"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
