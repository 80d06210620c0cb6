"""What the gateway is told: LiteLLM's `config.yaml`, the environment, or one model. It may read the environment.

A message names the file, the line and the path, and never what stands there, for it may be a secret.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from litellm_lite.params import shown
from litellm_lite.proxy import reading, shape
from litellm_lite.proxy.absent import ABSENT
from litellm_lite.proxy.findings import Findings
from litellm_lite.proxy.flaws import ConfigError, Flaw
from litellm_lite.proxy.master_key import PERMIT
from litellm_lite.proxy.places import Places
from litellm_lite.proxy.routing import arguments, routing_flaws
from litellm_lite.proxy.schema import ConfigFile, GeneralSettings
from litellm_lite.resolve import find_provider, provider_names

if TYPE_CHECKING:
    from litellm_lite.router import Router
    from litellm_lite.transformer import Provider

ENVIRONMENT = "the environment"

_SECTIONS = ("router_settings", "litellm_settings", "general_settings")
_KNOWN = (*ConfigFile.model_fields, *ABSENT[""])
_MISSPELT = 0.8
_MIB = 1024 * 1024
_MASTER_KEY = "LITELLM_MASTER_KEY"


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
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The file and those it includes, each with the SHA-256 of what was read."""
    model_list: tuple[Mapping[str, Any], ...] = field(repr=False)
    router_arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The keywords of `Router`, beside `model_list`."""
    environment_variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """To be set for the process, see `Variables`."""
    master_key: str | None = field(default=None, repr=False)
    weak_key_permitted: bool = False
    """Whether to listen everywhere without a master key, or with one that everybody knows."""
    max_request_bytes: int = 50 * _MIB
    body_s: float = 60.0
    """How long the body of a request may take to come."""
    stalled_s: float = 120.0
    """How long a client may take nothing of its answer."""
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
    outside = os.environ if environment is None else environment
    raw = reading.read(os.fspath(path), outside)
    made, flaws = _made(raw, outside)
    if made is None:
        raise ConfigError(flaws, raw.files)
    return made


def check(path: str | os.PathLike[str], environment: Mapping[str, str] | None = None) -> tuple[Flaw, ...]:
    """Return all that is wrong with a configuration; nothing where `load` would take it."""
    outside = os.environ if environment is None else environment
    return tuple(_made(reading.read(os.fspath(path), outside), outside)[1])


def file_named(environment: Mapping[str, str] | None = None) -> str | None:
    """Return the configuration that the environment names: ours, or as LiteLLM has it; None where it names none."""
    outside = os.environ if environment is None else environment
    return outside.get("LITELLM_LITE_CONFIG") or outside.get("CONFIG_FILE_PATH") or None


def from_environment(environment: Mapping[str, str] | None = None) -> GatewayConfig:
    """Return what serves every model of each provider whose key is in the environment, by its name.

    Raises ConfigError where there is none, naming the variables.
    """
    outside = os.environ if environment is None else environment
    names = [name for name in provider_names() if not _lacks(_row(name), outside)]
    if not names:
        raise ConfigError([Flaw(ENVIRONMENT, None, "", _nobody())])
    halves = [(name, _lacks(_row(name), outside)) for name in provider_names() if _first(_row(name).key_env, outside)]
    return _without_file(
        {f"{name}/*": f"{name}/*" for name in names},
        outside,
        notices=tuple(f"{name} is not served: {lacks} is not set" for name, lacks in halves if lacks),
    )


def from_model(model: str, environment: Mapping[str, str] | None = None) -> GatewayConfig:
    """Return what serves one model, "provider/model", by its name and by every other. Raises ConfigError."""
    return _without_file({model: model, "*": model}, os.environ if environment is None else environment)


def _without_file(models: Mapping[str, str], outside: Mapping[str, str], **said: Any) -> GatewayConfig:
    """Return what serves models by the names they stand under; their keys are in the environment."""
    entries = [{"model_name": name, "litellm_params": {"model": model}} for name, model in models.items()]
    raw = reading.Raw(name=ENVIRONMENT, sections={"model_list": entries}, places=Places(ENVIRONMENT))
    made, flaws = _made(raw, outside)
    if made is None:
        raise ConfigError(dict.fromkeys(flaw._replace(path="") for flaw in flaws))
    return replace(made, **said)


def _row(name: str) -> Provider:
    provider = find_provider(name)
    assert provider is not None, name  # noqa: S101 - provider_names returns names that exist
    return provider.row


def _first(names: Iterable[str], environment: Mapping[str, str]) -> str | None:
    return next((name for name in names if environment.get(name, "").strip()), None)


def _lacks(row: Provider, environment: Mapping[str, str]) -> str:
    """Return the variable that a provider lacks; an empty text where it can be called."""
    if row.needs_key and _first(row.key_env, environment) is None:
        return row.key_env[0]
    return "" if row.api_base or _first(row.base_env, environment) else row.base_env[0]


def _nobody() -> str:
    rows = [_row(name) for name in provider_names()]
    names = [row.key_env[0] if row.api_base else f"{row.key_env[0]} and {row.base_env[0]}" for row in rows]
    return f"no provider has a key; set {', or '.join(names)}; or name a file with --config, or a model with --model"


def read_config(path: str | os.PathLike[str], environment: Mapping[str, str] | None = None) -> Config:
    """Read a configuration as it is, for those who want only its Router. Raises ConfigError for what is no such file.

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
    return arguments(config.litellm_settings, config.router_settings)


def _outline(raw: reading.Raw) -> Iterator[Flaw]:
    """Yield what is wrong with the sections as such."""
    for name, value in raw.sections.items():
        if name not in _KNOWN and (close := get_close_matches(name, _KNOWN, 1, _MISSPELT)):
            yield raw.places.flaw((name,), f"is no section; did you mean {close[0]!r}?")
        elif name in _SECTIONS and not isinstance(value, dict):
            yield raw.places.flaw((name,), f"must be a dictionary, not {shown(value)}")
        elif name == "model_list" and not isinstance(value, list):
            yield raw.places.flaw((name,), f"must be a list of deployments, not {shown(value)}")


def _made(raw: reading.Raw, outside: Mapping[str, str]) -> tuple[GatewayConfig | None, list[Flaw]]:
    """Return what was read as the gateway has it, or None and all that is wrong with it."""
    flaws = Findings(raw)
    sections, absent = shape.stripped(_with_master_key(raw, outside))
    file, misshapen = shape.held(sections)
    flaws.add(absent)
    flaws.add(finding for finding in misshapen if raw.whole or finding[0] != ("model_list",))
    if raw.whole and isinstance(sections.get("model_list"), list):
        with _set_meanwhile(raw.variables):
            flaws.add(routing_flaws(sections, flaws.paths))
    if file is None or flaws.found:
        return None, flaws.sorted()
    made = GatewayConfig(
        source=raw.name,
        files=raw.files,
        model_list=tuple(sections["model_list"]),
        router_arguments=arguments(sections.get("litellm_settings", {}), sections.get("router_settings", {})),
        environment_variables=raw.variables,
        **_served(file.general_settings, {**outside, **raw.variables}),
    )
    return made, []


def _with_master_key(raw: reading.Raw, outside: Mapping[str, str]) -> dict[str, Any]:
    """Return the sections with the master key that the environment has, where they have none."""
    general = raw.sections.get("general_settings", {})
    key = raw.variables.get(_MASTER_KEY, outside.get(_MASTER_KEY, "")).strip()
    if not key or not isinstance(general, dict) or general.get("master_key") is not None:
        return raw.sections
    return {**raw.sections, "general_settings": {**general, "master_key": key}}


def _served(general: GeneralSettings, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what is said of serving; the environment counts where the file is silent."""
    permitted = environment.get(f"LITELLM_{PERMIT.upper()}", "").strip().lower() == "true"
    return {
        "master_key": general.master_key,
        "weak_key_permitted": general.dangerously_permit_weak_or_unset_master_key or permitted,
        "max_request_bytes": int(general.max_request_size_mb * _MIB),
        "body_s": general.request_body_timeout,
        "stalled_s": general.stalled_client_timeout,
        "drain_s": general.drain_timeout,
        "keep_alive_s": general.keep_alive_interval,
    }


@contextmanager
def _set_meanwhile(own: Mapping[str, str]) -> Iterator[None]:
    variables = Variables()
    variables.put(own)
    try:
        yield
    finally:
        variables.put({})
