"""When to come back, in every spelling a vendor has found for it."""

from __future__ import annotations

import math
import string
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from litellm_lite.retry_after import seconds_until_retry

NOW = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110
TODAY = 1_790_000_000.0  # 2026-09-21T14:13:20Z

NAMES = (
    "retry-after-ms",
    "retry-after",
    "x-ratelimit-reset",
    "x-ratelimit-remaining",
    "x-ratelimit-reset-requests",
    "x-ratelimit-remaining-requests",
    "anthropic-ratelimit-tokens-reset",
    "anthropic-ratelimit-tokens-remaining",
)

DURATIONS = [
    ("1s", 1.0),
    ("0s", 0.0),
    ("20ms", 0.02),
    ("6m0s", 360.0),
    ("7.66s", 7.66),
    ("2m59.56s", 179.56),
    ("1h2m3.5s", 3723.5),
    ("1d2h", 93600.0),
    ("1m", 60.0),
    ("1s500ms", 1.5),
    ("1500us", 0.0015),
    ("1500µs", 0.0015),
    ("500ns", 5e-7),
]
DELAYS = [*DURATIONS, ("5", 5.0), ("0", 0.0), ("2.5", 2.5), (" 7 ", 7.0), ("33011.382867", 33011.382867)]
DATES = [
    ("1790000012", 12.0),
    ("1790000012.5", 12.5),
    ("1790000012500", 12.5),  # OpenRouter
    ("2026-09-21T14:13:32Z", 12.0),  # Anthropic
    ("2026-09-21T14:13:32.500Z", 12.5),
    ("2026-09-21T16:13:32+02:00", 12.0),
    ("2026-09-21T14:13:32", 12.0),
    ("Mon, 21 Sep 2026 14:13:32 GMT", 12.0),
]
PAST = [
    "1789999999",
    "1789999999999",
    "2026-09-21T14:13:19Z",
    "2026-09-21T15:13:19+01:00",
    "Mon, 21 Sep 2026 14:13:19 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT",
]
GARBAGE = [
    "", " ", "soon", "nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1s", "s", "1 s", "1x", "5 minutes", "1,5",
    "1h 2m", "s1s", "1.s", ".5s", "0x10", "2026-13-01T00:00:00Z", "2026-09-21T25:00:00Z", "Mon, 99 Sep 2026",
    "Mon, 21 Sep 99999 14:13:19 GMT", "Mon, 21 Sep 2026 14:13:19 +999999999", "\x00", "\ufffd", "²", ",", "None",
]  # fmt: skip


def wait(body: object = None, /, *, at: float = TODAY, **headers: str) -> float | None:
    return seconds_until_retry({name.replace("_", "-"): value for name, value in headers.items()}, at, body)


def google(*details: Any) -> dict[str, Any]:
    """A Gemini 429, with what its `details` hold."""
    return {"error": {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED", "details": [*details]}}


def retry_info(delay: Any) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


QUOTA_FAILURE = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": "q"}]}


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Kolkata"])
def _time_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("value", "seconds"), [("1500", 1.5), ("0", 0.0), ("12.5", 0.0125), ("-1", 0.0), (" 20 ", 0.02)]
)
def test_retry_after_ms_is_in_milliseconds(value: str, seconds: float) -> None:
    assert wait(retry_after_ms=value) == pytest.approx(seconds)


@pytest.mark.parametrize(("value", "seconds"), [*DELAYS, *DATES])
def test_retry_after_is_read_in_every_spelling(value: str, seconds: float) -> None:
    assert wait(retry_after=value) == pytest.approx(seconds)


@pytest.mark.parametrize(("value", "seconds"), [*DELAYS, *DATES])
@pytest.mark.parametrize(
    "name",
    [
        "x-ratelimit-reset",
        "x-ratelimit-reset-requests",
        "x-ratelimit-reset-tokens",
        "x-ratelimit-reset-requests-day",
        "anthropic-ratelimit-input-tokens-reset",
        "ratelimit-reset",
    ],
)
def test_a_reset_is_read_in_every_spelling(name: str, value: str, seconds: float) -> None:
    assert seconds_until_retry({name: value}, TODAY) == pytest.approx(seconds)


@pytest.mark.usefixtures("_time_zone")
@pytest.mark.parametrize(
    "date", ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
)
def test_each_of_the_three_http_dates_is_in_gmt(date: str) -> None:
    assert wait(at=NOW - 30, retry_after=date) == 30.0


@pytest.mark.usefixtures("_time_zone")
def test_a_date_without_a_zone_is_in_utc() -> None:
    assert wait(retry_after="2026-09-21T14:13:32") == 12.0


@pytest.mark.parametrize("value", PAST)
def test_a_moment_in_the_past_is_no_wait(value: str) -> None:
    assert wait(retry_after=value) == 0.0
    assert wait(x_ratelimit_reset=value) == 0.0


@pytest.mark.parametrize("value", ["-1", "-0.5", "-1e300"])
def test_a_negative_delay_is_no_wait(value: str) -> None:
    assert wait(retry_after=value) == 0.0
    assert wait(retry_after_ms=value) == 0.0
    assert wait(x_ratelimit_reset=value) == 0.0


@pytest.mark.parametrize(("delay", "seconds"), [("34.074824224s", 34.074824224), ("0s", 0.0), *DURATIONS])
@pytest.mark.parametrize("listed", [False, True])
def test_googles_delay_is_found_in_its_details(listed: bool, delay: str, seconds: float) -> None:
    body = google(QUOTA_FAILURE, "text", None, retry_info(delay), retry_info("99s"))
    assert wait([body] if listed else body) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "body",
    [
        None, 5, "retryDelay", b"", [], [[]], [None], {}, {"error": None}, {"error": "m"}, {"error": ["retryDelay"]},
        {"error": {"details": None}}, {"error": {"details": "34s"}}, {"error": {"details": {"retryDelay": "34s"}}},
        {"details": [{"retryDelay": "34s"}]}, google(), google(QUOTA_FAILURE), google([retry_info("34s")]),
        google(retry_info(None)), google(retry_info(34)), google(retry_info(["34s"])), google(retry_info("soon")),
        google(retry_info("")), google(retry_info("-5s")), google(retry_info("nans")),
    ],
)  # fmt: skip
def test_a_body_without_a_delay_asks_for_none(body: object) -> None:
    assert wait(body) is None
    assert wait(body, x_ratelimit_reset="7") == 7.0


def test_the_first_of_the_four_places_that_says_something_wins() -> None:
    body = google(retry_info("3s"))
    assert wait(body, retry_after_ms="1000", retry_after="2", x_ratelimit_reset="4") == 1.0
    assert wait(body, retry_after="2", x_ratelimit_reset="4") == 2.0
    assert wait(body, x_ratelimit_reset="4") == 3.0
    assert wait(x_ratelimit_reset="4") == 4.0
    assert wait() is None


def test_no_wait_at_all_is_an_answer_too() -> None:
    assert wait(google(retry_info("3s")), retry_after_ms="0", retry_after="2") == 0.0
    assert wait(google(retry_info("3s")), retry_after="0", x_ratelimit_reset="4") == 0.0
    assert wait(google(retry_info("0s")), x_ratelimit_reset="4") == 0.0


@pytest.mark.parametrize("value", GARBAGE)
def test_what_cannot_be_read_asks_for_nothing(value: str) -> None:
    for name in NAMES:
        assert seconds_until_retry({name: value}, TODAY) is None


@pytest.mark.parametrize("value", GARBAGE)
def test_what_cannot_be_read_leaves_the_word_to_the_next_place(value: str) -> None:
    body = google(retry_info("3s"))
    assert wait(retry_after_ms=value, retry_after="2") == 2.0
    assert wait(body, retry_after_ms=value, retry_after=value) == 3.0
    assert wait(retry_after=value, x_ratelimit_reset="4") == 4.0
    assert wait(x_ratelimit_reset=value, x_ratelimit_reset_tokens="5") == 5.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "149984",
            },
            1.0,
        ),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "0",
            },
            360.0,
        ),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "59",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "149984",
            },
            360.0,
        ),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "9",
            },
            1.0,
        ),
        (
            {
                "anthropic-ratelimit-requests-reset": "2026-09-21T14:13:25Z",
                "anthropic-ratelimit-requests-remaining": "49",
                "anthropic-ratelimit-input-tokens-reset": "2026-09-21T14:13:22Z",
                "anthropic-ratelimit-input-tokens-remaining": "0",
            },
            2.0,
        ),
        ({"x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1790000012500"}, 12.5),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-limit-requests": "60"}, None),  # Meta: no reset at all
    ],
)
def test_the_longest_wait_of_the_limits_that_are_used_up_counts(headers: dict[str, str], seconds: float | None) -> None:
    assert seconds_until_retry(headers, TODAY) == seconds


@pytest.mark.parametrize("name", ["reset", "x-ratelimit", "x-reset-after", "retryafter", "x-ratelimit-limit-requests"])
def test_other_headers_ask_for_nothing(name: str) -> None:
    assert seconds_until_retry({name: "5"}, TODAY) is None


@pytest.mark.parametrize("digits", [309, 400])
def test_a_duration_beyond_all_numbers_is_not_infinite(digits: int) -> None:
    endless = "9" * digits + "s"
    for found in (wait(retry_after=endless), wait(x_ratelimit_reset=endless), wait(google(retry_info(endless)))):
        assert found is None or math.isfinite(found)


def test_more_digits_than_python_makes_a_number_of_ask_for_nothing() -> None:
    assert wait(retry_after="Mon, 21 Sep " + "9" * 4301 + " 14:13:19 GMT") is None


@pytest.mark.parametrize("endless", ["9" * 500_000, "9" * 500_000 + "s", "1." * 250_000, "1s" * 250_000 + "x"])
def test_half_a_megabyte_of_digits_is_read_in_a_moment(endless: str) -> None:
    found = wait(google(retry_info(endless)), retry_after=endless)
    assert found is None or math.isfinite(found)


def words(*pieces: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=8).map("".join)


numbers = st.one_of(st.integers().map(str), st.floats().map(str), st.decimals().map(str))
values = st.one_of(
    st.text(max_size=40),
    numbers,
    st.tuples(numbers, st.sampled_from(["s", "ms", "m", "h", "d"])).map("".join),
    st.datetimes().map(lambda date: date.isoformat() + "Z"),
    st.datetimes().map(lambda date: date.strftime("%a, %d %b %Y %H:%M:%S GMT")),
    words("1", "9", ".", "h", "m", "s", "ms", "e", "-", "+", "_", " ", "٣"),
    words("Mon", ", ", "21", " ", "Sep", "2026", "14:13:20", "GMT", "+9999", "-0000", "(", ")", '"', ":", "99"),
    words("2026", "-", "09", "21", "T", "14", ":", "13", "Z", "+", "W", ".", "9999", "0001", "23:59"),
)


@given(st.dictionaries(st.sampled_from(NAMES), values), st.sampled_from([0.0, TODAY, 253402300799.0]))
@example({"retry-after": "0001-01-01T00:00:00+23:59"}, TODAY)
@example({"retry-after": "9999-12-31T23:59:59-23:59"}, 0.0)
def test_no_header_raises_or_makes_the_wait_negative_or_endless(headers: dict[str, str], now: float) -> None:
    found = seconds_until_retry(headers, now)
    assert found is None or (math.isfinite(found) and found >= 0)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | values,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["error", "details", "retryDelay", *string.ascii_lowercase[:2]]), inner)
    ),
    max_leaves=12,
)


@given(
    st.one_of(json_values, json_values.map(lambda value: google(retry_info(value))), values.map(retry_info).map(google))
)
def test_no_body_raises_or_makes_the_wait_negative_or_endless(body: Any) -> None:
    found = seconds_until_retry({}, TODAY, body)
    assert found is None or (math.isfinite(found) and found >= 0)
