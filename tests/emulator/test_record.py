"""What is noted of a request, whatever its body holds."""

from __future__ import annotations

import threading
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.emulator.record import Record, Seen
from tests.emulator.bodies import LLAMA_33, chat, image_part, text_part, user


def seen(fields: Any) -> Seen:
    return Seen.of(orjson.dumps(fields), 7.0)


def test_a_request_says_what_it_is() -> None:
    noted = seen(chat("Hello", stream=True))
    assert noted == Seen(7.0, LLAMA_33, stream=True, prefilled=False, prompt_chars=5)


def test_a_request_that_begins_its_answer_is_prefilled() -> None:
    assert seen({"messages": [user("Hi"), {"role": "assistant", "content": "The"}]}).prefilled


@pytest.mark.parametrize("content", ["Hello", [text_part("Hel"), image_part(), text_part("lo")], {"text": "Hello"}])
def test_the_prompt_is_all_text_of_all_messages(content: Any) -> None:
    assert seen({"messages": [{"role": "system", "content": "Be kind"}, user(content)]}).prompt_chars == 12


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["model", "messages", "content", "role"]), inner),
)


@given(JSON.map(orjson.dumps) | st.binary())
def test_what_cannot_be_read_is_noted_all_the_same(body: bytes) -> None:
    assert Seen.of(body, 1.0).at == 1.0


def test_the_record_holds_copies() -> None:
    record, noted = Record(), Seen(1.0)
    record.begin(noted)
    before = record.so_far(0)
    noted.status = 200
    record.end(noted, 2.0, hung_up=True)
    assert before == [Seen(1.0)]
    assert record.so_far(0) == [Seen(1.0, status=200, hung_up=True, ended_at=2.0)]


def test_the_record_waits_for_what_goes_on() -> None:
    record, noted = Record(), Seen(1.0)
    record.begin(noted)
    ending = threading.Thread(target=record.end, args=(noted, 2.0), kwargs={"hung_up": False})
    ending.start()
    assert record.so_far(10)[0].ended_at == 2.0
    ending.join()


def test_the_record_is_bounded() -> None:
    record = Record()
    for number in range(10_001):
        record.begin(Seen(float(number)))
    assert (len(record.so_far(0)), record.so_far(0)[0].at) == (10_000, 1.0)
