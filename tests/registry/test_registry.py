"""The registry: names lead to models, facts keep their types, and unknown stays unknown."""

import dataclasses
import json
from datetime import date
from decimal import Decimal

import pytest

from litellm_lite import registry as room
from litellm_lite.errors import NotFoundError
from litellm_lite.registry import get_max_tokens, get_model_info, model_cost, register_model, registry, rows
from litellm_lite.registry.info import ModelInfo

SCOUT = "meta_llama/Llama-4-Scout-17B-16E-Instruct-FP8"
LLAMA = "meta_llama/Llama-3.3-70B-Instruct"


@pytest.fixture(autouse=True)
def _fresh():
    registry().reset()
    yield
    registry().reset()


def test_a_model_is_found_by_the_vendors_exact_id():
    info = registry().find("meta_llama", "Llama-3.3-70B-Instruct")
    assert info is not None
    assert (info.key, info.provider, info.model) == (LLAMA, "meta_llama", "Llama-3.3-70B-Instruct")


@pytest.mark.parametrize(
    "alias", ["llama-3.3-70b-instruct", "llama-3.3-70b", "LLAMA-3.3-70B", "Llama-3.3-70b-Instruct"]
)
def test_an_alias_in_any_case_leads_to_the_vendors_id(alias):
    info = registry().find("meta_llama", alias)
    assert info is not None
    assert info.model == "Llama-3.3-70B-Instruct"


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "Llama-3.3-70B-Instruct"), ("openai", "GPT-4O"), ("meta_llama", "gpt-4o"), ("nobody", "x"), ("", "")],
)
def test_a_model_is_not_found_at_a_provider_that_has_none_of_that_name(provider, model):
    assert registry().find(provider, model) is None


@pytest.mark.parametrize(
    ("name", "provider", "key"),
    [
        ("gpt-4o", None, "gpt-4o"),
        ("openai/gpt-4o", None, "gpt-4o"),
        ("gpt-4o", "openai", "gpt-4o"),
        ("openai/gpt-4o", "openai", "gpt-4o"),
        ("o4-mini-2025-04-16", None, "o4-mini-2025-04-16"),
        (LLAMA, None, LLAMA),
        (LLAMA, "meta_llama", LLAMA),
        ("llama-4-scout", "meta_llama", SCOUT),
        ("meta_llama/llama-4-scout", None, SCOUT),
    ],
)
def test_a_caller_may_name_a_model_bare_or_with_its_provider(name, provider, key):
    assert get_model_info(name, provider)["key"] == key


@pytest.mark.parametrize(
    ("model", "owner"), [("gpt-4o", "openai"), ("o4-mini-2025-04-16", "openai"), ("nothing", None)]
)
def test_a_bare_name_tells_its_provider(model, owner):
    assert registry().provider_of(model) == owner


@pytest.mark.parametrize("model", ["Llama-3.3-70B-Instruct", "llama-3.3-70b", LLAMA])
def test_a_name_that_many_hosts_serve_belongs_to_none_of_them(model):
    assert registry().provider_of(model) is None


def test_the_typed_properties_read_the_row():
    info = registry().find("openai", "gpt-4o")
    assert info is not None
    assert (info.max_input_tokens, info.max_output_tokens) == (128000, 16384)
    assert (info.input_modalities, info.output_modalities) == (("text", "image"), ("text",))
    assert (info.input_cost_per_token, info.output_cost_per_token) == (Decimal("0.0000025"), Decimal("0.00001"))
    assert info.cache_read_input_token_cost == Decimal("0.00000125")
    assert (info.source, info.verified) == ("https://developers.openai.com/api/docs/pricing", "2026-11-21")
    assert (info.limit("rpm"), info.rate("input_cost_per_audio_token"), info.image_rules) == (None, None, None)
    assert (info.supports("supports_vision"), info.supports("supports_reasoning")) == (True, None)


def test_the_image_rules_of_llama_4_are_its_vendors():
    info = registry().find("meta_llama", "llama-4-scout")
    assert info is not None
    assert info.image_rules == {"formats": ["jpeg", "png", "gif", "x-icon"], "max_bytes": 25 * 2**20, "max_images": 9}


@pytest.mark.parametrize(("model", "threshold"), [("gpt-4o", None), ("gpt-6-sol", 272_000)])
def test_the_prompt_size_where_base_rates_end_is_known(model, threshold):
    info = registry().find("openai", model)
    assert info is not None
    assert info.tier_threshold == threshold


@pytest.mark.parametrize(
    ("row", "threshold"),
    [
        ({"input_cost_per_token_above_200k_tokens": 1, "output_cost_per_token_above_128k_tokens": 1}, 128_000),
        ({"cache_creation_input_token_cost_above_1hr": 1}, None),
        ({"tiered_pricing": []}, 0),
    ],
)
def test_the_smallest_tier_counts_and_a_time_is_no_size(row, threshold):
    assert rows.tier_threshold(row) == threshold


def test_a_model_cannot_be_changed():
    info = registry().models[SCOUT]
    with pytest.raises(dataclasses.FrozenInstanceError):
        # The point of the test.
        info.key = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        # The point of the test.
        info.row["rpm"] = 1  # type: ignore[index]
    with pytest.raises(TypeError):
        # The point of the test.
        registry().models["x"] = info  # type: ignore[index]


def test_a_models_repr_is_short():
    assert repr(registry().models["gpt-4o"]) == "ModelInfo(key='gpt-4o', provider='openai', model='gpt-4o')"


def test_model_info_has_litellms_fields_in_litellms_types():
    info = get_model_info("gpt-4o")
    assert info["input_cost_per_token"] == 2.5e-06
    assert type(info["output_cost_per_token"]) is float
    assert (info["max_tokens"], info["max_input_tokens"], info["max_output_tokens"]) == (16384, 128000, 16384)
    assert (info["litellm_provider"], info["mode"], info["supports_vision"]) == ("openai", "chat", True)
    assert json.loads(json.dumps(info)) == info


def test_model_info_answers_every_field_and_none_where_nothing_is_known():
    info = get_model_info(LLAMA)
    assert set(room.ALWAYS_ANSWERED) <= set(info)
    assert [name for name in info if "cost" in name and info[name] is not None] == []
    assert info["supports_reasoning"] is None


def test_max_tokens_is_the_window_where_no_output_limit_is_known():
    register_model({"local/tiny": {"max_input_tokens": 2048}})
    assert get_model_info("local/tiny")["max_tokens"] == get_max_tokens("local/tiny") == 2048


def test_max_tokens_is_what_a_user_registered_as_such():
    register_model({"local/tiny": {"max_tokens": 512, "max_input_tokens": 2048}, "gpt-4o": {"max_tokens": 9}})
    assert get_model_info("local/tiny")["max_tokens"] == get_max_tokens("local/tiny") == 512
    assert get_model_info("gpt-4o")["max_tokens"] == get_max_tokens("gpt-4o") == 9
    assert get_model_info("gpt-4o")["max_output_tokens"] == 16384


def test_an_unknown_model_is_named_with_the_provider_that_was_asked_for():
    with pytest.raises(NotFoundError, match=r"^This model isn't mapped yet: 'nobody/gpt-4o'; did you mean 'gpt-4o'"):
        get_model_info("gpt-4o", "nobody")
    with pytest.raises(NotFoundError, match=r"^This model isn't mapped yet: 'azure/nothing'"):
        get_model_info("azure/nothing", "azure")


def test_model_info_is_the_callers_own():
    before, mine = get_model_info(SCOUT), get_model_info(SCOUT)
    mine["aliases"].append("mine")
    mine["image_rules"]["formats"].append("bmp")
    mine["conflicts"][0]["value"] = 1
    mine["max_tokens"] = 1
    assert get_model_info(SCOUT) == before != mine


def test_a_row_of_model_cost_is_the_callers_own():
    register_model({"local/tiny": {"anything": {"deep": [{"list": [1, 2.5]}]}, "flat": [{"a": 1}, {"b": 2}]}})
    before, mine = model_cost["local/tiny"], model_cost["local/tiny"]
    mine["anything"]["deep"][0]["list"].append(3)
    mine["flat"][1]["b"] = 3
    mine["flat"].append({})
    assert model_cost["local/tiny"] == before != mine


def test_max_tokens_is_the_longest_answer():
    assert get_max_tokens("gpt-4o") == 16384
    assert get_max_tokens(SCOUT) == 4096


@pytest.mark.parametrize("ask", [get_model_info, get_max_tokens])
def test_an_unknown_model_is_not_mapped_yet_and_close_ones_are_named(ask):
    with pytest.raises(
        NotFoundError, match=r"^This model isn't mapped yet: 'meta_llama/Lama-3.3-70B'; did you"
    ) as raised:
        ask("meta_llama/Lama-3.3-70B")
    assert repr(LLAMA) in str(raised.value)
    assert (raised.value.model, raised.value.status) == ("meta_llama/Lama-3.3-70B", 404)


@pytest.mark.parametrize("name", [None, "", 5])
def test_what_is_no_name_is_an_unknown_model(name):
    with pytest.raises(NotFoundError, match=rf"^This model isn't mapped yet: {name!r}; "):
        get_model_info(name)
    assert room.supports_vision(name) is False


def test_a_name_like_no_other_gets_no_suggestion():
    with pytest.raises(NotFoundError, match=r"isn't mapped yet: 'openai/§§'; see register_model\(\)$") as raised:
        get_model_info("§§", "openai")
    assert raised.value.provider == "openai"


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("gpt4o", "gpt-4o"),
        ("openai/gpt-5", "gpt-5"),
        ("meta_llama/Lama-3.3-70B-Instruct", LLAMA),
        ("meta_llama/LLAMA-4-scuot", SCOUT),
    ],
)
def test_the_closest_name_comes_first(name, first):
    close = registry().suggest(name)
    assert close[0] == first
    assert len(close) == len(set(close)) <= 3


def test_two_hosts_of_the_nearest_name_are_suggested_and_then_the_next_name():
    register_model({**{f"{host}/wonder-8b": {} for host in ("one", "two", "three")}, "four/wonder-9b": {}})
    assert registry().suggest("wonder-8") == ["one/wonder-8b", "two/wonder-8b", "four/wonder-9b"]


RETIRING = {"deprecation_date": "2026-10-23", "source": "https://vendor.example/retired"}


@pytest.mark.parametrize(
    ("row", "today", "sentence"),
    [
        (RETIRING, date(2026, 10, 22), None),
        (RETIRING, date(2026, 10, 23), "p/m was switched off on 2026-10-23, says https://vendor.example/retired"),
        (RETIRING, date(2027, 1, 1), "p/m was switched off on 2026-10-23, says https://vendor.example/retired"),
        ({"deprecation_date": "2026-10-23"}, date(2027, 1, 1), "p/m was switched off on 2026-10-23"),
        ({}, date(2027, 1, 1), None),
        ({"deprecation_date": None}, date(2027, 1, 1), None),
        ({"deprecation_date": "in spring"}, date(2027, 1, 1), None),
        ({"deprecation_date": 20261023}, date(2027, 1, 1), None),
    ],
)
def test_a_model_is_retired_from_its_day_on(row, today, sentence):
    assert ModelInfo("p/m", "p", "m", row).retired(today) == sentence


def test_a_retirement_is_in_model_info():
    register_model({"local/old": {"deprecation_date": "2026-10-23"}})
    assert registry().models["local/old"].deprecation_date == "2026-10-23"
    assert get_model_info("local/old")["deprecation_date"] == "2026-10-23"


def test_model_cost_is_a_mapping_of_plain_rows_by_key_or_any_other_name():
    assert len(model_cost) == len(registry().models) == len(list(model_cost))
    assert SCOUT in model_cost
    assert SCOUT in registry().models
    assert "nothing" not in model_cost
    assert model_cost["gpt-4o"] == model_cost["openai/gpt-4o"]
    assert model_cost["gpt-4o"]["input_cost_per_token"] == 2.5e-06
    assert "input_cost_per_token" not in model_cost[LLAMA]
    with pytest.raises(KeyError, match="nothing"):
        model_cost["nothing"]
    number: object = 5
    assert number not in model_cost
