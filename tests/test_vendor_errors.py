"""Failures in every shape a vendor has found for them, and what must never be repeated of a call."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite import vendor_errors
from litellm_lite.call import Call
from litellm_lite.errors import APIError
from litellm_lite.vendor_errors import ErrorFacts, describe, error_from_reply, read_error, secrets_of
from tests.providers.values import BASE, KEY, call, reply


def made(body: Any, status: int = 400, headers: dict[str, str] | None = None, to: Call | None = None) -> APIError:
    return error_from_reply(to or call("openai"), reply(body, status, **(headers or {})))


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        ({"error": {"message": "m", "type": "t", "param": "p", "code": "c"}}, ErrorFacts("m", "c", "p")),
        ({"error": {"message": "m", "type": "t", "param": None, "code": None}}, ErrorFacts("m", "t")),
        ({"error": {"message": "m", "type": "None", "param": "None", "code": "429"}}, ErrorFacts("m", status=429)),
        ({"error": {"message": "m", "type": "x", "code": 503}}, ErrorFacts("m", "x", status=503)),
        ({"error": {"message": "m", "code": 390144}}, ErrorFacts("m", "390144")),
        ({"error": {"message": "m", "code": True}}, ErrorFacts("m")),
        ({"error": "m"}, ErrorFacts("m")),
        ({"error": "Not Found", "message": "no such model", "status": 404}, ErrorFacts("no such model", status=404)),
        ({"error": "invalid_token", "error_description": "expired"}, ErrorFacts("expired")),
        ({"error": {"detail": "d"}, "status_code": 402}, ErrorFacts("d", status=402)),
        ({"error": {"message": ""}}, ErrorFacts('{"message":""}')),
        ({"error": {"reason": "none"}}, ErrorFacts('{"reason":"none"}')),
        ({"error": ["a", "b"]}, ErrorFacts('["a","b"]')),
        ({"error": 5}, ErrorFacts("5")),
        ({"error": None, "message": "m"}, ErrorFacts("m")),
        ([{"error": {"message": "m"}}], ErrorFacts("m")),
        ({"title": "T", "detail": "d", "status": 429, "type": "about:blank"}, ErrorFacts("d", status=429)),
        ({"title": "T", "type": "https://p.example/quota"}, ErrorFacts("T", "https://p.example/quota")),
        ({"message": "m", "type": "t", "param": "p", "code": "c"}, ErrorFacts("m", "c", "p")),
        ({"msg": "m"}, ErrorFacts("m")),
        ({"detail": {"error": "d"}}, ErrorFacts("d")),
        ({"detail": {"message": "d"}}, ErrorFacts("d")),
        ({"detail": [{"loc": ["body", 0, "n"], "msg": "bad", "input": "?"}]}, ErrorFacts("body.0.n: bad")),
        ({"detail": [{"loc": "n", "msg": "bad"}, "and more"]}, ErrorFacts("n: bad; and more")),
        ({"message": "m", "status": "9" * 5000}, ErrorFacts("m")),
        ({"message": "m", "status": "\uff14\uff10\uff14"}, ErrorFacts("m", status=404)),
        ({"message": "m", "status": 200}, ErrorFacts("m")),
    ],
)  # fmt: skip
def test_each_shape_is_read(body: Any, facts: ErrorFacts) -> None:
    assert read_error(body) == facts


@pytest.mark.parametrize("body", [None, 5, "text", [], [5], {}, {"error": {}}, {"choices": []}, {"message": {}}, [[]]])
def test_what_says_nothing_is_no_error(body: Any) -> None:
    assert read_error(body) is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "an empty answer"),
        (" \n", "an empty answer"),
        ("<html><TITLE lang=en>\n Bad\n  Gateway </TITLE>", "a web page instead of JSON: 'Bad Gateway'"),
        ("upstream timed out", "an answer of unknown shape (text/plain): 'upstream timed out'"),
        ('{"unheard": "of"}', 'an answer of unknown shape (text/plain): \'{"unheard": "of"}\''),
        (b"\xff\x00", "an answer of unknown shape (text/plain): '\ufffd\\x00'"),
        ("x" * 201, f"an answer of unknown shape (text/plain): '{'x' * 200}' …"),
    ],
)
def test_what_has_no_shape_is_described(body: Any, words: str) -> None:
    assert describe(call("openai"), reply(body, 500, content_type="text/plain")) == words
    assert str(made(body, 500, {"content-type": "text/plain"})) == f"openai: {words} (status 500, model 'm')"


def test_a_page_of_nothing_but_titles_is_read_in_a_moment() -> None:
    page = b"<title>" * 100_000
    assert "unknown shape" in describe(call("openai"), reply(page, 500))


def test_a_long_message_is_cut() -> None:
    error = made({"error": {"message": "x" * 10**6}})
    assert len(str(error)) < 2100
    assert str(error).endswith("x (status 400, model 'm')")


def test_the_status_line_counts_more_than_the_body() -> None:
    assert made({"error": {"message": "m", "code": 500}}, 404).status == 404


def test_a_body_nested_beyond_reason_is_cut_off() -> None:
    deep = b'{"error": {"message": "m", "x": ' + b"[" * 900 + b"]" * 900 + b"}}"
    error = made(deep)
    assert str(error).startswith("openai: m ")
    assert b'"\xe2\x80\xa6"' in orjson.dumps(error.body)


@pytest.mark.parametrize(
    "header", ["x-request-id", "request-id", "apim-request-id", "x-amzn-requestid", "x-litellm-call-id", "cf-ray"]
)
def test_the_vendors_id_of_a_request_is_kept(header: str) -> None:
    assert made({"error": "m"}, headers={header: "r-1"}).request_id == "r-1"


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"retry-after": "3"}, 3.0),
        (429, {"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        (429, {"x-ratelimit-reset-requests": "2s"}, 2.0),
        (503, {"retry-after": "3"}, 3.0),
        (503, {"x-ratelimit-reset-requests": "6m0s"}, None),
        (500, {"x-ratelimit-reset-tokens": "59"}, None),
        (400, {"x-ratelimit-reset-tokens": "59"}, None),
        (429, {}, None),
    ],
)
def test_a_wait_is_what_the_vendor_asked_for(status: int, headers: dict[str, str], wait: float | None) -> None:
    assert made({"error": "m"}, status, headers).retry_after == wait


@pytest.mark.parametrize("body", ["", {"error": {"code": 404, "message": "File Not Found"}}, {"detail": "Not Found"}])
def test_a_path_that_is_not_there_points_to_the_base_url(body: Any) -> None:
    assert str(made(body, 404)).endswith(f"; is {BASE} the right api_base? (status 404, model 'm')")


def test_a_model_that_is_not_there_does_not() -> None:
    assert "api_base" not in str(made({"error": {"message": "The model `x` does not exist"}}, 404))


def test_a_redirect_names_where_to_and_what_to_do() -> None:
    error = made("", 301, {"location": "https://new.example/v1"})
    assert "redirected to 'https://new.example/v1', which is not followed" in str(error)
    assert str(error).endswith("set api_base to the new address (status 301, model 'm')")
    assert not error.retryable


def test_the_secrets_of_a_call_are_its_keys_wherever_they_are() -> None:
    asked = call(
        "openai",
        base="https://user:pa55word@host.example/v1",
        headers={"Authorization": "Bearer tok-1234567", "Cookie": "session=abcdefgh; x=1", "X-Team": "blue-team"},
    )
    found = secrets_of(asked)
    assert set(found) == {
        KEY, "pa55word", "Bearer tok-1234567", "tok-1234567", "session=abcdefgh; x=1", "session", "abcdefgh",
    }  # fmt: skip
    assert found == sorted(found, key=len, reverse=True)


@pytest.mark.parametrize("key", [None, "", "EMPTY", "none", "1234", "true", "null"])
def test_a_word_that_stands_for_no_key_is_no_secret(key: str | None) -> None:
    error = made(
        {"error": {"message": f"{key} 1234 true", "n": 1234, "ok": True, "nil": None}}, to=call("openai", key=key)
    )
    assert str(error) == f"openai: {key} 1234 true (status 400, model 'm')"
    assert error.body == {"error": {"message": f"{key} 1234 true", "n": 1234, "ok": True, "nil": None}}


@pytest.mark.parametrize("key", ['sk-"quoted"', "sk-back\\slash", "sk-{}[],:", "sk-123456789"])
def test_a_key_is_taken_out_of_every_part_of_a_body(key: str) -> None:
    body = {"error": {"message": f"Bad key {key}!", "code": f"c-{key}", "param": key, f"k{key}": [key, {"a": key}]}}
    error = made(body, 401, {"x-request-id": f"r-{key}"}, call("openai", key=key))
    assert str(error) == "openai: Bad key [redacted]! (status 401, model 'm')"
    assert (error.code, error.param, error.request_id) == ("c-[redacted]", "[redacted]", "r-[redacted]")
    assert error.body == {
        "error": {
            "message": "Bad key [redacted]!",
            "code": "c-[redacted]",
            "param": "[redacted]",
            "k[redacted]": ["[redacted]", {"a": "[redacted]"}],
        }
    }
    assert key not in repr(error) + str(error.args)


@pytest.mark.parametrize("before", [0, 180, 195, 199, 200])
def test_a_key_is_taken_out_before_a_text_is_cut(before: int) -> None:
    error = made("x" * before + KEY + " and more", 500)
    assert KEY[:6] not in str(error)


def test_a_key_in_a_web_page_or_an_address_is_taken_out() -> None:
    assert KEY not in str(made(f"<title>Who is {KEY}?</title>", 403))
    assert KEY not in str(made("", 302, {"location": f"https://login.example/?k={KEY}"}))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "detail", "code", "type", "status", "loc", "msg"]), inner
        )
    ),
    max_leaves=12,
)


@given(json_values, st.integers(300, 599))
def test_any_json_becomes_an_exception(body: Any, status: int) -> None:
    facts = read_error(body) or ErrorFacts("m")
    error = vendor_errors.make_error(call("openai"), facts, status, headers={}, body=body)
    assert error.status == status
    assert str(error).startswith("openai: ")


@given(st.binary(max_size=300), st.integers(300, 599), st.dictionaries(st.just("retry-after"), st.text(max_size=9)))
def test_any_bytes_become_an_exception(body: bytes, status: int, headers: dict[str, str]) -> None:
    error = error_from_reply(call("openai"), reply(body, status, **headers))
    assert (error.status, error.provider, error.model) == (status, "openai", "m")


@pytest.mark.parametrize(("said", "retried"), [("false", False), ("true", True), ("maybe", True)])
def test_a_vendor_that_says_no_is_not_asked_again(said: str, retried: bool) -> None:
    error = made({"error": {"message": "m"}}, 503, {"x-should-retry": said})
    assert error.retryable is retried


def test_a_vendor_cannot_have_a_refused_request_repeated() -> None:
    assert made({"error": {"message": "m"}}, 400, {"x-should-retry": "true"}).retryable is False
