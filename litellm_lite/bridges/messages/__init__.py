"""Anthropic's `/v1/messages`, carried over chat completions. Pure: no I/O, no clock, no random; ids are arguments.

    chat = to_chat(body)                       messages, params, left_out; raises what cannot be carried
    answer(completion, body, id="msg_…")       the chat completion as a Message
    events = MessageEvents(body, id="msg_…")   the same for a stream of chat chunks
    events.feed(chunk), events.end()           the events to send, each through to_bytes()
    events.fail(error)                         the last event of a stream that broke
    error_body(error, request_id)              status and body in Anthropic's shape
    count_tokens(body, model)                  the body for /v1/messages/count_tokens, and how sure the count is

`left_out` names what a chat cannot carry and what changes no answer, each with the reason: hints for a cache, the
thinking of earlier turns. All else that cannot be carried is refused by name.

Facts: anthropic 2.14 types, read 2026-11-27.
"""

from __future__ import annotations

from litellm_lite.bridges.messages.counts import count_tokens
from litellm_lite.bridges.messages.events import PING, MessageEvents, to_bytes
from litellm_lite.bridges.messages.failure import error_body
from litellm_lite.bridges.messages.reply import answer
from litellm_lite.bridges.messages.request import Chat, to_chat

__all__ = ["PING", "Chat", "MessageEvents", "answer", "count_tokens", "error_body", "to_bytes", "to_chat"]
