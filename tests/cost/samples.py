"""Models with round prices, and usages: what the tests of costs share."""

from decimal import Decimal

from hypothesis import strategies as st

from litellm_lite.cost import price
from litellm_lite.registry import ModelInfo


def model(**row):
    return ModelInfo("vendor/model", "vendor", "model", {"source": "https://vendor.example/", **row})


PLAIN = model(input_cost_per_token=Decimal("0.000002"), output_cost_per_token=Decimal("0.000008"))


RICH = model(
    input_cost_per_token=Decimal("0.000002"),
    output_cost_per_token=Decimal("0.000008"),
    cache_read_input_token_cost=Decimal("0.0000005"),
    cache_creation_input_token_cost=Decimal("0.0000025"),
    input_cost_per_audio_token=Decimal("0.000032"),
    output_cost_per_audio_token=Decimal("0.000064"),
    output_cost_per_reasoning_token=Decimal("0.000012"),
    input_cost_per_image_token=Decimal("0.000003"),
    output_cost_per_image_token=Decimal("0.00004"),
    verified="2026-11-21",
)


PROMPT_PARTS = ("cached_tokens", "cache_write_tokens", "audio_tokens", "image_tokens")


COMPLETION_PARTS = ("reasoning_tokens", "audio_tokens", "image_tokens")


def usage(prompt, completion, prompt_details=None, completion_details=None):
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": prompt_details,
        "completion_tokens_details": completion_details,
    }


def total(counts, info):
    cost = price(counts, info)
    assert cost is not None
    return cost.total


counts = st.integers(min_value=0, max_value=10**9)


@st.composite
def usages(draw):
    """A usage whose parts fit into its wholes."""
    prompt = {name: draw(counts) for name in PROMPT_PARTS}
    completion = {name: draw(counts) for name in COMPLETION_PARTS}
    rests = draw(counts), draw(counts)
    return usage(sum(prompt.values(), rests[0]), sum(completion.values(), rests[1]), prompt, completion)


def added(one, other):
    """Both usages as one."""
    if isinstance(one, int):
        return one + other
    return {name: added(one[name], other[name]) for name in one}
