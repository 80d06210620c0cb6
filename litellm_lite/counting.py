"""Tokens for callers: counts, codes and fits for a model as it is named in a call. Never the network.

A name nobody knows is counted too, as an estimate that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from litellm_lite.context import Fit, judge
from litellm_lite.errors import APIError, BadRequestError, TokenizerError, UnsupportedParamsError
from litellm_lite.params import shown
from litellm_lite.prepare import plain_messages
from litellm_lite.providers import ALIASES
from litellm_lite.registry import ModelInfo, registry
from litellm_lite.response_format import schema_format
from litellm_lite.tokens.count import NOTHING, Measure, TokenCount, exactly
from litellm_lite.tokens.counting import PromptCounter, counter_for
from litellm_lite.tokens.families import family_of
from litellm_lite.tokens.pictures import LITELLM_DEFAULT, UnknownPictures
from litellm_lite.tokens.vocabularies import Vocabulary, required_vocabulary

_LARGEST = 10**15
_HUGGING_FACE = "huggingface_tokenizer"


def count_tokens(  # noqa: PLR0917 - as token_counter
    model: str,
    messages: Sequence[Any] | None = None,
    text: str | None = None,
    tools: Sequence[Any] | None = None,
    tool_choice: Any = None,
    response_format: Any = None,
    custom_llm_provider: str | None = None,
) -> TokenCount:
    """Count the prompt of a chat, or a plain text, and say how sure the count is.

    Raises BadRequestError for messages that are none, TokenizerError for a vocabulary's file with a wrong hash.
    """
    provider, name, _ = meant(model, custom_llm_provider)
    counter = counter_for(provider, name)
    _check_one(text, messages, beside=tools or tool_choice or response_format)
    if text is not None:
        return counter.text(_text(text))
    if isinstance(response_format, type):
        response_format = schema_format(response_format)
    plain = chat(messages)
    return counter.prompt(plain, tools=tools, tool_choice=tool_choice, response_format=response_format)


def token_counter(  # noqa: PLR0917 - LiteLLM's signature
    model: str = "",
    custom_tokenizer: Any = None,
    text: str | Sequence[str] | None = None,
    messages: Sequence[Any] | None = None,
    count_response_tokens: bool | None = False,
    tools: Sequence[Any] | None = None,
    tool_choice: Any = None,
    use_default_image_token_count: bool | None = False,
    default_token_count: int | None = None,
) -> int:
    """Return the best count there is; `count_tokens` also says how sure it is.

    With `count_response_tokens` it is what the messages themselves have, without tools and the beginning of an answer.
    `default_token_count` is returned where counting is impossible. Images are never fetched.
    """
    _check_one(text, messages, beside=tools or tool_choice)
    try:
        counter = _counter(model, custom_tokenizer, default_images=bool(use_default_image_token_count))
        if text is not None:
            return counter.text(_text(text)).tokens
        plain = chat(messages)
        if count_response_tokens:
            return sum((counter.chat.message(message) for message in plain), NOTHING).tokens
        return counter.prompt(plain, tools=tools, tool_choice=tool_choice).tokens
    except APIError:
        if default_token_count is None:
            raise
        return default_token_count


def encode(model: str, text: str, custom_tokenizer: Any = None) -> list[int]:
    """Return the tokens of a text; a special token written out in it is only its characters.

    Raises TokenizerError, with the remedy, where the model's vocabulary is not known or not on this machine: an
    estimate cannot encode.
    """
    if custom_tokenizer is not None:
        return _custom_encode(custom_tokenizer)(_text(text))
    return _vocabulary(model).encode(_text(text))


def decode(model: str, tokens: Sequence[int], custom_tokenizer: Any = None, skip_special_tokens: bool = True) -> str:
    """Return the text of tokens. Raises TokenizerError as `encode` does, BadRequestError for what is no token."""
    if custom_tokenizer is None:
        return _vocabulary(model).decode(tokens, skip_special_tokens=skip_special_tokens)
    tokenizer = _tokenizer(custom_tokenizer)
    options = {"skip_special_tokens": skip_special_tokens} if _is_hugging_face(custom_tokenizer) else {}
    text: str = tokenizer.decode(list(tokens), **options)
    return text


def fits(
    model: str,
    messages: Sequence[Any],
    max_tokens: int | None = None,
    tools: Sequence[Any] | None = None,
    custom_llm_provider: str | None = None,
) -> Fit:
    """Return whether a prompt and an answer of up to `max_tokens` fit the model: yes, no or unknown, with numbers."""
    if max_tokens is not None and not is_count(max_tokens):
        raise BadRequestError(f"max_tokens must be a whole number from 0, not {shown(max_tokens)}", param="max_tokens")
    provider, name, info = meant(model, custom_llm_provider)
    prompt = counter_for(provider, name).prompt(chat(messages), tools=tools)
    return judge(prompt, info, model, max_tokens)


def meant(model: str, custom_llm_provider: str | None = None) -> tuple[str, str, ModelInfo | None]:
    """Return provider, wire name and row of a model as a caller names it; one that is unknown is taken at its word."""
    if not isinstance(model, str):
        raise BadRequestError(f"model must be a name such as 'openai/gpt-4o', not {shown(model)}", param="model")
    if not isinstance(custom_llm_provider, str | None):
        raise BadRequestError(
            f"custom_llm_provider must be a name such as 'openai', not {shown(custom_llm_provider)}",
            param="custom_llm_provider",
        )
    head, slash, rest = model.partition("/")
    provider = ALIASES.get(custom_llm_provider or head, custom_llm_provider or head)
    name = rest if slash and ALIASES.get(head, head) == provider else model
    info = registry().find(provider, name) or (None if custom_llm_provider else registry().lookup(model))
    if info is not None:
        return info.provider, info.model, info
    return (provider if slash or custom_llm_provider else ""), name, None


def chat(messages: Any) -> list[dict[str, Any]]:
    """Return messages as dictionaries, none as none. Raises BadRequestError for what no vendor would take."""
    return [] if isinstance(messages, list | tuple) and not messages else plain_messages(messages)


def is_count(value: object) -> bool:
    """Tell whether a value is a whole number from 0 that may be a count of tokens."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _check_one(text: Any, messages: Any, *, beside: Any) -> None:
    if (text is None) == (messages is None):
        raise BadRequestError("give either text= or messages=, and not both", param="messages")
    if text is not None and beside:
        raise BadRequestError("tools, tool_choice and response_format belong to messages=, not to text=", param="text")


def _text(text: Any) -> str:
    if isinstance(text, str):
        return text
    if isinstance(text, list | tuple) and all(isinstance(part, str) for part in text):
        return "".join(text)
    raise BadRequestError(f"text must be a text or a list of texts, not {shown(text)}", param="text")


def _counter(model: str | None, custom_tokenizer: Any, *, default_images: bool) -> PromptCounter:
    provider, name, _ = meant(model or "")
    if custom_tokenizer is None:
        counter = counter_for(provider, name)
    else:
        counter = counter_for(provider, name, _custom_measure(custom_tokenizer), "custom tokenizer")
    if not default_images:
        return counter
    return replace(counter, chat=replace(counter.chat, picture=UnknownPictures(LITELLM_DEFAULT)))


def _vocabulary(model: str) -> Vocabulary:
    _, name, _ = meant(model)
    known = family_of(name).vocabulary
    if known is None:
        raise TokenizerError(
            f"no public vocabulary is known for {model!r}; count_tokens() estimates, and custom_tokenizer= takes one",
            model=model,
        )
    return required_vocabulary(known)


def _custom_measure(custom: Any) -> Measure:
    encode_text = _custom_encode(custom)
    return lambda text: exactly(len(encode_text(text)))


def _custom_encode(custom: Any) -> Callable[[str], list[int]]:
    """Return the function that encodes; tiktoken's plain one, where special tokens in a text are only text."""
    tokenizer = _tokenizer(custom)
    plain = getattr(tokenizer, "encode_ordinary", tokenizer.encode)

    def tokens(text: str) -> list[int]:
        encoded = plain(text)
        return list(getattr(encoded, "ids", encoded))

    return tokens


def _tokenizer(custom: Any) -> Any:
    """Return the tokenizer itself, from LiteLLM's `{"type": …, "tokenizer": …}` or as it is."""
    tokenizer = custom.get("tokenizer") if isinstance(custom, Mapping) else custom
    if isinstance(tokenizer, str) or not callable(getattr(tokenizer, "encode", None)):
        raise UnsupportedParamsError(
            f"custom_tokenizer must be {{'type': ..., 'tokenizer': ...}} with a tokenizer that has encode(), "
            f"not {shown(custom)}",
            param="custom_tokenizer",
        )
    return tokenizer


def _is_hugging_face(custom: Any) -> bool:
    return isinstance(custom, Mapping) and custom.get("type") == _HUGGING_FACE
