"""The Router's settings: LiteLLM's keywords and our own, checked against the groups there are.

What a keyword asks for and is not there is refused with its remedy, never ignored. None counts as not given.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypedDict

from litellm_lite.errors import APIError, BadRequestError, UnsupportedParamsError
from litellm_lite.params import shown
from litellm_lite.retries import DEFAULT_RETRIES
from litellm_lite.router.allowances import ALLOWED_FAILS, NONE, RETRIES, Allowances, read_allowances
from litellm_lite.router.checks import Check, fault, flag, limit_s, named, pause_s, table, text, texts, whole
from litellm_lite.router.fallbacks import Lists, Target, read_lists, read_targets
from litellm_lite.router.names import ANY, Wildcards, there_are

__all__ = ["RouterParams", "Settings", "Target", "read", "read_targets"]

StreamHold = Literal["none", "full"]
"""What a stream shows before its end: each token as it comes, or nothing."""


class RouterParams(TypedDict, total=False):
    """The keywords of `Router`, for type checkers and editors; see docs/router.md."""

    num_retries: int | None
    timeout: float | None
    stream_timeout: float | None
    max_fallbacks: int | None
    fallbacks: Sequence[Mapping[str, Sequence[Any]]] | Mapping[str, Sequence[Any]] | None
    context_window_fallbacks: Sequence[Mapping[str, Sequence[Any]]] | Mapping[str, Sequence[Any]] | None
    content_policy_fallbacks: Sequence[Mapping[str, Sequence[Any]]] | Mapping[str, Sequence[Any]] | None
    default_fallbacks: Sequence[Any] | None
    model_group_alias: Mapping[str, str | Mapping[str, Any]] | None
    retry_policy: Any
    model_group_retry_policy: Mapping[str, Any] | None
    allowed_fails: int | None
    allowed_fails_policy: Any
    cooldown_time: float | None
    disable_cooldowns: bool | None
    retry_after: float | None
    routing_strategy: Any
    routing_strategy_args: Mapping[str, Any] | None
    enable_pre_call_checks: bool | None
    optional_pre_call_checks: Sequence[str] | None
    enable_tag_filtering: bool | None
    tag_filtering_match_any: bool | None
    default_max_parallel_requests: int | None
    default_litellm_params: Mapping[str, Any] | None
    ignore_invalid_deployments: bool | None
    first_token_timeout: float | None
    stream_idle_timeout: float | None
    stream_hold: StreamHold | None
    stream_mending: bool | None
    max_queue: int | None
    queue_timeout: float | None
    seed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a Router routes. Times are in seconds, and infinite where there is no limit."""

    longest_s: ClassVar[float] = 1e9
    """The time for a call that has no limit."""

    num_retries: int = DEFAULT_RETRIES
    timeout_s: float = 600.0
    """The time that all attempts and pauses of a call share; of a stream, up to its first token."""
    stream_timeout_s: float | None = None
    """The same for streams, where it differs."""
    retry_after_s: float = 0.0
    """The least time between an attempt and the next at the same deployment."""
    max_fallbacks: int = 5
    fallbacks: Lists = field(default_factory=dict, repr=False)
    context_window_fallbacks: Lists = field(default_factory=dict, repr=False)
    content_policy_fallbacks: Lists = field(default_factory=dict, repr=False)
    default_fallbacks: tuple[Target, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    hidden_aliases: frozenset[str] = frozenset()
    """Aliases that are not listed among the models."""
    retry_policy: Allowances = NONE
    group_retry_policies: Mapping[str, Allowances] = field(default_factory=dict)
    allowed_fails: int | None = None
    allowed_fails_policy: Allowances = NONE
    cooldown_s: float = 5.0
    disable_cooldowns: bool = False
    routing_strategy: Any = "simple-shuffle"
    routing_strategy_args: Mapping[str, Any] = field(default_factory=dict)
    enable_pre_call_checks: bool = True
    enable_tag_filtering: bool = False
    tag_filtering_match_any: bool = True
    max_parallel_requests: int | None = None
    """Of each deployment that has no limit of its own."""
    first_token_s: float = 10.0
    """How long a stream may be silent before another is started beside it."""
    idle_s: float = 15.0
    """How long a stream may pause before another goes on in its place."""
    stream_hold: StreamHold = "none"
    stream_mending: bool = True
    max_queue: int = 10_000
    """How many callers may wait for a deployment of one group."""
    queue_timeout_s: float = math.inf
    seed: int | None = None

    def fallbacks_of(self, group: str) -> tuple[Target, ...]:
        """Return where calls go that a group failed: its own list, that of `*`, or the default one."""
        found = self.fallbacks.get(group)
        return _but(group, self.fallbacks.get(ANY, self.default_fallbacks)) if found is None else found

    def context_fallbacks_of(self, group: str) -> tuple[Target, ...]:
        """Return where prompts go that are too long for a group."""
        found = self.context_window_fallbacks.get(group)
        return _but(group, self.context_window_fallbacks.get(ANY, ())) if found is None else found

    def policy_fallbacks_of(self, group: str) -> tuple[Target, ...]:
        """Return where requests go whose content a group refused."""
        found = self.content_policy_fallbacks.get(group)
        return _but(group, self.content_policy_fallbacks.get(ANY, ())) if found is None else found

    def insisted_retries(self, group: str, error: APIError) -> int | None:
        """Return how often a retry policy says to try again after just that kind of error; None where none says so."""
        own = self.group_retry_policies.get(group)
        found = own.of(error) if own is not None else None
        return self.retry_policy.of(error) if found is None else found

    def retries_for(self, group: str, error: APIError, default: int) -> int:
        """Return how often to try again after an error: by its kind, by a policy's DefaultRetries, else the default.

        What the policy of the group does not say is asked of the Router's.
        """
        if (insisted := self.insisted_retries(group, error)) is not None:
            return insisted
        own = self.group_retry_policies.get(group)
        if own is not None and own.default is not None:
            return own.default
        return default if self.retry_policy.default is None else self.retry_policy.default

    def allowed_fails_for(self, error: APIError) -> int | None:
        """Return how many failures of that kind a deployment may have a minute; None where the policy is silent."""
        return self.allowed_fails_policy.of(error)


def read(given: Mapping[str, Any], groups: Collection[str]) -> Settings:
    """Read the keywords of a Router whose model_list has those groups.

    Raises BadRequestError with the path to what is wrong, UnsupportedParamsError for what LiteLLM has and we have not.
    """
    for name in given:
        if name not in _KNOWN:
            close = get_close_matches(name, _KNOWN, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise BadRequestError(f"Router has no keyword {named(name)}{hint}", param=name)
    fields: dict[str, Any] = {}
    asked = {name: value for name, value in given.items() if value is not None}
    for name, value in asked.items():
        if name in _CHECKS:
            to, check = _CHECKS[name]
            fields[to] = check(name, value)
        elif name in _NOT_KEPT:
            _NOT_KEPT[name](name, value)
        elif name in _ELSEWHERE:
            _refuse(name, value)
    aliases, hidden = _aliases(asked.get("model_group_alias"), groups)
    for name in _LISTS & asked.keys():
        fields[name] = read_lists(asked[name], name, groups, aliases)
    if "default_fallbacks" in asked:
        fields["default_fallbacks"] = read_targets(asked["default_fallbacks"], "default_fallbacks", groups, aliases)
    policies = _group_policies(asked.get("model_group_retry_policy"), groups, aliases)
    return Settings(**fields, aliases=aliases, hidden_aliases=hidden, group_retry_policies=policies)


def _allowances(what: str) -> Check:
    return lambda path, value: read_allowances(path, value, what)


def _one_of(*words: str) -> Check:
    def check(path: str, value: Any) -> str:
        if value not in words:
            raise fault(path, f"must be {' or '.join(map(repr, words))}, not {shown(value)}")
        return str(value)

    return check


def _seed(path: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise fault(path, f"must be a whole number, not {shown(value)}")
    return value


def _as_it_is(_: str, value: Any) -> Any:
    """Take what another module reads."""
    return value


def _pre_call_checks(path: str, value: Any) -> None:
    for place, name in enumerate(texts(path, value)):
        if name not in _CHECKED_ANYWAY:
            what = f": there is no check {named(name)}; there is {' and '.join(map(repr, _CHECKED_ANYWAY))}"
            raise fault(f"{path}[{place}]", what, UnsupportedParamsError)


def _refuse(name: str, value: Any) -> None:
    """Raise UnsupportedParamsError, unless the value asks for nothing."""
    neutral, why = _ELSEWHERE[name]
    if not any(type(value) is type(each) and value == each for each in (*_NOTHING, *neutral)):
        raise UnsupportedParamsError(f"{name} {why}", param=name)


_CHECKS: Mapping[str, tuple[str, Check]] = {
    "num_retries": ("num_retries", whole(0)),
    "timeout": ("timeout_s", limit_s),
    "stream_timeout": ("stream_timeout_s", limit_s),
    "retry_after": ("retry_after_s", pause_s),
    "max_fallbacks": ("max_fallbacks", whole(0)),
    "retry_policy": ("retry_policy", _allowances(RETRIES)),
    "allowed_fails": ("allowed_fails", whole(0)),
    "allowed_fails_policy": ("allowed_fails_policy", _allowances(ALLOWED_FAILS)),
    "cooldown_time": ("cooldown_s", pause_s),
    "disable_cooldowns": ("disable_cooldowns", flag),
    "routing_strategy": ("routing_strategy", _as_it_is),
    "routing_strategy_args": ("routing_strategy_args", table),
    "enable_pre_call_checks": ("enable_pre_call_checks", flag),
    "enable_tag_filtering": ("enable_tag_filtering", flag),
    "tag_filtering_match_any": ("tag_filtering_match_any", flag),
    "default_max_parallel_requests": ("max_parallel_requests", whole(1)),
    "first_token_timeout": ("first_token_s", limit_s),
    "stream_idle_timeout": ("idle_s", limit_s),
    "stream_hold": ("stream_hold", _one_of("none", "full")),
    "stream_mending": ("stream_mending", flag),
    "max_queue": ("max_queue", whole(0)),
    "queue_timeout": ("queue_timeout_s", pause_s),
    "seed": ("seed", _seed),
}
_LISTS = frozenset({"fallbacks", "context_window_fallbacks", "content_policy_fallbacks"})
# `default_litellm_params` and `ignore_invalid_deployments` are the model list's. `debug_level` changes nothing in
# LiteLLM either, unless set_verbose does.
_NOT_KEPT: Mapping[str, Check] = {
    "default_litellm_params": table,
    "ignore_invalid_deployments": flag,
    "optional_pre_call_checks": _pre_call_checks,
    "debug_level": text,
}
_CHECKED_ANYWAY = ("enforce_model_rate_limits",)

_NO_STORE = "is not there: limits, cooldowns and counts are this process's own; leave it out"
_NO_CACHE = "needs a response cache, which there is not; leave it out"
_NO_PRIORITIES = "is not there: callers are served in the order in which they came; leave it out"
_NO_GUARDRAILS = "is not there; check messages and answers around the call"
_OTHER_ENDPOINTS = "is not there: the Router serves chat completions; leave it out"
_ALERTS = "is not there; read the logger 'litellm_lite', or the attempts on answers and errors"
# LiteLLM's keywords that ask for what is not there, the values that ask for nothing, and the remedy.
_ELSEWHERE: Mapping[str, tuple[tuple[Any, ...], str]] = {
    **dict.fromkeys(("redis_url", "redis_host", "redis_port", "redis_password", "redis_db"), ((), _NO_STORE)),
    **dict.fromkeys(("cache_responses", "cache_kwargs", "caching_groups"), ((), _NO_CACHE)),
    **dict.fromkeys(("default_priority", "polling_interval"), ((), _NO_PRIORITIES)),
    **dict.fromkeys(("assistants_config", "search_tools"), ((), _OTHER_ENDPOINTS)),
    "client_ttl": ((3600,), "is not there: connections are kept as long as they are good; leave it out"),
    "set_verbose": ((), "is not there; set the level of the logger 'litellm_lite'"),
    "guardrail_list": ((), _NO_GUARDRAILS),
    "alerting_config": ((), _ALERTS),
    "provider_budget_config": ((), "is not there; pass budget= to each call"),
    "router_general_settings": ((), "is not there; leave it out"),
    "plugins": ((), "is not there; a strategy of your own is a routing_strategy="),
    "tag_routing_prefix": ((), "is not there; write the tags as deployments have them"),
    "custom_routing_strategy": ((), "is not there; pass it as routing_strategy="),
}
_NOTHING: tuple[Any, ...] = (None, False, [], {}, "")
_KNOWN = frozenset({
    *_CHECKS, *_LISTS, *_NOT_KEPT, *_ELSEWHERE, "default_fallbacks", "model_group_alias", "model_group_retry_policy",
})  # fmt: skip


def _but(group: str, targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """Return the targets for every group as they are for one of them."""
    return tuple([target for target in targets if target.group != group]) if targets else ()


def _aliases(given: Any, groups: Collection[str]) -> tuple[Mapping[str, str], frozenset[str]]:
    """Return the group of each alias, and which of them are hidden."""
    aliases, hidden = {}, set()
    wildcards = Wildcards(dict.fromkeys(groups, ""))
    for alias, value in table("model_group_alias", {} if given is None else given).items():
        path, name = f"model_group_alias[{alias!r}]", value
        if isinstance(value, Mapping):
            told = table(path, value)
            if unknown := told.keys() - {"model", "hidden"}:
                raise fault(path, f"has 'model' and 'hidden' in it, and no {named(min(unknown))}")
            if flag(f"{path}.hidden", told.get("hidden", False)):
                hidden.add(alias)
            path, name = f"{path}.model", told.get("model")
        group = text(path, name)
        if ANY in group or (group not in groups and wildcards.find(group) is None):
            raise fault(path, f": there is no group {named(group)} to call; {there_are(group, groups)}")
        aliases[alias] = group
    return MappingProxyType(aliases), frozenset(hidden)


def _group_policies(given: Any, groups: Collection[str], aliases: Mapping[str, str]) -> Mapping[str, Allowances]:
    policies = {}
    for name, policy in table("model_group_retry_policy", {} if given is None else given).items():
        path, group = f"model_group_retry_policy[{name!r}]", aliases.get(name, name)
        if group not in groups:
            raise fault(path, f": there is no group {named(group)}; {there_are(group, groups)}")
        policies[group] = read_allowances(path, policy, RETRIES)
    return policies
