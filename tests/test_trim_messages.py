"""Messages cut to a budget: what stays, what goes, and what is never done to them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_lite import Message
from litellm_lite.counting import token_counter
from litellm_lite.errors import BadRequestError, ContextWindowExceededError, NotFoundError
from litellm_lite.registry import register_model, registry
from litellm_lite.trimming import trim_messages
from tests.tokens.samples import call, image_part, needs_llama, png_url, text_part, user

GPT = "openai/unheard-of"  # its tokens are estimated: 4 bytes each, 4 around a message, 3 beside all
SYSTEM = {"role": "system", "content": "Be brief."}


def assistant(content: str | None = None, *calls: str) -> dict[str, Any]:
    made = [{**call("{}"), "id": name} for name in calls]
    return {"role": "assistant", "content": content, **({"tool_calls": made} if made else {})}


def result(name: str, content: str = "sunny") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": name, "content": content}


def count(messages: list[Any], model: str = GPT) -> int:
    return token_counter(model, messages=messages)


def trimmed(messages: list[Any], budget: int, model: str = GPT) -> list[Any]:
    return trim_messages(messages, model, max_tokens=budget)


@pytest.fixture
def small() -> Iterator[str]:
    """A model with a window of 100 tokens."""
    register_model({"openai/small": {"litellm_provider": "openai", "max_input_tokens": 100}})
    yield "openai/small"
    registry().reset()


def test_messages_that_fit_come_back_as_they_are() -> None:
    messages = [SYSTEM, user("one"), assistant("two"), user("three")]
    assert trimmed(messages, count(messages)) == messages
    assert trimmed(messages, count(messages)) is not messages
    assert trimmed([], 10) == []


def test_the_newest_messages_and_the_systems_stay() -> None:
    messages = [user("one"), SYSTEM, user("two"), assistant("three"), user("four")]
    kept = [SYSTEM, assistant("three"), user("four")]
    assert trimmed(messages, count(kept)) == kept
    assert trimmed(messages, count(messages) - 1) == messages[1:]


def test_the_first_text_that_does_not_fit_loses_its_middle() -> None:
    text = "begin " + "word " * 400 + "end"
    messages = [SYSTEM, user("gone"), user(text), assistant("yes"), user("last")]
    kept = trimmed(messages, 150)
    assert [message["role"] for message in kept] == ["system", "user", "assistant", "user"]
    shorter = kept[1]["content"]
    assert shorter.startswith("begin")
    assert shorter.endswith("end")
    assert ".." in shorter
    assert 130 <= count(kept) <= 150
    assert messages[2]["content"] == text


def test_the_last_message_is_shortened_rather_than_dropped() -> None:
    kept = trimmed([SYSTEM, user("gone"), user("word " * 10_000)], 1000)
    assert [message["role"] for message in kept] == ["system", "user"]
    assert 950 <= count(kept) <= 1000


def test_a_call_and_its_results_stay_or_go_together() -> None:
    turn = [assistant(None, "a", "b"), result("a"), result("b")]
    messages = [user("q"), *turn, assistant("It is sunny."), user("thanks")]
    whole = count(messages)
    for budget in range(count(messages[-1:]), whole):
        kept = trimmed(messages, budget)
        assert [message for message in kept if message in turn] in ([], turn)


def test_results_at_the_end_stay_with_their_call() -> None:
    turn = [assistant(None, "a"), result("a", "long " * 20)]
    messages = [user("q " * 200), *turn]
    assert trimmed(messages, count(turn)) == turn
    with pytest.raises(ContextWindowExceededError):
        trimmed(messages, count(turn) - 1)


def test_results_without_a_call_are_kept_too() -> None:
    messages = [user("q " * 200), result("a"), result("b")]
    assert trimmed(messages, count(messages[1:])) == messages[1:]


def test_parts_are_kept_whole_or_dropped_whole() -> None:
    picture = user([text_part("What is this? " * 50), image_part(png_url(9, 9))])
    messages = [picture, assistant("A pixel."), user("Thanks")]
    assert trimmed(messages, count(messages) - 1) == messages[1:]
    with pytest.raises(ContextWindowExceededError):
        trimmed([picture], count([picture]) - 1)


def test_what_must_stay_and_does_not_fit_is_an_error_with_numbers() -> None:
    system = {"role": "system", "content": "Be brief. " * 100}
    with pytest.raises(ContextWindowExceededError, match=r"have 26\d tokens, more than the budget of 100"):
        trimmed([system, user("a")], 100)
    with pytest.raises(ContextWindowExceededError):
        trimmed([system], 100)
    with pytest.raises(ContextWindowExceededError):
        trimmed([user("a")], 0)


def test_the_budget_is_a_part_of_the_window(small: str) -> None:
    messages = [user("one " * 30), user("two " * 30), user("three")]
    assert trim_messages(messages, small, trim_ratio=1) == messages
    assert 60 < count(trim_messages(messages, small)) <= 75
    assert count(trim_messages(messages, small, 0.3)) <= 30
    assert trim_messages(messages, small, max_tokens=15) == messages[2:]


def test_what_is_left_for_the_answer_is_told_if_asked() -> None:
    messages = [user("one"), user("two")]
    assert trim_messages(messages, GPT, return_response_tokens=True, max_tokens=100) == (
        messages,
        100 - count(messages),
    )
    kept, left = trim_messages(messages, GPT, 0.75, True, count(messages) - 1)
    assert (kept, left) == (messages[1:], count(messages) - 1 - count(messages[1:]))


def test_without_a_model_a_budget_is_enough() -> None:
    messages = [user("one"), user("two")]
    assert trim_messages(messages, max_tokens=count(messages, "")) == messages


@pytest.mark.parametrize("model", [None, "", "nobody/knows"])
def test_without_a_budget_and_a_window_nothing_is_trimmed_in_silence(model: str | None) -> None:
    with pytest.raises(NotFoundError, match="pass max_tokens=, or call register_model"):
        trim_messages([user("a")], model)


@pytest.mark.parametrize("given", [{"max_tokens": -1}, {"max_tokens": 1.5}, {"max_tokens": True}, {"max_tokens": "9"}])
@pytest.mark.usefixtures("small")
def test_a_budget_must_be_a_count(given: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError, match="max_tokens must be"):
        trim_messages([user("a")], "openai/small", **given)


@pytest.mark.parametrize(
    "ratio", [0, -1, 1.01, float("nan"), float("inf"), pytest.param(10**5000, id="huge"), "0.5", None]
)
def test_a_ratio_must_be_a_part(small: str, ratio: Any) -> None:
    with pytest.raises(BadRequestError, match="trim_ratio must be"):
        trim_messages([user("a")], small, ratio)


def test_messages_of_earlier_answers_come_back_as_they_were() -> None:
    answer = Message(content="two", role="assistant")
    assert trimmed([user("one " * 99), answer, user("three")], 20)[-2] is answer


@pytest.mark.parametrize("messages", [[7], None, 7, "text"])
def test_messages_that_are_none_are_refused(messages: Any) -> None:
    with pytest.raises(BadRequestError):
        trim_messages(messages, GPT, max_tokens=100)


@needs_llama
def test_a_megabyte_of_text_is_trimmed_to_the_token_budget() -> None:
    kept = trimmed([SYSTEM, user("one two three " * 70_000)], 96_000, "meta_llama/Llama-3.3-70B-Instruct")
    assert 94_000 <= count(kept, "meta_llama/Llama-3.3-70B-Instruct") <= 96_000


turns = st.one_of(
    st.builds(lambda text: [user(text)], st.text(max_size=60) | st.just("word " * 60)),
    st.builds(lambda text: [assistant(text)], st.text(max_size=60)),
    st.just([SYSTEM]),
    st.just([user([text_part("look"), image_part(png_url(9, 9))])]),
    st.builds(lambda n: [assistant(None, *map(str, range(n))), *(result(str(i)) for i in range(n))], st.integers(1, 3)),
)
chats = st.lists(turns, max_size=6).map(lambda found: [message for turn in found for message in turn])


def must_stay(messages: list[Any]) -> list[Any]:
    """The system messages, and the last of the others with the call it answers."""
    rest = [message for message in messages if message["role"] != "system"]
    first = len(rest) - 1
    while first > 0 and rest[first]["role"] == "tool":
        first -= 1
    return [message for message in messages if message["role"] == "system"] + rest[max(first, 0) :]


@settings(deadline=None)
@given(chats, st.integers(0, 200))
def test_what_comes_back_fits_and_is_a_part_of_what_was_given(messages: list[Any], budget: int) -> None:
    before = copy.deepcopy(messages)
    try:
        kept, left = trim_messages(messages, GPT, return_response_tokens=True, max_tokens=budget)
    except ContextWindowExceededError:
        assert count(must_stay(messages)) > budget
        return
    finally:
        assert messages == before
    assert count(kept) == budget - left <= budget
    changed, place = 0, -1
    for message in kept:
        places = [at for at, given in enumerate(messages) if at > place and given is message]
        if not places:  # the one that was shortened
            changed += 1
            places = [at for at, given in enumerate(messages) if at > place and given["role"] == message["role"]]
        place = places[0]
    assert changed <= 1
    called = {made["id"] for message in kept for made in message.get("tool_calls") or ()}
    assert sum(message["role"] == "tool" for message in kept) >= len(called)
    assert all(message in kept for message in messages if message["role"] == "system")
