"""Responses that a vendor keeps: one is read, or deleted, by its id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Unpack

from litellm_lite.asking import Told
from litellm_lite.attempts import afetch, fetch
from litellm_lite.endpoints.responses import DeletedResponse, StoredResponse
from litellm_lite.errors import BadRequestError
from litellm_lite.facts import facts_of
from litellm_lite.native_answers import native_answer
from litellm_lite.params import shown
from litellm_lite.prepare import Plan, prepare
from litellm_lite.retries import aretrying, retrying
from litellm_lite.types.endpoints import DeleteResponseResult
from litellm_lite.types.response import attach
from litellm_lite.validation import validated

if TYPE_CHECKING:
    from litellm_lite.attempts import Answer
    from litellm_lite.types.endpoints import ResponsesAPIResponse
    from litellm_lite.types.params import OptionParams

_ID = re.compile(r"[A-Za-z0-9_-]{1,512}")  # it becomes part of a path
_OPENAI = "openai"


def get_responses(response_id: str, **params: Unpack[OptionParams]) -> ResponsesAPIResponse:
    """Return a response that was stored. `custom_llm_provider` says by whom: OpenAI, where it says nothing."""
    plan = _plan(response_id, "GET", params)
    return _read(retrying(lambda: fetch(plan), plan.options.retries))


async def aget_responses(response_id: str, **params: Unpack[OptionParams]) -> ResponsesAPIResponse:
    """The async twin of `get_responses`."""
    plan = _plan(response_id, "GET", params)
    return _read(await aretrying(lambda: afetch(plan), plan.options.retries))


def delete_responses(response_id: str, **params: Unpack[OptionParams]) -> DeleteResponseResult:
    """Delete a response that was stored, where `get_responses` would find it."""
    plan = _plan(response_id, "DELETE", params)
    return _deleted(retrying(lambda: fetch(plan), plan.options.retries))


async def adelete_responses(response_id: str, **params: Unpack[OptionParams]) -> DeleteResponseResult:
    """The async twin of `delete_responses`."""
    plan = _plan(response_id, "DELETE", params)
    return _deleted(await aretrying(lambda: afetch(plan), plan.options.retries))


def _plan(response_id: Any, method: Literal["GET", "DELETE"], params: Mapping[str, Any]) -> Plan:
    """Plan a call as if to ask a model, then turn it to the response; an error names that in the model's place."""
    if not isinstance(response_id, str) or not _ID.fullmatch(response_id):
        msg = f"response_id must be the id of a response, such as 'resp_…', not {shown(response_id)}"
        raise BadRequestError(msg, param="response_id")
    vendor = params.get("custom_llm_provider") or _OPENAI
    plan = prepare(f"{vendor}/{response_id}", (), params, stream=False, endpoint="responses")
    headers = {name: value for name, value in plan.request.headers.items() if name != "Content-Type"}
    request = replace(plan.request, method=method, url=f"{plan.request.url}/{response_id}", headers=headers, body=b"")
    kind = DeletedResponse if method == "DELETE" else StoredResponse
    return replace(plan, request=request, provider=kind(plan.provider.row, "responses"))


def _read(answer: Answer) -> ResponsesAPIResponse:
    made: ResponsesAPIResponse = native_answer(Told(answer, facts_of(answer)), "responses")
    return made


def _deleted(answer: Answer) -> DeleteResponseResult:
    facts = facts_of(answer)
    made: DeleteResponseResult = validated(DeleteResponseResult, answer.plan, answer.body)
    attach(made, facts)
    return made
