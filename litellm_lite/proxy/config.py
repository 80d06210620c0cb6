"""What the gateway is told: a `config.yaml` in LiteLLM's words, the environment, or one model. It may read the environment.

A message names the file, the line and the path, and never what stands there, for it may be a secret.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from litellm_lite.params import shown
from litellm_lite.proxy import reading, shape
from litellm_lite.proxy.flaws import ConfigError, Flaw, Path
from litellm_lite.proxy.master_key import PERMIT
from litellm_lite.proxy.places import Places
from litellm_lite.proxy.schema import ABSENT, ConfigFile, GeneralSettings
from litellm_lite.proxy.trial import tried
from litellm_lite.resolve import find_provider, provider_names
from litellm_lite.router.checks import table

if TYPE_CHECKING:
    from litellm_lite.router import Router

_SECTIONS = ("router_settings", "litellm_settings", "general_settings")
_KNOWN = (*ConfigFile.model_fields, *ABSENT[""])
_MISSPELT = 0.8
_MIB = 1024 * 1024
_MASTER_KEY = "LITELLM_MASTER_KEY"
_DEFAULTS = "default_litellm_params"
_SHORTEST_SECRET = 4

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


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """Everything the gateway needs, checked: a Router can be made of it."""

    source: str
    """The file as it was named, or "the environment"."""
    files: tuple[str, ...] = ()
    """The file and those it includes: a change of one is a change of the configuration."""
    model_list: tuple[Mapping[str, Any], ...] = field(repr=False)
    router_arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The keywords of `Router`, beside `model_list`."""
    environment_variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """To be set for the process, see `Variables`."""
    master_key: str | None = field(default=None, repr=False)
    weak_key_permitted: bool = False
    """Whether to listen everywhere without a master key, or with one that everybody knows."""
    max_request_bytes: int = 50 * _MIB
    drain_s: float = 30.0
    """How long requests under way have to end after SIGTERM."""
    keep_alive_s: float = 15.0
    """After how long a silence of a stream a comment is sent."""
    notices: tuple[str, ...] = ()
    """What to tell at the start."""

    def router(self) -> Router:
        """Make the Router."""
        from litellm_lite.router import Router

        return Router(self.model_list, **self.router_arguments)


class Variables:
    """The variables that a configuration sets for the process, and what stood there before."""

    def __init__(self) -> None:
        self._before: dict[str, str | None] = {}

    def put(self, own: Mapping[str, str]) -> None:
        """Set these, and put back what those stand for that were set before."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._before = {name: os.environ.get(name) for name in own}
        os.environ.update(own)


def load(path: str | os.PathLike[str], environment: Mapping[str, str] | None = None) -> GatewayConfig:
    """Read a configuration and hold it against all that can be known without a call.

    `environment` is the process's where none is given. Raises ConfigError with every flaw.
    """
    made, flaws = _made(os.fspath(path), environment)
    if made is None or flaws:
        raise ConfigError(flaws)
    return made


def check(path: str | os.PathLike[str], environment: Mapping[str, str] | None = None) -> tuple[Flaw, ...]:
    """Return all that is wrong with a configuration; nothing where `load` would take it."""
    return tuple(_made(os.fspath(path), environment)[1])


def read_config(path: str | os.PathLike[str], environment: Mapping[str, str] | None = None) -> Config:
    """Read a configuration as it is, for those who ask only for its Router. Raises ConfigError for what is no such file.

    Its `environment_variables` count before `environment`, which is the process's where none is given.
    """
    raw = reading.read(os.fspath(path), os.environ if environment is None else environment)
    if flaws := (*raw.flaws, *_outline(raw)):
        raise ConfigError(flaws)
    sections = dict(raw.sections)
    sections.pop("include", None)
    known = {name: sections.pop(name) for name in ("model_list", *_SECTIONS) if name in sections}
    return Config(path=raw.name, environment_variables=raw.variables, others=sections, **known)


def router_arguments(config: Config) -> dict[str, Any]:
    """Return the keywords for `Router`, beside `model_list`; where both settings say it, router_settings win."""
    return _arguments(config.litellm_settings, config.router_settings)


def _arguments(general: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    arguments = {to: general[name] for name, to in _FOR_ROUTER.items() if general.get(name) is not None}
    arguments |= {name: value for name, value in own.items() if value is not None}
    each_call = {name: general[name] for name in _FOR_EACH_CALL if general.get(name) is not None}
    defaults = table(f"router_settings.{_DEFAULTS}", own.get(_DEFAULTS) or {})
    if each_call or defaults:
        arguments[_DEFAULTS] = {**each_call, **defaults}
    return arguments


def _outline(raw: reading.Raw) -> Iterator[Flaw]:
    """Yield what is wrong with the sections as such."""
    for name, value in raw.sections.items():
        if name not in _KNOWN and (close := get_close_matches(name, _KNOWN, 1, _MISSPELT)):
            yield raw.places.flaw((name,), f"is no section; did you mean {close[0]!r}?")
        elif name in _SECTIONS and not isinstance(value, dict):
            yield raw.places.flaw((name,), f"must be a dictionary, not {shown(value)}")
        elif name == "model_list" and not isinstance(value, list):
            yield raw.places.flaw((name,), f"must be a list of deployments, not {shown(value)}")


def _made(name: str, environment: Mapping[str, str] | None) -> tuple[GatewayConfig | None, list[Flaw]]:
    """Return what a file makes, and all that is wrong with it."""
    outside = os.environ if environment is None else environment
    raw = reading.read(name, outside)
    flaws = _Flaws(raw)
    sections, absent = shape.stripped(raw.sections)
    file, misshapen = shape.held(sections)
    flaws.add(absent)
    flaws.add(misshapen)
    if isinstance(sections.get("model_list"), list):
        with _set_meanwhile(raw.variables):
            flaws.add(_routing_flaws(sections, flaws.paths))
    if file is None or flaws.found:
        return None, flaws.sorted()
    if not file.model_list:
        flaws.add([(("model_list",), "is empty; add an entry with model_name and litellm_params.model")])
    if flaws.found:
        return None, flaws.sorted()
    made = GatewayConfig(
        source=name,
        files=raw.paths,
        model_list=tuple(sections["model_list"]),
        router_arguments=_arguments(sections.get("litellm_settings", {}), sections.get("router_settings", {})),
        environment_variables=raw.variables,
        **_served(file.general_settings, {**outside, **raw.variables}),
    )
    return made, []


def _served(general: GeneralSettings, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what is said of serving; the environment counts where the file is silent."""
    permitted = environment.get(f"LITELLM_{PERMIT.upper()}", "").strip().lower() == "true"
    return {
        "master_key": general.master_key or environment.get(_MASTER_KEY, "").strip() or None,
        "weak_key_permitted": general.dangerously_permit_weak_or_unset_master_key or permitted,
        "max_request_bytes": int(general.max_request_size_mb * _MIB),
        "drain_s": general.drain_timeout,
        "keep_alive_s": general.keep_alive_interval,
    }


def _routing_flaws(sections: Mapping[str, Any], known: Collection[Path]) -> Iterator[shape.Finding]:
    """Yield what the Router finds wrong, by where it stands in the sections."""
    general, own = (sections.get(name) for name in ("litellm_settings", "router_settings"))
    general, own = (section if isinstance(section, dict) else {} for section in (general, own))
    if not isinstance(own.get(_DEFAULTS) or {}, dict):
        yield ("router_settings", _DEFAULTS), "must be a dictionary"
        own = {name: value for name, value in own.items() if name != _DEFAULTS}
    arguments = _arguments(general, own)
    origins = _origins(general, own)
    inside = {origin: keyword for keyword, origin in origins.items()}
    broken = [(*inside[path[:depth]], *path[depth:]) for path in known for depth in (2, 3) if path[:depth] in inside]
    broken += [path for path in known if path[:1] == ("model_list",) and len(path) > 1]
    for path, what in tried(sections["model_list"], arguments, broken):
        depth = next((depth for depth in (2, 1) if path[:depth] in origins), 0)
        yield (*origins.get(path[:depth], ()), *path[depth:]), what


def _origins(general: Mapping[str, Any], own: Mapping[str, Any]) -> dict[Path, Path]:
    """Return where each keyword of the Router stands."""
    origins: dict[Path, Path] = {
        (to,): ("litellm_settings", name) for name, to in _FOR_ROUTER.items() if general.get(name) is not None
    }
    origins |= {
        (_DEFAULTS, name): ("litellm_settings", name) for name in _FOR_EACH_CALL if general.get(name) is not None
    }
    origins |= {(name,): ("router_settings", name) for name, value in own.items() if value is not None}
    origins |= {(_DEFAULTS, name): ("router_settings", _DEFAULTS, name) for name in own.get(_DEFAULTS) or {}}
    return origins


@contextmanager
def _set_meanwhile(own: Mapping[str, str]) -> Iterator[None]:
    variables = Variables()
    variables.put(own)
    try:
        yield
    finally:
        variables.put({})


class _Flaws:
    """What was found wrong; of what stands in one place only the first is kept."""

    def __init__(self, raw: reading.Raw) -> None:
        self._raw = raw
        self.paths: set[Path] = set()
        self.found: list[Flaw] = list(raw.flaws)
        self._places = {(flaw.file, flaw.path) for flaw in raw.flaws if flaw.path}

    def add(self, findings: Iterable[shape.Finding]) -> None:
        for path, what in findings:
            flaw = self._raw.places.flaw(path, self._without_secrets(what))
            self.paths.add(path)
            if not flaw.path or (flaw.file, flaw.path) not in self._places:
                self._places.add((flaw.file, flaw.path))
                self.found.append(flaw)

    def sorted(self) -> list[Flaw]:
        """Return them file by file, line by line."""
        files = list(dict.fromkeys(flaw.file for flaw in self.found))
        return sorted(self.found, key=lambda flaw: (files.index(flaw.file), flaw.line or 0))

    def _without_secrets(self, what: str) -> str:
        for secret in self._raw.secrets:
            if len(secret) >= _SHORTEST_SECRET:
                what = what.replace(secret, "…")
        return what
