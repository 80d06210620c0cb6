"""Whatever is registered goes in whole or changes nothing, and leaves a registry that answers."""

import json
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_lite.registry import Registry

NAMES = st.sampled_from(
    [*"ab", "p/a", "p/b", "q/a", "bedrock_converse/a", "p/q/a", "p/", "", "x" * 300, "\ud800", "sample_spec"]
)
NUMBERS = st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(max_size=5)
JSON = st.recursive(
    NUMBERS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
FIELDS = st.sampled_from(
    "input_cost_per_token input_cost_per_token_above_200k_tokens input_cost_per_token_flex tiered_pricing "
    "off_peak_pricing max_input_tokens rpm supports_vision deprecation_date aliases conflicts supported_modalities "
    "litellm_provider source verified image_rules mode search_context_cost_per_query anything".split()
)
GOOD = st.fixed_dictionaries(
    {},
    optional={
        "litellm_provider": st.sampled_from(["p", "q", "bedrock_converse", "bedrock"]),
        "input_cost_per_token": st.floats(0, 1) | st.none(),
        "input_cost_per_token_flex": st.floats(0, 1),
        "max_input_tokens": st.integers(0, 10**6),
        "aliases": st.lists(st.sampled_from(["a", "B", "c", "d"]), max_size=2),
        "supported_modalities": st.lists(st.sampled_from(["text", "image"])),
        "source": st.sampled_from(["https://vendor.example", ""]),
    },
)
ROWS = st.dictionaries(NAMES, GOOD | st.dictionaries(FIELDS, JSON, max_size=4) | NUMBERS, max_size=4)
ALL_MONEY = {"input_cost_per_token", "input_cost_per_token_flex", "input_cost_per_token_above_200k_tokens"}


def registry_of_one():
    return Registry(lambda: {"p/a": {"litellm_provider": "p", "input_cost_per_token": 1e-06, "aliases": ["c"]}})


def flaw_of(own, rows):
    """Register rows, or say why not."""
    try:
        own.register(rows, "test")
    except ValueError as error:
        return str(error)
    return None


@settings(deadline=None, max_examples=200)
@given(st.lists(ROWS, max_size=3))
def test_rows_go_in_whole_or_change_nothing(registrations):
    own = registry_of_one()
    for rows in registrations:
        before = {key: info.plain_row() for key, info in own.models.items()}
        if (flaw := flaw_of(own, rows)) is not None:
            assert flaw.startswith("register_model: ")
            assert {key: info.plain_row() for key, info in own.models.items()} == before
        else:
            assert [key for key in rows if key != "sample_spec" and own.lookup(key) is None] == []


@settings(deadline=None, max_examples=200)
@given(st.lists(ROWS, max_size=3))
def test_every_model_is_found_under_its_key_and_its_id_and_keeps_its_types(registrations):
    own = registry_of_one()
    for rows in registrations:
        flaw_of(own, rows)
    for key, info in own.models.items():
        assert own.models[key] is own.lookup(key) is own.find(info.provider, info.model) is info
        assert {type(info.row.get(name)) for name in ALL_MONEY} <= {Decimal, type(None)}
        json.dumps(info.describe(), allow_nan=False)
