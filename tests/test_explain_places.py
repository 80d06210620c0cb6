"""What is told of a call that several models may serve: a Router's deployments, or a model and its fallbacks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from litellm_lite.explaining import Place, explain, explain_places
from litellm_lite.explanation import Candidate, Explanation
from litellm_lite.registry import register_model, registry
from litellm_lite.router.deployment import Deployment
from litellm_lite.router.preflight import Reason
from tests.calls import MESSAGES

OPENAI, OTHER, META = "openai/gpt-4o-mini", "openai/gpt-4o", "meta_llama/Llama-3.3-70B-Instruct"
KEYS = ("sk-canary-first-1f4d9a", "sk-canary-second-b0c9e1")
BASE = "https://vendor.example/v1"
BLIND, ASKED = "openai/blind", "the model that is asked for"
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}


@pytest.fixture(autouse=True)
def _models():
    registry().reset()
    register_model({BLIND: {"litellm_provider": "openai", "supports_function_calling": False}})
    yield
    registry().reset()


def place(name: str, key: str = KEYS[0], /, **fields: Any) -> Place:
    own = {"api_key": key, "api_base": f"https://{name}.example/v1", **fields.pop("own", {})}
    deployment = Deployment(id=name, group="chat", model=OPENAI, provider="openai", params=own)
    return Place(deployment, {**own, **fields.pop("over", {})}, OPENAI, **{"group": "chat", **fields})


def places(*given: Place, messages: Any = MESSAGES, **params: Any) -> Explanation:
    return explain_places(given, messages, params)


def fallen(fallbacks: Any, model: str = OPENAI, **params: Any) -> list[Candidate]:
    arguments: dict[str, Any] = {"api_key": KEYS[0], "api_base": BASE, **params}
    return list(explain(model, MESSAGES, fallbacks=fallbacks, **arguments).candidates)


# A Router's deployments


def test_those_that_would_be_tried_come_first_in_their_order_and_each_says_why() -> None:
    explained = places(
        place("a", reason=Reason("images", "takes no images"), why="weight 1"),
        place("b", waiting="it cools for 3 s"),
        place("c", why="weight 2"),
        place("d", why="weight 1"),
    )
    told = [(each.deployment, each.group, each.why, each.verdict, each.waiting) for each in explained.candidates]
    assert told == [
        ("c", "chat", "weight 2", None, None),
        ("d", "chat", "weight 1", None, None),
        ("b", "chat", "", None, "it cools for 3 s"),
        ("a", "chat", "weight 1", "takes no images", None),
    ]
    assert [each.tried for each in explained.candidates] == [True, True, False, False]
    titles = [line for line in str(explained).split("\n") if "gpt-4o-mini (" in line]
    assert titles == [
        "1. openai/gpt-4o-mini ('c' of 'chat'; weight 2)",
        "2. openai/gpt-4o-mini ('d' of 'chat'; weight 1)",
        "– openai/gpt-4o-mini ('b' of 'chat')",
        "– openai/gpt-4o-mini ('a' of 'chat'; weight 1)",
    ]
    assert "   Would not be tried now: it cools for 3 s.\n" in str(explained)
    assert "   Would not be tried: it takes no images.\n\nRequest if that were mended" in str(explained)


def test_each_is_asked_in_its_own_way_and_the_report_says_who_gave_what() -> None:
    caller = {"temperature": 0.5, "user": "me"}
    own = {"seed": 7, "extra_body": {"guided": True}, "temperature": 0.25}
    over = {**caller, "top_p": 0.125}
    [told] = places(place("a", own=own, over=over), **caller).candidates
    assert told.url == "https://a.example/v1/chat/completions"
    assert (told.body["temperature"], told.body["seed"], told.body["top_p"]) == (0.5, 7, 0.125)
    givers = {each.name: each.given_by for each in told.parameters}
    assert givers == {
        "api_key": "the deployment",
        "api_base": "the deployment",
        "seed": "the deployment",
        "extra_body": "the deployment",
        "extra_body.guided": "the deployment",
        "temperature": "",
        "user": "",
        "top_p": "the fallback",
    }
    assert "sent, given by the deployment" in str(places(place("a", own=own)))


def test_it_is_refused_only_where_nobody_would_ever_take_it() -> None:
    cannot, cooling = place("a", reason="calls no tools"), place("b", waiting="it cools")
    keyless = Place(Deployment(id="c", group="chat", model=META, provider="meta_llama"), {}, META)
    assert places(cannot, keyless).refused
    assert not places(cannot, keyless, cooling).refused
    assert places().refused


@pytest.mark.parametrize("asked", [OPENAI, "nobody/model"])
def test_no_key_of_one_deployment_is_shown_in_the_request_of_another(asked: str) -> None:
    first, second = place("a", KEYS[0]), place("b", KEYS[1])
    second = Place(second.deployment, second.params, asked, group="chat")
    chat = [{"role": "user", "content": f"These are keys: {' and '.join(KEYS)}"}]
    explained = places(first, second, messages=chat)
    for text in (str(explained), repr(explained), json.dumps(explained.as_dict()), repr(first)):
        assert not [key for key in KEYS if key in text]


def test_it_is_json_with_all_of_it() -> None:
    made = places(place("a", waiting="it cools")).as_dict()
    assert json.loads(json.dumps(made)) == made
    [told] = made["candidates"]
    assert (told["deployment"], told["group"], told["verdict"], told["waiting"]) == ("a", "chat", None, "it cools")
    assert (told["tried"], made["refused"]) == (False, False)


# A model and its fallbacks


def test_fallbacks_come_after_the_model_with_the_same_arguments() -> None:
    first, second, third = fallen([OTHER, {"model": BLIND, "temperature": 0.25}], temperature=0.5, seed=1)
    assert [each.why for each in (first, second, third)] == [ASKED, "fallback 1 of 2", "fallback 2 of 2"]
    assert [each.body["model"] for each in (first, second, third)] == ["gpt-4o-mini", "gpt-4o", "blind"]
    assert [each.body["temperature"] for each in (first, second, third)] == [0.5, 0.5, 0.25]
    assert [each.given_by for each in third.parameters if each.name in ("temperature", "seed")] == ["the fallback", ""]
    assert "fallbacks" not in {each.name for each in first.parameters}


def test_a_dictionary_without_a_model_is_the_same_model_asked_otherwise() -> None:
    _, again = fallen([{"api_base": "https://other.example/v1"}])
    assert (again.model, again.url) == ("gpt-4o-mini", "https://other.example/v1/chat/completions")


def test_what_is_one_vendors_business_is_not_passed_on_to_another() -> None:
    headers = {"X-Gateway-Token": KEYS[1]}
    _, same, other, own = fallen(
        [OTHER, META, {"model": META, "api_key": KEYS[1]}], organization="org-1", extra_headers=headers
    )
    assert same.headers["OpenAI-Organization"] == "org-1"
    assert other.url == "https://api.llama.com/compat/v1/chat/completions"
    assert other.why == "fallback 2 of 3, without the caller's api_base, api_key, extra_headers, organization"
    assert (other.refused or "").startswith("AuthenticationError: meta_llama: no API key")
    assert "X-Gateway-Token" not in other.headers
    assert own.refused is None
    assert own.why.endswith("without the caller's api_base, extra_headers, organization")


def test_a_bare_name_is_the_same_vendors_as_the_model() -> None:
    _, local = fallen(["some-model"], "their-model", custom_llm_provider="openai")
    assert local.url == f"{BASE}/chat/completions"


def test_who_cannot_serve_the_request_is_told_so_and_comes_last() -> None:
    able, blind = fallen([OTHER], BLIND, tools=[TOOL])
    assert (able.model, able.verdict) == ("gpt-4o", None)
    assert (blind.model, blind.verdict, blind.why) == ("blind", "calls no tools", ASKED)


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_no_fallbacks_are_none(nothing: Any) -> None:
    [only] = fallen(nothing)
    assert only.why == ""


@pytest.mark.parametrize(
    ("fallbacks", "why"),
    [
        ("openai/gpt-4o", "fallbacks must be a list of model names, or of dictionaries of arguments, not str"),
        ({"a": "b"}, "fallbacks must be a list of model names, or of dictionaries of arguments, not dict"),
        ([OTHER, 7], "fallbacks[1] must be a model name or a dictionary of arguments, not 7"),
    ],
)
def test_what_is_no_fallback_is_refused(fallbacks: Any, why: str) -> None:
    [told] = fallen(fallbacks, seed=1)
    assert told.refused == f"BadRequestError: {why}"
    assert [(each.param, each.lifted) for each in told.refusals] == [("fallbacks", True)]
    assert told.body["seed"] == 1


def test_a_fallback_nobody_knows_is_told_at_its_place() -> None:
    _, unknown, unnamed = fallen(["nobody/model", {"model": 7}])
    assert (unknown.refused or "").startswith("LiteLLMUnknownProvider: ")
    assert (unnamed.refused or "").startswith("BadRequestError: model must be a name")
