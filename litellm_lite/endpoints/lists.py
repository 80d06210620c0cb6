"""`/embeddings` and `/moderations`: something goes in, a list comes out. Nothing is streamed."""

from __future__ import annotations

from litellm_lite.call import Call, Reply, WireRequest
from litellm_lite.endpoints.native import NativeEndpoint
from litellm_lite.errors import BadRequestError
from litellm_lite.transformer import JSON, unreadable

_VECTOR = (list, str)  # numbers, or with encoding_format="base64" the same as text


class _Listed(NativeEndpoint):
    """An endpoint without streams."""

    def build_request(self, call: Call) -> WireRequest:
        if call.stream:
            msg = f"{self.row.name}: /{call.endpoint} has no streams; leave out stream"
            raise BadRequestError(msg, self.row.name, call.target.model, param="stream")
        return super().build_request(call)


class Embeddings(_Listed):
    """`/embeddings`: a vector for each text, or for each list of tokens."""

    answers = "data"

    def parse_response(self, call: Call, reply: Reply) -> JSON:
        body = super().parse_response(call, reply)
        for index, each in enumerate(body["data"]):
            if not isinstance(each.get("embedding"), _VECTOR):
                raise unreadable(call, reply, f"no embedding in data[{index}]")
            each.setdefault("index", index)
        return body


class Moderations(_Listed):
    """`/moderations`: a verdict for each text. One that does not say whether it is flagged is none."""

    answers = "results"

    def parse_response(self, call: Call, reply: Reply) -> JSON:
        body = super().parse_response(call, reply)
        for index, each in enumerate(body["results"]):
            if not isinstance(each.get("flagged"), bool):
                raise unreadable(call, reply, f"results[{index}] does not say whether it is flagged")
        return body
