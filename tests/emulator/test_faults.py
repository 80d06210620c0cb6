"""The named faults and how they are written, on a clock held by hand."""

from __future__ import annotations

import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.emulator.faults import FAULTS, Occasion, Spec, Value, parse, split_model, table
from litellm_lite.emulator.settings import Fault

FIRST = Occasion(0, 0.0)


def fault(text: str, at: Occasion = FIRST) -> Fault:
    return parse(text).fault(at)


def statuses(text: str, *seconds: float) -> list[int | None]:
    return [fault(text, Occasion(number, second)).status for number, second in enumerate(seconds)]


def error(text: str, at: Occasion = FIRST) -> Any:
    return orjson.loads(fault(text, at).body or b"")["error"]


def test_retry_after_is_announced_until_it_has_passed() -> None:
    assert fault("retry-after; seconds=2.5").headers == (("retry-after", "3"),)
    assert fault("retry-after; seconds=2.5", Occasion(1, 1.0)).headers == (("retry-after", "2"),)
    assert statuses("retry-after; seconds=2.5", 0, 2.4, 2.5, 9) == [429, 429, None, None]


def test_a_rate_limit_without_a_time_never_ends() -> None:
    assert statuses("rate-limited", 0, 1e9) == [429, 429]
    assert fault("rate-limited").headers == ()


def test_a_single_500_is_the_first_only() -> None:
    assert statuses("single-500", 0, 0, 0) == [500, None, None]
    assert statuses("single-500; times=2; status=502", 0, 0, 0) == [502, 502, None]


def test_what_is_unavailable_stays_so() -> None:
    assert statuses("unavailable", 0, 1e9) == [503, 503]
    assert statuses("unavailable; status=529", 0) == [529]


def test_a_flapping_one_is_down_for_a_minute() -> None:
    assert statuses("flapping", 0, 59.9, 60, 1e9) == [503, 503, None, None]


def test_a_flapping_one_may_come_and_go() -> None:
    assert statuses("flapping; down=2; up=3", 0, 1.9, 2, 4.9, 5, 7) == [503, 503, None, None, 503, None]
    assert statuses("flapping; down=0; up=0", 0) == [None]


def test_refusals_are_in_openais_words() -> None:
    refused = error("context-length; window=100")
    assert (refused["code"], refused["type"]) == ("context_length_exceeded", "invalid_request_error")
    assert "maximum context length is 100 tokens" in refused["message"]
    assert error("content-filter")["code"] == "content_filter"
    assert statuses("context-length", 0) == statuses("content-filter", 0) == [400]


def test_only_a_prefilled_answer_is_refused_without_prefill() -> None:
    assert fault("no-prefill") == Fault()
    assert fault("no-prefill", Occasion(0, 0.0, prefilled=True)).status == 400
    assert "prefill is not supported" in error("no-prefill", Occasion(0, 0.0, prefilled=True))["message"].lower()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("healthy", Fault()),
        ("reset", Fault(reset=True)),
        ("silent", Fault(stall_after_chunks=0)),
        ("slow-first-token", Fault(first_token_after_s=20.0)),
        ("slow-first-token; seconds=3; head=2", Fault(first_token_after_s=3.0, head_after_s=2.0)),
        ("cut", Fault(cut_after_tokens=40)),
        ("cut;after=3", Fault(cut_after_tokens=3)),
        ("stall", Fault(stall_after_tokens=40)),
        ("malformed-event", Fault(malformed_event=True)),
        ("missing-done", Fault(without_done=True)),
        ("missing-done; end=60", Fault(without_done=True, end_after_s=60.0)),
        ("wrong-model; model=other/one", Fault(model="other/one")),
    ],
)
def test_what_a_name_stands_for(text: str, what: Fault) -> None:
    assert fault(text) == what


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("stal", "unknown fault 'stal'; there are: healthy, retry-after, "),
        ("", "unknown fault ''"),
        ("stall; afer=1", "parameter 'afer' is not one of: after, run"),
        ("stall; after", "must be a whole number, not ''"),
        ("stall; after=1; after=2", "'after' is given twice"),
        ("stall; after=1.5", "'after' must be a whole number, not '1.5'"),
        ("stall; after=-1", "must be 0 or more"),
        ("flapping; down=x", "'down' must be a number, not 'x'"),
        ("flapping; down=inf", "must be 0 or more, and finite"),
        ("flapping; up=nan", "must be 0 or more"),
        ("unavailable; status=200", "must be from 400 to 599"),
        ("wrong-model; model=", "'model' must not be empty"),
        ("reset; run=", "'run' must not be empty"),
    ],
)
def test_what_cannot_be_played_is_refused_with_what_there_is(text: str, why: str) -> None:
    with pytest.raises(ValueError, match="fault") as refused:
        parse(text)
    assert why in str(refused.value)


def test_what_never_ends_may_be_said_where_it_is_the_default() -> None:
    assert parse("flapping; up=inf") == parse("flapping")


def test_runs_are_told_apart_and_spaces_are_not() -> None:
    assert parse("single-500; run=a") != parse("single-500;run=b")
    assert parse(" stall ;after = 40;") == parse("stall")


def test_the_table_has_a_line_for_every_fault() -> None:
    assert [row[0] for row in table()] == list(FAULTS)
    assert ("flapping", "down=60; up=inf; status=503") in [(name, parameters) for name, _, parameters in table()]
    assert all(text and "\n" not in text for _, text, _ in table())


def test_a_model_may_carry_a_fault() -> None:
    assert split_model("Llama-3.3-70B-Instruct+stall;after=1") == ("Llama-3.3-70B-Instruct", "stall;after=1")
    assert split_model("meta-llama/Llama-3.3") == ("meta-llama/Llama-3.3", "")


WORDS = st.from_regex(r"[A-Za-z0-9/_.+-]{1,20}", fullmatch=True)
STATUSES: st.SearchStrategy[Value] = st.integers(400, 599)
AMOUNTS = st.floats(0, 1e9) | st.integers(0, 10**9).map(float)


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    name = draw(st.sampled_from(sorted(FAULTS)))
    kinds: dict[type, st.SearchStrategy[Value]] = {float: AMOUNTS, int: st.integers(0, 10**9), str: WORDS}
    kinds_of = {key: kinds[type(default)] for key, default in FAULTS[name].parameters.items()}
    values = tuple((key, draw(STATUSES if key == "status" else kind)) for key, kind in kinds_of.items())
    return Spec(name, values, draw(st.just("") | WORDS))


@given(specs())
def test_every_fault_reads_back_as_it_is_written(spec: Spec) -> None:
    assert parse(str(spec)) == spec


@given(st.text() | st.builds("{}; {}".format, st.sampled_from(sorted(FAULTS)), st.text()))
def test_any_text_is_a_fault_or_says_why_not(text: str) -> None:
    try:
        said = str(parse(text))
    except ValueError as refused:
        said = str(refused)
    assert any(said.startswith(name) for name in (*FAULTS, "unknown fault ", "fault "))


@given(specs(), st.integers(0, 10**6), st.floats(0, 1e9), st.booleans())
def test_every_fault_can_be_played_at_any_time(spec: Spec, number: int, seconds: float, prefilled: bool) -> None:
    played = spec.fault(Occasion(number, seconds, prefilled))
    assert played.status is None or 400 <= played.status <= 599
    assert all(not math.isinf(time) for time in (played.head_after_s, played.first_token_after_s, played.end_after_s))
