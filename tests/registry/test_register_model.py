"""What a user registers is checked, placed under the right name and kept whole; bad rows register nothing."""

import json
from datetime import date
from decimal import Decimal
from enum import Enum

import pytest

from litellm_lite.registry import get_model_info, model_cost, register_model, registry
from litellm_lite.registry.rows import LIMITS

SCOUT = "meta_llama/Llama-4-Scout-17B-16E-Instruct-FP8"


@pytest.fixture(autouse=True)
def _fresh():
    registry().reset()
    yield
    registry().reset()


def test_a_registered_model_is_found_priced_and_in_model_cost():
    view = register_model({"local/tiny": {"input_cost_per_token": 1e-07, "max_input_tokens": 2048, "mode": "chat"}})
    info = registry().find("local", "tiny")
    assert info is not None
    assert info.input_cost_per_token == Decimal("0.0000001")
    assert (info.source, info.verified) == ("register_model", "")
    assert view["local/tiny"]["litellm_provider"] == "local"
    assert "local/tiny" in model_cost


@pytest.mark.parametrize("name", ["llama-4-scout", "meta_llama/Llama-4-Scout", SCOUT])
def test_a_known_model_may_be_registered_under_any_of_its_names(name):
    register_model({name: {"litellm_provider": "meta_llama", "input_cost_per_token": 1e-06}})
    info = registry().find("meta_llama", "llama-4-scout")
    assert info is not None
    assert (info.key, info.input_cost_per_token, info.max_input_tokens) == (SCOUT, Decimal("0.000001"), 128000)


def test_another_providers_model_of_the_same_name_does_not_replace_the_first():
    register_model({"gpt-4o": {"litellm_provider": "azure", "input_cost_per_token": 3e-06}})
    assert get_model_info("azure/gpt-4o")["input_cost_per_token"] == 3e-06
    assert get_model_info("openai/gpt-4o")["input_cost_per_token"] == 2.5e-06
    assert registry().provider_of("gpt-4o") == "openai"


def test_a_bare_model_with_a_provider_is_found_with_and_without_it():
    register_model({"my-model": {"litellm_provider": "openai", "aliases": ["Mine"]}})
    assert get_model_info("my-model")["key"] == get_model_info("openai/mine")["key"] == "my-model"
    assert registry().provider_of("MINE") == "openai"


def test_new_aliases_replace_the_old_ones():
    register_model({SCOUT: {"aliases": ["scout"]}})
    assert registry().find("meta_llama", "scout") is registry().models[SCOUT]
    assert registry().find("meta_llama", "llama-4-scout") is None


def test_what_was_registered_is_the_registrys_own():
    aliases = ["tiny-1"]
    register_model({"local/tiny": {"aliases": aliases}})
    aliases.append("tiny-2")
    assert get_model_info("local/tiny")["aliases"] == ["tiny-1"]


@pytest.mark.parametrize(
    ("key", "written", "provider", "model"),
    [
        ("us.new-model-v1:0", "bedrock_converse", "bedrock", "us.new-model-v1:0"),
        ("bedrock_converse/new-model", "bedrock_converse", "bedrock", "new-model"),
        ("vertex_ai/new-llama", "vertex_ai-llama_models", "vertex_ai", "new-llama"),
        ("new-gemini", "vertex_ai-language-models", "vertex_ai", "new-gemini"),
        ("fireworks_ai/new-embedding", "fireworks_ai-embedding-models", "fireworks_ai", "new-embedding"),
        ("azure/new-instruct", "azure_text", "azure", "new-instruct"),
        ("new-instruct", "text-completion-openai", "openai", "new-instruct"),
        ("command-new", "cohere_chat", "cohere", "command-new"),
        ("litellm_proxy/mine", None, "llama_proxy", "mine"),
    ],
)
def test_litellms_names_of_providers_become_the_ones_callers_write(key, written, provider, model):
    register_model({key: {"litellm_provider": written, "rpm": 7}})
    info = registry().find(provider, model)
    assert info is not None
    assert (info.key, info.provider, info.model, info.row["litellm_provider"]) == (key, provider, model, provider)
    names = [key, f"{provider}/{model}", *([f"{written}/{model}"] if written else [])]
    assert [registry().lookup(name) for name in names] == [info] * len(names)
    assert registry().lookup(f"{provider}/{model}", written or provider) is info


def test_a_bare_name_that_was_registered_finds_the_model_of_a_prefixed_row():
    register_model({"deepmind/tiny": {"aliases": ["little"]}})
    register_model({"tiny": {"litellm_provider": "deepmind", "rpm": 3}})
    assert get_model_info("tiny")["key"] == get_model_info("deepmind/tiny")["key"] == "deepmind/tiny"
    assert registry().provider_of("tiny") == "deepmind"
    assert model_cost["tiny"]["rpm"] == 3
    register_model({"deepmind/tiny": {"rpm": 4}})
    assert model_cost["tiny"]["rpm"] == 4


def test_a_model_named_like_another_providers_row_gets_a_key_of_its_own():
    register_model({"a/x": {"litellm_provider": "b", "rpm": 1}})
    register_model({"a/x": {"litellm_provider": "a", "rpm": 2}})
    assert {key: row["rpm"] for key, row in model_cost.items() if row.get("rpm") in (1, 2)} == {"a/x": 1, "a/a/x": 2}
    found = [registry().find("b", "a/x"), registry().find("a", "x")]
    assert [info and info.limit("rpm") for info in found] == [1, 2]


@pytest.mark.parametrize("taken", ["gpt-4o-mini", "GPT-4o-Mini"])
def test_an_alias_that_is_another_models_name_is_refused(taken):
    with pytest.raises(ValueError, match=rf"'gpt-4o': aliases: '{taken}' is a name of 'gpt-4o-mini' already"):
        register_model({"gpt-4o": {"aliases": [taken]}})
    register_model({"local/other": {"aliases": [taken]}})


def test_two_rows_of_one_registration_may_not_share_an_alias():
    with pytest.raises(ValueError, match=r"'local/b': aliases: 'X' is a name of 'local/a' already"):
        register_model({"local/a": {"aliases": ["x"]}, "local/b": {"aliases": ["X"]}})


NO_PRICES = [
    float("nan"),
    float("inf"),
    -1e-06,
    "0.000001",
    True,
    [1],
    1e7,
    *map(Decimal, "NaN sNaN inf 1e-400".split()),
]


@pytest.mark.parametrize("price", [*NO_PRICES, pytest.param(10**5000, id="huge"), Decimal("1e999999")])
def test_a_price_that_is_no_number_of_dollars_is_refused_by_name(price):
    with pytest.raises(ValueError, match=r"'local/bad': output_cost_per_token must be US dollars, a number from 0 to"):
        register_model({"local/bad": {"output_cost_per_token": price}})


def test_a_price_in_quotes_is_refused_with_the_remedy():
    with pytest.raises(ValueError, match=r"output_cost_per_token must be .*, not '1e-6'; write it as a number"):
        register_model({"local/bad": {"output_cost_per_token": "1e-6"}})


TABLES = {
    "search_context_cost_per_query": {"search_context_size_low": 0.01, "search_context_size_high": None},
    "guardrail_cost_per_unit": {"free": 0, "units": 0.00015},
    "tiered_pricing": [
        {"range": [0, 128000], "input_cost_per_token": 1e-07, "output_cost_per_token": 1},
        {"range": [128000.0, None], "input_cost_per_token": 3e-07, "output_cost_per_token": None},
    ],
    "off_peak_pricing": {
        "input_cost_per_token": 1.1e-07,
        "windows": [{"hours_utc": ["16:30-00:30"], "weekdays": [1, 5]}],
    },
}


def test_every_price_inside_a_table_is_a_decimal_as_it_was_written():
    register_model({"local/tables": TABLES})
    row = registry().models["local/tables"].row
    assert row["search_context_cost_per_query"] == {
        "search_context_size_low": Decimal("0.01"),
        "search_context_size_high": None,
    }
    assert row["guardrail_cost_per_unit"] == {"free": Decimal(0), "units": Decimal("0.00015")}
    first, last = row["tiered_pricing"]
    assert first == {
        "range": [0, 128000],
        "input_cost_per_token": Decimal("1e-7"),
        "output_cost_per_token": Decimal(1),
    }
    assert (last["range"], last["input_cost_per_token"]) == ([128000, None], Decimal("3e-7"))
    assert row["off_peak_pricing"]["input_cost_per_token"] == Decimal("1.1e-7")
    money = [first["input_cost_per_token"], first["output_cost_per_token"], *row["guardrail_cost_per_unit"].values()]
    assert {type(price) for price in money} == {Decimal}
    assert {type(end) for end in (*first["range"], last["range"][0])} == {int}


def test_a_registered_table_comes_back_in_floats():
    register_model({"local/tables": TABLES})
    assert {name: model_cost["local/tables"][name] for name in TABLES} == TABLES
    json.dumps(get_model_info("local/tables"), allow_nan=False)


@pytest.mark.parametrize(
    ("field", "value", "flaw"),
    [
        (
            "search_context_cost_per_query",
            {"low": -1},
            r"search_context_cost_per_query\.low must be US dollars.* not -1",
        ),
        (
            "search_context_cost_per_query",
            {"low": {"b": "1"}},
            r"search_context_cost_per_query\.low\.b must be US dollars.* not '1'",
        ),
        ("input_cost_per_token", {"low": 1e-06}, r"input_cost_per_token must be US dollars.* not \{'low': 1e-06\}"),
        ("tiered_pricing", {"range": [0, 1]}, r"tiered_pricing must be a list of objects"),
        ("tiered_pricing", [5], r"tiered_pricing must be a list of objects"),
        ("tiered_pricing", [{"input_cost_per_token": "1"}], r"tiered_pricing\[0\]\.input_cost_per_token must be US"),
        ("tiered_pricing", [{"range": [5, 5]}], r"tiered_pricing\[0\]\.range must be the two numbers .* smaller first"),
        ("tiered_pricing", [{"range": [None, 5]}], r"tiered_pricing\[0\]\.range must be the two numbers"),
        ("tiered_pricing", [{"range": "01"}], r"tiered_pricing\[0\]\.range must be the two numbers"),
        ("tiered_pricing", [{"range": ["0", 5]}], r"tiered_pricing\[0\]\.range must be a whole number"),
        ("off_peak_pricing", [], r"off_peak_pricing must be an object"),
        (
            "off_peak_pricing",
            {"output_cost_per_token": -1},
            r"off_peak_pricing\.output_cost_per_token must be US dollars",
        ),
        ("supports_vision", "yes", r"supports_vision must be true, false or null, not 'yes'$"),
        ("supports_anything_new", 1, r"supports_anything_new must be true, false or null, not 1$"),
        ("deprecation_date", "soon", r"deprecation_date must be an ISO date such as '2026-11-21', not 'soon'"),
        ("deprecation_date", 20261121, r"deprecation_date must be an ISO date"),
        ("verified", "2026-02-30", r"verified must be an ISO date"),
        ("aliases", "gpt", r"aliases must be a list of texts, not 'gpt'"),
        ("aliases", ["gpt", 4], r"aliases must be a list of texts, not \['gpt', 4\]"),
        ("aliases", [""], r"aliases must be a list of texts"),
        ("conflicts", {"field": "rpm"}, r"conflicts must be a list of objects"),
        ("supported_modalities", "text", r"supported_modalities must be a list of texts, not 'text'"),
        ("mode", 5, r"mode must be a text, not 5"),
        ("source", ["https://vendor.example"], r"source must be a text"),
        ("image_rules", [], r"image_rules must be an object"),
        ("image_rules", {"formats": ["png"], "max_bytes": 1}, r"image_rules must be an object with formats, max_bytes"),
        ("image_rules", {"formats": [], "max_bytes": "1", "max_images": 1}, r"image_rules\.max_bytes must be a whole"),
        ("anything", float("inf"), r"anything must be a text, a number, .*, not inf"),
        ("anything", {"a": [1, {2}]}, r"anything\.a\[1\] must be a text, a number, true, .*, not \{2\}"),
        ("anything", {5: "five"}, r"anything\.a field's name must be a text, not 5"),
        pytest.param("anything", 10**5000, r"anything must be .* not a number of very many digits", id="huge"),
    ],
)
def test_a_flawed_field_is_named_with_its_row_and_its_value(field, value, flaw):
    with pytest.raises(ValueError, match=rf"^register_model: 'local/bad': {flaw}"):
        register_model({"local/bad": {"mode": "chat", field: value}})
    assert "local/bad" not in model_cost


@pytest.mark.parametrize(
    "limit", [-1, 1.5, "many", "8192", True, float("nan"), float("inf"), 1e300, Decimal("1e999999")]
)
@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_that_is_no_whole_number_is_refused_by_name(name, limit):
    with pytest.raises(ValueError, match=rf"'local/bad': {name} must be a whole number from 0, not "):
        register_model({"local/bad": {name: limit}})


@pytest.mark.parametrize("limit", [4000000.0, Decimal("4000000.0"), 4000000])
def test_a_whole_limit_may_be_spelled_with_a_point(limit):
    register_model({"local/tiny": {"tpm": limit}})
    found = registry().models["local/tiny"].limit("tpm")
    assert (found, type(found)) == (4000000, int)


@pytest.mark.parametrize("row", [None, 5, "row", [("mode", "chat")]])
def test_a_row_that_is_no_object_is_refused(row):
    with pytest.raises(ValueError, match=r"'local/bad' must be an object of fields, not "):
        register_model({"local/bad": row})


@pytest.mark.parametrize("key", ["", "  ", 5, None])
def test_a_key_that_is_no_name_is_refused(key):
    with pytest.raises(ValueError, match=r"a key must be the name of a model, not "):
        register_model({key: {"litellm_provider": "local"}})


@pytest.mark.parametrize(
    ("key", "row", "flaw"),
    [
        ("my-model", {"mode": "chat"}, r"'my-model' names no provider; give a litellm_provider"),
        ("/model", {}, r"'/model' names no provider"),
        ("my-model", {"litellm_provider": "a/b"}, r"'my-model' names no provider"),
        ("local/", {}, r"'local/' names no model"),
    ],
)
def test_a_row_without_a_provider_or_a_model_is_refused(key, row, flaw):
    with pytest.raises(ValueError, match=flaw):
        register_model({key: row})


def test_a_row_nested_without_end_is_refused():
    row: dict[str, object] = {}
    row["anything"] = row
    with pytest.raises(ValueError, match=r"'local/bad': anything\.anything.* is nested deeper than 16 levels"):
        register_model({"local/bad": row})


def test_fields_nobody_has_heard_of_are_kept():
    own = {"my_field": [1, 2.5, None, True, {"a": "b"}], "regional_uplift": 1.1, "tags": ["x"]}
    register_model({"local/tiny": own})
    assert {name: get_model_info("local/tiny")[name] for name in own} == own
    assert registry().models["local/tiny"].row["regional_uplift"] == Decimal("1.1")


def test_values_as_other_readers_make_them_are_taken():
    class Providers(str, Enum):  # noqa: UP042 - as LiteLLM has it, and its text is not its value
        LOCAL = "local"

    register_model(
        {"tiny": {"litellm_provider": Providers.LOCAL, "deprecation_date": date(2027, 1, 1), "aliases": ("little",)}}
    )
    info = get_model_info("local/tiny")
    assert (info["litellm_provider"], info["deprecation_date"], info["aliases"]) == ("local", "2027-01-01", ["little"])


def test_nothing_is_registered_when_one_row_is_bad():
    before = dict(model_cost)
    with pytest.raises(ValueError, match="local/bad"):
        register_model({"local/fine": {}, "gpt-4o": {"rpm": 1}, "local/bad": {"input_cost_per_token": -1}})
    assert dict(model_cost) == before


def test_model_cost_may_be_registered_as_it_is_and_changes_nothing():
    register_model({"local/tables": {**TABLES, "supported_modalities": ["image"]}, "gpt-4o": {"rpm": 7}})
    before = dict(model_cost)
    register_model(model_cost)
    assert dict(model_cost) == before


def test_model_cost_may_be_the_first_thing_that_is_registered():
    register_model(model_cost)
    assert "gpt-4o" in model_cost


def test_a_path_of_another_type_is_no_path():
    with pytest.raises(TypeError, match="PathLike"):
        # The point of the test.
        register_model(5)  # type: ignore[arg-type]


def test_a_reset_forgets_what_was_registered():
    register_model({"local/tiny": {"mode": "chat"}})
    registry().reset()
    assert "local/tiny" not in model_cost
    assert "gpt-4o" in model_cost
