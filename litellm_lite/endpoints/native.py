"""What the endpoints beside chat have in common: the body is the parameters, and one of them is the input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from litellm_lite.call import Call, Endpoint, Reply, WireRequest
from litellm_lite.errors import APIError, BadRequestError
from litellm_lite.params import contract_at, shown
from litellm_lite.transformer import JSON, OpenAICompatible, Provider, post, success_json, unreadable

_NO_SUCH_PATH = frozenset({404, 405, 501})
_NO_SUCH_MODEL = "model_not_found"
ASK_ITS_CHAT = "use_chat_completions_api=True asks its chat"


class NativeEndpoint(OpenAICompatible):
    """One endpoint of a vendor that speaks OpenAI's API."""

    asked: ClassVar[str] = "input"
    """The parameter without which there is nothing to ask."""
    answers: ClassVar[str]
    """The list that an answer consists of."""
    otherwise: ClassVar[str] = ""
    """What to do where a server has no such path."""
    usage_comes_unasked: ClassVar[bool] = False
    """Whether a stream ends with its usage whatever was asked."""

    def __init__(self, row: Provider, name: Endpoint) -> None:
        asks_usage = row.asks_usage and not self.usage_comes_unasked
        super().__init__(replace(row, rules=row.endpoints[name], shapes={}, asks_usage=asks_usage))
        self._contracts = {"": contract_at(name, row.name, row.endpoints[name])}

    def build_request(self, call: Call) -> WireRequest:
        self._check_asked(call)
        body: JSON = {"model": call.target.model, **call.params}
        if call.stream:
            body["stream"] = True
            if self.row.asks_usage:
                body["stream_options"] = {"include_usage": True, **call.params.get("stream_options", {})}
        return post(call, f"/{call.endpoint}", body)

    def parse_response(self, call: Call, reply: Reply) -> JSON:
        body = success_json(call, reply, self.answers)
        found = body[self.answers]
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise unreadable(call, reply, f"its {self.answers} is no list of objects")
        return body

    def parse_error(self, call: Call, reply: Reply) -> APIError:
        error = super().parse_error(call, reply)
        if self.otherwise and reply.status in _NO_SUCH_PATH and error.code != _NO_SUCH_MODEL:
            error.message += f"; if there is no /{call.endpoint} at {call.target.api_base}, {self.otherwise}"
        return error

    def _check_asked(self, call: Call) -> None:
        """Raise BadRequestError for a request without its input, which is a text or a list, and never an empty one."""
        given = {**call.params, **call.extra_body}.get(self.asked)
        if not self.may_ask(given):
            name, model = self.row.name, call.target.model
            got = "nothing" if given is None else f"an empty {type(given).__name__}" if _empty(given) else shown(given)
            msg = f"{name}: {self.asked} must be a text or a list, with something in it, not {got}"
            raise BadRequestError(msg, name, model, param=self.asked)

    def may_ask(self, given: Any) -> bool:
        """Whether an input has the right kind; what is in it the vendor knows best."""
        return isinstance(given, str | Sequence) and not isinstance(given, bytes | bytearray) and bool(given)


def _empty(given: Any) -> bool:
    return isinstance(given, str | Sequence | Mapping) and not given
