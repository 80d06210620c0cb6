"""LiteLLM's `config.yaml`: read, held against its shape, and told to the Router. It may read the environment.

A message names the file, the line or the path in it, and never what stands there, for it may be a secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from litellm_lite.errors import BadRequestError
from litellm_lite.params import shown
from litellm_lite.router.checks import fault, named, resolved, table, texts

_SECTIONS = ("router_settings", "litellm_settings", "general_settings", "environment_variables")
_KNOWN = (
    *_SECTIONS, "model_list", "include", "callback_settings", "credential_list", "files_settings", "finetune_settings",
    "guardrails", "mcp_servers", "vector_store_registry",
)  # fmt: skip
_MISSPELT = 0.8
_DEEPEST = 100
_UNDER_WAY = (0, 0)
_MOST_VALUES = 2_000_000
# libyaml's parser where it is there: ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What PyYAML lets through from its readers of dates, numbers and booleans.
_UNREADABLE = (AttributeError, LookupError, OverflowError, ValueError)
# What PyYAML quotes may be a piece of a secret, unless it is a mark of YAML's own.
_QUOTED = re.compile(r"""(['"])(?!(?:[^\w\s]{1,2}|<[a-z ]+>)\1).*\1""", re.DOTALL)

# What litellm_settings may say of routing, under the name that Router has for it.
_FOR_ROUTER = {
    "num_retries": "num_retries",
    "request_timeout": "timeout",
    "fallbacks": "fallbacks",
    "context_window_fallbacks": "context_window_fallbacks",
    "content_policy_fallbacks": "content_policy_fallbacks",
    "default_fallbacks": "default_fallbacks",
    "allowed_fails": "allowed_fails",
    "cooldown_time": "cooldown_time",
}
_FOR_EACH_CALL = ("drop_params", "additional_drop_params", "ssl_verify", "check_context")
_DEFAULTS = "default_litellm_params"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a configuration says, with every `os.environ/NAME` replaced. `others` are the sections not named here."""

    path: str
    model_list: list[Any] = field(default_factory=list, repr=False)
    router_settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    litellm_settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    general_settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    environment_variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    others: Mapping[str, Any] = field(default_factory=dict, repr=False)


class _File(NamedTuple):
    """One file as it was read; `name` is how messages call it."""

    name: str
    sections: dict[str, Any]


def read_config(path: str | os.PathLike[str], environment: Mapping[str, str] | None = None) -> Config:
    """Read a configuration and the files it includes. Raises BadRequestError for what is wrong in them.

    Its `environment_variables` count before `environment`, which is the process's where none is given.
    """
    given = os.environ if environment is None else environment
    files = list(_files(Path(path), os.fspath(path), []))
    own = _variables(files, given)

    def variable(name: str) -> str | None:
        return (own[name] if name in own else given.get(name, "")).strip() or None

    sections: dict[str, Any] = {}
    for file in files:
        for name, value in file.sections.items():
            if name not in ("include", "environment_variables"):
                _merge(sections, name, _resolved(file, name, value, variable), file.name)
    known = {name: sections.pop(name) for name in ("model_list", *_SECTIONS) if name in sections}
    return Config(path=os.fspath(path), environment_variables=own, others=sections, **known)


def router_arguments(config: Config) -> dict[str, Any]:
    """Return the keywords for `Router`, beside `model_list`; where both settings say it, router_settings win."""
    general, own = config.litellm_settings, config.router_settings
    arguments = {to: general[name] for name, to in _FOR_ROUTER.items() if general.get(name) is not None}
    arguments |= {name: value for name, value in own.items() if value is not None}
    each_call = {name: general[name] for name in _FOR_EACH_CALL if general.get(name) is not None}
    defaults = table(f"router_settings.{_DEFAULTS}", own.get(_DEFAULTS) or {})
    if each_call or defaults:
        arguments[_DEFAULTS] = {**each_call, **defaults}
    return arguments


def _files(path: Path, name: str, above: list[Path]) -> Iterator[_File]:
    """Yield a file and those it includes, which stand beside it unless they say otherwise."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadRequestError(f"cannot read {name!r}: {error.strerror or type(error).__name__}") from None
    sections = _sections(name, content)
    yield _File(name, sections)
    given = sections.get("include") or []
    here = [*above, path.resolve()]
    for place, each in enumerate(texts(f"{name}: include", [given] if isinstance(given, str) else given)):
        other = path.parent / each
        if other.resolve() in here:
            raise fault(f"{name}: include[{place}]", f"includes {named(each)} in itself")
        yield from _files(other, each, here)


def _sections(name: str, content: bytes) -> dict[str, Any]:
    """Return the sections of a file. Raises BadRequestError for what is no YAML, or has another shape."""
    whole = _parsed(name, content)
    if whole is None:
        return {}
    if not isinstance(whole, dict):
        raise BadRequestError(f"{name}: a configuration has sections, such as model_list:, and this is {shown(whole)}")
    sections = table(name, whole)
    for section in sections:
        if section not in _KNOWN and (close := get_close_matches(section, _KNOWN, 1, _MISSPELT)):
            raise fault(f"{name}: {section}", f"is no section; did you mean {close[0]!r}?")
    empty = {name: value for name, value in sections.items() if value is not None}
    for section in _SECTIONS:
        if section in empty:
            table(f"{name}: {section}", empty[section])
    if not isinstance(empty.get("model_list", []), list):
        raise fault(f"{name}: model_list", f"must be a list of deployments, not {shown(empty['model_list'])}")
    return empty


def _parsed(name: str, content: bytes, make_loader: Any = _LOADER) -> Any:
    """Return what a YAML file holds. Raises BadRequestError, with the line where that is known."""
    try:
        _check_depth(name, content, make_loader)
        loader = make_loader(content)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _Walk(name).measure(node)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise BadRequestError(f"{name}{_line(getattr(error, 'problem_mark', None))}: {_problem(error)}") from None
    except _UNREADABLE:
        msg = f"{name}: it holds something that looks like a date or a number and is none; put it into quotes"
        raise BadRequestError(msg) from None


def _check_depth(name: str, content: bytes, make_loader: Any) -> None:
    """Raise BadRequestError for what is nested so deeply that libyaml would end the process over it."""
    depth = 0
    for event in yaml.parse(content, make_loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise BadRequestError(f"{name}{_line(event.start_mark)}: it is nested too deeply")


class _Walk:
    """Goes once over what was parsed, before aliases are followed: they may multiply, or lead in a circle."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._known: dict[int, tuple[int, int]] = {}

    def measure(self, node: Any) -> tuple[int, int]:
        """Return how many values a node stands for, and how deep they are nested.

        Raises BadRequestError for too many or too deep, and for a key that is there twice.
        """
        if isinstance(node, yaml.ScalarNode):
            return 1, 0
        if (known := self._known.get(id(node))) is not None:
            if known == _UNDER_WAY:
                raise self._fault(node, "it contains itself")
            return known
        self._known[id(node)] = _UNDER_WAY
        parts: Iterable[Any] = node.value
        if isinstance(node, yaml.MappingNode):
            self._check_keys(key for key, _ in node.value)
            parts = (part for pair in node.value for part in pair)
        measured = [self.measure(part) for part in parts]
        size, height = 1 + sum(size for size, _ in measured), 1 + max((height for _, height in measured), default=0)
        if size > _MOST_VALUES:
            raise self._fault(node, f"its aliases stand for more than {_MOST_VALUES:,} values")
        if height > _DEEPEST:
            raise self._fault(node, "it is nested too deeply")
        self._known[id(node)] = size, height
        return size, height

    def _check_keys(self, keys: Iterable[Any]) -> None:
        seen: dict[tuple[str, Any], Any] = {}
        for key in keys:
            if isinstance(key, yaml.ScalarNode) and seen.setdefault((key.tag, key.value), key) is not key:
                first = seen[key.tag, key.value].start_mark.line + 1
                raise self._fault(key, f"{named(key.value)} stands there twice, first in line {first}")

    def _fault(self, node: Any, what: str) -> BadRequestError:
        return BadRequestError(f"{self._name}{_line(node.start_mark)}: {what}")


def _line(mark: Any) -> str:
    return "" if mark is None else f", line {mark.line + 1}"


def _problem(error: yaml.YAMLError) -> str:
    """Say what PyYAML says, without what it quotes."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return "it is no UTF-8 text, or has a character in it that YAML does not allow"
    said = " ".join(part for part in (error.context, error.problem) if part)
    return f"{_QUOTED.sub('…', said)}; put values with special characters into quotes"


def _variables(files: list[_File], given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the files set."""
    own: dict[str, Any] = {}
    for file in files:
        path = f"{file.name}: environment_variables"
        section = file.sections.get("environment_variables", {})
        for name, value in resolved(path, section, lambda name: given.get(name) or None).items():
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise fault(f"{path}.{name}", f"must be a text, in quotes, not {shown(value)}")
            _merge(own, name, str(value), file.name)
    return own


def _resolved(file: _File, name: str, value: Any, variable: Any) -> Any:
    return resolved(f"{file.name}: {name}", value, variable)


def _merge(sections: dict[str, Any], name: str, value: Any, file: str) -> None:
    """Add what a file says to what those before it said. Raises BadRequestError where they disagree."""
    there = sections.setdefault(name, value)
    if there is value:
        return
    if isinstance(there, list) and isinstance(value, list):
        sections[name] = [*there, *value]
    elif isinstance(there, dict) and isinstance(value, dict):
        sections[name] = merged = dict(there)
        for inner, said in value.items():
            _merge(merged, inner, said, f"{file}: {name}")
    elif there != value:
        raise BadRequestError(f"{file}: {name} is set to something else in another file; leave one out")
