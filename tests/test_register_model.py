"""What a user registers is checked, placed under the right name and kept whole; bad rows register nothing."""

from decimal import Decimal
from pathlib import Path

import pytest

from litellm_lite.registry import get_model_info, model_cost, register_model, registry

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


def test_a_registered_fact_about_a_known_model_keeps_the_others():
    before = get_model_info("gpt-4o")
    register_model({"gpt-4o": {"input_cost_per_token": 1e-06}})
    after = get_model_info("gpt-4o")
    own = {"input_cost_per_token": 1e-06, "source": "register_model", "verified": None}
    assert after == {**before, **own}


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


@pytest.mark.parametrize("price", [float("nan"), float("inf"), -1e-06, "0.000001", True, [1], Decimal("NaN")])
def test_a_price_that_is_no_number_of_dollars_is_refused_by_name(price):
    with pytest.raises(ValueError, match=r"'local/bad': output_cost_per_token must be US dollars"):
        register_model({"local/bad": {"output_cost_per_token": price}})


def test_a_price_inside_a_table_of_prices_is_checked_too():
    fine = {"search_context_cost_per_query": {"search_context_size_low": 0.01, "search_context_size_high": None}}
    register_model({"local/fine": fine})
    assert model_cost["local/fine"]["search_context_cost_per_query"] == fine["search_context_cost_per_query"]
    with pytest.raises(ValueError, match=r"search_context_cost_per_query\.low must be US dollars"):
        register_model({"local/bad": {"search_context_cost_per_query": {"low": -1}}})


@pytest.mark.parametrize("limit", [-1, 1.5, "many", True])
def test_a_limit_that_is_no_whole_number_is_refused_by_name(limit):
    with pytest.raises(ValueError, match=r"'local/bad': max_input_tokens must be a whole number"):
        register_model({"local/bad": {"max_input_tokens": limit}})


@pytest.mark.parametrize("limit", [4000000.0, Decimal("4000000.0")])
def test_a_whole_limit_may_be_spelled_with_a_point(limit):
    register_model({"local/tiny": {"tpm": limit}})
    assert registry().models["local/tiny"].limit("tpm") == 4000000


@pytest.mark.parametrize("row", [None, 5, "row", {"aliases": "gpt"}])
def test_a_row_of_another_shape_is_refused(row):
    with pytest.raises(ValueError, match=r"'local/bad' must be an object"):
        register_model({"local/bad": row})


def test_a_bare_model_without_a_provider_is_refused():
    with pytest.raises(ValueError, match=r"'my-model' names no provider; give a litellm_provider"):
        register_model({"my-model": {"mode": "chat"}})


def test_nothing_is_registered_when_one_row_is_bad():
    before = list(model_cost)
    with pytest.raises(ValueError, match="local/bad"):
        register_model({"local/fine": {"mode": "chat"}, "local/bad": {"input_cost_per_token": -1}})
    assert list(model_cost) == before


@pytest.mark.parametrize("kind", [str, Path])
def test_a_file_of_litellms_format_is_read_exactly_and_named_as_the_source(tmp_path, kind):
    path = tmp_path / "prices.json"
    rows = '{"sample_spec": {"max_tokens": "a word"}, "local/tiny": {"input_cost_per_token": 1.1e-06}}'
    path.write_text(rows, encoding="utf-8")
    register_model(kind(path))
    info = registry().models["local/tiny"]
    assert (info.input_cost_per_token, info.source) == (Decimal("0.0000011"), str(path))
    assert "sample_spec" not in model_cost


@pytest.mark.parametrize(
    ("text", "flaw"), [("{", "is not JSON"), ("\x80", "is not JSON"), ("[]", "must hold one object")]
)
def test_a_file_that_is_no_price_file_is_refused_by_name(tmp_path, text, flaw):
    path = tmp_path / "prices.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=rf"prices\.json' {flaw}"):
        register_model(path)


def test_a_url_is_refused_because_nothing_is_downloaded():
    with pytest.raises(ValueError, match="nothing is downloaded"):
        register_model("https://example.com/prices.json")


def test_a_reset_forgets_what_was_registered():
    register_model({"local/tiny": {"mode": "chat"}})
    registry().reset()
    assert "local/tiny" not in model_cost
    assert "gpt-4o" in model_cost
