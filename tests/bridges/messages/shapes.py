"""Bodies as a client writes them, and what both SDKs say of the shapes on either side."""

from __future__ import annotations

import copy
from typing import Any

from anthropic.types import Message
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolUnionParam
from pydantic import TypeAdapter

from litellm_lite.bridges.messages import Chat, to_chat

JSON = dict[str, Any]

ID = "msg_1"
HELLO = {"role": "user", "content": "Hello"}
BODY: JSON = {"model": "m", "max_tokens": 64, "messages": [HELLO]}
USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
WEATHER = {
    "name": "weather",
    "description": "Tell the weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}

_OPENAI_MESSAGES = TypeAdapter(list[ChatCompletionMessageParam])
_OPENAI_TOOLS = TypeAdapter(list[ChatCompletionToolUnionParam])


def carried(**fields: Any) -> Chat:
    """Return the chat that a body becomes; it is in OpenAI's shape, and the body is left as it was."""
    body = {**BODY, **fields}
    before = copy.deepcopy(body)
    chat = to_chat(body)
    assert body == before
    _OPENAI_MESSAGES.validate_python(chat.messages)
    _OPENAI_TOOLS.validate_python(chat.params.get("tools", []))
    return chat


def user(*blocks: JSON) -> JSON:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: JSON) -> JSON:
    return {"role": "assistant", "content": list(blocks)}


def text(said: str, **fields: Any) -> JSON:
    return {"type": "text", "text": said, **fields}


def completion(message: JSON, finish: str | None = "stop", usage: Any = USAGE, **choice: Any) -> JSON:
    said = {"role": "assistant", "content": None, **message}
    return {
        "id": "c-1",
        "object": "chat.completion",
        "created": 5,
        "model": "served",
        "choices": [{"index": 0, "message": said, "finish_reason": finish, **choice}],
        "usage": usage,
    }


def call(name: str, arguments: Any, id: str | None = "call_a") -> JSON:
    made = {"type": "function", "function": {"name": name, "arguments": arguments}}
    return made if id is None else {"id": id, **made}


def is_message(made: JSON) -> JSON:
    """Return a Message as it is, once Anthropic's SDK has taken it for one."""
    Message.model_validate(made)
    return made
