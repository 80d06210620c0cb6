"""Who may serve a request at all: by tags, by region, by what the model can do; and what is said where nobody can."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from litellm_lite import BadRequestError, ContextWindowExceededError, Router
from litellm_lite.registry import register_model, registry
from tests.calls import MODES
from tests.router.routing import Wires, ask, listen, place, served, tried
from tests.wire import Wire, problem, reply

both = pytest.mark.parametrize("mode", MODES)
either = pytest.mark.parametrize("stream", [False, True])
ABLE, PLAIN = "openai/able", "openai/plain"
ABILITIES = ("supports_vision", "supports_function_calling", "supports_tool_choice", "supports_response_schema")
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object", "properties": {}}}}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(64)).decode()
IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
CALLED: dict[str, dict[str, Any]] = {
    "an image": {"messages": [{"role": "user", "content": [{"type": "text", "text": "What?"}, IMAGE]}]},
    "a tool": {"tools": [TOOL]},
    "a tool that must be called": {"tools": [TOOL], "tool_choice": "required"},
    "a schema": {"response_format": SCHEMA},
    "a long prompt": {"messages": [{"role": "user", "content": "word " * 300}]},
    "a long answer": {"max_tokens": 500},
}


@pytest.fixture(autouse=True)
def _models():
    registry().reset()
    common = {"litellm_provider": "openai", "mode": "chat"}
    register_model(
        {
            ABLE: {**common, **dict.fromkeys(ABILITIES, True), "max_input_tokens": 100_000, "max_output_tokens": 9000},
            PLAIN: {**common, **dict.fromkeys(ABILITIES, False), "max_input_tokens": 100, "max_output_tokens": 100},
        }
    )
    yield
    registry().reset()


def call(mode: str, router: Router, *, stream: bool = False, **params: Any) -> Any:
    arguments = [params.pop("messages")] if "messages" in params else []
    if stream:
        heard = listen(mode, router, "chat", *arguments, **params)
        if heard.error is not None:
            raise heard.error
        return heard.stream
    return ask(mode, router, "chat", *arguments, **params)


# What the model can do


@both
@either
@pytest.mark.parametrize("what", CALLED)
def test_a_request_goes_to_the_deployment_that_can(mode: str, stream: bool, what: str, wire: Wire) -> None:
    router = Router([place(wire, "plain", model=PLAIN), place(wire, "able", model=ABLE)])
    for _ in range(4):
        assert served(call(mode, router, stream=stream, **CALLED[what])) == "able"
    assert {request.json["model"] for request in wire.requests} == {"able"}


@both
@pytest.mark.parametrize("what", CALLED)
def test_where_nobody_can_one_error_tells_of_each_and_nothing_is_sent(mode: str, what: str, wire: Wire) -> None:
    router = Router([place(wire, id, model=PLAIN) for id in ("one", "two")])
    with pytest.raises(BadRequestError, match="nothing was sent, for no deployment can serve the request") as caught:
        call(mode, router, **CALLED[what])
    assert [(id, model) for id, model, _ in caught.value.candidates] == [("one", PLAIN), ("two", PLAIN)]
    assert all(reason in str(caught.value) for _, _, reason in caught.value.candidates)
    assert isinstance(caught.value, ContextWindowExceededError) == ("long" in what)
    assert (caught.value.attempts, wire.requests) == ((), [])


@both
@pytest.mark.parametrize("what", CALLED)
def test_a_fallback_that_can_serves_it(mode: str, what: str, wire: Wire) -> None:
    router = Router(
        [place(wire, "plain", model=PLAIN), place(wire, "able", "spare", model=ABLE)], fallbacks=[{"chat": ["spare"]}]
    )
    assert tried(call(mode, router, **CALLED[what])) == [("fallback", "able", "answered")]


@both
@pytest.mark.parametrize("what", CALLED)
def test_the_checks_may_be_turned_off(mode: str, what: str, wire: Wire) -> None:
    router = Router([place(wire, "plain", model=PLAIN)], enable_pre_call_checks=False)
    params = {"check_context": False} if what == "a long prompt" else {}
    assert served(call(mode, router, **CALLED[what], **params)) == "plain"


@both
def test_what_model_info_says_counts_over_what_is_known(mode: str, wire: Wire) -> None:
    said = {"supports_function_calling": True, "max_input_tokens": 5000}
    router = Router([place(wire, "plain", model=PLAIN), place(wire, "told", model=PLAIN, info=said)])
    assert served(call(mode, router, tools=[TOOL])) == "told"
    assert served(call(mode, router, **CALLED["a long prompt"])) == "told"


@both
def test_what_nobody_knows_is_tried(mode: str, wire: Wire) -> None:
    router = Router([place(wire, "unknown")])
    for params in CALLED.values():
        assert served(call(mode, router, **params)) == "unknown"


@both
def test_a_prompt_the_vendor_found_too_long_is_only_sent_to_windows_known_to_be_larger(
    mode: str, new_wire: Wires
) -> None:
    small, same, large = new_wire(), new_wire(), new_wire()
    too_long = {"error": {"message": "maximum context length is 5000 tokens", "code": "context_length_exceeded"}}
    for wire in (small, same):
        wire.answers(reply(too_long, 400))
    window = {"max_input_tokens": 5000}
    router = Router(
        [
            place(small, "small", order=1, info=window),
            place(same, "same", order=2, info=window),
            place(new_wire(), "unknown", order=3),
            place(large, "large", order=4, info={"max_input_tokens": 9000}),
        ]
    )
    assert tried(call(mode, router)) == [("first", "small", "failed"), ("failover", "large", "answered")]
    assert same.requests == []


# Tags


def tagged(wire: Wire, **keywords: Any) -> Router:
    tags = {"free": ["free"], "paid": ["paid", "eu"], "any": ["default"], "none": []}
    return Router(
        [place(wire, id, "chat", tags=its) for id, its in tags.items()], enable_tag_filtering=True, **keywords
    )


@both
@either
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"tags": ["free"]}, {"free"}),
        ({"metadata": {"tags": ["paid"]}}, {"paid"}),
        ({"litellm_metadata": {"tags": ["eu"]}}, {"paid"}),
        ({"tags": ["free", "paid"]}, {"free", "paid"}),
        ({"tags": ["nobody's"]}, {"any"}),
        ({}, {"any"}),
        ({"tags": []}, {"any"}),
    ],
    ids=str,
)
def test_tags_say_whose_a_request_is(
    mode: str, stream: bool, asked: dict[str, Any], expected: set[str], wire: Wire
) -> None:
    router = tagged(wire, seed=1)
    assert {served(call(mode, router, stream=stream, **asked)) for _ in range(8)} == expected


@both
def test_all_tags_may_be_asked_for(mode: str, wire: Wire) -> None:
    router = tagged(wire, tag_filtering_match_any=False)
    assert served(call(mode, router, tags=["paid", "eu"])) == "paid"
    assert served(call(mode, router, tags=["paid", "free"])) == "any"


@both
def test_without_a_default_tags_that_match_nobody_are_nobodys(mode: str, wire: Wire) -> None:
    router = Router([place(wire, "free", tags=["free"])], enable_tag_filtering=True)
    with pytest.raises(BadRequestError, match="its tags are 'free', and the request asks for 'paid'") as caught:
        call(mode, router, tags=["paid"])
    assert (caught.value.param, wire.requests) == ("tags", [])


@both
def test_tags_are_labels_where_they_are_not_asked_to_decide(mode: str, wire: Wire) -> None:
    router = Router([place(wire, "free", tags=["free"])])
    answer = call(mode, router, tags=["paid"])
    assert (served(answer), answer.hidden_params["tags"]) == ("free", ["paid"])


@both
@pytest.mark.parametrize("wrong", ["free", [1], {"a": 1}, 7], ids=str)
def test_what_are_no_tags_is_refused(mode: str, wrong: Any, wire: Wire) -> None:
    for asked in ({"tags": wrong}, {"metadata": {"tags": wrong}}):
        with pytest.raises(BadRequestError, match="tags must be a list of texts"):
            call(mode, tagged(wire), **asked)


# Regions


@both
@either
@pytest.mark.parametrize(
    ("allowed", "expected"),
    [("eu", {"eu", "eu-west"}), (["us"], {"us"}), (["us", "EU-WEST-1"], {"us", "eu-west"})],
    ids=str,
)
def test_a_request_stays_in_the_regions_it_is_allowed_in(
    mode: str, stream: bool, allowed: Any, expected: set[str], wire: Wire
) -> None:
    regions = {"eu": "eu", "eu-west": "eu-west-1", "us": "us", "unknown": None}
    router = Router([place(wire, id, "chat", region_name=region) for id, region in regions.items()], seed=3)
    asked = {"allowed_model_region": allowed}
    assert {served(call(mode, router, stream=stream, **asked)) for _ in range(10)} == expected
    assert all("allowed_model_region" not in request.json for request in wire.requests)


@both
def test_a_region_is_kept_also_where_the_checks_are_off_and_by_fallbacks(mode: str, new_wire: Wires) -> None:
    inside, outside = new_wire(), new_wire()
    inside.answers(problem(503, "Down"))
    entries = [place(inside, "eu", region_name="eu"), place(outside, "us", "spare", region_name="us")]
    router = Router(entries, fallbacks=[{"chat": ["spare"]}], enable_pre_call_checks=False, num_retries=0)
    with pytest.raises(Exception, match="is in 'us', and the request is allowed in 'eu' only"):
        call(mode, router, allowed_model_region="eu")
    assert (len(inside.requests), outside.requests) == (1, [])


@both
def test_a_region_may_be_a_deployments_own_in_model_info(mode: str, wire: Wire) -> None:
    router = Router([place(wire, "a", info={"region": "eu"})])
    assert served(call(mode, router, metadata={"allowed_model_region": "eu"})) == "a"
    with pytest.raises(BadRequestError, match="is in 'eu'"):
        call(mode, router, allowed_model_region="us")
