"""Deployments that come and go while a Router is used, and what it tells of them."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from litellm_lite import BadRequestError, Router, ServiceUnavailableError
from litellm_lite.router.clock import Clock
from litellm_lite.router.model_list import read
from tests.calls import MODES
from tests.router.routing import Wires, ask, place, served
from tests.wire import Pause, Wire, completion, problem

both = pytest.mark.parametrize("mode", MODES)
FULL = place(
    None, "full", "chat", weight=2.5, rpm=7, tpm=1000, max_parallel_requests=3, order=1, tags=["b", "a"], timeout=5,
    stream_timeout=4, num_retries=1, cooldown_time=9, allowed_fails=2, region_name="eu-west-1", temperature=0.5,
    info={"team": "red", "max_input_tokens": 100},
)  # fmt: skip


@both
def test_a_model_list_may_be_put_in_the_place_of_another(mode: str, new_wire: Wires) -> None:
    old, new = new_wire(), new_wire()
    router = Router([place(old)], num_retries=0)
    ask(mode, router)
    router.set_model_list([place(new, "b")])
    assert [served(ask(mode, router)) for _ in range(3)] == ["b"] * 3
    assert (len(old.requests), router.get_model_ids()) == (1, ["b"])


def test_a_model_list_that_is_wrong_changes_nothing(wire: Wire) -> None:
    router = Router([place(wire), place(wire, "b", "spare")], fallbacks=[{"chat": ["spare"]}])
    for wrong in (
        [place(wire, weight=0)],
        [place(wire)],
        [place(wire, "x", "*", model="openai/*"), *[place(wire)] * 2],
    ):
        with pytest.raises(BadRequestError):
            router.set_model_list(wrong)
    assert router.get_model_ids() == ["a", "b"]
    assert served(ask("sync", router)) == "a"


@both
def test_deployments_are_added_replaced_and_deleted(mode: str, new_wire: Wires) -> None:
    one, two = new_wire(), new_wire()
    router = Router([place(one)])
    assert router.add_deployment(place(two, "b", "new")) == "b"
    assert served(ask(mode, router, "new")) == "b"
    assert router.upsert_deployment(place(two, "a", temperature=0.3)) == "a"
    ask(mode, router)
    assert two.last.json["temperature"] == 0.3
    assert router.upsert_deployment(place(two, "c", "new")) == "c"
    assert (router.delete_deployment("b"), router.delete_deployment("b")) == (True, False)
    assert served(ask(mode, router, "new")) == "c"
    assert router.delete_deployment("c")
    assert router.get_model_names() == ["chat"]
    with pytest.raises(BadRequestError, match="no model group 'new'"):
        ask(mode, router, "new")


def test_one_that_moves_to_another_group_leaves_its_own(wire: Wire) -> None:
    router = Router([place(wire)])
    router.upsert_deployment(place(wire, "a", "moved"))
    assert router.get_model_names() == ["moved"]
    assert served(ask("sync", router, "moved")) == "a"


def test_an_id_that_is_taken_is_refused_and_changes_nothing() -> None:
    router = Router([place(), place(None, "w", "openai/*", model="openai/*")])
    with pytest.raises(BadRequestError, match="there is a deployment 'a' already"):
        router.add_deployment(place(temperature=1))
    with pytest.raises(BadRequestError, match="those of a wildcard must have one"):
        router.add_deployment(place(None, "b", "openai/*", model="openai/x-*"))
    with pytest.raises(BadRequestError, match=r"litellm_params\.rpm"):
        router.upsert_deployment(place(rpm="many"))
    assert router.get_model_ids() == ["a", "w"]
    assert router.add_deployment(place(None, "b")) == "b"


def test_the_same_entry_has_the_same_id_in_every_process() -> None:
    entry = {"model_name": "chat", "litellm_params": {"model": "openai/m", "api_key": "sk-1"}}
    first, second = Router(), Router()
    assert first.add_deployment(entry) == second.add_deployment(entry)
    assert first.upsert_deployment(entry) == first.get_model_ids()[0]
    assert len(first.get_model_ids()) == 1


def test_a_deployment_that_is_added_serves_those_who_wait(new_wire: Wires) -> None:
    busy, free, gate = new_wire(), new_wire(), threading.Event()
    busy.answers([Pause(gate), *completion()])
    router = Router([place(busy, max_parallel_requests=1)])
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(ask, "sync", router)
        busy.wait_for_requests(1)
        others = [threads.submit(ask, "sync", router) for _ in range(3)]
        until(lambda: len(router._fleet.groups["chat"].queue) == 3)
        router.add_deployment(place(free, "b"))
        assert [served(other.result(5)) for other in others] == ["b"] * 3
        gate.set()
        assert served(first.result(5)) == "a"


def test_who_waits_for_a_deployment_that_is_deleted_is_told_at_once(wire: Wire) -> None:
    gate = threading.Event()
    wire.answers([Pause(gate), *completion()])
    router = Router([place(wire, max_parallel_requests=1)])
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(ask, "sync", router)
        wire.wait_for_requests(1)
        others = [threads.submit(ask, "sync", router) for _ in range(3)]
        until(lambda: len(router._fleet.groups["chat"].queue) == 3)
        router.delete_deployment("a")
        for other in others:
            assert isinstance(other.exception(4), ServiceUnavailableError)
            assert "taken out" in str(other.exception())
        gate.set()
        assert served(first.result(5)) == "a"


def until(come: Callable[[], bool]) -> None:
    """Wait for what another thread is about to do."""
    waited = threading.Event()
    for _ in range(1000):
        if come():
            return
        waited.wait(0.005)
    raise AssertionError("it did not come")


def test_deployments_come_and_go_while_threads_call(wire: Wire) -> None:
    router = Router([place(wire, "keep"), place(wire, "0")], num_retries=2)
    over, failures = threading.Event(), list[BaseException]()

    def work(what: Callable[[], object]) -> None:
        try:
            while not over.is_set():
                what()
        except BaseException as error:
            failures.append(error)

    jobs: list[Callable[[], object]] = [lambda: ask("sync", router)] * 4
    jobs += [router.get_model_list, router.get_deployments, router.get_model_ids, router.get_model_names, router.reset]
    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for turn in range(150):
        router.upsert_deployment(place(wire, "0", temperature=turn / 200))
        router.upsert_deployment(place(wire, str(turn % 7 + 1)))
        router.delete_deployment(str((turn + 3) % 7 + 1))
        router.add_deployment(place(wire, f"new-{turn}", "other"))
        router.delete_deployment(f"new-{turn}")
        router.delete_deployment("0")
    over.set()
    for thread in threads:
        thread.join(10)
    assert failures == []
    assert all(each["in_flight"] == 0 for each in router.get_deployments())


def test_a_group_of_one_that_is_replaced_is_never_missed(wire: Wire) -> None:
    router = Router([place(wire)])
    over = threading.Event()

    def replace() -> None:
        while not over.is_set():
            router.upsert_deployment(place(wire))

    thread = threading.Thread(target=replace)
    thread.start()
    assert {served(ask("sync", router, name)) for name in ["chat", "a", "openai/m"] * 60} == {"a"}
    over.set()
    thread.join(10)


# What it tells


def test_entries_come_back_as_they_were_given_but_for_what_is_secret() -> None:
    router = Router([FULL, place(None, "b", "other")], model_group_alias={"gpt": "chat"})
    [told] = router.get_model_list("chat")
    expected = {**FULL["litellm_params"], "tags": ["a", "b"]}
    del expected["api_key"]
    assert told == {"model_name": "chat", "litellm_params": expected, "model_info": FULL["model_info"]}
    assert router.get_model_list("gpt") == [told]
    assert [entry["model_info"]["id"] for entry in router.get_model_list()] == ["full", "b"]
    assert router.get_model_list("nobody") == []
    assert (router.get_model_ids("gpt"), router.get_model_ids()) == (["full"], ["full", "b"])


def test_a_name_that_was_taken_out_between_two_looks_is_unknown_and_no_crash() -> None:
    router = Router([place()])
    fleet = router._fleet
    stale = fleet.names

    class Late:
        """Says what was true a moment ago."""

        def find(self, model: str) -> Any:
            router.delete_deployment("a")
            return stale.find(model)

    fleet.names = Late()  # type: ignore[assignment] # in the place of a moment that cannot be arranged
    with pytest.raises(BadRequestError, match="no model group 'openai/m'"):
        ask("sync", router, "openai/m")


def test_an_entry_that_came_back_describes_the_same_deployment() -> None:
    [told] = Router([FULL]).get_model_list()
    told["litellm_params"]["api_key"] = "sk-nobody"
    [again], [first] = read([told]), read([FULL])
    for name in first.__slots__:
        if name != "row":
            assert getattr(again, name) == getattr(first, name), name


def test_a_deployment_is_found_by_its_id() -> None:
    router = Router([FULL])
    found = router.get_deployment("full")
    assert found is not None
    assert (found.model, found.rpm, found.order) == ("openai/m", 7, 1)
    assert router.get_deployment("chat") is None


def test_each_deployment_says_how_it_stands(new_wire: Wires) -> None:
    well, refusing, busy, gate = new_wire(), new_wire(), new_wire(), threading.Event()
    refusing.answers(problem(401, "No such key"))
    busy.answers([Pause(gate), *completion()])
    router = Router(
        [place(well), place(refusing, "b", "x"), place(busy, "c", "y", max_parallel_requests=1)],
        fallbacks=[{"x": ["chat"]}],
    )
    ask("sync", router, "x")
    thread = threading.Thread(target=ask, args=("sync", router, "y"))
    thread.start()
    busy.wait_for_requests(1)
    told = {each["id"]: each for each in router.get_deployments()}
    gate.set()
    thread.join(5)
    assert {id: (each["state"], each["in_flight"]) for id, each in told.items()} == {
        "a": ("ready", 0),
        "b": ("cooling", 0),
        "c": ("busy", 1),
    }
    assert "a refusal of the key" in told["b"]["why"]
    assert (told["a"]["served"], told["a"]["failed"], told["b"]["failed"]) == (1, 0, 1)
    assert told["a"]["latency_s"] > 0
    assert told["a"]["why"] == ""
    assert [each["model_name"] for each in router.get_deployments("x")] == ["x"]


def test_one_that_is_tried_again_says_that_it_is_probed(wire: Wire) -> None:
    seconds = [100.0]
    wire.answers(problem(401, "No"), completion())
    entries = [place(wire), place(wire, "b", "spare")]
    router = Router(entries, fallbacks=[{"chat": ["spare"]}], clock=Clock(tick=lambda: seconds[0]))
    ask("sync", router)
    seconds[0] += 10
    gate = threading.Event()
    wire.answers([Pause(gate), *completion()])
    thread = threading.Thread(target=ask, args=("sync", router))
    thread.start()
    wire.wait_for_requests(3)
    [told] = router.get_deployments("chat")
    gate.set()
    thread.join(5)
    assert (told["state"], told["why"]) == (
        "probing",
        "being probed after a refusal of the key, the account or the model",
    )
    assert router.get_deployments("chat")[0]["state"] == "ready"


def test_reset_forgets_every_failure(wire: Wire) -> None:
    wire.answers(problem(401, "No"), completion())
    router = Router([place(wire), place(wire, "b", "spare")], fallbacks=[{"chat": ["spare"]}])
    ask("sync", router)
    assert router.get_deployments("chat")[0]["state"] == "cooling"
    router.reset()
    assert router.get_deployments("chat")[0]["state"] == "ready"
    assert served(ask("sync", router)) == "a"


@pytest.mark.parametrize("wanted", [True, "true"])
def test_invalid_deployments_may_be_left_out_with_a_warning_each(
    wanted: Any, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    keyless = {"model_name": "chat", "litellm_params": {"model": "meta_llama/Llama-3.3-70B-Instruct"}}
    entries: list[Any] = [place(wire), keyless, place(wire, "b", api_key="sk-canary", weight=-1), "sk-canary"]
    with caplog.at_level(logging.WARNING, "litellm_lite"):
        router = Router(entries, ignore_invalid_deployments=wanted)
    assert router.get_model_ids() == ["a"]
    assert [re.findall(r"left out: model_list\[(\d)\]", record.getMessage()) for record in caplog.records] == [
        ["1"],
        ["2"],
        ["3"],
    ]
    assert "sk-canary" not in caplog.text


@pytest.mark.parametrize("given", [False, "false", None])
def test_otherwise_they_are_refused(given: Any) -> None:
    with pytest.raises(BadRequestError, match=r"model_list\[0\]"):
        Router([place(weight=-1)], ignore_invalid_deployments=given)


def test_whom_a_name_leads_to_can_be_asked() -> None:
    router = Router(
        [place(None, "one", "fast"), place(None, "two", "fast"), place(None, "three", "any/*", model="openai/*")]
    )
    deployments, model = router.led_to("fast")
    assert ([each.id for each in deployments], model) == (["one", "two"], None)
    deployments, model = router.led_to("two")
    assert ([each.id for each in deployments], model) == (["two"], None)
    deployments, model = router.led_to("any/gpt-4o")
    assert ([each.id for each in deployments], model) == (["three"], "openai/gpt-4o")
    with pytest.raises(BadRequestError, match="there is no model group"):
        router.led_to("none")


def test_a_report_tells_the_provider_the_cooldowns_and_what_remains() -> None:
    (report,) = Router([place(None, "one", "fast")]).get_deployments()
    assert (report["provider"], report["cooldowns"]) == ("openai", 0)
    assert (report["remaining_requests"], report["remaining_tokens"]) == (None, None)
