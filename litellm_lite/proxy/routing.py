"""What of the sections is the Router's: its keywords, and what it finds wrong with them and with the model list."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from litellm_lite.errors import BadRequestError
from litellm_lite.proxy.flaws import Path
from litellm_lite.proxy.shape import Finding
from litellm_lite.proxy.trial import tried
from litellm_lite.router.checks import table
from litellm_lite.router.entry import DEFAULTS as _DEFAULTS

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


def arguments(general: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords for `Router`, beside `model_list`; where both settings say it, router_settings win."""
    found = {to: general[name] for name, to in _FOR_ROUTER.items() if general.get(name) is not None}
    found |= {name: value for name, value in own.items() if value is not None}
    each_call = {name: general[name] for name in _FOR_EACH_CALL if general.get(name) is not None}
    defaults = table(f"router_settings.{_DEFAULTS}", own.get(_DEFAULTS) or {})
    if each_call or defaults:
        found[_DEFAULTS] = {**each_call, **defaults}
    return found


def routing_flaws(sections: Mapping[str, Any], known: Collection[Path]) -> Iterator[Finding]:
    """Yield what the Router finds wrong, by where it stands in the sections."""
    general, own = (sections.get(name) for name in ("litellm_settings", "router_settings"))
    general, own = (section if isinstance(section, dict) else {} for section in (general, own))
    try:
        table("", own.get(_DEFAULTS) or {})
    except BadRequestError as error:
        yield ("router_settings", _DEFAULTS), error.message.strip()
        own = {name: value for name, value in own.items() if name != _DEFAULTS}
    keywords = arguments(general, own)
    origins = _origins(general, own)
    inside = {origin: keyword for keyword, origin in origins.items()}
    broken = [(*inside[path[:depth]], *path[depth:]) for path in known for depth in (2, 3) if path[:depth] in inside]
    broken += [path for path in known if path[:1] == ("model_list",) and len(path) > 1]
    for path, what in tried(sections["model_list"], keywords, broken):
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
