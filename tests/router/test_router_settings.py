"""The Router's keywords: LiteLLM's names and values, each fault with its path, nothing ignored."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite import errors
from litellm_lite.errors import BadRequestError, UnsupportedParamsError
from litellm_lite.router.checks import fault, resolved
from litellm_lite.router.fallbacks import Target
from litellm_lite.router.settings import _CHECKS, _ELSEWHERE, _KNOWN, RouterParams, Settings, read, read_targets

GROUPS = ("a", "b", "c", "openai/*")
CANARY = "sk-canary-4f1d9a"
ERRORS = {
    "ContentPolicyViolationError": errors.ContentPolicyViolationError("x"),
    "BadRequestError": errors.UnsupportedParamsError("x"),
    "AuthenticationError": errors.AuthenticationError("x"),
    "NotFoundError": errors.NotFoundError("x"),
    "TimeoutError": errors.Timeout("x"),
    "RateLimitError": errors.RateLimitError("x"),
    "InternalServerError": errors.InternalServerError("x"),
    "ServiceUnavailableError": errors.ServiceUnavailableError("x"),
}


def refused(**given: Any) -> str:
    with pytest.raises(BadRequestError) as caught:
        read(given, GROUPS)
    assert caught.value.param
    return str(caught.value)


def groups(targets: tuple[Target, ...]) -> list[str]:
    return [target.group for target in targets]


def test_without_keywords_the_defaults_hold() -> None:
    assert read({}, ()) == Settings()
    assert read(dict.fromkeys(_KNOWN), GROUPS) == Settings()  # None is not given
    assert (Settings().num_retries, Settings().timeout_s, Settings().cooldown_s) == (2, 600.0, 5.0)
    assert (Settings().first_token_s, Settings().idle_s, Settings().queue_timeout_s) == (10.0, 15.0, math.inf)


@pytest.mark.parametrize(
    ("keyword", "value", "field", "read_as"),
    [
        ("num_retries", 0, "num_retries", 0),
        ("num_retries", "3", "num_retries", 3),
        ("timeout", 30, "timeout_s", 30.0),
        ("timeout", math.inf, "timeout_s", math.inf),
        ("stream_timeout", "12.5", "stream_timeout_s", 12.5),
        ("retry_after", 0, "retry_after_s", 0.0),
        ("allowed_fails", 4.0, "allowed_fails", 4),
        ("cooldown_time", 0, "cooldown_s", 0.0),
        ("disable_cooldowns", "True", "disable_cooldowns", True),
        ("routing_strategy", "least-busy", "routing_strategy", "least-busy"),
        ("enable_pre_call_checks", False, "enable_pre_call_checks", False),
        ("default_max_parallel_requests", 7, "max_parallel_requests", 7),
        ("first_token_timeout", 2, "first_token_s", 2.0),
        ("stream_hold", "full", "stream_hold", "full"),
        ("queue_timeout", 0, "queue_timeout_s", 0.0),
        ("seed", -3, "seed", -3),
    ],
)
def test_a_keyword_sets_its_field(keyword: str, value: Any, field: str, read_as: Any) -> None:
    found = getattr(read({keyword: value}, GROUPS), field)
    assert found == read_as
    assert type(found) is type(read_as)


@pytest.mark.parametrize(
    ("keyword", "value", "told"),
    [
        ("num_retries", -1, "num_retries must be a whole number from 0, not -1"),
        ("num_retries", True, "num_retries must be a whole number from 0, not True"),
        ("num_retries", 1.5, "num_retries must be a whole number from 0, not 1.5"),
        ("num_retries", math.nan, "num_retries must be a whole number from 0, not nan"),
        ("max_queue", math.inf, "max_queue must be a whole number from 0, not inf"),
        ("default_max_parallel_requests", 0, "default_max_parallel_requests must be a whole number from 1, not 0"),
        ("timeout", 0, "timeout must be a number of seconds above 0, not 0"),
        ("timeout", math.nan, "timeout must be a number of seconds above 0, not nan"),
        ("timeout", 10**400, "timeout must be a number of seconds above 0, not int"),
        ("cooldown_time", -0.5, "cooldown_time must be a number of seconds from 0, not -0.5"),
        ("retry_after", [1], "retry_after must be a number of seconds from 0, not list"),
        ("stream_mending", 1, "stream_mending must be True or False, not 1"),
        ("stream_mending", "often", "stream_mending must be True or False, not 'often'"),
        ("stream_hold", "half", "stream_hold must be 'none' or 'full', not 'half'"),
        ("seed", 1.0, "seed must be a whole number, not 1.0"),
        ("seed", True, "seed must be a whole number, not True"),
        ("routing_strategy_args", [], "routing_strategy_args must be a dictionary, not list"),
        ("routing_strategy_args", {1: 2}, "routing_strategy_args must have texts as names, not 1"),
        ("debug_level", 3, "debug_level must be a text, not 3"),
        ("debug_level", " ", "debug_level must be a text, not an empty one"),
        ("ignore_invalid_deployments", "maybe", "ignore_invalid_deployments must be True or False, not 'maybe'"),
        ("optional_pre_call_checks", "x", "optional_pre_call_checks must be a list of texts, not 'x'"),
        ("optional_pre_call_checks", ["prompt_caching"], "optional_pre_call_checks[0]: there is no check"),
    ],
)
def test_a_value_that_is_none_is_refused(keyword: str, value: Any, told: str) -> None:
    assert refused(**{keyword: value}).startswith(told)


def test_an_unknown_keyword_is_told_the_nearest() -> None:
    assert refused(fallbcks=[]) == "Router has no keyword 'fallbcks'; did you mean 'fallbacks'?"
    assert refused(xyzzy=None) == "Router has no keyword 'xyzzy'"


@pytest.mark.parametrize("keyword", sorted(_ELSEWHERE))
def test_what_is_not_there_is_refused_unless_it_asks_for_nothing(keyword: str) -> None:
    for value in (CANARY, True, 6379, {"host": CANARY}):
        with pytest.raises(UnsupportedParamsError, match=rf"^{keyword} .+; ") as caught:
            read({keyword: value}, GROUPS)
        assert CANARY not in str(caught.value)
    nothing: Any
    for nothing in (None, False, [], {}, ""):
        assert read({keyword: nothing}, GROUPS) == Settings()


def test_what_changes_nothing_is_taken() -> None:
    taken = {"debug_level": "INFO", "set_verbose": False, "cache_responses": False, "client_ttl": 3600}
    others = {"default_litellm_params": {}, "optional_pre_call_checks": ["enforce_model_rate_limits"]}
    assert read({**taken, **others}, GROUPS) == Settings()


def test_every_keyword_that_is_read_is_typed() -> None:
    assert RouterParams.__annotations__.keys() == (_KNOWN - _ELSEWHERE.keys() - {"debug_level"})
    assert {to for to, _ in _CHECKS.values()} <= set(Settings.__dataclass_fields__)


@pytest.mark.parametrize("given", [{"a": ["b", "c"], "*": ["c"]}, [{"a": ["b", "c"]}, {"*": ["c"]}]])
def test_fallbacks_are_found_by_the_group_then_by_the_asterisk(given: Any) -> None:
    lists = dict.fromkeys(("fallbacks", "context_window_fallbacks", "content_policy_fallbacks"), given)
    settings = read({**lists, "default_fallbacks": ["b"]}, GROUPS)
    for found in (settings.fallbacks_of, settings.context_fallbacks_of, settings.policy_fallbacks_of):
        assert groups(found("a")) == ["b", "c"]
        assert groups(found("b")) == groups(found("added later")) == ["c"]
        assert groups(found("c")) == []  # a group is no fallback of its own


def test_only_failures_of_any_kind_lead_to_the_default() -> None:
    settings = read({"default_fallbacks": ["b", "a"], "fallbacks": [{"c": []}]}, GROUPS)
    assert groups(settings.fallbacks_of("a")) == ["b"]
    assert settings.fallbacks_of("c") == settings.context_fallbacks_of("a") == settings.policy_fallbacks_of("a") == ()


def test_a_target_may_say_something_else_than_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", CANARY)
    said = {"model": "b", "temperature": 0, "stop": None, "extra_headers": {"x": "os.environ/A_KEY"}}
    (target,) = read({"fallbacks": [{"a": [said]}]}, GROUPS).fallbacks_of("a")
    assert target.group == "b"
    assert dict(target.overrides or {}) == {"temperature": 0, "extra_headers": {"x": CANARY}}
    assert CANARY not in repr(target)
    assert read_targets([{"model": "b"}], "fallbacks", GROUPS) == (Target("b"),)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([{"a": ["gpt-5"]}], "fallbacks[0]['a'][0]: there is no group 'gpt-5'; add it to model_list"),
        ([{"a": ["b"]}, {"x": ["b"]}], "fallbacks[1]['x']: there is no group 'x'"),
        ({"a": ["b", "openai/m"]}, "fallbacks['a'][1]: there is no group 'openai/m'; add it to model_list"),
        ({"a": ["openai/*"]}, "fallbacks['a'][0] is a wildcard, 'openai/*', and names no model"),
        ([{"a": ["b"]}, {"a": ["c"]}], "fallbacks[1]['a'] is the second list for 'a', after fallbacks[0]['a']"),
        ([{"a": ["b", "b"]}], "fallbacks[0]['a'][1] names 'b' a second time"),
        ([{"a": "b"}], "fallbacks[0]['a'] must be a list of groups, such as ['gpt-4'], not 'b'; write ['b']"),
        ([{"a": 3}], "fallbacks[0]['a'] must be a list of groups, such as ['gpt-4'], not 3"),
        ([{"a": [3]}], "fallbacks[0]['a'][0] must be the name of a group, or a dictionary with 'model' in it, not 3"),
        ([{"a": [{"temperature": 0}]}], "fallbacks[0]['a'][0].model is missing"),
        ([{"a": [{"model": "b", "timeout": 3}]}], "fallbacks[0]['a'][0].timeout is shared by all attempts"),
        ([{"a": [{"model": "b", "messages": []}]}], "fallbacks[0]['a'][0].messages is the caller's own"),
        ([{"a": [{"model": "b", "num_retries": 1}]}], "fallbacks[0]['a'][0].num_retries counts for the call"),
        ([{"a": [{"model": "b", "weight": 3}]}], "fallbacks[0]['a'][0]: weight belongs to one entry"),
        (["b"], "fallbacks[0] must be a dictionary such as {'gpt-4': ['llama']}; what every group falls back to"),
        ([3], "fallbacks[0] must be a dictionary, not 3"),
        ("b", "fallbacks must be a list such as [{'gpt-4': ['llama']}], not 'b'"),
        ({"a": ["b"], "b": ["c", "a"]}, "fallbacks['b'][1] closes a cycle: 'a' -> 'b' -> 'a'; a call asks"),
        ({"a": ["a"]}, "fallbacks['a'][0] closes a cycle: 'a' -> 'a'"),
    ],
)
def test_a_fallback_that_cannot_be_is_refused_with_its_path(given: Any, told: str) -> None:
    assert refused(fallbacks=given).startswith(told)


def test_each_kind_of_fallbacks_is_checked_for_itself() -> None:
    settings = read({"fallbacks": {"a": ["b"]}, "context_window_fallbacks": {"b": ["a"]}}, GROUPS)
    assert groups(settings.context_fallbacks_of("b")) == ["a"]
    assert refused(content_policy_fallbacks={"a": ["a"]}).startswith("content_policy_fallbacks['a'][0] closes a cycle")
    assert refused(default_fallbacks=["x"]).startswith("default_fallbacks[0]: there is no group 'x'")


def test_a_long_cycle_is_told_in_short() -> None:
    names = [f"g{at}" for at in range(50)]
    with pytest.raises(BadRequestError, match="closes a cycle") as caught:
        read({"fallbacks": {name: [names[at - 1]] for at, name in enumerate(names)}}, names)
    assert str(caught.value).count("->") == 10


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20, unique=True))
def test_lists_are_taken_exactly_when_no_group_leads_back_to_itself(edges: list[tuple[int, int]]) -> None:
    lists: dict[str, list[str]] = {}
    for start, end in edges:
        lists.setdefault(str(start), []).append(str(end))
    reached = {name: set(targets) for name, targets in lists.items()}
    for _ in reached:
        reached = {name: ends.union(*(reached.get(end, ()) for end in ends)) for name, ends in reached.items()}
    try:
        settings = read({"fallbacks": lists}, [str(at) for at in range(10)])
    except BadRequestError:
        assert any(name in ends for name, ends in reached.items())
    else:
        assert not any(name in ends for name, ends in reached.items())
        assert {name: groups(settings.fallbacks_of(name)) for name in lists} == lists


def test_an_alias_stands_for_its_group() -> None:
    given = {"fast": "a", "hid": {"model": "b", "hidden": True}, "wild": {"model": "openai/m"}}
    settings = read({"model_group_alias": given, "fallbacks": {"fast": ["hid"]}}, GROUPS)
    assert settings.aliases == {"fast": "a", "hid": "b", "wild": "openai/m"}
    assert settings.hidden_aliases == {"hid"}
    assert groups(settings.fallbacks_of("a")) == ["b"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"fast": "x"}, "model_group_alias['fast']: there is no group 'x' to call"),
        ({"fast": "openai/*"}, "model_group_alias['fast']: there is no group 'openai/*' to call"),
        ({"fast": 3}, "model_group_alias['fast'] must be a text, not 3"),
        ({"fast": {"hidden": True}}, "model_group_alias['fast'].model is missing"),
        ({"fast": {"model": "a", "hidden": 2}}, "model_group_alias['fast'].hidden must be True or False, not 2"),
        ({"fast": {"model": "a", "hiden": True}}, "model_group_alias['fast'] has 'model' and 'hidden' in it, and no"),
        (["fast"], "model_group_alias must be a dictionary, not list"),
    ],
)
def test_an_alias_that_leads_nowhere_is_refused(given: Any, told: str) -> None:
    assert refused(model_group_alias=given).startswith(told)


@pytest.mark.parametrize("kind", sorted(ERRORS))
def test_a_policy_counts_by_the_kind_of_the_error(kind: str) -> None:
    settings = read({"retry_policy": {f"{kind}Retries": 4}, "allowed_fails_policy": {f"{kind}AllowedFails": 9}}, GROUPS)
    for other, error in ERRORS.items():
        same = other == kind or (kind, other) == ("BadRequestError", "ContentPolicyViolationError")
        assert settings.insisted_retries("a", error) == (4 if same else None)
        assert settings.retries_for("a", error, 1) == (4 if same else 1)
        assert settings.allowed_fails_for(error) == (9 if same else None)


def test_the_policy_of_a_group_comes_first() -> None:
    policy = SimpleNamespace(TimeoutErrorRetries=5, DefaultRetries=None, RateLimitErrorRetries=0)
    of_groups = {"fast": {"TimeoutErrorRetries": 1}, "b": {"DefaultRetries": 7}}
    given = {"retry_policy": policy, "model_group_retry_policy": of_groups, "model_group_alias": {"fast": "a"}}
    settings = read(given, GROUPS)
    assert [settings.retries_for(group, errors.Timeout("x"), 2) for group in "abc"] == [1, 5, 5]
    assert [settings.retries_for(group, errors.InternalServerError("x"), 2) for group in "abc"] == [2, 7, 2]
    assert settings.retries_for("a", errors.RateLimitError("x"), 2) == 0
    assert settings.insisted_retries("b", errors.InternalServerError("x")) is None


def test_the_default_of_a_policy_counts_for_all_other_errors() -> None:
    settings = read({"retry_policy": {"DefaultRetries": 6}}, GROUPS)
    assert settings.retries_for("a", errors.APIConnectionError("x"), 2) == 6


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"TimeoutRetries": 3}, "retry_policy has no field 'TimeoutRetries'; did you mean 'TimeoutErrorRetries'? "),
        ({"xyzzy": 3}, "retry_policy has no field 'xyzzy'; there are ContentPolicyViolationErrorRetries"),
        ({"TimeoutErrorRetries": -3}, "retry_policy.TimeoutErrorRetries must be a whole number from 0, not -3"),
        (3, "retry_policy must be a dictionary or an object with fields, not 3; there are"),
    ],
)
def test_a_policy_with_a_slip_is_refused(given: Any, told: str) -> None:
    assert refused(retry_policy=given).startswith(told)


def test_other_policies_are_held_against_their_own_fields() -> None:
    assert "has no field 'DefaultRetries'" in refused(allowed_fails_policy={"DefaultRetries": 3})
    told = refused(model_group_retry_policy={"x": {}})
    assert told.startswith("model_group_retry_policy['x']: there is no group 'x'")


_secrets = st.sampled_from([CANARY, f"redis://:{CANARY}@host/0", [CANARY], {CANARY: CANARY}, {"model": CANARY, "k": 1}])


@given(st.sampled_from(sorted(_KNOWN - {"routing_strategy"})), _secrets)
def test_no_message_holds_a_secret_that_stands_for_a_value(keyword: str, secret: Any) -> None:
    """Names of groups are no secrets, and are told."""
    told = ""
    try:
        read({keyword: secret}, GROUPS)
    except BadRequestError as error:
        told = str(error)
    assert told or keyword in {"debug_level", "default_litellm_params", "routing_strategy_args"}
    if not ({"fallbacks", "alias", "policy"} & set(keyword.split("_")) or keyword.startswith("optional")):
        assert CANARY not in told


def test_the_parameter_of_a_fault_is_the_last_name_of_its_path() -> None:
    told = {"fallbacks[0]['gpt-4.1'][0]": "fallbacks", "config.yaml: a.b[3].c": "c", "timeout": "timeout"}
    assert {path: fault(path, "is wrong").param for path in told} == told


def test_names_in_a_configuration_are_texts_or_numbers() -> None:
    assert resolved("a", {"b": ({1: "os.environ/X"},)}, lambda name: name.lower()) == {"b": [{1: "x"}]}
    with pytest.raises(BadRequestError, match=r"^a\['b c'\]\[0\] must have texts as names, not tuple"):
        resolved("a", {"b c": [{(1,): 1}]}, lambda _: None)
    with pytest.raises(BadRequestError, match=r"^a.b refers to the environment variable '', which is not set"):
        resolved("a", {"b": "os.environ/"}, lambda _: None)
