"""What is wrong in the lists a Router is made of is found wherever it stands, and its path leads there."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_lite import Router
from litellm_lite.errors import BadRequestError
from litellm_lite.router import model_list
from litellm_lite.router.settings import read

LISTS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
NAMES = st.integers(2, 14).map(lambda count: [f"g{number}" for number in range(count)])


def refused(keyword: str, value: Any, groups: list[str]) -> str:
    with pytest.raises(BadRequestError) as caught:
        read({keyword: value}, groups)
    assert caught.value.param in (keyword, "model")
    return str(caught.value)


def at(path: str, value: Any) -> Any:
    """Return what stands at a path such as `fallbacks[2]['g1'][0]`."""
    for number, name in re.findall(r"\[(?:(\d+)|'([^']+)')\]", path):
        value = value[int(number)] if number else value[name]
    return value


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[str], dict[str, list[str]]]:
    """Draw groups, and to which each falls back: any way at all, but not twice to the same, nor to itself."""
    groups = draw(NAMES)
    ways = {
        group: draw(st.lists(st.sampled_from([each for each in groups if each != group]), unique=True, max_size=3))
        for group in draw(st.lists(st.sampled_from(groups), unique=True))
    }
    return groups, ways


def has_cycle(ways: dict[str, list[str]]) -> bool:
    """Look for a way back, the long way round."""
    return any(_reaches(ways, following, group, set()) for group in ways for following in ways[group])


def _reaches(ways: dict[str, list[str]], here: str, goal: str, seen: set[str]) -> bool:
    if here == goal:
        return True
    seen.add(here)
    return any(_reaches(ways, each, goal, seen) for each in ways.get(here, ()) if each not in seen)


@settings(deadline=None)
@given(keyword=st.sampled_from(LISTS), graph=graphs(), as_list=st.booleans())
def test_a_cycle_is_refused_and_nothing_else_is(
    keyword: str, graph: tuple[list[str], dict[str, list[str]]], as_list: bool
) -> None:
    groups, ways = graph
    given = [{group: targets} for group, targets in ways.items()] if as_list else ways
    if not has_cycle(ways):
        read({keyword: given}, groups)
        return
    message = refused(keyword, given, groups)
    path, _, told = message.partition(" closes a cycle: ")
    cycle = re.findall(r"'([^']+)'", told.partition(";")[0])
    assert cycle[0] == cycle[-1] == at(path, given)
    if "…" not in told:
        assert all(two in ways[one] for one, two in pairwise(cycle))


@settings(deadline=None)
@given(length=st.integers(1, 60), turned=st.integers(0, 59), keyword=st.sampled_from(LISTS), data=st.data())
def test_a_cycle_of_any_length_is_found(length: int, turned: int, keyword: str, data: st.DataObject) -> None:
    groups = [f"g{number}" for number in range(length)]
    ring = {group: [groups[(place + 1) % length]] for place, group in enumerate(groups)}
    order = data.draw(st.permutations(groups))
    message = refused(keyword, [{group: ring[group]} for group in order], groups)
    assert "closes a cycle: " in message
    assert f"'g{turned % length}'" in message or "…" in message


@settings(deadline=None)
@given(keyword=st.sampled_from(LISTS), graph=graphs(), as_key=st.booleans(), data=st.data())
def test_a_group_that_there_is_not_is_named_with_its_path(
    keyword: str, graph: tuple[list[str], dict[str, list[str]]], as_key: bool, data: st.DataObject
) -> None:
    groups, ways = graph
    if has_cycle(ways) or not any(ways.values()):
        return
    lists: list[dict[str, list[Any]]] = [{group: list(targets)} for group, targets in ways.items()]
    place = data.draw(st.sampled_from([number for number, one in enumerate(lists) if any(one.values())]))
    ((group, targets),) = lists[place].items()
    if as_key:
        lists[place] = {"nowhere": targets}
        path = f"{keyword}[{place}]['nowhere']"
    else:
        inside = data.draw(st.integers(0, len(targets) - 1))
        targets[inside] = data.draw(st.sampled_from(["nowhere", {"model": "nowhere", "temperature": 0}]))
        path = f"{keyword}[{place}][{group!r}][{inside}]"
        path += ".model" if isinstance(targets[inside], dict) else ""
    message = refused(keyword, lists, groups)
    assert message.startswith(path)
    assert "'nowhere'" in message.removeprefix(path)
    assert "there are 'g0'" in message or "did you mean" in message


def entry(id: str | None, key: str) -> dict[str, Any]:
    info = {} if id is None else {"model_info": {"id": id}}
    return {"model_name": "main", "litellm_params": {"model": "openai/gpt-4o-mini", "api_key": key}, **info}


@settings(deadline=None, max_examples=40)
@given(ids=st.lists(st.sampled_from([None, "one", "two", "three", "four", "five"]), max_size=8))
def test_of_two_deployments_of_one_id_both_are_named(ids: list[str | None]) -> None:
    entries = [entry(id, f"sk-{number}") for number, id in enumerate(ids)]
    known = [id for id in ids if id is not None]
    again = next((place for place, id in enumerate(ids) if id is not None and id in ids[:place]), None)
    if again is None:
        made = model_list.read(entries)
        assert len({deployment.id for deployment in made}) == len(entries)
        assert [deployment.id for deployment in made if deployment.id in known] == known
        return
    with pytest.raises(BadRequestError) as caught:
        model_list.read(entries)
    message, first = str(caught.value), ids.index(ids[again])
    assert message.startswith(f"model_list[{again}].model_info.id is {ids[again]!r}")
    assert f"model_list[{first}]" in message
    assert "sk-" not in message


@settings(deadline=None, max_examples=40)
@given(
    where=st.sampled_from(["litellm_params", "beside"]),
    name=st.sampled_from(["weight", "rpm", "tpm", "max_parallel_requests", "timeout"]),
    value=st.sampled_from([0, -1, -0.5, float("nan"), "many", True, [], "0"]),
    place=st.integers(0, 3),
)
def test_a_number_that_is_none_is_refused_with_its_path(where: str, name: str, value: Any, place: int) -> None:
    if where == "beside" and name not in ("rpm", "tpm"):
        where = "litellm_params"
    entries = [entry(None, "sk-1") for _ in range(4)]
    target = entries[place]["litellm_params"] if where == "litellm_params" else entries[place]
    target[name] = value
    path = f"model_list[{place}].{name}" if where == "beside" else f"model_list[{place}].litellm_params.{name}"
    with pytest.raises(BadRequestError) as caught:
        Router(model_list=entries)
    assert str(caught.value).startswith(path)
