"""GET and DELETE of one response: from the vendor that keeps it, or from what is kept here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from litellm_lite.proxy.refusing import JSON_HEADER
from litellm_lite.proxy.response_ids import kept_at
from litellm_lite.proxy.responses import no_response

if TYPE_CHECKING:
    from litellm_lite.proxy.exchange import Exchange
    from litellm_lite.proxy.serving import Serving
    from litellm_lite.proxy.telling import Record

JSON = dict[str, Any]

_BEGINNINGS = ("/v1/responses/", "/responses/")
# What of a deployment says where its vendor is, and who asks.
_PLACE = frozenset({
    "api_base", "base_url", "api_key", "organization", "headers", "extra_headers", "ssl_verify", "timeout",
})  # fmt: skip


def response_id(path: str) -> str:
    """Return the id in the path of one response; an empty text for another path."""
    for beginning in _BEGINNINGS:
        if path.startswith(beginning) and "/" not in path[len(beginning) :]:
            return path[len(beginning) :]
    return ""


async def read(serving: Serving, exchange: Exchange, record: Record, body: JSON) -> None:  # noqa: ARG001 - has none
    """Answer with a response that is kept. Raises NotFoundError for one that is not."""
    id = response_id(exchange.scope["path"])
    if (place := _place(serving, id)) is not None:
        from litellm_lite.stored_responses import aget_responses  # few ask, and it loads models

        kept, params = place
        told = (await aget_responses(kept, **params)).model_dump(mode="json", exclude_unset=True)
        told["id"] = id
    elif (stored := serving.store.get(id)) is not None:
        told = stored.response
    else:
        raise no_response(id)
    await exchange.answer(200, [JSON_HEADER, *record.headers({})], orjson.dumps(told))


async def delete(serving: Serving, exchange: Exchange, record: Record, body: JSON) -> None:  # noqa: ARG001 - has none
    """Delete a response that is kept. Raises NotFoundError for one that is not."""
    id = response_id(exchange.scope["path"])
    if (place := _place(serving, id)) is not None:
        from litellm_lite.stored_responses import adelete_responses

        kept, params = place
        await adelete_responses(kept, **params)
    elif not serving.store.delete(id):
        raise no_response(id)
    told = {"id": id, "object": "response", "deleted": True}
    await exchange.answer(200, [JSON_HEADER, *record.headers({})], orjson.dumps(told))


def _place(serving: Serving, id: str) -> tuple[str, Any] | None:
    """Return the vendor's id of a response, and how to reach the vendor; None for one that no vendor keeps."""
    if (kept := kept_at(id)) is None:
        return None
    deployment = serving.router.get_deployment(kept.deployment)
    if deployment is None:
        raise no_response(id)
    params = {name: value for name, value in deployment.params.items() if name in _PLACE}
    return kept.id, {**params, "custom_llm_provider": deployment.provider}
