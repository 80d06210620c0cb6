"""The base case, a vendor that speaks OpenAI's API: answers and streams as they should not be."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.chunks import Ledger
from litellm_lite.errors import APIError, APIResponseValidationError, BadRequestError, InternalServerError
from litellm_lite.sse import LINE, Event
from litellm_lite.transformer import FINISH_REASONS, JSON, StreamParser
from tests.providers.values import KEY, MESSAGES, SHAPES, body, call, fed, parsed, provider, reply

OPENAI = provider("openai")


def answer(choice: JSON | None = None, **whole: Any) -> JSON:
    message = {"role": "assistant", "content": "Hi"}
    said = {"id": "c", "choices": [{"message": message, **(choice or {})}], **whole}
    return OPENAI.parse_response(call("openai"), reply(said))


def parser(shape: tuple[str, str] = ("openai", "")) -> StreamParser:
    return provider(shape[0]).open_stream(call(*shape, stream=True), reply(b""))


def chunk(**choice: Any) -> bytes:
    return orjson.dumps({"id": "c", "choices": [{"index": 0, "delta": {"content": "Hi"}, **choice}]})


def test_the_request_of_a_stream_asks_for_its_usage() -> None:
    assert body(call("openai", stream=True))["stream_options"] == {"include_usage": True}
    assert "stream_options" not in body(call("openai"))


def test_what_the_caller_said_about_usage_stands() -> None:
    sent = body(call("openai", stream=True, stream_options={"include_usage": False, "include_obfuscation": False}))
    assert sent["stream_options"] == {"include_usage": False, "include_obfuscation": False}


@pytest.mark.parametrize("value", ["yes", True, ["include_usage"]])
def test_stream_options_that_are_none_are_refused(value: Any) -> None:
    with pytest.raises(BadRequestError, match="openai: stream_options must be a dictionary"):
        call("openai", stream_options=value)


@pytest.mark.parametrize(
    ("made", "path"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f", "x": float("nan")}}]}, r"tools\[0\]\.function\.x"),
        ({"extra_body": {"guided": {"a": [1.0, float("inf")]}}}, r"guided\.a\[1\]"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, r"messages\[0\]\.content"),
        ({"logit_bias": {1: 5}}, "logit_bias"),
        ({"metadata": {"when": {1, 2}}}, r"metadata\.when"),
        ({"seed": 2**70}, "seed"),
    ],
)
def test_what_cannot_be_written_is_refused_with_its_path(made: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequestError, match=f"^openai: {path} ") as caught:
        body(call("openai", **made))
    assert caught.value.param == path.replace("\\", "")
    assert not caught.value.retryable


@pytest.mark.parametrize(("said", "meant"), FINISH_REASONS.items())
def test_a_finish_reason_gets_openais_word(said: str, meant: str) -> None:
    assert answer({"finish_reason": said})["choices"][0]["finish_reason"] == meant
    made = parser().feed(Event("message", chunk(finish_reason=said)))
    assert made[0]["choices"][0]["finish_reason"] == meant


@pytest.mark.parametrize("said", ["stop", "length", "tool_calls", "content_filter", "function_call", "novel"])
def test_openais_own_words_and_new_ones_pass(said: str) -> None:
    assert answer({"finish_reason": said})["choices"][0]["finish_reason"] == said
    assert parser().feed(Event("message", chunk(finish_reason=said)))[0]["choices"][0]["finish_reason"] == said


def test_a_missing_finish_reason_and_index_are_worked_out() -> None:
    choice = answer()["choices"][0]
    assert (choice["finish_reason"], choice["index"]) == ("stop", 0)


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_answer_that_broke_off_is_no_answer(wrapped: bool) -> None:
    choice = {"finish_reason": "error", **({"error": {"code": 502, "message": "Upstream gone."}} if wrapped else {})}
    kind, words = (APIError, "Upstream gone.") if wrapped else (InternalServerError, "broke off with finish_reason")
    with pytest.raises(kind, match=words) as caught:
        answer(choice)
    assert caught.value.status == (502 if wrapped else 500)
    with pytest.raises(kind, match=words):
        parser().feed(Event("message", chunk(**choice)))


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"choices": []}, "no choices in it"),
        ({"choices": None}, "no choices in it"),
        ({"choices": {"a": 1}}, "its choices are no list"),
        ({"choices": ["Hi"]}, "no message in choice 0"),
        ({"choices": [{"text": "Hi"}]}, "no message in choice 0"),
        ({"choices": [{"message": {}}, {"message": "Hi"}]}, "no message in choice 1"),
        ({"choices": [{"message": {}, "finish_reason": ["stop"]}]}, "the finish_reason of choice 0 is no text"),
        ({"id": "c", "object": "list", "data": []}, "no choices in it"),
    ],
)
def test_a_body_that_is_no_chat_completion_is_told(said: JSON, what: str) -> None:
    with pytest.raises(APIResponseValidationError, match=f"openai: no chat completion came with status 200: {what}"):
        OPENAI.parse_response(call("openai"), reply(said))


def test_json_under_a_wrong_content_type_is_still_read() -> None:
    said = {"choices": [{"message": {"content": "Hi"}}]}
    assert OPENAI.parse_response(call("openai"), reply(said, content_type="text/html"))["choices"]


def test_the_error_of_an_unreadable_answer_names_type_and_base_url_and_no_secret() -> None:
    made = call("openai", base="https://bob:hunter2@host.example/v1")
    with pytest.raises(APIResponseValidationError) as caught:
        OPENAI.parse_response(made, reply(f"Hello {KEY}", content_type="text/csv", x_request_id="r"))
    assert str(caught.value) == (
        "openai: no chat completion came with status 200: not a JSON object; it is an answer of unknown shape "
        "(text/csv): 'Hello [redacted]'; is https://bob:[redacted]@host.example/v1 the base URL of an API of this kind?"
    )
    assert caught.value.request_id == "r"


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"message": "Busy.", "type": "overloaded_error"}},
        {"object": "error", "message": "Busy.", "code": 503},
        {"title": "Unavailable", "detail": "Busy.", "status": 503},
        {"error": {"message": "Busy.", "code": "503"}, "choices": [{"message": {"content": ""}}]},
    ],
)
def test_an_error_under_http_200_is_raised_in_every_shape(error: JSON) -> None:
    with pytest.raises(APIError, match="Busy") as caught:
        OPENAI.parse_response(call("openai"), reply(error))
    assert (caught.value.status, caught.value.retryable) == (503, True)
    with pytest.raises(APIError, match="Busy") as caught:
        parser().feed(Event("message", orjson.dumps(error)))
    assert caught.value.status == 503


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Event("error", b"upstream timed out"), "'upstream timed out'"),
        (Event("error", b'{"choices": []}'), "unknown shape"),
        (Event("error", b""), "an empty answer"),
        (Event(LINE, b"error: out of memory"), "'error: out of memory'"),
        (Event(LINE, b'error: {"code": 500, "message": "out of memory"}'), "out of memory"),
        (Event("message", b'{"error": {"strange": true}}'), "strange"),
        (Event("message", b'{"error": "text", "choices": []}'), "text"),
    ],
)
def test_whatever_is_called_an_error_is_raised(event: Event, words: str) -> None:
    with pytest.raises(APIError, match=words):
        parser().feed(event)


@pytest.mark.parametrize(
    "data",
    [
        b"{}", b"5", b'"Hi"', b'{"choices": null}', b'{"choices": 5}', b'{"choices": "Hi"}', b'{"choices": [5]}',
        b'{"choices": [{"delta": 5}]}', b'{"choices": [{"delta": {"content": 5}}]}', b'{"choices": [{"index": "a"}]}',
        b'{"choices": [{"index": [0]}]}', b'{"choices": [{"finish_reason": 5}]}', b'{"choices": [], "usage": 5}',
        b'{"usage": null}', b'{"type": "ping"}', b"\xc3", b"{" * 2000, b'{"choices": [{"finish_reason": {}}]}',
    ],
)  # fmt: skip
def test_a_chunk_of_another_shape_is_counted_and_skipped(data: bytes) -> None:
    made = parser()
    assert made.feed(Event("message", data)) == []
    assert made.malformed == 1


@pytest.mark.parametrize(
    "data",
    [b'{"choices": []}', b'{"choices": [{"delta": null}]}', b'{"choices": [{}]}', b'{"usage": {"total_tokens": 1}}'],
)
def test_a_chunk_may_lack_almost_everything(data: bytes) -> None:
    made = parser()
    [only] = made.feed(Event("message", data))
    assert made.malformed == 0
    assert all(choice["delta"] == {} for choice in only.get("choices") or ())


def test_a_bare_line_with_a_chunk_is_one() -> None:
    assert parser().feed(Event(LINE, chunk()))[0]["choices"][0]["delta"]["content"] == "Hi"


def test_an_empty_event_is_nothing() -> None:
    made = parser()
    assert made.feed(Event("message", b" ")) == []
    assert made.malformed == 0
    assert made.end() == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "choices message delta content index finish_reason usage tool_calls function error event event_type "
                "stop_reason metrics metric value completion_message text type id name arguments".split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)
places = st.sampled_from(SHAPES)


def written(value: Any) -> bytes:
    return orjson.dumps(value)


@given(places, st.binary(max_size=200) | json_values.map(written))
def test_any_answer_is_a_completion_or_an_api_error(place: tuple[str, str], content: bytes) -> None:
    try:
        made = provider(place[0]).parse_response(call(*place), reply(content))
    except APIError:
        return
    assert isinstance(made["choices"], list)
    assert all(isinstance(choice["message"], dict) and choice["finish_reason"] for choice in made["choices"])


@given(places, st.lists(st.tuples(st.sampled_from(["message", "error", LINE]), json_values), max_size=4))
def test_any_events_are_chunks_the_ledger_can_enter_or_an_api_error(
    place: tuple[str, str], events: list[tuple[str, Any]]
) -> None:
    made, ledger = parser(place), Ledger()
    for name, value in events:
        before = made.malformed
        try:
            found = made.feed(Event(name, orjson.dumps(value)))
        except APIError:
            return
        assert found or made.malformed == before + 1
        for each in found:
            ledger.note(each)
    ledger.partial()


@given(places, st.binary(max_size=400))
def test_any_bytes_are_a_stream_or_an_api_error(place: tuple[str, str], raw: bytes) -> None:
    try:
        fed(parser(place), raw)
    except APIError:
        return


def test_a_call_is_left_alone_by_what_reads_its_answer() -> None:
    made = call("openai")
    parsed("openai/chat.http", made)
    assert made.messages == MESSAGES
