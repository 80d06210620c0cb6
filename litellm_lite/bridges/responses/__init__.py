"""`/responses` over chat: items become messages, messages items, chunks events. Pure.

    messages, params = to_chat(body, history)        # history: the earlier conversation, of `previous_response_id`
    answer(chat, body, id="resp_…", created=…)       # the Response, with all the caller asked repeated in it
    events = ResponseEvents(body, id="resp_…", created=…)
    events.feed(chunk), events.end(), events.fail(error)        # `to_bytes` writes an event; there is no [DONE]
    events.response                                  # what came of the stream, once it has ended
    conversation(body, messages, response)           # the history for a response that continues this one

The ids of items are made of the response's own. Nothing is stored here: `store` is the caller's to act on, and what the
answer says of it is what stands in the `asked` it is given. A model's reasoning, where chat tells it, is a `reasoning`
item with its text as it is; there are no summaries and nothing encrypted. Reasoning of earlier turns is left out, for
chat has no place for it. Items come as the model begins them; text that follows a call is a message of its own.
Facts: openai 3.52 types (responses), read 2026-11-27.
"""

from litellm_lite.bridges.responses.events import ResponseEvents, to_bytes
from litellm_lite.bridges.responses.request import conversation, to_chat
from litellm_lite.bridges.responses.response import answer

__all__ = ["ResponseEvents", "answer", "conversation", "to_bytes", "to_chat"]
