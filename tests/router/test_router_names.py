"""What a caller may name: groups, aliases, wildcards, models and ids, each at a server that says what it was asked."""

from __future__ import annotations

from typing import Any

import pytest

from litellm_lite import BadRequestError, Router, ServiceUnavailableError
from tests.calls import MODES
from tests.router.routing import Wires, ask, listen, place, served, tried
from tests.wire import Wire, problem

both = pytest.mark.parametrize("mode", MODES)


def wild(wire: Wire, group: str, model: str, id: str) -> dict[str, Any]:
    return place(wire, id, group, model=model)


@both
@pytest.mark.parametrize("stream", [False, True])
def test_a_group_is_called_by_its_name(mode: str, stream: bool, wire: Wire) -> None:
    router = Router([place(wire), place(wire, "b", "other", model="openai/else")])
    assert (listen if stream else ask)(mode, router, "other")
    assert [request.json["model"] for request in wire.requests] == ["else"]


@both
@pytest.mark.parametrize("alias", ["chat", {"model": "chat"}, {"model": "chat", "hidden": True}], ids=str)
def test_an_alias_leads_to_its_group(mode: str, alias: Any, wire: Wire) -> None:
    router = Router([place(wire)], model_group_alias={"gpt-4": alias})
    answer = ask(mode, router, "gpt-4")
    assert (served(answer), answer.hidden_params["model_group"]) == ("a", "chat")
    assert wire.last.json["model"] == "m"


def test_a_hidden_alias_is_not_listed_and_the_others_stand_behind_the_groups_in_their_order() -> None:
    aliases = {f"alias-{letter}": "chat" for letter in "zebra"} | {"hidden": {"model": "chat", "hidden": True}}
    router = Router([place()], model_group_alias=aliases)
    assert router.get_model_names() == ["chat", "alias-z", "alias-e", "alias-b", "alias-r", "alias-a"]


@both
def test_an_alias_wins_over_a_group_of_its_name(mode: str, wire: Wire) -> None:
    router = Router([place(wire), place(wire, "b", "better")], model_group_alias={"chat": "better"})
    assert served(ask(mode, router)) == "b"


@both
def test_a_wildcard_puts_what_was_asked_for_into_the_model(mode: str, wire: Wire) -> None:
    router = Router([wild(wire, "openai/*", "openai/*", "w")])
    answer = ask(mode, router, "openai/gpt-9/preview")
    assert wire.last.json["model"] == "gpt-9/preview"
    assert (served(answer), answer.hidden_params["model_group"]) == ("w", "openai/*")
    assert answer.hidden_params["litellm_model_name"] == "gpt-9/preview"


@both
def test_each_asterisk_stands_for_its_part(mode: str, wire: Wire) -> None:
    ask(mode, Router([wild(wire, "eu/*/chat/*", "openai/*-chat-*", "w")]), "eu/gpt/chat/mini")
    assert wire.last.json["model"] == "gpt-chat-mini"


@both
def test_the_most_specific_wildcard_is_meant_and_the_lone_asterisk_last(mode: str, wire: Wire) -> None:
    router = Router(
        [
            wild(wire, "*", "openai/*", "any"),
            wild(wire, "openai/*", "openai/*", "openai"),
            wild(wire, "openai/gpt-*", "openai/gpt-*", "gpt"),
            place(wire, "named", "openai/gpt-4"),
        ]
    )
    names = ["openai/gpt-4", "openai/gpt-5", "openai/o3", "whatever"]
    assert [served(ask(mode, router, name)) for name in names] == ["named", "gpt", "openai", "any"]
    assert [request.json["model"] for request in wire.requests] == ["m", "gpt-5", "o3", "whatever"]


@both
def test_the_model_that_all_of_a_group_serve_names_it(mode: str, wire: Wire) -> None:
    router = Router([place(wire), place(wire, "b"), wild(wire, "*", "openai/*", "any")])
    assert served(ask(mode, router, "openai/m")) in {"a", "b"}


@both
def test_an_id_asks_for_just_that_deployment(mode: str, new_wire: Wires) -> None:
    first, second = new_wire(), new_wire()
    router = Router([place(first), place(second, "b")])
    assert [served(ask(mode, router, "b")) for _ in range(8)] == ["b"] * 8
    assert first.requests == []
    second.answers(problem(503, "Down"))
    with pytest.raises(ServiceUnavailableError) as caught:
        ask(mode, router, "b", num_retries=0)
    assert tried(caught.value) == [("first", "b", "failed")]


@both
def test_an_id_has_the_fallbacks_of_its_group(mode: str, new_wire: Wires) -> None:
    down, spare = new_wire(), new_wire()
    down.answers(problem(401, "No"))
    entries = [place(down), place(spare, "b"), place(spare, "c", "spare")]
    answer = ask(mode, Router(entries, fallbacks=[{"chat": ["spare"]}]), "a")
    assert tried(answer) == [("first", "a", "failed"), ("fallback", "c", "answered")]


@both
@pytest.mark.parametrize("stream", [False, True])
def test_a_name_that_leads_nowhere_is_refused_with_those_that_read_like_it(mode: str, stream: bool, wire: Wire) -> None:
    router = Router([place(wire, "a", "llama-3.3"), place(wire, "b", "mistral")])
    with pytest.raises(BadRequestError, match=r"no model group 'lama-3.3'; did you mean 'llama-3.3'\?") as caught:
        ask(mode, router, "lama-3.3", stream=stream)
    assert (caught.value.param, caught.value.model, wire.requests) == ("model", "lama-3.3", [])


@both
@pytest.mark.parametrize(
    "name", [None, 7, "", ["chat"], {"model": "chat"}, "chat\n", "x" * 100_000], ids=lambda n: str(n)[:9]
)
def test_what_is_no_name_is_refused(mode: str, name: Any, wire: Wire) -> None:
    with pytest.raises(BadRequestError) as caught:
        ask(mode, Router([place(wire)]), name)
    assert len(str(caught.value)) < 1000
    assert wire.requests == []


@both
def test_a_fallback_may_be_named_by_an_alias(mode: str, new_wire: Wires) -> None:
    down, spare = new_wire(), new_wire()
    down.answers(problem(401, "No"))
    router = Router(
        [place(down), place(spare, "b", "spare")],
        fallbacks=[{"main": ["backup"]}],
        model_group_alias={"main": "chat", "backup": "spare"},
    )
    for name in ("main", "chat"):
        assert served(ask(mode, router, name)) == "b"


def test_wildcards_of_one_name_must_mean_one_model() -> None:
    with pytest.raises(BadRequestError, match="those of a wildcard must have one"):
        Router([wild_nowhere("openai/*", "openai/*", "a"), wild_nowhere("openai/*", "openai/x-*", "b")])


def wild_nowhere(group: str, model: str, id: str) -> dict[str, Any]:
    return place(None, id, group, model=model)
