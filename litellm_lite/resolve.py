"""Where a call goes: "provider/model" → Target. The only reader of the environment.

A provider is found by the name of its module in `litellm_lite.providers`; nothing is registered anywhere.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from litellm_lite.call import Target
from litellm_lite.errors import AuthenticationError, BadRequestError, LiteLLMUnknownProvider
from litellm_lite.providers import ALIASES, VENDOR_HOSTS
from litellm_lite.registry import registry
from litellm_lite.transformer import Provider, Transformer
from litellm_lite.transport.seam import Settings

_MODULE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NOT_A_KEY = re.compile(r"[^\x21-\x7e]")


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
        msg = f"model must be a name such as 'meta_llama/Llama-3.3-70B-Instruct', not {model!r}"
        raise BadRequestError(msg, param="model")
    head, slash, rest = model.partition("/")
    if custom_llm_provider:
        provider = _named(custom_llm_provider, model)
        return provider, rest if slash and ALIASES.get(head, head) == provider else model
    if slash and rest and find_provider(head) is not None:
        return ALIASES.get(head, head), rest
    if api_base is not None and (vendor := _vendor_of(api_base)) and find_provider(vendor) is not None:
        return vendor, model
    if (known := registry().provider_of(model)) is not None and find_provider(known) is not None:
        return known, model
    raise _unknown(model)


def _named(name: str, model: str) -> str:
    if find_provider(name) is None:
        msg = f"there is no provider {name!r}; there are {', '.join(provider_names())}"
        raise LiteLLMUnknownProvider(msg, name, model, param="custom_llm_provider")
    return ALIASES.get(name, name)


def _unknown(model: str) -> LiteLLMUnknownProvider:
    head, slash, _ = model.partition("/")
    close = [*(f"{name}/…" for name in get_close_matches(head, provider_names() if slash else (), 1))]
    close += registry().suggest(model)
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    return LiteLLMUnknownProvider(
        f"no provider in {model!r}: {hint}write 'provider/model' with one of {', '.join(provider_names())}, "
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
) -> tuple[Transformer, Target]:
    """Return the provider and the target of a call: its model by the vendor's id, its base URL and its key.

    Raises LiteLLMUnknownProvider, BadRequestError for a base URL that is none, AuthenticationError for a key
    that is missing or belongs to somebody else.
    """
    name, wanted = split_model(model, custom_llm_provider, api_base)
    provider = find_provider(name)
    assert provider is not None  # noqa: S101 - split_model returns names that exist
    row = provider.row
    base = provider.base_for(_base(row, wanted, api_base), variant)
    info = registry().find(name, wanted)
    return provider, Target(name, info.model if info else wanted, base, _key(row, wanted, base, api_key))


def _base(row: Provider, model: str, given: str | None) -> str:
    base = given or _first_set(row.base_env) or row.api_base
    if base is None:
        msg = f"{row.name}: no base URL; set {row.base_env[0]} or pass api_base="
        raise BadRequestError(msg, row.name, model, param="api_base")
    return _clean_base(base, row.name)


@lru_cache(maxsize=256)
def _clean_base(base: str, provider: str) -> str:
    """Return the base URL without trailing slashes; a full endpoint is cut back to its base."""
    base = base.strip().rstrip("/").removesuffix("/chat/completions").rstrip("/")
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        shown = f"{parts.scheme}://{parts.hostname}" if parts.hostname else repr(base)
        msg = f"{provider}: api_base must look like https://host/v1, without a query; got {shown}"
        raise BadRequestError(msg, provider, param="api_base")
    return base


def _key(row: Provider, model: str, base: str, given: str | None) -> str | None:
    """Return the key for the host in `base`. A key from the environment never goes to another vendor."""
    key = given or _first_set(row.key_env)
    if key is None:
        if not row.needs_key:
            return None
        msg = f"{row.name}: no API key; set {row.key_env[0]} or pass api_key="
        raise AuthenticationError(msg, row.name, model)
    if _NOT_A_KEY.search(key):
        where = "api_key=" if given else " or ".join(row.key_env)
        msg = f"{row.name}: the API key holds a space, a line break or another character no key has; check {where}"
        raise AuthenticationError(msg, row.name, model)
    if not given and (owner := _vendor_of(base)) not in (None, row.name):
        msg = (
            f"{row.name}: the key in {' or '.join(row.key_env)} is not sent to {urlsplit(base).hostname}, "
            f"which belongs to {owner}; pass api_key= with a key for that host"
        )
        raise AuthenticationError(msg, row.name, model)
    return key


@lru_cache(maxsize=256)
def _vendor_of(base: str) -> str | None:
    """Return the vendor whose host a base URL names."""
    host = (urlsplit(base).hostname or "").lower()
    return next((vendor for known, vendor in VENDOR_HOSTS.items() if host == known or host.endswith("." + known)), None)


def _first_set(names: tuple[str, ...]) -> str | None:
    return next((value for name in names if (value := os.environ.get(name, "").strip())), None)


def account_headers(row: Provider, organization: str | None) -> dict[str, str]:
    """Return the headers that name the account, from the environment and the call."""
    headers = {header: value for name, header in row.env_headers.items() if (value := os.environ.get(name))}
    return {**headers, "OpenAI-Organization": organization} if organization else headers


def transport_settings(ssl_verify: bool | str | None = None) -> Settings:
    """Return how to connect: LITELLM_LITE_ENGINE picks the engine, SSL_CERT_FILE names the CAs, `ssl_verify` wins."""
    engine: Any = os.environ.get("LITELLM_LITE_ENGINE", "auto")
    if engine not in ("auto", "pyreqwest", "httpx"):
        msg = f"LITELLM_LITE_ENGINE must be auto, pyreqwest or httpx, not {engine!r}"
        raise BadRequestError(msg)
    verify = ssl_verify if ssl_verify is not None else os.environ.get("SSL_CERT_FILE") or True
    return _settings(engine, verify)


@lru_cache(maxsize=64)
def _settings(engine: Any, verify: bool | str) -> Settings:
    if isinstance(verify, str) and not Path(verify).is_file():
        msg = f"there is no CA file {verify!r}; check ssl_verify= or SSL_CERT_FILE"
        raise BadRequestError(msg, param="ssl_verify")
    return Settings(engine, verify)


def get_llm_provider(
    model: str,
    custom_llm_provider: str | None = None,
    api_base: str | None = None,
    api_key: str | None = None,
) -> tuple[str, str, str | None, str | None]:
    """Return (model, provider, key, base URL) as a call would use them; a key or base that is not set is None."""
    name, wanted = split_model(model, custom_llm_provider, api_base)
    provider = find_provider(name)
    assert provider is not None  # noqa: S101 - split_model returns names that exist
    row = provider.row
    base = api_base or _first_set(row.base_env) or row.api_base
    return wanted, name, api_key or _first_set(row.key_env), base


def validate_environment(
    model: str | None = None, api_key: str | None = None, api_base: str | None = None
) -> dict[str, Any]:
    """Return whether a call to the model would find its key and base URL: `keys_in_environment`, `missing_keys`."""
    if model is None:
        return {"keys_in_environment": False, "missing_keys": []}
    _, name, key, base = get_llm_provider(model, api_base=api_base, api_key=api_key)
    provider = find_provider(name)
    assert provider is not None  # noqa: S101 - get_llm_provider returns names that exist
    row = provider.row
    missing = [row.key_env[0]] if row.needs_key and not key else []
    missing += [row.base_env[0]] if base is None else []
    return {"keys_in_environment": not missing, "missing_keys": missing}
