"""Which fault meets which request: what each place remembers, on a clock held by hand."""

from __future__ import annotations

from litellm_lite.emulator.faults import parse
from litellm_lite.emulator.settings import Fault, Settings, Spell
from litellm_lite.emulator.upstreams import Affliction, Lot, Playing, Share, Upstream


def statuses(playing: Playing | Affliction | Share | Upstream, *times: float) -> list[int | None]:
    meet = playing.fault if isinstance(playing, Upstream) else playing.meet
    return [meet(now, prefilled=False).status for now in times]


def test_a_fault_remembers_its_requests_and_its_first_one() -> None:
    assert statuses(Playing("single-500"), 5, 6, 7) == [500, None, None]
    assert statuses(Playing("flapping; down=10"), 100, 109, 110) == [503, 503, None]


def test_a_fault_without_a_name_meets_every_request() -> None:
    assert statuses(Playing(Fault(status=418)), 0, 1) == [418, 418]


def test_a_prefilled_request_is_told_apart() -> None:
    playing = Playing("no-prefill")
    assert [playing.meet(0, prefilled=prefilled).status for prefilled in (False, True)] == [None, 400]


def test_of_several_spells_the_first_that_holds_is_played() -> None:
    affliction = Affliction([Spell("healthy", 5, 6), Spell("unavailable", until_s=10), Spell(Fault(status=500), 8)])
    assert statuses(affliction, 100, 105, 106, 109, 110) == [503, None, 503, 503, 500]


def test_what_is_not_scheduled_is_healthy() -> None:
    assert statuses(Affliction([Spell("unavailable", 1, 2)]), 0, 1, 2) == [None, 503, None]


def test_a_fault_of_a_spell_begins_with_it() -> None:
    assert statuses(Affliction([Spell("single-500", 10)]), 0, 10, 11) == [None, 500, None]


def test_a_plain_tuple_is_a_spell_too() -> None:
    schedule: list[Spell] = [("unavailable", 0, 1)]  # type: ignore[list-item]  # what a caller may well write
    assert statuses(Affliction(schedule), 0, 1) == [503, None]


def test_an_affliction_takes_the_place_of_the_schedule() -> None:
    upstream = Upstream(Settings(schedule=(Spell("unavailable"),)))
    assert statuses(upstream, 0) == [503]
    upstream.affliction = Affliction(["healthy"])
    assert statuses(upstream, 1) == [None]
    upstream.affliction = None
    assert statuses(upstream, 2) == [503]


def test_what_requests_ask_for_is_remembered_for_each_model_and_run() -> None:
    upstream = Upstream(Settings())
    for model, text, status in [
        ("a", "single-500", 500),
        ("a", "single-500", None),
        ("b", "single-500", 500),
        ("a", "single-500; run=2", 500),
        ("a", "single-500", None),
    ]:
        assert upstream.asked(model, parse(text)).meet(0, prefilled=False).status == status


def test_only_the_latest_thousand_are_remembered() -> None:
    upstream = Upstream(Settings())
    kept, lost = parse("single-500; run=kept"), parse("single-500; run=lost")
    for spec in (lost, kept):
        upstream.asked("m", spec).meet(0, prefilled=False)
    for number in range(999):
        upstream.asked("m", parse(f"single-500; run={number}"))
        upstream.asked("m", kept)
    assert upstream.asked("m", kept).meet(0, prefilled=False).status is None
    assert upstream.asked("m", lost).meet(0, prefilled=False).status == 500


def test_the_first_that_is_asked_draws_the_lot_and_keeps_it() -> None:
    lot = Lot(["unavailable"])
    left, right = lot.share(), lot.share()
    assert statuses(right, 0) == [503]
    assert statuses(left, 1, 2) == [None, None]
    assert statuses(right, 3) == [503]


def test_the_others_of_a_lot_have_what_is_left_for_them() -> None:
    lot = Lot(["single-500"], others=["rate-limited"])
    shares = [lot.share() for _ in range(3)]
    assert [statuses(share, 0) for share in (*shares, *shares)] == [[500], [429], [429], [None], [429], [429]]
