"""Streams of completions and of responses: they travel as chat chunks, and end well only when they are whole."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.call import Endpoint
from litellm_lite.chunks import Ledger
from litellm_lite.endpoints.completions import as_text_chunk, prompts_of
from litellm_lite.errors import APIError, InternalServerError, RateLimitError
from litellm_lite.router.mending import speaks
from litellm_lite.sse import Event
from litellm_lite.transformer import JSON, StreamParser
from tests.endpoints.values import RESPONSE, RESPONSE_USAGE, call, endpoint, response_events, text_chunk, typed, wired
from tests.providers.values import fed, recorded, reply
from tests.wire import DONE, event


def parser(name: Endpoint) -> StreamParser:
    return endpoint(name).open_stream(call(name, stream=True), reply(b""))


def responses(*events: JSON) -> list[JSON]:
    return fed(parser("responses"), b"".join(map(wired, events)))


def ledger(chunks: list[JSON]) -> Ledger:
    kept = Ledger()
    for chunk in chunks:
        kept.note(chunk)
    return kept


def test_a_text_travels_as_the_content_of_a_delta_and_comes_back_as_it_was() -> None:
    sent = [text_chunk("Once"), text_chunk(" upon", "stop")]
    chunks = fed(parser("completions"), b"".join(map(event, sent)) + DONE)
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [{"content": "Once"}, {"content": " upon"}]
    assert [as_text_chunk(chunk) for chunk in chunks] == sent
    assert ledger(chunks).complete


def test_other_fields_of_a_text_choice_are_kept() -> None:
    logprobs = {"tokens": ["a"], "token_logprobs": [-0.1], "top_logprobs": None, "text_offset": [0]}
    sent = {**text_chunk(), "choices": [{"text": "a", "index": 0, "logprobs": logprobs, "finish_reason": None}]}
    (chunk,) = fed(parser("completions"), event(sent))
    assert as_text_chunk(chunk) == sent


def test_the_usage_of_completions_is_kept() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    chunks = fed(parser("completions"), event({**text_chunk(), "choices": [], "usage": usage}))
    assert ledger(chunks).usage == usage
    assert as_text_chunk(chunks[0])["choices"] == []


def test_an_event_that_is_no_chunk_is_skipped_and_counted() -> None:
    reading = parser("completions")
    assert fed(reading, event({"choices": [5]}) + event({"choices": "x"}) + event("nonsense")) == []
    assert reading.malformed == 3


@given(st.one_of(st.text(), st.integers(), st.lists(st.integers(0, 9)), st.lists(st.text()), st.none()))
def test_any_prompt_counts_as_one_at_least(prompt: Any) -> None:
    assert prompts_of(prompt) >= 1


def test_every_event_of_a_response_comes_through_whole() -> None:
    sent = response_events("Hel", "lo.")
    chunks = responses(*sent)
    assert [chunk["event"] for chunk in chunks] == sent
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "Hello."
    assert chunks[4]["id"] == "resp_1"


def test_a_response_is_whole_with_its_last_event_and_tells_its_usage_as_a_chat_would() -> None:
    kept = ledger(responses(*response_events("Hi", service_tier="flex")))
    assert kept.complete
    assert kept.usage == {
        "prompt_tokens": 9,
        "prompt_tokens_details": RESPONSE_USAGE["input_tokens_details"],
        "completion_tokens": 5,
        "completion_tokens_details": RESPONSE_USAGE["output_tokens_details"],
        "total_tokens": 14,
    }
    assert kept.service_tier == "flex"


def test_the_last_event_ends_the_stream_without_an_end_mark() -> None:
    reading = parser("responses")
    fed(reading, b"".join(map(wired, response_events("Hi"))))
    assert reading.done
    assert fed(reading, DONE) == []
    assert reading.malformed == 0


def test_a_response_that_is_cut_is_not_whole() -> None:
    assert not ledger(responses(*response_events("Hi")[:-1])).complete


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"reason": "max_output_tokens"}, "length"),
        ({"reason": "content_filter"}, "content_filter"),
        ({"reason": "steered"}, "length"),
        (None, "length"),
    ],
)
def test_an_incomplete_response_is_whole_and_says_why_it_ended(details: Any, reason: str) -> None:
    last = {**RESPONSE, "status": "incomplete", "incomplete_details": details}
    assert ledger(responses(typed("response.incomplete", response=last))).finished == {0: reason}


def test_a_call_of_a_tool_is_a_first_token_and_the_reason_to_end() -> None:
    item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": ""}
    begun = typed("response.created", response={**RESPONSE, "usage": None})
    created, added, last = responses(
        begun,
        typed("response.output_item.added", output_index=0, item=item),
        typed("response.completed", response={**RESPONSE, "usage": None}),
    )
    assert not speaks(created)
    assert speaks(added)
    assert ledger([created, added, last]).finished == {0: "tool_calls"}


@pytest.mark.parametrize(
    ("kind", "fields", "told"),
    [
        ("response.refusal.delta", {"delta": "No"}, True),
        ("response.reasoning_text.delta", {"delta": "Hm"}, True),
        ("response.reasoning_summary_text.delta", {"delta": "Hm"}, True),
        ("response.output_text.delta", {"delta": 5}, False),
        ("response.output_item.added", {"item": {"type": "reasoning"}}, False),
        ("response.output_item.added", {"item": {"type": "web_search_call"}}, True),
        ("response.queued", {"response": {}}, False),
        ("response.not_known_yet", {}, False),
    ],
)
def test_what_counts_as_a_first_token(kind: str, fields: JSON, told: bool) -> None:
    (chunk,) = responses(typed(kind, **fields))
    assert speaks(chunk) is told


def test_a_failed_response_raises_with_the_vendors_reason() -> None:
    failed = {**RESPONSE, "status": "failed", "error": {"code": "rate_limit_exceeded", "message": "Slow down"}}
    with pytest.raises(RateLimitError, match="openai: Slow down"):
        responses(*response_events("Hi")[:5], typed("response.failed", response=failed))


def test_a_failure_without_a_response_raises_too() -> None:
    with pytest.raises(InternalServerError, match="nothing says why"):
        responses(typed("response.failed"))


@pytest.mark.parametrize(
    "told",
    [
        {"type": "error", "code": "server_error", "message": "It broke", "param": None, "sequence_number": 3},
        {"type": "error", "error": {"type": "server_error", "message": "It broke"}},
        {"error": {"message": "It broke", "code": 500}},
    ],
)
def test_an_error_event_raises_in_every_shape(told: JSON) -> None:
    with pytest.raises(InternalServerError, match="openai: It broke"):
        parser("responses").feed(Event("", orjson.dumps(told)))


def test_an_event_named_error_raises_whatever_is_in_it() -> None:
    with pytest.raises(APIError):
        parser("responses").feed(Event("error", b'{"type": "response.created"}'))


def test_what_is_no_event_is_skipped_and_counted() -> None:
    reading = parser("responses")
    assert fed(reading, event("nonsense") + event({"no": "type"})) == []
    assert reading.malformed == 2


def test_llama_cpps_stream_of_completions_is_read() -> None:
    chunks = fed(parser("completions"), recorded("llama_cpp/completions_stream.http").body)
    kept = ledger(chunks)
    assert kept.complete
    assert kept.finished == {0: "length"}
    assert kept.usage is not None
    assert kept.usage["completion_tokens"] == 3


def test_llama_cpps_stream_of_a_response_is_read() -> None:
    kept = ledger(fed(parser("responses"), recorded("llama_cpp/responses_stream.http").body))
    assert kept.complete
    assert kept.usage is not None
    assert (kept.usage["prompt_tokens"], kept.usage["completion_tokens"]) == (11, 3)
