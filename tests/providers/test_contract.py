"""What every provider must do. The modules are found, not listed: a new file is held to this by itself."""

from __future__ import annotations

import copy
import importlib
import re
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from litellm_lite import resolve
from litellm_lite.api import get_supported_openai_params
from litellm_lite.errors import APIError, BadRequestError, UnsupportedParamsError
from litellm_lite.params import NEUTRAL, OPENAI_PARAMS, Choice
from litellm_lite.providers import VENDOR_HOSTS
from litellm_lite.sse import Event
from tests.providers.values import BASE, KEY, SAMPLES, SHAPES, body, call, mapped, provider, reply

NAMES = resolve.provider_names()
every_provider = pytest.mark.parametrize("name", NAMES)
every_shape = pytest.mark.parametrize(("name", "shape"), SHAPES, ids=["/".join(filter(None, each)) for each in SHAPES])
every_param = pytest.mark.parametrize("param", OPENAI_PARAMS)


def is_sent(name: str, shape: str, param: str) -> bool:
    """Whether a parameter changes what goes over the wire."""
    try:
        asked = call(name, shape, stream=True, **{param: SAMPLES[param]})
    except UnsupportedParamsError:
        return False
    return body(asked) != body(call(name, shape, stream=True))


def test_there_are_providers() -> None:
    assert {"meta_llama", "openai", "llama_proxy"} <= set(NAMES)


def test_there_is_a_sample_for_every_parameter() -> None:
    assert sorted(SAMPLES) == sorted(OPENAI_PARAMS)
    assert not [name for name, values in NEUTRAL.items() if SAMPLES[name] in values]


@every_provider
def test_a_row_says_everything_about_its_vendor(name: str) -> None:
    row = provider(name).row
    assert row.name == name == importlib.import_module(f"litellm_lite.providers.{name}").__name__.rpartition(".")[2]
    assert row.title
    assert row.key_env
    assert row.base_env
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]+", variable) for variable in (*row.key_env, *row.base_env))
    assert row.api_base is None or re.fullmatch(r"https://[^/]+(/.*[^/])?", row.api_base)


@every_provider
def test_a_row_names_its_source_and_the_day_it_was_read(name: str) -> None:
    assert re.search(r"read \d{4}-\d\d-\d\d$", provider(name).row.source)


@every_provider
def test_its_own_host_is_known_so_that_its_key_goes_nowhere_else(name: str) -> None:
    base = provider(name).row.api_base
    if base is not None:
        assert VENDOR_HOSTS[urlsplit(base).hostname or ""] == name


@every_provider
def test_it_takes_something(name: str) -> None:
    assert {"max_tokens", "temperature"} & provider(name).row.rules.keys()


@every_provider
@pytest.mark.parametrize("shape", ["telepathy", ["native"], 7, None])
def test_a_shape_it_does_not_have_is_refused_by_name(name: str, shape: Any) -> None:
    with pytest.raises(BadRequestError, match=rf"{name}: there is no api=.*; (use|leave)") as caught:
        provider(name).contract(shape)
    assert caught.value.param == "api"


@every_shape
@every_param
def test_a_parameter_is_sent_or_refused_with_the_remedy(name: str, shape: str, param: str) -> None:
    rule = provider(name).contract(shape).rules.get(param)
    if rule is None:
        with pytest.raises(UnsupportedParamsError, match=f"^{name}: {param} .*drop_params=True") as caught:
            mapped(name, shape, **{param: SAMPLES[param]})
        assert (caught.value.provider, caught.value.model, caught.value.param) == (name, "m", param)
        assert f"allowed_openai_params=['{param}']" in str(caught.value)
        assert not caught.value.retryable
    else:
        outcome = mapped(name, shape, **{param: SAMPLES[param]})
        assert (rule.wire_name or param) in outcome.params if rule.sends else outcome.neutral == {param: SAMPLES[param]}


@every_shape
@every_param
def test_what_it_lists_is_what_reaches_the_wire(name: str, shape: str, param: str) -> None:
    listed = get_supported_openai_params(f"{name}/m", api=shape)
    assert listed is not None
    assert (param in listed) == is_sent(name, shape, param)


@every_shape
def test_stream_is_listed_and_sent(name: str, shape: str) -> None:
    assert "stream" in (get_supported_openai_params(f"{name}/m", api=shape) or ())
    assert body(call(name, shape, stream=True))["stream"] is True
    assert not body(call(name, shape)).get("stream")


@every_shape
@every_param
def test_nothing_disappears(name: str, shape: str, param: str) -> None:
    outcome = mapped(name, shape, Choice(drop_params=True), **{param: SAMPLES[param]})
    wire_name = getattr(provider(name).contract(shape).rules.get(param), "wire_name", "") or param
    assert [wire_name in outcome.params, param in outcome.dropped, param in outcome.neutral].count(True) == 1


@every_shape
@every_param
def test_a_dropped_parameter_is_reported_and_not_sent(name: str, shape: str, param: str) -> None:
    if param not in provider(name).contract(shape).rules:
        outcome = mapped(name, shape, Choice(drop_params=True), **{param: SAMPLES[param]})
        assert outcome.dropped == {param: "is not supported"}
        assert outcome.params == {}


@every_shape
@every_param
def test_the_caller_may_send_what_is_not_supported(name: str, shape: str, param: str) -> None:
    outcome = mapped(name, shape, Choice(allowed_openai_params=[param]), **{param: SAMPLES[param]})
    assert len(outcome.params) == 1
    assert not outcome.dropped


@every_shape
@every_param
def test_the_caller_may_keep_back_what_is_supported(name: str, shape: str, param: str) -> None:
    outcome = mapped(name, shape, Choice(additional_drop_params=[param]), **{param: SAMPLES[param]})
    assert outcome.params == {}
    assert outcome.dropped == {param: "named in additional_drop_params"}


@every_shape
def test_what_no_one_declares_is_the_vendors_own(name: str, shape: str) -> None:
    assert body(call(name, shape, mirostat_tau=5.0))["mirostat_tau"] == 5.0


@every_shape
def test_none_counts_as_not_given(name: str, shape: str) -> None:
    assert mapped(name, shape, **dict.fromkeys(OPENAI_PARAMS)) == mapped(name, shape)


@every_shape
@pytest.mark.parametrize("param", ["temperature", "top_p", "presence_penalty", "min_p"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_refused_whatever_the_caller_allows(
    name: str, shape: str, param: str, value: float
) -> None:
    choice = Choice(drop_params=True, allowed_openai_params=[param])
    with pytest.raises(BadRequestError, match=f"^{name}: {param} must be a finite number") as caught:
        mapped(name, shape, choice, **{param: value})
    assert caught.value.param == param


@every_shape
def test_the_request_is_whole(name: str, shape: str) -> None:
    request = provider(name).build_request(call(name, shape))
    assert (request.method, request.url) == ("POST", f"{BASE}/chat/completions")
    assert request.headers["Content-Type"] == "application/json"
    sent = orjson.loads(request.body)
    assert (sent["model"], len(sent["messages"])) == ("m", 1)


@every_shape
@pytest.mark.parametrize("stream", [False, True])
def test_the_same_call_makes_the_same_bytes_and_stays_as_it_is(name: str, shape: str, stream: bool) -> None:
    rules = provider(name).contract(shape).rules
    asked = {param: SAMPLES[param] for param in rules if param in SAMPLES and param != "max_tokens"}
    made = call(name, shape, stream=stream, extra_body={"x": [1]}, headers={"X-A": "b"}, **asked)
    before = copy.deepcopy(made)
    requests = [provider(name).build_request(made) for _ in range(2)]
    assert requests[0] == requests[1]
    assert made == before


@every_shape
def test_the_key_is_in_the_authorization_header_and_nowhere_else(name: str, shape: str) -> None:
    made = call(name, shape)
    request = provider(name).build_request(made)
    assert [header for header, value in request.headers.items() if KEY in value] == ["Authorization"]
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in request.url + request.body.decode() + repr(request) + repr(made)


@every_shape
def test_without_a_key_there_is_no_authorization(name: str, shape: str) -> None:
    assert "Authorization" not in provider(name).build_request(call(name, shape, key=None)).headers


@every_shape
def test_headers_of_the_callers_own_win_whatever_their_case(name: str, shape: str) -> None:
    request = provider(name).build_request(call(name, shape, headers={"authorization": "Basic x", "X-Team": "7"}))
    assert [value for header, value in request.headers.items() if header.lower() == "authorization"] == ["Basic x"]
    assert request.headers["X-Team"] == "7"


@every_shape
def test_extra_body_is_sent_and_wins(name: str, shape: str) -> None:
    sent = body(call(name, shape, temperature=0.1, extra_body={"temperature": 0.9, "deep": {"a": [None]}}))
    assert sent["temperature"] == 0.9
    assert sent["deep"] == {"a": [None]}


@every_shape
@pytest.mark.parametrize(("status", "kind", "retryable"), [
    (400, "BadRequestError", False),
    (401, "AuthenticationError", False),
    (402, "PaymentRequiredError", False),
    (403, "PermissionDeniedError", False),
    (404, "NotFoundError", False),
    (408, "Timeout", True),
    (409, "BadRequestError", True),
    (413, "BadRequestError", False),
    (418, "BadRequestError", False),
    (422, "UnprocessableEntityError", False),
    (429, "RateLimitError", True),
    (500, "InternalServerError", True),
    (502, "BadGatewayError", True),
    (503, "ServiceUnavailableError", True),
    (504, "Timeout", True),
    (529, "ServiceUnavailableError", True),
    (599, "InternalServerError", True),
])  # fmt: skip
def test_a_failure_becomes_the_right_class_and_says_everything(
    name: str, shape: str, status: int, kind: str, retryable: bool
) -> None:
    failed = reply({"error": {"message": "No.", "code": "c", "param": "p"}}, status, x_request_id="r1", retry_after="7")
    error = provider(name).parse_error(call(name, shape), failed)
    assert type(error).__name__ == kind
    assert (error.provider, error.llm_provider, error.model) == (name, name, "m")
    assert (error.status, error.status_code, error.retryable) == (status, status, retryable)
    assert (error.code, error.param, error.request_id, error.retry_after) == ("c", "p", "r1", 7.0)
    assert str(error).startswith(f"{name}: No.")
    assert str(error).endswith(f"(status {status}, model 'm')")


@every_shape
@pytest.mark.parametrize("content", [b"", b"  ", b"<html>", b"{", b"[]", b"null", b'"no"', b"{}", b"\xff\xfe", b"[[]]"])
def test_what_is_no_answer_is_an_error_that_names_the_base_url(name: str, shape: str, content: bytes) -> None:
    with pytest.raises(APIError, match=f"^{name}: .*{re.escape(BASE)}") as caught:
        provider(name).parse_response(call(name, shape), reply(content))
    assert not caught.value.retryable


@every_shape
@pytest.mark.parametrize("content", [b"", b"oops", b"{}", b"[]", b"null", b"\xff", b'{"choices": 5}', b'{"event": 5}'])
def test_an_event_that_cannot_be_read_is_counted_and_skipped(name: str, shape: str, content: bytes) -> None:
    parser = provider(name).open_stream(call(name, shape, stream=True), reply(b""))
    assert parser.feed(Event("message", content)) == []
    assert parser.malformed == bool(content)
    assert not parser.done


@every_shape
@pytest.mark.parametrize("event", ["message", "error"])
def test_an_error_in_the_middle_of_a_stream_raises(name: str, shape: str, event: str) -> None:
    parser = provider(name).open_stream(call(name, shape, stream=True), reply(b"", x_request_id="r2"))
    failure = orjson.dumps({"error": {"message": f"Gone, {KEY}.", "type": "overloaded_error"}})
    with pytest.raises(APIError, match=r"Gone, \[redacted\]") as caught:
        parser.feed(Event(event, failure))
    assert (caught.value.provider, caught.value.status, caught.value.request_id) == (name, 503, "r2")
    assert caught.value.retryable


@every_shape
def test_a_done_mark_ends_a_stream(name: str, shape: str) -> None:
    parser = provider(name).open_stream(call(name, shape, stream=True), reply(b""))
    assert parser.feed(Event("message", b"[DONE]")) == []
    assert parser.done
