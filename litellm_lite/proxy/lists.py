"""POST /v1/embeddings and /v1/moderations: asked of those who serve them, and answered as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from litellm_lite.proxy.asking import add_headers, check_client, take_model
from litellm_lite.proxy.calling import answer_whole

if TYPE_CHECKING:
    from litellm_lite.attempts import Answer
    from litellm_lite.call import Endpoint
    from litellm_lite.proxy.exchange import Exchange
    from litellm_lite.proxy.serving import Serving
    from litellm_lite.proxy.telling import Record

JSON = dict[str, Any]


async def embeddings(serving: Serving, exchange: Exchange, record: Record, body: JSON) -> None:
    """Answer with a vector for each input. Raises APIError."""
    await _listed("embeddings", serving, exchange, record, body)


async def moderations(serving: Serving, exchange: Exchange, record: Record, body: JSON) -> None:
    """Answer with a verdict for each input. Raises APIError."""
    if body.get("model") is None and (only := serving.only_group()) is not None:
        body["model"] = only  # OpenAI's own endpoint does without
    await _listed("moderations", serving, exchange, record, body)


async def _listed(endpoint: Endpoint, serving: Serving, exchange: Exchange, record: Record, body: JSON) -> None:
    check_client(body)
    record.asked = model = take_model(body)
    add_headers(body, exchange.head)
    await answer_whole(exchange, record, serving.way(model, (), body, endpoint=endpoint), as_it_came)


def as_it_came(answer: Answer) -> bytes:
    """Return an answer in its vendor's own words."""
    body = answer.body
    if answer.plan.call.endpoint != "moderations":
        body["model"] = body.get("model") or answer.plan.call.target.model
    return orjson.dumps(body)
