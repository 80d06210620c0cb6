"""What vendors serve beside chat, as values: the request, the answer, and what is refused before anything is sent."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest

from litellm_lite.call import Endpoint
from litellm_lite.errors import (
    APIResponseValidationError,
    BadRequestError,
    InternalServerError,
    RateLimitError,
    UnsupportedEndpoint,
    UnsupportedParamsError,
)
from litellm_lite.params import ENDPOINT_PARAMS
from litellm_lite.resolve import provider_names
from litellm_lite.transformer import JSON
from tests.endpoints.values import ANSWERS, INPUTS, RESPONSE, TEXT, body, call, endpoint, plan
from tests.providers.values import KEY, provider, recorded, reply

NAMES = tuple(INPUTS)
each_endpoint = pytest.mark.parametrize("name", NAMES)


@each_endpoint
def test_the_request_goes_to_the_path_of_its_endpoint(name: Endpoint) -> None:
    made = plan(name, user="u-1") if "user" in ENDPOINT_PARAMS[name] else plan(name)
    assert made.request.url == f"https://api.openai.com/v1/{name}"
    assert made.request.headers["Authorization"] == f"Bearer {KEY}"
    assert body(made) == {"model": "m", **INPUTS[name], **({"user": "u-1"} if "user" in made.call.params else {})}


@each_endpoint
def test_an_answer_comes_through_as_the_vendor_wrote_it(name: Endpoint) -> None:
    assert endpoint(name).parse_response(call(name), reply(ANSWERS[name])) == ANSWERS[name]


@each_endpoint
def test_a_parameter_of_a_chat_is_refused_with_a_remedy(name: Endpoint) -> None:
    with pytest.raises(UnsupportedParamsError) as caught:
        plan(name, response_format={"type": "json_object"})
    assert caught.value.message == (
        f"openai: response_format is not supported at /{name}; drop_params=True leaves it out, "
        "allowed_openai_params=['response_format'] sends it anyway"
    )


@each_endpoint
def test_with_drop_params_it_is_left_out_and_reported(name: Endpoint) -> None:
    made = plan(name, functions=[{"name": "f"}], drop_params=True)
    assert "functions" not in body(made)
    assert made.dropped == {"functions": f"is not supported at /{name}"}


@each_endpoint
def test_a_parameter_of_the_vendors_own_goes_through(name: Endpoint) -> None:
    assert body(plan(name, truncate_prompt_tokens=5))["truncate_prompt_tokens"] == 5


@each_endpoint
@pytest.mark.parametrize("provider_name", ["openai", "llama_proxy"])
def test_every_parameter_of_openais_is_declared(name: Endpoint, provider_name: str) -> None:
    assert {*provider(provider_name).row.endpoints[name]} == {*ENDPOINT_PARAMS[name]}


@each_endpoint
def test_the_llama_api_serves_none_of_them_and_says_what_to_do(name: Endpoint) -> None:
    assert provider("meta_llama").endpoint(name) is None
    with pytest.raises(UnsupportedEndpoint, match=rf"meta_llama: there is no /{name} at Meta Llama API; .+") as caught:
        plan(name, "meta_llama/Llama-3.3-8B-Instruct")
    assert (caught.value.status, caught.value.provider) == (400, "meta_llama")


def test_chat_is_an_endpoint_of_every_provider() -> None:
    assert all(provider(name).endpoint("chat") is provider(name) for name in provider_names())


def test_an_endpoint_is_made_once() -> None:
    assert endpoint("embeddings") is endpoint("embeddings")


@pytest.mark.parametrize(
    ("name", "given", "got"),
    [
        ("embeddings", {"input": ""}, "an empty str"),
        ("embeddings", {"input": []}, "an empty list"),
        ("embeddings", {"input": None}, "nothing"),
        ("moderations", {"input": b"raw"}, "bytes"),
        ("completions", {"prompt": 5}, "5"),
        ("responses", {"input": {}}, "an empty dict"),
    ],
)
def test_nothing_to_ask_is_refused_before_it_is_sent(name: Endpoint, given: JSON, got: str) -> None:
    with pytest.raises(BadRequestError, match=rf"must be a text or a list, with something in it, not {got}$") as caught:
        plan(name, **given)
    assert caught.value.param == next(iter(given))


def test_a_response_may_be_asked_without_an_input() -> None:
    assert "input" not in body(plan("responses", input=None, prompt={"id": "pmpt_1"}))


def test_the_input_may_come_in_extra_body() -> None:
    assert body(plan("embeddings", input=None, extra_body={"input": "x"}))["input"] == "x"


@pytest.mark.parametrize("name", ["embeddings", "moderations"])
def test_a_stream_of_what_has_none_is_refused(name: Endpoint) -> None:
    with pytest.raises(BadRequestError, match=f"/{name} has no streams"):
        plan(name, stream=True)


def test_a_stream_of_completions_asks_for_its_usage_and_one_of_responses_need_not() -> None:
    assert body(plan("completions", stream=True))["stream_options"] == {"include_usage": True}
    assert body(plan("responses", stream=True)) == {"model": "m", "input": "Hi", "stream": True}
    assert plan("completions", stream=True).wants_usage
    assert not plan("responses", stream=True).wants_usage


def test_metadata_is_sent_where_the_vendor_keeps_it() -> None:
    assert body(plan("responses", metadata={"a": "b"}))["metadata"] == {"a": "b"}
    assert "metadata" not in body(plan("completions", metadata={"a": "b"}))


def test_base64_is_asked_for_as_it_is() -> None:
    assert body(plan("embeddings", encoding_format="base64"))["encoding_format"] == "base64"


def test_an_embedding_in_base64_is_an_embedding() -> None:
    coded = {**ANSWERS["embeddings"], "data": [{"object": "embedding", "embedding": "AAAAAA=="}]}
    parsed = endpoint("embeddings").parse_response(call("embeddings"), reply(coded))
    assert parsed["data"] == [{"object": "embedding", "embedding": "AAAAAA==", "index": 0}]


@pytest.mark.parametrize(
    ("name", "change", "what"),
    [
        ("embeddings", {"data": [{"index": 0}]}, r"no list of embeddings came with status 200: no embedding in data"),
        ("embeddings", {"data": None}, "no data in it"),
        ("embeddings", {"data": {"0": []}}, "its data is no list of objects"),
        ("moderations", {"results": [{"flagged": None}]}, r"results\[0\] does not say whether it is flagged"),
        ("moderations", {"results": ["safe"]}, "its results is no list of objects"),
        ("completions", {"choices": [{"index": 0}]}, "no text in choice 0"),
        ("completions", {"choices": [{"text": "a", "finish_reason": 5}]}, "the finish_reason of choice 0 is no text"),
        ("responses", {"output": None}, "no response came with status 200: no output in it"),
        ("responses", {"output": ["Hi"]}, "no output in it"),
    ],
)
def test_an_answer_of_another_shape_is_none(name: Endpoint, change: JSON, what: str) -> None:
    with pytest.raises(APIResponseValidationError, match=what):
        endpoint(name).parse_response(call(name), reply({**ANSWERS[name], **change}))


def test_a_response_that_is_no_object_is_none() -> None:
    with pytest.raises(APIResponseValidationError, match="not a JSON object"):
        endpoint("responses").parse_response(call("responses"), reply([1]))


@each_endpoint
def test_an_error_under_http_200_raises(name: Endpoint) -> None:
    failed = {"error": {"message": "Slow down", "code": "rate_limit_exceeded"}}
    with pytest.raises(RateLimitError, match="openai: Slow down"):
        endpoint(name).parse_response(call(name), reply(failed))


def test_a_response_that_failed_raises_with_the_vendors_reason() -> None:
    failed = {**RESPONSE, "status": "failed", "error": {"code": "server_error", "message": "It broke"}}
    with pytest.raises(InternalServerError, match="openai: It broke"):
        endpoint("responses").parse_response(call("responses"), reply(failed))


def test_a_response_that_failed_without_a_reason_raises_too() -> None:
    with pytest.raises(InternalServerError, match="the response failed, and nothing says why"):
        endpoint("responses").parse_response(call("responses"), reply({**RESPONSE, "status": "failed"}))


def test_a_response_without_output_yet_is_one() -> None:
    queued = {**RESPONSE, "status": "queued", "output": [], "usage": None}
    assert endpoint("responses").parse_response(call("responses"), reply(queued)) == queued


def test_a_completion_that_does_not_say_why_it_ended_has_stopped() -> None:
    said = copy.deepcopy(TEXT)
    del said["choices"][0]["finish_reason"], said["choices"][0]["index"]
    parsed = endpoint("completions").parse_response(call("completions"), reply(said))
    assert (parsed["choices"][0]["finish_reason"], parsed["choices"][0]["index"]) == ("stop", 0)


@pytest.mark.parametrize(
    ("prompt", "n", "count"),
    [("a", None, 1), (["a", "b"], None, 2), (["a", "b"], 3, 6), ([1, 2, 3], 2, 2), ([[1], [2]], None, 2)],
)
def test_as_many_choices_are_expected_as_prompts_times_n(prompt: Any, n: int | None, count: int) -> None:
    assert plan("completions", prompt=prompt, n=n).expected == count


def test_a_budget_that_cannot_be_held_is_refused() -> None:
    with pytest.raises(UnsupportedParamsError, match="budget is held for chat completions only, not at /embeddings"):
        plan("embeddings", budget=0.1)


def test_an_error_of_the_vendor_is_read_like_any_other() -> None:
    failed = orjson.dumps({"error": {"message": "no such model", "type": "invalid_request_error", "code": "x"}})
    error = endpoint("embeddings").parse_error(call("embeddings"), reply(failed, 400))
    assert isinstance(error, BadRequestError)
    assert "no such model" in error.message


@pytest.mark.parametrize("name", ["completions", "responses"])
def test_llama_cpps_answer_is_read(name: Endpoint) -> None:
    answer = recorded(f"llama_cpp/{name}.http")
    assert endpoint(name).parse_response(call(name), answer) == orjson.loads(answer.body)


def test_what_a_server_does_not_do_is_told_in_its_words() -> None:
    error = endpoint("embeddings").parse_error(call("embeddings"), recorded("llama_cpp/error_501_embeddings.http"))
    assert isinstance(error, InternalServerError)
    assert "Start it with `--embeddings`" in error.message


@pytest.mark.parametrize(("name", "told"), [("completions", True), ("responses", True), ("embeddings", False)])
def test_where_a_path_is_missing_the_chat_is_offered(name: Endpoint, told: bool) -> None:
    error = endpoint(name).parse_error(call(name), reply({"detail": "Not Found"}, 404))
    offer = f"; if there is no /{name} at https://api.openai.com/v1, use_chat_completions_api=True asks its chat"
    assert error.message.endswith(offer) is told


def test_where_the_model_is_missing_it_is_not() -> None:
    missing = {"error": {"message": "The model does not exist", "code": "model_not_found"}}
    error = endpoint("responses").parse_error(call("responses"), reply(missing, 404))
    assert "use_chat_completions_api" not in error.message
