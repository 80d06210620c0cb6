"""Responses that are kept: fetched, replaced and forgotten by their id, and the oldest make room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.proxy.stored import Store, Stored

IDS = st.sampled_from(["resp_1", "resp_2", "resp_3"])
DEEDS = st.lists(st.tuples(st.sampled_from(["put", "delete"]), IDS, st.text()))


def response(id: str, text: str = "") -> Stored:
    return Stored({"id": id, "text": text}, [{"role": "user", "content": text}])


@given(DEEDS)
def test_it_holds_what_was_put_last_and_not_deleted(deeds: list[tuple[str, str, str]]) -> None:
    store, held = Store(), dict[str, Stored]()
    for deed, id, text in deeds:
        if deed == "put":
            held[id] = response(id, text)
            store.put(held[id])
        else:
            assert store.delete(id) == (held.pop(id, None) is not None)
    assert {id: store.get(id) for id in ("resp_1", "resp_2", "resp_3")} == {
        id: held.get(id) for id in ("resp_1", "resp_2", "resp_3")
    }
    store.close()


def test_the_oldest_make_room_for_the_new() -> None:
    store: Any = Store(most_bytes=100_000)
    for number in range(200):
        store.put(response(f"resp_{number}", "x" * 1000))
    kept = [number for number in range(200) if store.get(f"resp_{number}")]
    assert kept == list(range(kept[0], 200))
    assert 10 < len(kept) < 120


def test_workers_share_a_file(tmp_path: Path) -> None:
    one, other = Store(tmp_path / "responses"), Store(tmp_path / "responses")
    one.put(response("resp_1", "hello"))
    assert other.get("resp_1") == response("resp_1", "hello")
    assert other.delete("resp_1")
    assert one.get("resp_1") is None
