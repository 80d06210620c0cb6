"""What can be called, as clients see it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from litellm_lite.registry import register_model, registry
from tests.proxy.cold_calls import UPSTREAM_KEY, House, deployment, error_of

LLAMA = "meta_llama/Llama-3.3-70B-Instruct"


@pytest.fixture(autouse=True)
def _registry() -> Iterator[None]:
    yield
    registry().reset()


def ids(house: House, path: str = "/v1/models") -> list[str]:
    told = house.get(path).json
    assert told["object"] == "list"
    return [each["id"] for each in told["data"]]


@pytest.mark.parametrize("path", ["/models", "/v1/models"])
def test_models_are_listed_as_openai_does(path: str) -> None:
    house = House(deployment("fast", LLAMA), deployment("vectors", "openai/text-embedding-3-small"))
    assert house.get(path).json == {
        "object": "list",
        "data": [
            {
                "id": "fast",
                "object": "model",
                "created": 1677610602,
                "owned_by": "meta_llama",
                "mode": "chat",
                "max_input_tokens": 128000,
                "max_output_tokens": 4096,
            },
            {
                "id": "vectors",
                "object": "model",
                "created": 1677610602,
                "owned_by": "openai",
                "mode": "embedding",
                "max_input_tokens": 8191,
            },
        ],
    }


def test_of_several_deployments_the_smallest_limit_is_told() -> None:
    small = deployment("fast", LLAMA, {"id": "small", "max_input_tokens": 1000})
    (entry,) = House(deployment("fast", LLAMA), small).get("/models").json["data"]
    assert entry["max_input_tokens"] == 1000


def test_a_limit_is_left_out_where_one_of_the_deployments_is_not_known() -> None:
    stranger = deployment("fast", "openai/somebodys-own", api_base="http://localhost:9/v1")
    (entry,) = House(deployment("fast", LLAMA), stranger).get("/models").json["data"]
    assert entry == {"id": "fast", "object": "model", "created": 1677610602, "owned_by": "system"}


def test_aliases_are_listed_but_hidden_ones() -> None:
    aliases = {"quick": "fast", "secret": {"model": "fast", "hidden": True}}
    assert ids(House(deployment("fast", LLAMA), model_group_alias=aliases)) == ["fast", "quick"]


def test_in_the_place_of_a_wildcard_stand_the_models_that_are_known_behind_it() -> None:
    found = ids(House(deployment("meta_llama/*", "meta_llama/*")))
    assert LLAMA in found
    assert "meta_llama/*" not in found
    assert all(each.startswith("meta_llama/") for each in found)


def test_a_wildcard_lists_nothing_that_is_switched_off() -> None:
    row = {"litellm_provider": "meta_llama", "mode": "chat"}
    gone, soon = {**row, "deprecation_date": "2026-11-19"}, {**row, "deprecation_date": "2026-11-21"}
    register_model({"meta_llama/gone": gone, "meta_llama/soon": soon})
    found = ids(House(deployment("meta_llama/*", "meta_llama/*")))
    assert "meta_llama/soon" in found
    assert "meta_llama/gone" not in found


def test_a_wildcard_lists_names_as_clients_write_them() -> None:
    found = ids(House(deployment("llamas/*", "meta_llama/*")))
    assert "llamas/Llama-3.3-70B-Instruct" in found


def test_a_wildcard_leaves_out_what_the_gateway_has_no_endpoint_for() -> None:
    register_model({"openai/painter": {"litellm_provider": "openai", "mode": "image_generation"}})
    found = ids(House(deployment("openai/*", "openai/*")))
    assert "openai/gpt-4o-mini" in found
    assert "openai/painter" not in found


def test_a_wildcard_for_some_models_lists_only_those() -> None:
    found = ids(House(deployment("small/*", "openai/gpt-4o-mini*")))
    assert "small/" in found
    assert all(each.startswith("small/") and "gpt" not in each for each in found)


def test_a_wildcard_may_name_the_provider_beside_the_model() -> None:
    assert "gpt-4o-mini" in ids(House(deployment("gpt-*", "gpt-*", custom_llm_provider="openai")))


def test_the_wildcard_for_everybody_lists_whose_key_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = {"model_name": "*", "litellm_params": {"model": "*"}}
    assert ids(House(everybody)) == []
    monkeypatch.setenv("LLAMA_API_KEY", "llama-canary")
    assert LLAMA in ids(House(everybody))
    assert "openai/gpt-4o-mini" not in ids(House(everybody))


def test_behind_a_server_of_ones_own_nobody_knows_what_models_there_are() -> None:
    assert ids(House(deployment("openai/*", "openai/*", api_base="http://localhost:9/v1"))) == []
    assert ids(House(deployment("openai/*", "openai/*", api_base="https://api.openai.com/v1")))


def test_a_wildcard_that_leads_to_one_model_has_no_names_to_list() -> None:
    assert ids(House(deployment("gpt-*", LLAMA))) == []


def test_a_name_that_leads_elsewhere_is_not_listed_for_the_wildcard() -> None:
    found = House(deployment("meta_llama/*", "meta_llama/*"), deployment(LLAMA, "openai/gpt-4o-mini")).get("/models")
    entries = [each for each in found.json["data"] if each["id"] == LLAMA]
    assert [each["owned_by"] for each in entries] == ["openai"]


@pytest.mark.parametrize("written", [LLAMA, LLAMA.replace("/", "%2F"), LLAMA.replace("/", "%2f").replace("-", "%2D")])
@pytest.mark.parametrize("prefix", ["/models/", "/v1/models/"])
def test_a_model_is_found_by_a_name_with_slashes(prefix: str, written: str) -> None:
    answer = House(deployment(LLAMA, LLAMA)).get(prefix + written)
    assert (answer.status, answer.json["id"], answer.json["object"]) == (200, LLAMA, "model")


def test_a_model_behind_a_wildcard_is_found_whether_or_not_it_is_known() -> None:
    house = House(deployment("openai/*", "openai/*"))
    assert house.get("/models/openai/gpt-4o-mini").json["mode"] == "chat"
    assert house.get("/models/openai/brand-new").json == {
        "id": "openai/brand-new",
        "object": "model",
        "created": 1677610602,
        "owned_by": "openai",
    }


def test_a_model_is_found_by_the_id_of_its_deployment() -> None:
    assert House(deployment("fast", LLAMA, {"id": "one"})).get("/models/one").json["owned_by"] == "meta_llama"


@pytest.mark.parametrize("name", ["fsat", "../../etc/passwd", "a%00b", "%F0%9F%A6%99"])
def test_a_model_that_is_none_is_a_404_that_names_those_there_are(name: str) -> None:
    answer = House(deployment("fast", LLAMA)).get(f"/v1/models/{name}")
    error = error_of(answer)
    assert (answer.status, error["code"], error["param"]) == (404, "model_not_found", "model")
    assert "'fast'" in error["message"]


def test_the_nearest_name_is_told() -> None:
    message = error_of(House(deployment("fast", LLAMA)).get("/models/fsat"))["message"]
    assert "did you mean 'fast'?" in message


@pytest.mark.parametrize("path", ["/model/info", "/v1/model/info"])
def test_model_info_tells_deployments_in_litellms_shape_and_no_key(path: str) -> None:
    answer = House(deployment("fast", LLAMA, {"id": "one", "note": "mine"}, rpm=5)).get(path)
    (entry,) = answer.json["data"]
    assert (entry["model_name"], entry["litellm_params"]) == ("fast", {"model": LLAMA, "rpm": 5})
    info = entry["model_info"]
    assert (info["id"], info["note"], info["mode"], info["max_input_tokens"]) == ("one", "mine", "chat", 128000)
    assert info["supports_function_calling"] is True
    assert info["input_cost_per_token"] is None or info["input_cost_per_token"] > 0
    assert UPSTREAM_KEY not in answer.body.decode()


def test_model_info_tells_one_deployment_by_its_id() -> None:
    house = House(deployment("a", LLAMA, {"id": "one"}), deployment("b", LLAMA, {"id": "two"}))
    assert [each["model_name"] for each in house.get("/model/info?litellm_model_id=two").json["data"]] == ["b"]
    answer = house.get("/model/info?litellm_model_id=three")
    assert (answer.status, error_of(answer)["type"]) == (404, "not_found_error")


def test_a_query_that_is_none_is_a_400() -> None:
    house = House(deployment("a", LLAMA))
    assert house.get("/model/info?litellm_model_id=%FF").status == 400
    assert house.get("/model/info?" + "&".join("x=1" for _ in range(200))).status == 400
