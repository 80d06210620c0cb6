"""Two examinations from end to end, on real sockets and at a high speed; and what decides how fast each part runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from litellm_lite.doctor import BEHAVIOURS, Report, examine
from litellm_lite.doctor.behaviours import Behaviour
from litellm_lite.doctor.examination import pace
from litellm_lite.doctor.patient import admit
from tests.doctor.made_up import LONE, PAIR, setup

SPEED = 20.0


def examined(*models: str, only: Sequence[int] = (), **keywords: Any) -> Report:
    entries = [
        {"model_name": f"g{place}", "litellm_params": {"model": model, "api_key": "sk-secret"}}
        for place, model in enumerate(models)
    ]
    return examine(admit(entries, keywords), only=only, speed=SPEED)


def verdicts(report: Report) -> dict[int, bool]:
    return {line.behaviour.number: line.passed for line in report.lines}


def test_default_settings_with_one_fallback_stand_all_sixteen() -> None:
    report = examined("openai/gpt-4o-mini", "openai/gpt-4.1-mini", timeout=30, fallbacks=[{"g0": ["g1"]}])
    assert report.passed == 16, [line.reason for line in report.lines if not line.passed]
    assert verdicts(report) == dict.fromkeys(range(1, 17), True)
    told = orjson.loads(orjson.dumps(report.as_dict()))
    assert (told["passed"], told["of"], told["ok"]) == (16, 16, True)
    plain = told["behaviours"][3]["modes"]["plain"]
    assert plain["struck"] == "model_list[0]"
    assert plain["calls"][0]["attempts"][-1]["outcome"] == "answered"
    assert {request["status"] for request in plain["requests"]} == {200, 503}
    assert told["tested"]["fallbacks"] == [{"id": "model_list[1]", "model_name": "g1", "model": "openai/gpt-4.1-mini"}]
    assert b"sk-secret" not in orjson.dumps(told)


def test_without_retries_and_without_a_fallback_passing_failures_reach_the_caller() -> None:
    report = examined("openai/gpt-4o-mini", only=[1, 2, 3, 4, 6, 8, 9, 12, 16], timeout=30, num_retries=0)
    found = verdicts(report)
    assert [number for number, good in found.items() if not good] == [1, 3], report.lines
    reasons = {line.behaviour.number: line.reason for line in report.lines}
    assert "no retry is configured" in reasons[1]
    assert "nobody else could serve" in reasons[4]
    told = report.as_dict()
    assert told["ok"] is False
    assert told["behaviours"][3]["modes"]["plain"]["calls"][0]["error"]["type"] == "ServiceUnavailableError"
    assert "one deployment and no fallback" in told["tested"]["cannot_be_tested"][0]


def test_a_behaviour_that_is_not_there_is_refused() -> None:
    patient = admit([{"model_name": "g", "litellm_params": {"model": "openai/gpt-4o"}}], {})
    with pytest.raises(ValueError, match="there is no behaviour 17; there are 1 to 16"):
        examine(patient, only=[4, 17])


def numbered(number: int) -> Behaviour:
    return next(behaviour for behaviour in BEHAVIOURS if behaviour.number == number)


def test_they_are_numbered_from_1_to_16() -> None:
    assert [behaviour.number for behaviour in BEHAVIOURS] == list(range(1, 17))


def test_what_is_measured_in_tenths_of_seconds_is_not_hurried() -> None:
    assert pace(numbered(2), "plain", PAIR, 10) == 2
    assert pace(numbered(11), "stream", PAIR, 10) == 1
    assert pace(numbered(4), "plain", PAIR, 10) == 10


def test_what_lasts_as_long_as_the_timeout_is_hurried_by_it() -> None:
    patient, endless = setup(settings={"timeout_s": 600.0}), setup(settings={"timeout_s": math.inf})
    assert pace(numbered(6), "plain", patient, 10) == 100
    assert pace(numbered(6), "plain", endless, 10) == 600
    assert pace(numbered(6), "plain", PAIR, 10) == 10
    assert pace(numbered(6), "stream", PAIR, 10) == 10
    assert pace(numbered(6), "stream", setup(settings={"timeout_s": 600.0, "stream_timeout_s": 120.0}), 10) == 20
    assert pace(numbered(6), "stream", LONE, 10) == 10
