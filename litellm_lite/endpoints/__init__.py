"""What vendors serve beside chat: completions, responses, embeddings and moderations, in OpenAI's own shapes.

Each endpoint is a `Transformer` like the provider it belongs to, made from the same row, and just as pure. A call
there has no messages: `call.params` is the body, but for model and stream. Streams travel as chat chunks, so that
nobody behind has to know: the text is `delta.content`, whatever else the vendor sent stays beside it, and the edge
puts the vendor's shape back (`as_text_chunk`, and the `event` of a chunk).
"""

from __future__ import annotations

from collections.abc import Mapping

from litellm_lite.call import Endpoint
from litellm_lite.endpoints.completions import Completions
from litellm_lite.endpoints.lists import Embeddings, Moderations
from litellm_lite.endpoints.native import NativeEndpoint
from litellm_lite.endpoints.responses import Responses
from litellm_lite.transformer import Provider

_KINDS: Mapping[Endpoint, type[NativeEndpoint]] = {
    "completions": Completions,
    "responses": Responses,
    "embeddings": Embeddings,
    "moderations": Moderations,
}


_REMEDIES: Mapping[Endpoint, str] = {
    "completions": "text_completion() asks its chat in its place",
    "responses": "responses() asks its chat in its place",
    "embeddings": "embed with a model of another provider, such as 'openai/text-embedding-3-small'",
    "moderations": "ask a model of another provider, such as 'openai/omni-moderation-latest'",
}


def remedy(name: Endpoint) -> str:
    """Return what to do where a vendor does not serve an endpoint."""
    return _REMEDIES[name]


def native(name: Endpoint, row: Provider) -> NativeEndpoint:
    """Return the endpoint of a vendor whose row has a contract for it."""
    return _KINDS[name](row, name)
