"""POST /utils/token_counter: how many tokens a prompt has, and how sure that is."""

from __future__ import annotations

import asyncio
from typing import Any

from litellm_lite.counting import count_tokens
from litellm_lite.errors import BadRequestError
from litellm_lite.params import shown
from litellm_lite.proxy.asking import read_json, take_model
from litellm_lite.proxy.visit import Told, Visit, told_json
from litellm_lite.tokens.count import TokenCount

JSON = dict[str, Any]

_TEXTS = ("prompt", "text")
_KNOWN = ("model", "messages", *_TEXTS, "tools", "tool_choice", "response_format")


async def token_counter(visit: Visit) -> Told:
    """Answer with the count. Raises BadRequestError for what cannot be counted, and NotFoundError for no model."""
    body = read_json(await visit.exchange.body(visit.serving.max_request_bytes, visit.serving.body_s))
    for name in body:
        if name not in _KNOWN:
            msg = f"{shown(name)} is not counted here; there are {', '.join(_KNOWN)}"
            raise BadRequestError(msg, param=name[:100])
    visit.record.asked = asked = take_model(body)
    model = visit.serving.model_of(asked)
    count = await asyncio.to_thread(_count, model, body)  # a long prompt must not hold up the others
    return told_json(
        {
            "total_tokens": count.tokens,
            "request_model": asked,
            "model_used": model,
            "tokenizer_type": count.method,
            "exact": count.exact,
            "least_tokens": count.least,
            "most_tokens": count.most,
        }
    )


def _count(model: str, body: JSON) -> TokenCount:
    given = {name: body[name] for name in _TEXTS if body.get(name) is not None}
    if len(given) > 1:
        raise BadRequestError("prompt and text are one and the same; give one of them", param="text")
    for name in ("messages", "tools"):
        if not isinstance(body.get(name), list | None):
            raise BadRequestError(f"{name} must be a list, not {shown(body[name])}", param=name)
    name, text = next(iter(given.items()), ("text", None))
    try:
        return count_tokens(
            model,
            body.get("messages"),
            text,
            body.get("tools"),
            body.get("tool_choice"),
            body.get("response_format"),
        )
    except BadRequestError as error:
        if error.param == "text":  # the library's name for it
            error.param = name
        raise
