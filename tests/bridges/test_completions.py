"""`/completions` over chat: a prompt asks, and the answer is a text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.bridges.completions import CompletionChunks, answer, to_chat
from litellm_lite.chunks import join
from litellm_lite.errors import APIResponseValidationError, BadRequestError, RateLimitError, UnsupportedParamsError
from tests.bridges.speaking import HEAD, JSON, USAGE, call, called, chat, chunk, read_completion, several, token
from tests.bridges.speaking import usage_chunk as told

ASKED = {"model": "m", "prompt": "Say hi"}


def completed(chats: list[JSON], **asked: Any) -> JSON:
    body = answer(chats, {**ASKED, **asked}, id="cmpl-1", created=7)
    read_completion(body)
    return body


def texts(**asked: Any) -> CompletionChunks:
    return CompletionChunks({**ASKED, **asked}, id="cmpl-1", created=7)


def test_a_prompt_becomes_a_message_of_the_user() -> None:
    assert to_chat(ASKED) == [([{"role": "user", "content": "Say hi"}], {})]


def test_each_prompt_is_a_chat_of_its_own() -> None:
    pairs = to_chat({"prompt": ["a", "b"], "n": 2})
    assert pairs == [([{"role": "user", "content": name}], {"n": 2}) for name in "ab"]
    assert pairs[0][1] is not pairs[1][1]


def test_parameters_are_carried_by_name_and_none_is_not_given() -> None:
    asked = {
        "n": 1, "stop": ["."], "temperature": 0, "top_p": 0.5, "logit_bias": {"5": 1}, "seed": 3, "user": "u",
        "max_tokens": 9, "stream_options": {"include_usage": True}, "presence_penalty": 1, "frequency_penalty": 1,
        "guided_regex": "[a-z]", "timeout": 3,
    }  # fmt: skip
    ((_, params),) = to_chat({**ASKED, **asked, "stream": True, "logprobs": None, "best_of": None, "echo": False})
    assert params == asked


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("suffix", "end"),
        ("echo", True),
        ("best_of", 3),
    ],
)
def test_what_a_chat_cannot_do_is_refused_by_name_or_left_out_and_told(param: str, value: Any) -> None:
    with pytest.raises(UnsupportedParamsError, match=f"{param} .*drop_params=True.*/completions itself") as caught:
        to_chat({**ASKED, param: value})
    assert caught.value.param == param
    left_out: dict[str, str] = {}
    assert to_chat({**ASKED, param: value}, drop_params=True, left_out=left_out) == to_chat(ASKED)
    assert list(left_out) == [param]


@pytest.mark.parametrize(
    ("param", "value"), [("messages", [{"role": "user"}]), ("tools", []), ("functions", []), ("modalities", ["audio"])]
)
def test_what_belongs_to_chat_is_refused_even_by_who_would_drop_it(param: str, value: Any) -> None:
    with pytest.raises(UnsupportedParamsError, match="ask /chat/completions") as caught:
        to_chat({**ASKED, param: value}, drop_params=True)
    assert caught.value.param == param


@pytest.mark.parametrize("prompt", [[1, 2], [[1], [2, 3]]])
def test_token_ids_are_refused(prompt: Any) -> None:
    with pytest.raises(UnsupportedParamsError, match=r"token ids.*write the prompt as text") as caught:
        to_chat({"prompt": prompt}, drop_params=True)
    assert caught.value.param == "prompt"


@pytest.mark.parametrize(
    ("asked", "param", "what"),
    [
        ({"prompt": None}, "prompt", "not NoneType"),
        ({"prompt": []}, "prompt", "an empty list"),
        ({"prompt": {"a": 1}}, "prompt", "not dict"),
        ({"prompt": ["a", 1]}, "prompt", r"prompt\[1\] is 1"),
        ({"n": 0}, "n", "whole number from 1"),
        ({"n": True}, "n", "whole number"),
        ({"best_of": 1, "n": 2}, "best_of", "smaller than n"),
        ({"logprobs": True}, "logprobs", "whole number from 0"),
        ({"logprobs": -1}, "logprobs", "whole number from 0"),
    ],
)
def test_what_is_wrong_is_named(asked: JSON, param: str, what: str) -> None:
    with pytest.raises(BadRequestError, match=what) as caught:
        to_chat({**ASKED, **asked})
    assert caught.value.param == param


def test_the_best_of_as_many_as_are_wanted_are_all_of_them() -> None:
    assert to_chat({**ASKED, "n": 2, "best_of": 2})[0][1] == {"n": 2}


@pytest.mark.parametrize(("wanted", "params"), [(0, {"logprobs": True}), (2, {"logprobs": True, "top_logprobs": 2})])
def test_logprobs_ask_for_as_many_alternatives(wanted: int, params: JSON) -> None:
    assert to_chat({**ASKED, "logprobs": wanted})[0][1] == params


def test_an_answer_is_a_text() -> None:
    made = completed([chat("Hi.") | {"system_fingerprint": "f"}])
    choice = {"index": 0, "text": "Hi.", "logprobs": None, "finish_reason": "stop"}
    assert made == {
        "id": "cmpl-1", "object": "text_completion", "created": 7, "model": "llama", "choices": [choice],
        "usage": USAGE, "system_fingerprint": "f",
    }  # fmt: skip


def test_choices_are_numbered_prompt_by_prompt_and_tokens_are_added() -> None:
    first, second = several({"content": "a"}, {"content": "b"}), several({"content": "c"}, {"content": None})
    made = completed([first, second], prompt=["x", "y"], n=2)
    assert [(each["index"], each["text"]) for each in made["choices"]] == [(0, "a"), (1, "b"), (2, "c"), (3, "")]
    assert made["usage"] == {"prompt_tokens": 6, "completion_tokens": 4, "total_tokens": 10}


def test_the_sum_of_details_holds_only_what_every_answer_told() -> None:
    first = USAGE | {"prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 0}, "tier": "a", "cost": 1}
    second = USAGE | {"prompt_tokens_details": {"cached_tokens": 2}, "tier": "a", "cost": None}
    made = completed([several({"content": ""}, usage=usage) for usage in (first, second)], prompt=["x", "y"])
    assert made["usage"]["prompt_tokens_details"] == {"cached_tokens": 3}
    assert made["usage"]["tier"] == "a"
    assert "cost" not in made["usage"]


def test_usage_that_one_answer_does_not_tell_is_not_known() -> None:
    assert completed([chat(), several({"content": ""}, usage=None)], prompt=["x", "y"])["usage"] is None


def test_what_the_answers_do_not_have_in_common_is_not_told() -> None:
    made = completed([chat() | {"system_fingerprint": "f"}, chat() | {"system_fingerprint": "g"}], prompt=["x", "y"])
    assert "system_fingerprint" not in made


def test_reasoning_and_refusal_stand_beside_the_text() -> None:
    (choice,) = completed([chat("Hi.", reasoning_content="Hm", refusal="No")])["choices"]
    assert (choice["text"], choice["reasoning_content"], choice["refusal"]) == ("Hi.", "Hm", "No")


def test_a_call_nobody_offered_is_no_text() -> None:
    with pytest.raises(APIResponseValidationError, match="calls a tool"):
        completed([chat(None, "tool_calls", tool_calls=[called("c", "f", "{}")])])
    with pytest.raises(APIResponseValidationError, match="calls a tool"):
        texts().feed(chunk(call(0, "c", "f", "")))


def test_logprobs_are_told_in_the_old_shape() -> None:
    said = several({"content": "Hé!"})
    said["choices"][0]["logprobs"] = {"content": [token("H", Hm=-1.0), token("é"), token("!", -0.25)]}
    logprobs = completed([said], logprobs=1)["choices"][0]["logprobs"]
    assert logprobs == {
        "tokens": ["H", "é", "!"],
        "token_logprobs": [-0.5, -0.5, -0.25],
        "top_logprobs": [{"Hm": -1.0, "H": -0.5}, {"é": -0.5}, {"!": -0.25}],
        "text_offset": [0, 1, 2],
    }
    assert completed([said], logprobs=0)["choices"][0]["logprobs"]["top_logprobs"] is None
    assert completed([said])["choices"][0]["logprobs"] is None


def test_a_token_that_is_part_of_a_character_moves_nothing_until_it_is_whole() -> None:
    halves = [{"token": "\\xc3", "logprob": -1, "bytes": [0xC3]}, {"token": "\\xa9", "logprob": -1, "bytes": [0xA9]}]
    said = several({"content": "é!"})
    said["choices"][0]["logprobs"] = {"content": [*halves, {"token": "!", "logprob": -1, "bytes": None}]}
    assert completed([said], logprobs=0)["choices"][0]["logprobs"]["text_offset"] == [0, 0, 1]


def test_a_stream_is_a_text_in_pieces() -> None:
    chunks = texts()
    assert chunks.feed(chunk({"role": "assistant", "content": ""})) == []
    (piece,) = chunks.feed(chunk({"content": "Hi"}))
    read_completion(chunks.feed(chunk({}, "stop"))[0])
    assert chunks.feed(told()) == []
    assert chunks.end() == []
    choice = {"index": 0, "text": "Hi", "logprobs": None, "finish_reason": None}
    assert piece == {
        "id": "cmpl-1", "object": "text_completion", "created": 7, "model": "llama", "choices": [choice],
    }  # fmt: skip


def test_usage_comes_last_and_only_to_who_asked() -> None:
    chunks = texts(stream_options={"include_usage": True}, prompt=["a", "b"])
    (piece,) = chunks.feed(chunk({"content": "Hi"}), 1)
    assert (piece["usage"], piece["choices"][0]["index"]) == (None, 1)
    for prompt in (0, 1):
        chunks.feed(chunk({}, "stop"), prompt)
        chunks.feed(told(), prompt)
    (last,) = chunks.end()
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 10)
    assert chunks.end() == chunks.feed(chunk({"content": "late"})) == []


def test_usage_that_never_came_is_not_made_up() -> None:
    chunks = texts(stream_options={"include_usage": True})
    chunks.feed(chunk({"content": "Hi"}, "stop"))
    assert chunks.end() == []


def test_a_stream_that_is_not_complete_ends_as_a_failure() -> None:
    chunks = texts(prompt=["a", "b"])
    chunks.feed(chunk({"content": "Hi"}, "stop"))
    (last,) = chunks.end()
    assert "choice 1" in last["error"]["message"]
    assert chunks.fail(RateLimitError("again")) == []


def test_a_failure_is_told_in_openais_words_and_nothing_follows() -> None:
    chunks = texts()
    chunks.feed(chunk({"content": "Hi"}))
    (last,) = chunks.fail(RateLimitError("slow down", code="rate_limit_exceeded", param="n"))
    assert last["error"] == {
        "message": "slow down", "type": "rate_limit_error", "param": "n", "code": "rate_limit_exceeded",
    }  # fmt: skip
    assert chunks.feed(chunk({"content": "more"}, "stop")) == chunks.end() == []


@st.composite
def conversations(draw: st.DrawFn) -> list[list[JSON]]:
    """The chunks of one to three prompts, each with two choices."""
    return [draw(_stream()) for _ in range(draw(st.integers(1, 3)))]


@st.composite
def _stream(draw: st.DrawFn) -> list[JSON]:
    chunks = []
    for index in (0, 1):
        for piece in draw(st.lists(st.text(max_size=5), max_size=4)):
            tokens = {"content": [token(piece, -1.0, a=-2.0)]} if piece else None
            chunks.append(chunk({"content": piece}, index=index, logprobs=tokens))
        if thought := draw(st.text(max_size=3)):
            chunks.append(chunk({"reasoning_content": thought}, index=index))
        chunks.append(chunk({}, "stop", index))
    return [*chunks, told()]


@given(conversations(), st.randoms(use_true_random=False))
def test_the_pieces_of_all_prompts_make_the_whole_answer(streams: list[list[JSON]], order: Any) -> None:
    asked = {"model": "m", "prompt": ["p"] * len(streams), "n": 2, "logprobs": 1}
    asked["stream_options"] = {"include_usage": True}
    chunks = CompletionChunks(asked, id="cmpl-1", created=7)
    queues = [(prompt, list(stream)) for prompt, stream in enumerate(streams)]
    pieces: list[JSON] = []
    while queues:
        prompt, queue = order.choice(queues)
        pieces += chunks.feed(queue.pop(0), prompt)
        queues = [each for each in queues if each[1]]
    pieces += chunks.end()
    assert all(piece["id"] == "cmpl-1" for piece in pieces)
    whole = [join(stream) for stream in streams]
    expected = answer([each for each in whole if each], asked, id="cmpl-1", created=7)
    assert _joined(pieces) == expected | {"choices": sorted(expected["choices"], key=lambda each: each["index"])}


def _joined(pieces: list[JSON]) -> JSON:
    choices: dict[int, JSON] = {}
    for piece in pieces:
        for part in piece["choices"]:
            known = choices.setdefault(part["index"], {"index": part["index"], "text": "", "logprobs": None})
            known["text"] += part["text"]
            known["finish_reason"] = part["finish_reason"]
            if thought := part.get("reasoning_content"):
                known["reasoning_content"] = known.get("reasoning_content", "") + thought
            if part["logprobs"]:
                said = known["logprobs"] or {key: [] for key in part["logprobs"]}
                known["logprobs"] = {key: said[key] + part["logprobs"][key] for key in said}
    return pieces[-1] | {"choices": [choices[index] for index in sorted(choices)]}


def test_the_head_of_a_chunk_is_told_by_the_first_of_them() -> None:
    (piece,) = texts().feed(chunk({"content": "Hi"}) | {"model": None, "service_tier": "flex"})
    assert (piece["model"], piece["service_tier"], HEAD["model"]) == ("m", "flex", "llama")
