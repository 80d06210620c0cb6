"""`embedding` and `moderation`: the entry points of what goes in as text and comes out as a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from litellm_lite.asking import Asking, asking_for
from litellm_lite.call import Endpoint
from litellm_lite.native_answers import native_answer

if TYPE_CHECKING:
    from litellm_lite.types.endpoints import EmbeddingResponse, ModerationResponse
    from litellm_lite.types.params import EmbeddingParams, OptionParams

Texts = str | Sequence[str] | Sequence[int] | Sequence[Sequence[int]]
"""A text, some texts, or the same as tokens."""

_MODERATOR = "openai/omni-moderation-latest"


def embedding(model: str, input: Texts = (), **params: Unpack[EmbeddingParams]) -> EmbeddingResponse:
    """Return a vector for each input, in their order.

    `model` is "provider/model". With `encoding_format="base64"` a vector is the text that the vendor wrote. Raises
    `APIError` and its subclasses; UnsupportedEndpoint where the provider has no embeddings.
    """
    asking, given = asking_for(model, params)
    answer: EmbeddingResponse = listed(asking, "embeddings", model, {**given, "input": input})
    return answer


async def aembedding(model: str, input: Texts = (), **params: Unpack[EmbeddingParams]) -> EmbeddingResponse:
    """The async twin of `embedding`."""
    asking, given = asking_for(model, params)
    answer: EmbeddingResponse = await alisted(asking, "embeddings", model, {**given, "input": input})
    return answer


def moderation(
    input: str | Sequence[Any], model: str | None = None, **params: Unpack[OptionParams]
) -> ModerationResponse:
    """Return a verdict for each input: whether it is harmful, and in which way. A bare model name is OpenAI's."""
    model = moderator(model, params)
    asking, given = asking_for(model, params)
    answer: ModerationResponse = listed(asking, "moderations", model, {**given, "input": input})
    return answer


async def amoderation(
    input: str | Sequence[Any], model: str | None = None, **params: Unpack[OptionParams]
) -> ModerationResponse:
    """The async twin of `moderation`."""
    model = moderator(model, params)
    asking, given = asking_for(model, params)
    answer: ModerationResponse = await alisted(asking, "moderations", model, {**given, "input": input})
    return answer


def moderator(model: Any, params: Mapping[str, Any]) -> str:
    """Return whom to ask for a verdict: OpenAI, where the caller says nothing else."""
    if not model:
        return _MODERATOR
    bare = isinstance(model, str) and "/" not in model and not params.get("custom_llm_provider")
    named: str = f"openai/{model}" if bare else model
    return named


def listed(asking: Asking, endpoint: Endpoint, model: str, params: Mapping[str, Any]) -> Any:
    """Return the answer of an endpoint that answers with a list."""
    return native_answer(asking.whole(endpoint, model, (), params), endpoint)


async def alisted(asking: Asking, endpoint: Endpoint, model: str, params: Mapping[str, Any]) -> Any:
    """The async twin of `listed`."""
    return native_answer(await asking.awhole(endpoint, model, (), params), endpoint)
