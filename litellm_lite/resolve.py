"""Where a call goes: "provider/model" → Target. The only reader of the environment.

A provider is found by the name of its module in `litellm_lite.providers`; nothing is registered anywhere.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from litellm_lite.call import Target
from litellm_lite.errors import AuthenticationError, BadRequestError, LiteLLMUnknownProvider
from litellm_lite.params import shown
from litellm_lite.providers import ALIASES, VENDOR_HOSTS
from litellm_lite.registry import ModelInfo, registry
from litellm_lite.transformer import Provider, Transformer
from litellm_lite.transport.seam import Settings

_MODULE_NAME = re.compile(r"[a-z][a-z0-9_]*")
# Hosts are plain names and numbers: what another parser could take for another host is no base URL here.
_BASE_URL = re.compile(
    r"(?P<scheme>https?)://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?",
    re.IGNORECASE,
)
_LAST_PORT = 65535
_NOWHERE = "http://offline.invalid/v1"
_LONGEST_NAME = 100


class Place(NamedTuple):
    """Where a call goes: all of it that the environment has a say in, and that calls to one deployment share."""

    provider: Transformer
    target: Target
    info: ModelInfo | None
    account: Mapping[str, Any]
    """Headers that name the account, as they were given."""
    settings: Settings


@lru_cache(maxsize=256)
def find_provider(name: str) -> Transformer | None:
    """Return the provider of that name or alias, or None."""
    name = ALIASES.get(name, name)
    if not _MODULE_NAME.fullmatch(name):
        return None
    module = f"litellm_lite.providers.{name}"
    try:
        provider: Transformer = importlib.import_module(module).PROVIDER
    except ModuleNotFoundError as error:
        if error.name == module:
            return None
        raise
    return provider


def provider_names() -> list[str]:
    """Return the names of all providers there are."""
    from litellm_lite import providers

    return sorted(item.name for item in pkgutil.iter_modules(providers.__path__) if not item.name.startswith("_"))


def split_model(model: str, custom_llm_provider: str | None = None, api_base: str | None = None) -> tuple[str, str]:
    """Return provider and model of "provider/model", or of a bare name the registry or the base URL explains.

    Only the first segment names the provider, so the rest may contain slashes. Raises LiteLLMUnknownProvider.
    """
    if not model or not isinstance(model, str):
        msg = f"model must be a name such as 'meta_llama/Llama-3.3-70B-Instruct', not {shown(model)}"
        raise BadRequestError(msg, param="model")
    head, slash, rest = model.partition("/")
    if custom_llm_provider:
        provider = _named(custom_llm_provider, model)
        return provider, rest if slash and ALIASES.get(head, head) == provider else model
    if slash and rest and find_provider(head) is not None:
        return ALIASES.get(head, head), rest
    if isinstance(api_base, str) and (vendor := _vendor_of(api_base)) and find_provider(vendor) is not None:
        return vendor, model
    if (known := registry().provider_of(model)) is not None and find_provider(known) is not None:
        return known, model
    raise _unknown(model)


def _named(name: Any, model: str) -> str:
    if not isinstance(name, str) or find_provider(name) is None:
        msg = f"there is no provider {shown(name)}; there are {', '.join(provider_names())}"
        raise LiteLLMUnknownProvider(msg, str(name), model, param="custom_llm_provider")
    return ALIASES.get(name, name)


def _unknown(model: str) -> LiteLLMUnknownProvider:
    names = ", ".join(provider_names())
    if (known := registry().lookup(model)) is not None and find_provider(known.provider) is None:
        msg = (
            f"{model[:_LONGEST_NAME]!r} is {known.provider}'s, and there is no provider {known.provider!r} here, "
            f"only {names}; for a server that speaks OpenAI's API write 'openai/model' with api_base="
        )
        return LiteLLMUnknownProvider(msg, known.provider, model, param="model")
    head, slash, _ = model.partition("/")
    close = [f"{name}/…" for name in get_close_matches(head.lower(), provider_names() if slash else (), 1)]
    close += registry().suggest(model)
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    return LiteLLMUnknownProvider(
        f"no provider in {model[:_LONGEST_NAME]!r}: {hint}write 'provider/model' with one of {names}, "
        "or 'openai/model' with api_base= for any OpenAI-compatible server",
        "",
        model,
        param="model",
    )


def resolve(
    model: str,
    *,
    custom_llm_provider: str | None = None,
    api_base: str | None = None,
    api_key: str | None = None,
    variant: str = "",
    offline: bool = False,
) -> tuple[Transformer, Target, ModelInfo | None]:
    """Return the provider, the target (the vendor's id of the model, base URL, key) and what is known of the model.

    Raises LiteLLMUnknownProvider, BadRequestError for a base URL that is none, AuthenticationError for a key
    that is missing or belongs to somebody else. With `offline` nothing will be sent, and no key is needed.
    """
    name, wanted = split_model(model, custom_llm_provider, api_base)
    provider = _existing(name)
    base = _base(provider.row, wanted, api_base, _NOWHERE if offline else None)
    info = registry().find(name, wanted)
    key = None if offline else _key(provider.row, wanted, base, api_key)
    target = Target(name, info.model if info else wanted, provider.base_for(base, variant), key)
    return provider, target, info


def place_of(model: str, own: Mapping[str, Any], *, offline: bool = False) -> Place:
    """Return where a call goes, and how it gets there; `own` are the options of the call. Raises as `resolve` does."""
    provider, target, info = resolve(
        model,
        custom_llm_provider=own.get("custom_llm_provider"),
        api_base=own.get("base_url") or own.get("api_base"),
        api_key=own.get("api_key"),
        variant=own.get("api", ""),
        offline=offline,
    )
    account = account_headers(provider.row, target.api_base, own.get("organization"))
    return Place(provider, target, info, account, transport_settings(own.get("ssl_verify")))


def _existing(name: str) -> Transformer:
    provider = find_provider(name)
    assert provider is not None, name  # noqa: S101 - split_model returns names that exist
    return provider


def _base(row: Provider, model: str, given: Any, otherwise: str | None) -> str:
    base = given or _first_set(row.base_env) or row.api_base or otherwise
    if base is None:
        msg = f"{row.name}: no base URL; set {row.base_env[0]} or pass api_base="
        raise BadRequestError(msg, row.name, model, param="api_base")
    flaw = f"must be text, not {type(base).__name__}"
    if isinstance(base, str):
        base, flaw = _clean_base(base)
    if flaw:
        where = "api_base" if given else " or ".join(row.base_env)
        raise BadRequestError(f"{row.name}: {where} {flaw}", row.name, model, param="api_base")
    return base


@lru_cache(maxsize=256)
def _clean_base(base: str) -> tuple[str, str]:
    """Return the base URL without trailing slashes, a full endpoint cut back to its base; and what is wrong with it."""
    base = base.strip().rstrip("/").removesuffix("/chat/completions").rstrip("/")
    matched = _BASE_URL.fullmatch(base)
    if matched is None or int(matched["port"] or 0) > _LAST_PORT:
        return "", f"must look like https://host/v1, without a query, a user or a password; it is {_host_only(base)}"
    if matched["scheme"].lower() == "http" and (owner := _vendor_of(base)):
        return "", f"must begin with https://, or the key could be read on its way to {owner}"
    return base, ""


def _host_only(base: str) -> str:
    """Say what can be told of a base URL that is none: nothing in which a password, or a key, may be."""
    scheme, separator, rest = re.split(r"[?#]", base, maxsplit=1)[0].partition("://")
    if scheme.lower() not in ("http", "https") or not separator:
        return "something that begins with neither http:// nor https://"
    host = re.split(r"[/\\\x00-\x20]", rest.rpartition("@")[2], maxsplit=1)[0]
    return f"something else at {host!r}"


def _key(row: Provider, model: str, base: str, given: Any) -> str | None:
    """Return the key for the host in `base`. A key from the environment never goes to another vendor."""
    key: Any = given or _first_set(row.key_env)
    if key is None:
        if not row.needs_key:
            return None
        msg = f"{row.name}: no API key; set {row.key_env[0]} or pass api_key="
        raise AuthenticationError(msg, row.name, model)
    if not (isinstance(key, str) and key.isascii() and key.isprintable() and " " not in key):
        where = "api_key=" if given else " or ".join(row.key_env)
        msg = f"{row.name}: the API key holds a space, a line break or another character no key has; check {where}"
        raise AuthenticationError(msg, row.name, model)
    if not given and (owner := _stranger(row, base)):
        msg = (
            f"{row.name}: the key in {' or '.join(row.key_env)} is not sent to {urlsplit(base).hostname}, "
            f"which belongs to {owner}; pass api_key= with a key for that host"
        )
        raise AuthenticationError(msg, row.name, model)
    return key


def _stranger(row: Provider, base: str) -> str | None:
    """Return the vendor whose host a base URL names, when it is not the row's."""
    owner = _vendor_of(base)
    return None if owner == row.name else owner


@lru_cache(maxsize=256)
def _vendor_of(base: str) -> str | None:
    """Return the vendor whose host a base URL names."""
    try:
        host = (urlsplit(base).hostname or "").lower().rstrip(".")
    except ValueError:
        return None
    return next((vendor for known, vendor in VENDOR_HOSTS.items() if host == known or host.endswith("." + known)), None)


def _first_set(names: tuple[str, ...]) -> str | None:
    for name in names:
        if value := os.environ.get(name, "").strip():
            return value
    return None


def account_headers(row: Provider, base: str, organization: Any = None) -> dict[str, Any]:
    """Return the headers that name the account, from the call and the environment.

    An account named in the environment is, like a key, no business of another vendor's.
    """
    account = {header: value for name, header in row.env_headers.items() if (value := _first_set((name,)))}
    if account and _stranger(row, base):
        account = {}
    return {**account, "OpenAI-Organization": organization} if organization else account


def transport_settings(ssl_verify: bool | str | None = None) -> Settings:
    """Return how to connect: LITELLM_LITE_ENGINE picks the engine, SSL_CERT_FILE names the CAs, `ssl_verify` wins."""
    engine: Any = os.environ.get("LITELLM_LITE_ENGINE") or "auto"
    if engine not in ("auto", "pyreqwest", "httpx", "aiohttp"):
        msg = f"LITELLM_LITE_ENGINE must be auto, pyreqwest, httpx or aiohttp, not {engine!r}"
        raise BadRequestError(msg)
    verify: Any = ssl_verify if ssl_verify is not None else os.environ.get("SSL_CERT_FILE") or True
    if not isinstance(verify, bool | str):
        msg = f"ssl_verify must be True, False or the path of a CA file, not {type(verify).__name__}"
        raise BadRequestError(msg, param="ssl_verify")
    return _settings(engine, verify)


@lru_cache(maxsize=64)
def _settings(engine: Any, verify: bool | str) -> Settings:
    if isinstance(verify, str) and not Path(verify).is_file():
        msg = f"there is no CA file {verify!r}; check ssl_verify= or SSL_CERT_FILE"
        raise BadRequestError(msg, param="ssl_verify")
    return Settings(engine, verify)


def environment_value(name: str) -> str | None:
    """Return what a configuration means by `os.environ/NAME`; None where that is not set, or empty."""
    return _first_set((name,))


def tokenizer_folders() -> tuple[Path, ...]:
    """Return the folders where tiktoken keeps its files, by its own rule; an empty TIKTOKEN_CACHE_DIR means none."""
    for name in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        if name in os.environ:
            return (Path(os.environ[name]),) if os.environ[name] else ()
    import tempfile

    return (Path(tempfile.gettempdir(), "data-gym-cache"),)


def get_llm_provider(
    model: str,
    custom_llm_provider: str | None = None,
    api_base: str | None = None,
    api_key: str | None = None,
) -> tuple[str, str, str | None, str | None]:
    """Return (model, provider, key, base URL) as a call would use them.

    A key or base that is not set is None, and so is a key that would not be sent there.
    """
    name, wanted = split_model(model, custom_llm_provider, api_base)
    row = _existing(name).row
    base = api_base or _first_set(row.base_env) or row.api_base
    key = api_key or (None if base and _stranger(row, base) else _first_set(row.key_env))
    return wanted, name, key, base


def validate_environment(
    model: str | None = None,
    api_key: str | None = None,
    api_base: str | None = None,
    api_version: str | None = None,  # noqa: ARG001 - LiteLLM's, for Azure
) -> dict[str, Any]:
    """Return whether a call to the model would find its key and base URL: `keys_in_environment`, `missing_keys`.

    For a model of no known provider the answer is no, and there is nothing to name.
    """
    try:
        _, name, key, base = get_llm_provider(model or "", api_base=api_base, api_key=api_key)
    except BadRequestError:
        return {"keys_in_environment": False, "missing_keys": []}
    row = _existing(name).row
    missing = [row.key_env[0]] if row.needs_key and not key else []
    missing += [row.base_env[0]] if base is None else []
    return {"keys_in_environment": not missing, "missing_keys": missing}
