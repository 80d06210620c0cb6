"""Meta's own shape: requests as llama-api-client 0.6.0 types them, answers and streams as it reads them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.chunks import join
from litellm_lite.errors import APIError, APIResponseValidationError, BadRequestError, UnsupportedParamsError
from litellm_lite.sse import LINE, Event
from litellm_lite.transformer import JSON
from litellm_lite.types.response import ChatCompletionMessageToolCall, ModelResponse, ModelResponseStream
from tests.providers.values import PNG_PIXEL, body, call, chunks, fed, mapped, parsed, provider, recorded, reply

TEXT = {"type": "text", "text": ""}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def sent(*messages: JSON) -> list[JSON]:
    """Return the messages as they travel."""
    made: list[JSON] = body(call("meta_llama", "native", messages=list(messages)))["messages"]
    return made


def answer(**said: Any) -> JSON:
    metrics = said.pop("metrics", None)
    whole = {"id": "a", "completion_message": {"role": "assistant", **said}, "metrics": metrics}
    return provider("meta_llama").parse_response(call("meta_llama", "native"), reply(whole))


def stream(*events: JSON) -> list[JSON]:
    raw = b"".join(b"data: " + orjson.dumps({"id": "a", "event": event}) + b"\n\n" for event in events)
    return fed(provider("meta_llama").open_stream(call("meta_llama", "native", stream=True), reply(b"")), raw)


def progress(delta: JSON, **event: Any) -> JSON:
    return {"event_type": "progress", "delta": delta, **event}


def metric(**counts: Any) -> list[JSON]:
    return [{"metric": f"num_{name}_tokens", "value": value, "unit": "tokens"} for name, value in counts.items()]


def test_a_request_holds_only_what_the_sdk_knows() -> None:
    made = call(
        "meta_llama", "native", stream=True, temperature=0.5, top_p=0.9, max_tokens=16, user="u", tool_choice="auto"
    )
    assert body(made) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hello, how are you?"}],
        "temperature": 0.5,
        "top_p": 0.9,
        "max_completion_tokens": 16,
        "user": "u",
        "tool_choice": "auto",
        "stream": True,
    }


@pytest.mark.parametrize("first", ["max_tokens", "max_completion_tokens"])
def test_two_different_limits_are_an_error_and_equal_ones_are_not(first: str) -> None:
    second = {"max_tokens": "max_completion_tokens"}.get(first, "max_tokens")
    assert mapped("meta_llama", "native", **{first: 5, second: 5}).params == {"max_completion_tokens": 5}
    with pytest.raises(
        BadRequestError, match=f"{second} sets max_completion_tokens, which has another value"
    ) as caught:
        mapped("meta_llama", "native", **{first: 5, second: 6})
    assert caught.value.param == second


def test_usage_always_comes_so_asking_for_it_is_neutral() -> None:
    outcome = mapped("meta_llama", "native", stream_options={"include_usage": True})
    assert (outcome.params, outcome.neutral) == ({}, {"stream_options": {"include_usage": True}})


def test_another_stream_option_is_refused() -> None:
    with pytest.raises(UnsupportedParamsError, match="stream_options has no option 'include_obfuscation'"):
        mapped("meta_llama", "native", stream_options={"include_usage": True, "include_obfuscation": False})
    with pytest.raises(BadRequestError, match="stream_options must be a dictionary"):
        mapped("meta_llama", "native", stream_options=True)


def test_a_schema_is_always_strict_and_described_inside() -> None:
    asked = {"name": "a", "schema": {"type": "object"}, "strict": False, "description": "An answer."}
    travels = mapped("meta_llama", "native", response_format={"type": "json_schema", "json_schema": asked}).params
    assert travels["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "a", "schema": {"description": "An answer.", "type": "object"}},
    }
    assert asked["schema"] == {"type": "object"}


def test_the_four_roles_travel_and_developer_is_system() -> None:
    messages = sent(
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello.", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "name": "f", "content": "5"},
        {"role": "assistant", "content": [{"type": "text", "text": "It is "}, {"type": "text", "text": "5."}]},
    )
    assert messages == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": {"type": "text", "text": "Hello."},
            "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": "{}"}}],
            "stop_reason": "tool_calls",
        },
        {"role": "tool", "content": "5", "tool_call_id": "c1"},
        {"role": "assistant", "content": {"type": "text", "text": "It is 5."}},
    ]


@pytest.mark.parametrize("content", ["", None, []])
def test_an_empty_text_of_an_assistant_is_left_out(content: Any) -> None:
    assert "content" not in sent({"role": "assistant", "content": content, "tool_calls": [CALL]})[0]


def test_an_image_loses_its_detail_and_keeps_its_url() -> None:
    url = f"data:image/png;base64,{PNG_PIXEL}"
    parts = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
        {"type": "image_url", "image_url": url},
    ]
    plain = {"type": "image_url", "image_url": {"url": url}}
    assert sent({"role": "user", "content": parts})[0]["content"] == [parts[0], plain, plain]


def test_a_tool_call_of_an_earlier_answer_may_be_passed_as_it_came() -> None:
    made = ChatCompletionMessageToolCall.model_validate(CALL)
    assert sent({"role": "assistant", "tool_calls": [made]})[0]["tool_calls"] == [
        {"id": "c1", "function": {"name": "f", "arguments": "{}"}}
    ]


@pytest.mark.parametrize(
    ("message", "flaw"),
    [
        ({"role": "function", "name": "f", "content": "5"}, "has the role 'function'"),
        ({"role": "x" * 99, "content": "5"}, "has the role str;"),
        ({"role": "user", "name": "Bo", "content": "Hi"}, "has a name"),
        ({"role": "assistant", "function_call": {"name": "f"}}, "has a function_call; write it as tool_calls"),
        ({"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}, "has a part that is no text"),
        ({"role": "assistant", "content": ["Hi"]}, "has a part that is no text"),
        ({"role": "assistant", "tool_calls": [{"id": "c1"}]}, "has a tool call without id or function"),
        ({"role": "assistant", "tool_calls": ["f"]}, "has a tool call without id or function"),
        ({"role": "tool", "content": "5"}, "has no tool_call_id"),
    ],
)
def test_what_the_native_api_has_no_place_for_is_refused_and_not_lost(message: JSON, flaw: str) -> None:
    with pytest.raises(BadRequestError, match=rf"meta_llama: messages\[1\] {flaw}.*api='compat'") as caught:
        sent({"role": "user", "content": "Hi"}, message)
    assert caught.value.param == "messages"


def test_an_answer_becomes_a_chat_completion() -> None:
    assert parsed("meta_llama/native.http") == {
        "id": "AhMH4XqJSL5R",
        "object": "chat.completion",
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "I'm doing well, thank you."},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 16, "completion_tokens": 9, "total_tokens": 25},
    }


def test_a_tool_call_gets_its_type_and_index() -> None:
    choice = parsed("meta_llama/native_tool.http")["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"] == [
        {
            "id": "1f0c1d3e-7d7e-4c57-9a0e-3a3b5b0d8a11",
            "type": "function",
            "index": 0,
            "function": {"name": "get_weather", "arguments": '{"location":"Menlo Park"}'},
        }
    ]


@pytest.mark.parametrize(
    ("content", "text"),
    [("Hi", "Hi"), ({"type": "text", "text": "Hi"}, "Hi"), ([{"text": "H"}, {"text": "i"}], "Hi"), (None, None)],
)
def test_content_comes_in_every_form_of_the_sdk(content: Any, text: str | None) -> None:
    assert answer(content=content)["choices"][0]["message"]["content"] == text


@pytest.mark.parametrize("calls", [None, []])
def test_no_tool_calls_come_in_two_forms(calls: Any) -> None:
    choice = answer(content="Hi", tool_calls=calls)["choices"][0]
    assert "tool_calls" not in choice["message"]
    assert choice["finish_reason"] == "stop"


def test_what_is_left_out_is_worked_out() -> None:
    choice = answer(tool_calls=[{"function": {"name": "f", "arguments": "{}"}}])["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["id"] == "call_0"


@pytest.mark.parametrize("said", ["stop", "tool_calls", "length"])
def test_the_reason_is_the_same_in_both_worlds(said: str) -> None:
    assert answer(content="Hi", stop_reason=said)["choices"][0]["finish_reason"] == said


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        ({"prompt": 16.0, "completion": 3.0}, (16, 3, 19)),
        ({"completion": 3, "prompt": 16, "total": 25}, (16, 3, 25)),
        ({"prompt": 16, "completion": 3, "total": 16}, (16, 3, 19)),
        ({"prompt": 16, "total": 19}, None),
        ({"prompt": 16}, None),
        ({"total": 19}, None),
        ({"prompt": "16", "completion": None, "time": 5}, None),
        ({}, None),
    ],
)
def test_usage_is_whole_or_absent(counts: dict[str, Any], usage: tuple[int, int, int] | None) -> None:
    found = answer(content="Hi", metrics=metric(**counts)).get("usage")
    assert (tuple(found.values()) if found else None) == usage


@pytest.mark.parametrize("metrics", [5, "x", {"metric": "num_prompt_tokens"}, [5], [{"metric": ["a"]}], [{}]])
def test_strange_metrics_are_no_usage(metrics: Any) -> None:
    assert "usage" not in answer(content="Hi", metrics=metrics)


@pytest.mark.parametrize(
    "said",
    [
        {"content": 5}, {"content": {"type": "text"}}, {"content": [5]}, {"content": {"text": 5}},
        {"tool_calls": 5}, {"tool_calls": ["f"]}, {"tool_calls": [{"id": "c"}]}, {"stop_reason": ["stop"]},
    ],
)  # fmt: skip
def test_a_message_of_another_shape_is_told(said: JSON) -> None:
    with pytest.raises(APIResponseValidationError, match="its completion_message has another shape"):
        answer(**said)


def test_an_answer_of_the_compatible_endpoint_points_to_the_base_url() -> None:
    made = call("meta_llama", "native", base="https://api.llama.com/compat/v1")
    with pytest.raises(
        APIResponseValidationError, match=r"no completion_message in it.*is https://api\.llama\.com/comp"
    ):
        provider("meta_llama").parse_response(made, recorded("meta_llama/chat.http"))


def test_a_problem_under_http_200_is_raised() -> None:
    problem = {"title": "Too Many Requests", "detail": "Slow down.", "status": 429}
    with pytest.raises(APIError, match="Slow down") as caught:
        provider("meta_llama").parse_response(call("meta_llama", "native"), reply(problem))
    assert (caught.value.status, caught.value.retryable) == (429, True)


def test_a_stream_becomes_chunks() -> None:
    made = chunks("meta_llama/native_stream.http")
    assert [chunk["choices"][0]["delta"] for chunk in made[:-1]] == [
        {"role": "assistant", "content": ""},
        {"content": "I'm doing "},
        {"content": "well, thank you."},
        {"content": ""},
    ]
    assert made[-2]["choices"][0]["finish_reason"] == "stop"
    assert made[-1]["choices"] == []
    assert made[-1]["usage"] == {"prompt_tokens": 16, "completion_tokens": 9, "total_tokens": 25}
    assert all(ModelResponseStream.model_validate({**chunk, "created": 1}) for chunk in made)


def test_metrics_spread_over_events_add_up_and_a_late_reason_is_kept() -> None:
    made = chunks("meta_llama/native_stream_spread_metrics.http")
    assert "usage" not in made[0]
    assert made[-1]["usage"] == {"prompt_tokens": 16, "completion_tokens": 6, "total_tokens": 22}
    assert made[-1]["choices"][0]["finish_reason"] == "stop"


def test_tool_calls_of_a_stream_are_told_apart() -> None:
    joined = join(chunks("meta_llama/native_stream_tools.http"))
    assert joined is not None
    assert joined["choices"][0]["finish_reason"] == "tool_calls"
    calls = ModelResponse.model_validate({**joined, "created": 1}).choices[0].message.tool_calls or []
    assert [(made.id[:4], made.function.name, made.function.arguments) for made in calls] == [
        ("1f0c", "get_weather", '{"location":"Menlo Park"}'),
        ("5b1a", "get_time", "{}"),
    ]


def pieces(*deltas: JSON) -> list[tuple[int, str | None, str | None, str]]:
    """Return (index, id, name, arguments) of each piece of a tool call in a stream."""
    made = stream(*(progress({"type": "tool_call", **delta}) for delta in deltas))
    found = [chunk["choices"][0]["delta"]["tool_calls"][0] for chunk in made]
    return [
        (each["index"], each.get("id"), each["function"].get("name"), each["function"]["arguments"]) for each in found
    ]


def test_an_id_that_is_repeated_goes_on_with_its_call() -> None:
    assert pieces(
        {"id": "a", "function": {"name": "f"}},
        {"id": "a", "function": {"name": "f", "arguments": "{"}},
        {"id": "a", "function": {"arguments": "}"}},
        {"id": "b", "function": {"name": "f", "arguments": "{}"}},
    ) == [(0, "a", "f", ""), (0, None, None, "{"), (0, None, None, "}"), (1, "b", "f", "{}")]


def test_without_ids_a_name_begins_a_call() -> None:
    assert pieces(
        {"function": {"name": "f", "arguments": "{"}},
        {"function": {"arguments": "}"}},
        {"function": {"name": "f"}},
        {"function": {"arguments": None}},
    ) == [(0, "call_0", "f", "{"), (0, None, None, "}"), (1, "call_1", "f", ""), (1, None, None, "")]


def test_a_name_after_its_id_belongs_to_the_same_call() -> None:
    assert pieces({"id": "a"}, {"function": {"name": "f", "arguments": "{}"}}) == [
        (0, "a", None, ""),
        (0, None, "f", "{}"),
    ]


@pytest.mark.parametrize(
    "event",
    [
        progress({"type": "tool_call", "function": {"arguments": "{}"}}),
        progress({"type": "tool_call", "id": 5, "function": {"name": "f"}}),
        progress({"type": "tool_call", "id": "a", "function": {"name": "f", "arguments": {"a": 1}}}),
        progress({"type": "tool_call", "id": "a", "function": "f"}),
        progress({"type": "text", "text": 5}),
        progress(["text"]),  # type: ignore[arg-type]
        progress(TEXT, stop_reason=["stop"]),
    ],
)
def test_an_event_of_another_shape_is_counted_and_skipped(event: JSON) -> None:
    parser = provider("meta_llama").open_stream(call("meta_llama", "native", stream=True), reply(b""))
    assert parser.feed(Event("message", orjson.dumps({"event": event}))) == []
    assert parser.malformed == 1


def test_metrics_and_reason_may_sit_on_any_event() -> None:
    made = stream(
        progress({"type": "text", "text": "Hi"}, stop_reason="length", metrics=metric(prompt=1, completion=1))
    )
    assert made[0]["choices"][0]["finish_reason"] == "length"
    assert made[0]["choices"][0]["delta"]["content"] == "Hi"
    assert made[0]["usage"]["total_tokens"] == 2


def test_a_bare_line_of_json_is_an_error() -> None:
    with pytest.raises(APIError, match=r"meta_llama: The model server went away\. \(status 500, model 'm'\)") as caught:
        chunks("meta_llama/native_stream_error.http")
    assert caught.value.retryable


def test_a_bare_line_with_openais_wrapper_is_one_too() -> None:
    parser = provider("meta_llama").open_stream(call("meta_llama", "native", stream=True), reply(b""))
    with pytest.raises(APIError, match="Busy") as caught:
        parser.feed(Event(LINE, b'{"error": {"message": "Busy", "type": "overloaded_error"}}'))
    assert caught.value.status == 503


def test_a_bare_line_that_says_nothing_is_counted() -> None:
    parser = provider("meta_llama").open_stream(call("meta_llama", "native", stream=True), reply(b""))
    assert parser.feed(Event(LINE, b"hm: 5")) == []
    assert parser.malformed == 1


@given(st.lists(st.tuples(st.sampled_from(["prompt", "completion", "total"]), st.integers(0, 10**6)), max_size=6))
def test_a_usage_always_adds_up(counts: list[tuple[str, int]]) -> None:
    made = stream(*(progress(TEXT, metrics=metric(**{name: value})) for name, value in counts))
    for usage in (chunk["usage"] for chunk in made if "usage" in chunk):
        assert min(usage.values()) >= 0
        assert usage["total_tokens"] >= usage["prompt_tokens"] + usage["completion_tokens"]
