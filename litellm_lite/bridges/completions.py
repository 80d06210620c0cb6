"""`/completions` over chat: each prompt becomes a user's message, each answer a text. Pure.

    pairs = to_chat(body)                            # one (messages, params) a prompt, all asked at once or in turn
    answer(chats, body, id="cmpl-…", created=…)      # chats in the order of the pairs
    chunks = CompletionChunks(body, id="cmpl-…", created=…)
    chunks.feed(chunk, prompt=0)                     # streams of several prompts may come in any order

The model sees a conversation, with the template of a chat around it: it answers a prompt where a base model would
continue it. The tokens of its logprobs begin at `text_offset` characters of the text of its choice. Where no
`max_tokens` is given the model's own limit stands, not the 16 tokens of OpenAI's old endpoint.
Facts: openai 3.52 types (completions), read 2026-11-27.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from litellm_lite.bridges.carrying import JSON, Carrier, given, whole, wrong
from litellm_lite.bridges.failure import openai_error
from litellm_lite.errors import APIConnectionError, APIError, APIResponseValidationError
from litellm_lite.params import shown

_OWN = frozenset({"model", "stream", "prompt", "logprobs", "top_logprobs", "best_of", "echo", "suffix"})
_CHATS = "belongs to chat completions, and a text has no place for it"
_NOT_HERE = ("messages", "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "modalities")
_KEPT = ("reasoning_content", "reasoning", "refusal")  # what some models say beside the text
_SHARED = ("system_fingerprint", "service_tier")


def to_chat(
    body: Mapping[str, Any], *, drop_params: bool = False, left_out: dict[str, str] | None = None
) -> list[tuple[list[JSON], JSON]]:
    """Return one chat completion's messages and parameters for each prompt, in their order."""
    carrier = Carrier("/completions", drop_params, left_out)
    prompts = _prompts(carrier, body.get("prompt"))
    params = given(body, _OWN)
    for name in _NOT_HERE:
        if params.pop(name, None) is not None:
            raise carrier.refusal(name, _CHATS, "ask /chat/completions")
    _check_choices(carrier, body)
    if body.get("echo"):
        carrier.go_without("echo", "cannot be had: the prompt is not part of a chat's answer")
    if body.get("suffix"):
        carrier.go_without("suffix", "cannot be had: a chat has no text that comes after the answer")
    params |= _logprobs_asked(body)
    return [([{"role": "user", "content": prompt}], dict(params)) for prompt in prompts]


def answer(chats: Sequence[Mapping[str, Any]], asked: Mapping[str, Any], *, id: str, created: int) -> JSON:
    """Return one text completion of the chat completions of all prompts; choices are numbered prompt by prompt.

    `usage` is None where one of them did not tell its own. Raises APIResponseValidationError for an answer that is
    no text.
    """
    each, tops = _choices_each(asked), _asked_tops(asked)
    choices = [
        _choice(choice, prompt * each + choice.get("index", 0), tops)
        for prompt, chat in enumerate(chats)
        for choice in chat["choices"]
    ]
    return {
        "id": id,
        "object": "text_completion",
        "created": created,
        "model": next((chat["model"] for chat in chats if chat.get("model")), asked.get("model")),
        "choices": choices,
        "usage": _summed([chat.get("usage") for chat in chats]),
        **_shared(chats),
    }


class CompletionChunks:
    """The stream of a text completion, made of the streams of its prompts' chat completions."""

    __slots__ = ("_count", "_each", "_finished", "_head", "_offsets", "_over", "_prompts", "_tops", "_usages", "_wants")

    def __init__(self, asked: Mapping[str, Any], *, id: str, created: int) -> None:
        prompt = asked.get("prompt")
        self._prompts = 1 if isinstance(prompt, str) else len(prompt or ())
        self._each, self._tops = _choices_each(asked), _asked_tops(asked)
        self._head: JSON = {"id": id, "object": "text_completion", "created": created, "model": None}
        self._head["model"] = asked.get("model")
        options = asked.get("stream_options")
        self._wants = isinstance(options, Mapping) and bool(options.get("include_usage"))
        self._usages: dict[int, JSON] = {}
        self._offsets: dict[int, _Offsets] = {}
        self._finished: set[int] = set()
        self._over, self._count = False, 0

    def feed(self, chunk: JSON, prompt: int = 0) -> list[JSON]:
        """Return what a chunk of one prompt's chat completion becomes.

        Raises APIResponseValidationError for one that is no text.
        """
        if self._over:
            return []
        if usage := chunk.get("usage"):
            self._usages[prompt] = usage
        if not self._count:
            self._head |= {"model": chunk.get("model") or self._head["model"], **_shared([chunk])}
        self._count += 1
        base = prompt * self._each
        made = [piece for choice in chunk.get("choices") or () if (piece := self._piece(choice, base))]
        return [self._chunk(made)] if made else []

    def end(self) -> list[JSON]:
        """Return the usage of all prompts, where the caller asked for it and every one of them told it."""
        if self._over:
            return []
        if missing := [index for index in range(self._prompts * self._each) if index not in self._finished]:
            what = ", ".join(map(str, missing[:8]))
            return self.fail(APIConnectionError(f"the stream ended before it was complete: choice {what} is not"))
        self._over = True
        usage = _summed([self._usages.get(prompt) for prompt in range(self._prompts)])
        return [{**self._head, "choices": [], "usage": usage}] if self._wants and usage else []

    def fail(self, error: APIError) -> list[JSON]:
        """Return the chunk that tells of a failure; nothing follows it, and no `[DONE]` may."""
        if self._over:
            return []
        self._over = True
        return [{"error": openai_error(error)}]

    def _chunk(self, choices: list[JSON]) -> JSON:
        chunk = {**self._head, "choices": choices}
        if self._wants:
            chunk["usage"] = None  # as OpenAI does on every chunk but the last
        return chunk

    def _piece(self, choice: JSON, base: int) -> JSON | None:
        """Return a choice as part of a text, None where there is nothing in it."""
        index = base + choice.get("index", 0)
        delta, reason = choice.get("delta") or {}, choice.get("finish_reason")
        _check_text(delta, reason)
        piece: JSON = {"index": index, "text": delta.get("content") or "", "logprobs": None, "finish_reason": reason}
        for name in _KEPT:
            if said := delta.get(name):
                piece[name] = said
        if self._tops is not None and (tokens := (choice.get("logprobs") or {}).get("content")):
            piece["logprobs"] = self._offsets.setdefault(index, _Offsets()).told(tokens, self._tops)
        if reason is not None:
            self._finished.add(index)
        return piece if reason is not None or piece["text"] or piece["logprobs"] or len(piece) > 4 else None


def _prompts(carrier: Carrier, prompt: Any) -> list[str]:
    if isinstance(prompt, str):
        return [prompt]
    if prompt is None or not isinstance(prompt, list | tuple) or not prompt:
        got = "an empty list" if isinstance(prompt, list | tuple) else shown(prompt)
        raise wrong("prompt", f"must be a text or a list of texts, not {got}")
    if all(isinstance(part, int) for part in prompt) or all(isinstance(part, list | tuple) for part in prompt):
        raise carrier.refusal("prompt", "is given as token ids, and a chat is made of text", "write the prompt as text")
    for index, part in enumerate(prompt):
        if not isinstance(part, str):
            raise wrong("prompt", f"must be a text or a list of texts, and prompt[{index}] is {shown(part)}")
    return list(prompt)


def _check_choices(carrier: Carrier, body: Mapping[str, Any]) -> None:
    """Refuse a `best_of` that would have to choose; the best `n` of `n` are all of them."""
    each = 1 if body.get("n") is None else whole("n", body["n"], 1)
    if (best_of := body.get("best_of")) is None or whole("best_of", best_of, 1) == each:
        return
    if best_of < each:
        raise wrong("best_of", f"must not be smaller than n, which is {each}")
    carrier.go_without("best_of", f"cannot be had: nobody chooses the best of {best_of} answers in a chat")


def _logprobs_asked(body: Mapping[str, Any]) -> JSON:
    """Return what asks a chat for the logprobs a caller wants: here a number says how many alternatives to show."""
    if (wanted := body.get("logprobs")) is None:
        return {}
    tops = whole("logprobs", wanted, 0)
    return {"logprobs": True, "top_logprobs": tops} if tops else {"logprobs": True}


def _asked_tops(asked: Mapping[str, Any]) -> int | None:
    tops: int | None = asked.get("logprobs")
    return tops


def _choices_each(asked: Mapping[str, Any]) -> int:
    each: int = asked.get("n") or 1
    return each


def _choice(choice: Mapping[str, Any], index: int, tops: int | None) -> JSON:
    message, reason = choice["message"], choice.get("finish_reason")
    _check_text(message, reason)
    text = message.get("content") or ""
    tokens = (choice.get("logprobs") or {}).get("content")
    logprobs = None if tops is None or not tokens else _Offsets().told(tokens, tops)
    made: JSON = {"index": index, "text": text, "logprobs": logprobs, "finish_reason": reason}
    return made | {name: message[name] for name in _KEPT if message.get(name)}


def _check_text(said: Mapping[str, Any], reason: Any) -> None:
    """Raise APIResponseValidationError for a call of a tool that nobody offered: a text cannot hold it."""
    if said.get("tool_calls") or said.get("function_call") or reason in ("tool_calls", "function_call"):
        raise APIResponseValidationError("the model calls a tool where a text was asked for, and none was offered")


class _Offsets:
    """Tells chat's logprobs of one choice as the old endpoint does, counting characters as they come."""

    __slots__ = ("_decoder", "_offset")

    def __init__(self) -> None:
        # A token may be part of a character. Its text is a replacement then, and only its bytes add up.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._offset = 0

    def told(self, tokens: Iterable[Mapping[str, Any]], tops: int) -> JSON:
        offsets, names, logprobs, alternatives = [], [], [], []
        for token in tokens:
            offsets.append(self._offset)
            names.append(token["token"])
            logprobs.append(token["logprob"])
            alternatives.append({top["token"]: top["logprob"] for top in token.get("top_logprobs") or ()})
            alternatives[-1].setdefault(token["token"], token["logprob"])
            text, written = token["token"], token.get("bytes")
            self._offset += len(text if written is None else self._decoder.decode(bytes(written)))
        return {
            "tokens": names,
            "token_logprobs": logprobs,
            "top_logprobs": alternatives if tops else None,
            "text_offset": offsets,
        }


def _shared(chats: Sequence[Mapping[str, Any]]) -> JSON:
    """Return what all the answers have in common beside their choices."""
    found = {name: {chat.get(name) for chat in chats} for name in _SHARED}
    return {name: said.pop() for name, said in found.items() if len(said) == 1 and None not in said}


def _summed(usages: Sequence[Any]) -> JSON | None:
    """Return the tokens of all prompts together, or None where one of them is not known."""
    if not usages or not all(usages):
        return None
    return usages[0] if len(usages) == 1 else _added(usages)


def _added(usages: Sequence[Mapping[str, Any]]) -> JSON:
    """Add what every one of them tells; a part that one does not tell has no sum."""
    total: JSON = {}
    for name, first in usages[0].items():
        counts: list[Any] = [usage.get(name) for usage in usages]
        if all(isinstance(count, Mapping) for count in counts):
            total[name] = _added(counts)
        elif all(isinstance(count, int | float) for count in counts):
            total[name] = sum(counts)
        elif counts.count(first) == len(counts):
            total[name] = first
    return total
