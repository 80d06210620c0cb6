"""Alive, ready, and whether the deployments answer."""

from __future__ import annotations

from typing import Any

from litellm_lite import __version__
from litellm_lite.registry import register_model, registry
from tests.proxy.cold_calls import TODAY, UPSTREAM_KEY, House, deployment, error_of
from tests.wire import HoldOpen, Wire, completion, problem, reply

LLAMA = "meta_llama/Llama-3.3-70B-Instruct"


def at(wire: Wire, name: str, model: str = "openai/m", info: Any = None, **params: Any) -> dict[str, Any]:
    return deployment(name, model, {"id": name, **(info or {})}, api_base=wire.target["api_base"], **params)


def test_it_is_alive() -> None:
    house = House(deployment("fast", LLAMA))
    for path in ("/health/liveliness", "/health/liveness"):
        answer = house.get(path, key=False)
        assert (answer.status, answer.json, answer.headers["content-type"]) == (200, "I'm alive!", "application/json")


def test_it_is_ready_until_it_ends() -> None:
    house = House(deployment("fast", LLAMA))
    told = {"status": "healthy", "db": "Not connected", "cache": None, "litellm_version": __version__}
    answer = house.get("/health/readiness", key=False)
    assert (answer.status, answer.json) == (200, told)
    house.ending = True
    answer = house.get("/health/readiness", key=False)
    assert (answer.status, answer.json) == (503, {**told, "status": "draining"})


def test_every_deployment_is_called_with_one_token(wire: Wire, new_wire: Any) -> None:
    sick = new_wire()
    sick.answers(problem(401, f"Incorrect API key provided: {UPSTREAM_KEY}"))
    wire.answers(completion("Hi."))
    answer = House(at(wire, "well", rpm=3), at(sick, "sick")).get("/health")
    told = answer.json
    assert answer.status == 200
    assert (told["healthy_count"], told["unhealthy_count"]) == (1, 1)
    assert told["healthy_endpoints"] == [
        {
            "model": "openai/m",
            "api_base": wire.target["api_base"],
            "rpm": 3,
            "model_id": "well",
            "model_name": "well",
        }
    ]
    (unhealthy,) = told["unhealthy_endpoints"]
    assert unhealthy["model_id"] == "sick"
    assert unhealthy["error"].startswith("AuthenticationError: ")
    assert UPSTREAM_KEY not in answer.body.decode()
    assert wire.last.json["max_tokens"] == 1
    assert wire.last.headers["authorization"] == f"Bearer {UPSTREAM_KEY}"


def test_one_that_rests_is_called_all_the_same_and_a_failure_rests_nobody(wire: Wire) -> None:
    wire.answers(problem(500, "Down"))
    house = House(at(wire, "sick"))
    assert house.get("/health").json["unhealthy_count"] == 1
    assert [each["state"] for each in house.serving.router.get_deployments()] == ["ready"]
    assert len(wire.requests) == 1


def test_one_group_is_called_alone(wire: Wire, new_wire: Any) -> None:
    wire.answers(completion("Hi."))
    other = new_wire()
    house = House(at(wire, "one"), at(other, "two"))
    assert house.get("/health?model=one").json["healthy_count"] == 1
    assert other.requests == []
    answer = house.get("/health?model=three")
    assert (answer.status, error_of(answer)["code"]) == (404, "model_not_found")


def test_one_deployment_is_called_by_its_id(wire: Wire) -> None:
    wire.answers(completion("Hi."))
    first, second = at(wire, "group"), at(wire, "group", info={"id": "other"})
    assert House(first, second).get("/health?model=other").json["healthy_count"] == 1
    assert len(wire.requests) == 1


def test_what_does_not_answer_in_time_is_unhealthy(wire: Wire) -> None:
    wire.answers([HoldOpen()])
    house = House(at(wire, "silent", info={"health_check_timeout": 0.05}))
    (endpoint,) = house.get("/health").json["unhealthy_endpoints"]
    assert endpoint["error"].startswith("Timeout: ")


def test_a_wildcard_is_asked_for_the_cheapest_model_that_is_known_behind_it(wire: Wire) -> None:
    wire.answers(completion("Hi."))
    row = {"litellm_provider": "meta_llama", "mode": "chat"}
    register_model(
        {
            "meta_llama/cheap": {**row, "output_cost_per_token": 1e-09},
            "meta_llama/dear": {**row, "output_cost_per_token": 1},
            "meta_llama/gone": {**row, "output_cost_per_token": 1e-10, "deprecation_date": str(TODAY)},
        }
    )
    try:
        house = House(at(wire, "meta_llama/*", "meta_llama/*"))
        assert house.get("/health").json["healthy_count"] == 1
        assert wire.last.json["model"] == "cheap"
    finally:
        registry().reset()


def test_a_wildcard_is_asked_for_the_model_that_the_configuration_names(wire: Wire) -> None:
    wire.answers(completion("Hi."))
    house = House(at(wire, "any/*", "openai/*", {"health_check_model": "openai/small"}))
    assert house.get("/health").json["healthy_count"] == 1
    assert wire.last.json["model"] == "small"


def test_what_cannot_be_asked_is_neither_healthy_nor_unhealthy(wire: Wire) -> None:
    house = House(at(wire, "any/*", "openai/*"), at(wire, "painter", info={"mode": "image_generation"}))
    told = house.get("/health").json
    assert (told["healthy_count"], told["unhealthy_count"], told["unchecked_count"]) == (0, 0, 2)
    assert "health_check_model" in told["unchecked_endpoints"][0]["reason"]
    assert "image_generation" in told["unchecked_endpoints"][1]["reason"]
    assert wire.requests == []


EMBEDDED = reply(
    {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "model": "m", "usage": {}}
)


def test_a_model_that_embeds_is_asked_to_embed(wire: Wire) -> None:
    wire.answers(EMBEDDED)
    house = House(at(wire, "vectors", info={"mode": "embedding"}))
    assert house.get("/health").json["healthy_count"] == 1
    assert (wire.last.path, wire.last.json) == ("/v1/embeddings", {"model": "m", "input": "Hi"})


def test_a_model_that_reasons_is_given_the_room_that_it_needs(wire: Wire) -> None:
    wire.answers(completion("Hi."))
    house = House(at(wire, "thinker", info={"supports_reasoning": True}))
    assert house.get("/health").json["healthy_count"] == 1
    assert wire.last.json["max_tokens"] == 16
