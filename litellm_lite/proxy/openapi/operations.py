"""Every endpoint in words: the one table that the document and its page are made of. Paths are without `/v1`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

_JSON = "application/json"


class Query(NamedTuple):
    """What the query of a URL may say."""

    name: str
    text: str


class Operation(NamedTuple):
    """One method of one path.

    `takes` and `gives` name schemas; what is given as something else than JSON has a `kind`. `refusals` are the
    statuses that are likely beside those that every operation has; `error` names the schema of their bodies.
    """

    group: str
    summary: str
    gives: str = ""
    takes: str = ""
    text: str = ""
    kind: str = _JSON
    streams: str = ""
    refusals: tuple[int, ...] = ()
    error: str = "Error"
    queries: tuple[Query, ...] = ()
    calls: bool = False
    """Whether a model is called, so that LiteLLM's request headers count."""
    open: bool = False
    """Whether no key is asked for."""


Key = tuple[str, str]
_UPSTREAM = (404, 429, 500, 502, 503, 504)
_CHUNKS = "Each event is `data:` and a chunk in JSON; the last is `data: [DONE]`. A failure is an event with an error."
_EVENTS = (
    "Each event is `event:` with its type and `data:` with JSON. A failure is an event of its own, and the last one."
)
_ONE_MODEL = Query("model", "The name of a group or the id of a deployment; without it all are called.")


def _called(summary: str, takes: str, gives: str, streams: str = "", text: str = "") -> Operation:
    return Operation("Models", summary, gives, takes, text, streams=streams, refusals=_UPSTREAM, calls=True)


OPERATIONS: Mapping[Key, Operation] = {
    ("POST", "/chat/completions"): _called("Answer a chat", "ChatRequest", "ChatCompletion", _CHUNKS),
    ("POST", "/completions"): _called(
        "Continue a text", "CompletionRequest", "Completion", _CHUNKS,
        "Where a provider has no such endpoint, a chat carries it, and what a chat cannot carry is refused.",
    ),
    ("POST", "/responses"): _called(
        "Answer in OpenAI's newer shape", "ResponseRequest", "Response", _EVENTS,
        "Where a provider has no such endpoint, a chat carries it, and what a chat cannot carry is refused.",
    ),
    ("GET", "/responses/{response_id}"): Operation(
        "Models", "Return a response that was kept", "Response", refusals=_UPSTREAM
    ),
    ("DELETE", "/responses/{response_id}"): Operation(
        "Models", "Delete a response that was kept", "DeletedResponse", refusals=_UPSTREAM
    ),
    ("POST", "/embeddings"): _called("Embed texts", "EmbeddingRequest", "Embeddings"),
    ("POST", "/moderations"): _called("Say whether texts are harmful", "ModerationRequest", "Moderation"),
    ("POST", "/messages"): _called("Answer in Anthropic's shape", "MessagesRequest", "Message", _EVENTS)._replace(
        error="MessagesError"
    ),
    ("POST", "/messages/count_tokens"): Operation(
        "Models", "Count the tokens of a message's prompt", "MessagesTokens", "MessagesTokensRequest",
        "Nothing is sent to anybody. The header x-litellm-exact-count says whether the count is exact.",
        refusals=(404,), error="MessagesError",
    ),
    ("GET", "/models"): Operation(
        "What there is", "List the models", "Models",
        text="In the place of a wildcard stand the models that are known behind it and not switched off.",
    ),
    ("GET", "/models/{model}"): Operation(
        "What there is", "Return one model", "Model", refusals=(404,),
        text="The name may have slashes in it, encoded or not.",
    ),
    ("GET", "/model/info"): Operation(
        "What there is", "List the deployments", "ModelInfo", text="With limits, prices and abilities; without keys.",
        queries=(Query("litellm_model_id", "The id of one deployment."),), refusals=(404,),
    ),
    ("POST", "/utils/token_counter"): Operation(
        "What there is", "Count the tokens of a prompt", "TokenCount", "TokenCountRequest",
        "Nothing is sent to anybody.", refusals=(404,),
    ),
    ("GET", "/health"): Operation(
        "How it is", "Call every deployment", "Health",
        text="With one token, and at most ten seconds each. What cannot be asked is unchecked.",
        queries=(_ONE_MODEL,), refusals=(404,),
    ),
    ("GET", "/health/liveliness"): Operation("How it is", "Say that the gateway is alive", "Alive", open=True),
    ("GET", "/health/liveness"): Operation("How it is", "The same, in another spelling", "Alive", open=True),
    ("GET", "/health/readiness"): Operation(
        "How it is", "Say whether requests may come", "Ready", text="503 while it comes to its end.", open=True
    ),
    ("GET", "/metrics"): Operation("How it is", "Tell Prometheus what was counted", kind="text/plain"),
    ("GET", "/openapi.json"): Operation("This document", "Return it as OpenAPI 3.1", "OpenAPI"),
    ("GET", "/docs"): Operation("This document", "Return it as a page", kind="text/html"),
}  # fmt: skip
