"""`completion(fallbacks=…)` before anything is sent: which model is called with what, and with whose key."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.errors import AuthenticationError, BadRequestError
from litellm_lite.router.once import router_for, stages
from litellm_lite.router.request import planned as way_of
from litellm_lite.router.steps import Attempt
from tests.router.by_hand import MESSAGES

CANARY = "CANARY-of-the-first"
VENDORS = ("openai", "meta_llama", "llama_proxy")
SECRETS: dict[str, Any] = {
    "api_key": CANARY,
    "api_base": f"https://{CANARY}.invalid/v1",
    "base_url": f"https://{CANARY}.invalid/v1",
    "organization": CANARY,
    "extra_headers": {"authorization": CANARY},
    "headers": {"x-api-key": CANARY},
    "ssl_verify": f"/{CANARY}.pem",
}
vendors = st.sampled_from(VENDORS)


def planned(model: str, params: dict[str, Any]) -> list[tuple[str, Any]]:
    """Every request that the call could make: of which deployment, and what is sent where."""
    router, shared = router_for(model, params)
    way = way_of(router._fleet, model, MESSAGES, shared, stream=False)
    targets = router._fleet.settings.fallbacks_of(model)
    overrides = {target.group: target.overrides for target in targets}
    made = []
    for number, standing in enumerate(router._fleet.standings.values(), 1):
        deployment = standing.deployment
        attempt = Attempt(number, deployment, "first", 30.0, overrides=overrides.get(deployment.group))
        made.append((deployment.id, way.calls.plan(attempt)))
    return made


@given(vendors, vendors, st.sampled_from(sorted(SECRETS)))
def test_nothing_that_was_said_for_one_vendor_goes_to_another(first: str, second: str, name: str) -> None:
    _, (_, other) = stages(f"{first}/m", {name: SECRETS[name], "fallbacks": [f"{second}/m2"]})
    assert (CANARY in repr((other.own, other.differs))) == (first == second)


@given(vendors, st.sampled_from(sorted(SECRETS)), st.sampled_from(["api_base", "base_url", "custom_llm_provider"]))
def test_nor_to_a_place_that_the_fallback_names_itself(vendor: str, name: str, where: str) -> None:
    value = "openai" if where == "custom_llm_provider" else "https://elsewhere.invalid/v1"
    fallback = {"model": f"{vendor}/m2", where: value}
    _, (_, other) = stages(f"{vendor}/m", {name: SECRETS[name], "fallbacks": [fallback]})
    assert CANARY not in repr((other.own, other.differs))


def test_no_key_is_in_what_all_are_called_with() -> None:
    shared, _ = stages("openai/m", {**SECRETS, "temperature": 1, "fallbacks": ["meta_llama/m"]})
    assert shared == {"temperature": 1}


def test_what_would_be_sent_bears_each_vendors_own_key() -> None:
    fallback = {"model": "meta_llama/m2", "api_key": "CANARY-of-the-second", "temperature": 0}
    params = {"api_key": CANARY, "temperature": 1, "fallbacks": [fallback]}
    (_, first), (_, second) = planned("openai/m", params)
    assert CANARY in repr(first.request.headers)
    assert "of-the-second" not in repr((first.request.headers, first.request.body))
    assert "CANARY-of-the-second" in repr(second.request.headers)
    assert CANARY not in repr((second.request.headers, second.request.body, second.request.url))
    assert b'"temperature":0' in second.request.body.replace(b" ", b"")


def test_a_fallback_without_a_key_is_refused_before_the_first_is_called() -> None:
    with pytest.raises(AuthenticationError, match="LLAMA_API_KEY") as raised:
        router_for("openai/m", {"api_key": CANARY, "fallbacks": ["meta_llama/m2"]})
    assert CANARY not in str(raised.value)
    assert "fallbacks[0]" in str(raised.value)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"fallbacks": "meta_llama/m"}, "fallbacks must be a list of model names"),
        ({"fallbacks": ["nobodys/m"]}, "fallbacks\\[0\\].model: no provider in 'nobodys/m'"),
        ({"fallbacks": [7]}, "fallbacks\\[0\\] must be a model name or a dictionary"),
        ({"fallbacks": [{"model": 7}]}, "fallbacks\\[0\\].model must be the name of a model"),
        ({"context_window_fallback_dict": []}, "context_window_fallback_dict must be a dictionary"),
        ({"context_window_fallback_dict": {"openai/m": 7}}, "must be a model name, not"),
    ],
)
def test_what_is_no_fallback_is_refused_and_the_key_not_told(params: dict[str, Any], says: str) -> None:
    with pytest.raises(BadRequestError, match=says) as raised:
        router_for("openai/m", {"api_key": CANARY, **params})
    assert CANARY not in str(raised.value)


def test_a_larger_model_of_another_vendor_has_no_key_of_the_first() -> None:
    _, (_, larger) = stages("openai/m", {**SECRETS, "context_window_fallback_dict": {"openai/m": "meta_llama/large"}})
    assert larger.model == "meta_llama/large"
    assert CANARY not in repr(larger.own)
