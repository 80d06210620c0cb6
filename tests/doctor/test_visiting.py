"""The doctor at a running gateway: ours as a process of its own, and poor ones that must not pass."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
import yaml

from litellm_lite.doctor import BEHAVIOURS, Gateway, NotServedError, Report, Visit, usual_patient, visit
from tests.doctor.poor import PoorGateway
from tests.proxy.running import MASTER_KEY
from tests.proxy.running import Gateway as Process
from tests.wire import Wire, completion, page, reply

NOTHING_YET = {
    "model_list": [
        {
            "model_name": "other",
            "litellm_params": {"model": "openai/m", "api_base": "http://127.0.0.1:9/v1", "api_key": "none"},
        }
    ],
    "general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY"},
}


def reasons(report: Report) -> dict[int, str]:
    return {line.behaviour.number: line.reason for line in report.lines if not line.passed}


def visited(only: Sequence[int]) -> tuple[Report, list[str]]:
    """Examine our own gateway, which is told its configuration while it runs."""
    lacked: list[str] = []
    with Process(NOTHING_YET, environment={"LITELLM_MASTER_KEY": MASTER_KEY}, expected=("",)) as process:

        def tell(configuration: dict[str, Any], lacking: str) -> None:
            lacked.append(lacking)
            whole = {**configuration, "general_settings": NOTHING_YET["general_settings"]}
            process.config_file.write_text(yaml.safe_dump(whole))
            os.kill(process.pid, signal.SIGHUP)

        report = visit(Gateway(f"{process.url}/v1", MASTER_KEY), Visit.to(usual_patient(), only), tell)
    return report, lacked


def test_our_gateway_is_told_what_it_needs_and_stands_what_is_quickly_shown() -> None:
    report, lacked = visited([3, 8, 12, 13, 16])
    assert reasons(report) == {}
    assert report.passed == 5
    assert lacked == ["it does not list 'doctor-12-plain/fast', nor 11 more"]
    told = orjson.loads(orjson.dumps(report.as_dict()))
    assert (told["gateway"], told["not_shown"], told["ok"]) == (report.url, [], True)
    plain = told["behaviours"][-1]["modes"]["plain"]
    assert plain["calls"][0]["http"]["headers"]["x-litellm-attempted-retries"] == "2"
    assert plain["calls"][0]["http"]["status"] == 200
    assert "the price of its answer alone" in plain["reason"]
    assert MASTER_KEY not in str(told)


@pytest.mark.slow
@pytest.mark.waiting
def test_our_gateway_stands_all_sixteen_in_less_than_two_minutes() -> None:
    report, _ = visited([])
    assert reasons(report) == {}
    assert report.passed == len(BEHAVIOURS)
    assert report.took_s < 120


def poorly(wire: Wire, gateway: PoorGateway, only: Sequence[int]) -> Report:
    wire.answers(gateway)

    def tell(configuration: dict[str, Any], _: str) -> None:
        gateway.configuration = configuration

    return visit(Gateway(f"{wire.url}/v1"), Visit.to(usual_patient(), only), tell)


def test_a_poor_gateway_fails_where_it_is_poor(wire: Wire) -> None:
    report = poorly(wire, PoorGateway(tries=3, with_fallbacks=False), [2, 8, 10, 13])
    found = reasons(report)
    assert sorted(found) == [2, 8, 10, 13]
    assert "was asked again after 0.0" in found[2]
    assert "with neither a finish reason nor an error" in found[8]
    assert "not answered: JSONDecodeError" in found[10]
    assert "and then it again was asked" in found[13]
    assert report.ok is False


@pytest.mark.slow
def test_one_that_does_not_heed_retry_after_fails_the_first(wire: Wire) -> None:
    found = reasons(poorly(wire, PoorGateway(tries=2), [1]))
    assert "said to come back after 5 s, and was asked again after 0.0 s" in found[1]


def test_who_served_cannot_be_shown_where_no_header_tells_it(wire: Wire) -> None:
    report = poorly(wire, PoorGateway(tries=2), [3, 16])
    assert reasons(report) == {}
    assert (report.passed, report.not_shown, report.ok) == (1, [16], True)
    assert report.lines[-1].reason == "answered, and no header tells by whom; x-litellm-model-id would"


def test_a_header_that_hides_a_further_attempt_is_a_lie(wire: Wire) -> None:
    headers = {"x-litellm-model-id": "16-plain/second", "x-litellm-attempted-retries": "0"}
    report = poorly(wire, PoorGateway(headers=headers), [16])
    found = report.lines[0].findings["plain"].verdict
    assert (found.passed, found.reason) == (False, "its headers tell of no further attempt, and there was 1 more")


def unserved(wire: Wire, *answers: Any, wait_s: float = 0.0) -> str:
    wire.answers(*answers)
    wanted = Visit.to(usual_patient(), [13], wait_s=wait_s)
    with pytest.raises(NotServedError) as caught:
        visit(Gateway(f"{wire.url}/v1"), wanted, lambda _, __: None)
    return str(caught.value)


def test_a_gateway_that_never_serves_it_is_given_up(wire: Wire) -> None:
    assert "does not list 'doctor-13-plain/fast', nor 2 more" in unserved(wire, reply({"data": []}))


def test_a_key_that_is_refused_is_told_at_once(wire: Wire) -> None:
    told = unserved(wire, reply({"error": {"message": "no"}}, 401), wait_s=60)
    assert "refused the key (status 401); pass --key" in told


@pytest.mark.parametrize("listed", [page(404, "none"), reply(b"[]"), reply(b"oops"), reply({"data": [{}]})])
def test_one_that_lists_no_models_is_asked(wire: Wire, listed: Any) -> None:
    assert "its first call failed: BrokenPromiseError: status 500" in unserved(wire, listed, page(500, "broken"))


def test_one_that_answers_by_somebody_else_is_not_believed(wire: Wire) -> None:
    told = unserved(wire, page(404, "none"), completion())
    assert "the emulator was not asked" in told


def test_a_gateway_that_is_not_there_is_told(wire: Wire) -> None:
    url = wire.url
    wire.close()
    with pytest.raises(NotServedError, match=r"waited 0 s for http://.*: it cannot be reached"):
        visit(Gateway(f"{url}/v1"), Visit.to(usual_patient(), [13], wait_s=0), lambda _, __: None)


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no behaviour 17"):
        Visit.to(usual_patient(), [17])
