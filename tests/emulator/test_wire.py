"""The bytes of answers in both shapes, held against the shapes the facts describe."""

from __future__ import annotations

from itertools import count
from typing import Any

import orjson
import pytest

from litellm_lite.emulator import wire
from litellm_lite.emulator.answers import complete
from litellm_lite.emulator.ask import Ask, Shape
from litellm_lite.emulator.refusal import problem
from tests.emulator.bodies import LLAMA_33, WEATHER, ask

HEAD = wire.Head("abc", 1_700_000_000)
FINGERPRINT = "litellm-lite-emulator"


def body(asked: Ask, shape: Shape = "compat") -> Any:
    numbers = count(1)
    return orjson.loads(wire.body(shape, HEAD, asked, complete(asked, lambda: f"call-{next(numbers)}")))


def frames(asked: Ask, shape: Shape = "compat", size: int = 1) -> list[bytes]:
    numbers = count(1)
    return list(wire.events(shape, HEAD, asked, complete(asked, lambda: f"call-{next(numbers)}"), size))


def chunks(asked: Ask, shape: Shape = "compat", size: int = 1) -> list[Any]:
    return [
        orjson.loads(frame.removeprefix(b"data: "))
        for frame in frames(asked, shape, size)
        if frame != b"data: [DONE]\n\n"
    ]


def deltas(asked: Ask, size: int = 1) -> list[Any]:
    return [chunk["choices"][0]["delta"] for chunk in chunks(asked, size=size)]


def native_deltas(asked: Ask) -> list[Any]:
    return [chunk["event"]["delta"] for chunk in chunks(asked, "native")]


def test_a_compatible_answer_is_a_chat_completion() -> None:
    answer = body(ask())
    assert {key: answer[key] for key in ("id", "object", "created", "model", "system_fingerprint")} == {
        "id": "chatcmpl-abc",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": LLAMA_33,
        "system_fingerprint": FINGERPRINT,
    }
    assert answer["choices"][0]["message"]["role"] == "assistant"
    assert answer["choices"][0]["finish_reason"] == "stop"
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_a_compatible_call_has_its_type_and_no_content() -> None:
    choice = body(ask("weather in Rome", tools=[WEATHER]))["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"] == [
        {
            "type": "function",
            "id": "call-1",
            "function": {"name": "get_current_weather", "arguments": '{"location":"Rome"}'},
        }
    ]


def test_a_native_answer_has_its_message_and_metrics() -> None:
    answer = body(ask(), "native")
    assert (answer["id"], answer["emulator"]) == ("abc", True)
    message = answer["completion_message"]
    assert (message["stop_reason"], message["content"]["type"], message["tool_calls"]) == ("stop", "text", [])
    assert [entry["metric"] for entry in answer["metrics"]] == [
        "num_completion_tokens",
        "num_prompt_tokens",
        "num_total_tokens",
    ]


def test_a_native_call_has_no_type_and_empty_text() -> None:
    message = body(ask("weather in Rome", tools=[WEATHER]), "native")["completion_message"]
    assert message["content"] == {"type": "text", "text": ""}
    assert message["tool_calls"][0].keys() == {"id", "function"}


def test_a_compatible_stream_begins_with_the_role_and_ends_with_done() -> None:
    sent = frames(ask())
    assert deltas(ask())[0] == {"role": "assistant", "content": ""}
    assert sent[-1] == b"data: [DONE]\n\n"
    assert all(frame.startswith(b"data: ") and frame.endswith(b"\n\n") for frame in sent)


def test_a_compatible_stream_finishes_before_its_usage() -> None:
    *_, finish, usage = chunks(ask(stream_options={"include_usage": True}))
    assert finish["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    assert (usage["choices"], usage["usage"]) == ([], body(ask())["usage"])


def test_usage_is_sent_only_when_asked_for() -> None:
    assert all("usage" not in chunk for chunk in chunks(ask()))


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_text_is_streamed_in_pieces_of_so_many_tokens(size: int) -> None:
    asked = ask("naïve 👩‍👩‍👧")
    texts = [delta["content"] for delta in deltas(asked, size) if delta.get("content")]
    assert "".join(texts) == body(asked)["choices"][0]["message"]["content"]
    assert len(texts) == 1 if size == 1000 else len(texts) > 5


def test_a_streamed_call_opens_with_its_name_and_goes_on_by_index() -> None:
    parts = [
        part
        for delta in deltas(ask("weather in Rome and Oslo", tools=[WEATHER]))
        for part in delta.get("tool_calls", [])
    ]
    opened = [part for part in parts if "id" in part]
    assert [(part["index"], part["id"], part["type"]) for part in opened] == [
        (0, "call-1", "function"),
        (1, "call-2", "function"),
    ]
    second = "".join(part["function"]["arguments"] for part in parts if part["index"] == 1)
    assert orjson.loads(second) == {"location": "Oslo"}


def test_several_choices_come_in_turns() -> None:
    places = [chunk["choices"][0]["index"] for chunk in chunks(ask(n=2))]
    assert places[:4] == [0, 1, 0, 1]


def test_a_native_stream_starts_progresses_completes_and_gives_metrics() -> None:
    events = [chunk["event"] for chunk in chunks(ask(), "native")]
    kinds = [event["event_type"] for event in events]
    assert kinds == ["start", *["progress"] * (len(kinds) - 3), "complete", "metrics"]
    assert events[-2]["stop_reason"] == "stop"
    assert events[-1]["metrics"] == body(ask(), "native")["metrics"]


def test_a_native_stream_ends_without_done() -> None:
    assert b"[DONE]" not in b"".join(frames(ask(), "native"))


def test_a_native_call_is_told_apart_by_its_id() -> None:
    calls = [part for part in native_deltas(ask("weather in Rome", tools=[WEATHER])) if part["type"] == "tool_call"]
    assert calls[0] == {"type": "tool_call", "id": "call-1", "function": {"name": "get_current_weather"}}
    assert "".join(part["function"]["arguments"] for part in calls[1:]) == '{"location":"Rome"}'


def test_a_native_failure_in_a_stream_is_a_bare_line_of_json() -> None:
    assert orjson.loads(wire.mid_stream_error("native"))["status"] == 500


def test_a_compatible_failure_in_a_stream_is_an_event() -> None:
    assert "error" in orjson.loads(wire.mid_stream_error("compat").removeprefix(b"data: "))


def test_the_malformed_event_is_malformed() -> None:
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(wire.MALFORMED_EVENT.removeprefix(b"data: "))


def test_seven_models_are_listed() -> None:
    assert len(orjson.loads(wire.models(1))["data"]) == 7


def test_one_model_can_be_asked_for() -> None:
    found = wire.model(LLAMA_33, 1)
    assert found is not None
    assert orjson.loads(found) == {"id": LLAMA_33, "object": "model", "created": 1, "owned_by": FINGERPRINT}
    assert wire.model("gpt-4o", 1) is None


@pytest.mark.parametrize(("status", "title"), [(429, "Too Many Requests"), (529, "Error")])
def test_a_problem_has_no_error_around_it(status: int, title: str) -> None:
    assert orjson.loads(problem(status, "why")) == {"title": title, "detail": "why", "status": status}
