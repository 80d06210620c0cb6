"""The models the Llama API serves, with their limits.

Source: LiteLLM's and promptfoo's pages on the Llama API, the listing in Meta's cookbook and models.dev,
read 2026-11-21; where they differ, the served window (not the weights') was taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from litellm_lite.tokens.llama import LlamaFamily


@dataclass(frozen=True, slots=True)
class Model:
    """One served model: its window in tokens, its limits a minute, and whether it takes images.

    `listed` says whether it is one of the Llama API's, so that the API's own rules hold for it.
    """

    id: str
    family: LlamaFamily
    context: int
    requests_per_minute: int
    tokens_per_minute: int
    takes_images: bool = False
    listed: bool = True


MODELS = {
    model.id: model
    for model in (
        Model("Llama-4-Maverick-17B-128E-Instruct-FP8", "llama4", 128_000, 3_000, 1_000_000, takes_images=True),
        Model("Llama-4-Scout-17B-16E-Instruct-FP8", "llama4", 128_000, 3_000, 1_000_000, takes_images=True),
        Model("Llama-3.3-70B-Instruct", "llama3", 128_000, 3_000, 1_000_000),
        Model("Llama-3.3-8B-Instruct", "llama3", 128_000, 3_000, 1_000_000),
        Model("Cerebras-Llama-4-Maverick-17B-128E-Instruct", "llama4", 32_000, 900, 300_000),
        Model("Cerebras-Llama-4-Scout-17B-16E-Instruct", "llama4", 32_000, 600, 200_000),
        Model("Groq-Llama-4-Maverick-17B-128E-Instruct", "llama4", 128_000, 1_000, 600_000),
    )
}


def stand_in(model_id: str) -> Model:
    """Return a model for a name of another vendor's: it takes whatever is asked of it."""
    return Model(model_id, "llama4", 10**7, 10**6, 10**10, takes_images=True, listed=False)
