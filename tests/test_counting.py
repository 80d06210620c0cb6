"""Counts, codes and estimates for models as callers name them; LiteLLM's functions keep LiteLLM's meaning."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from litellm_lite import Message
from litellm_lite.counting import count_tokens, decode, encode, meant, token_counter
from litellm_lite.errors import APIError, BadRequestError, TokenizerError, UnsupportedParamsError
from litellm_lite.registry import register_model, registry
from tests.tokens.samples import HELLO, call, image_part, needs_llama, png_url, text_part, user, weather_tool

SCOUT = "meta_llama/Llama-4-Scout-17B-16E-Instruct-FP8"
UNKNOWN = "nobody/knows-this"


class Words:
    """A tokenizer of a caller's own: a token is a word, numbered by its length."""

    def encode(self, text: str) -> list[int]:
        return [len(word) for word in text.split()]

    def decode(self, tokens: list[int]) -> str:
        return " ".join("x" * token for token in tokens)


class HuggingFaceWords(Words):
    """The same in the shape Hugging Face's tokenizers have."""

    def encode(self, text: str) -> Any:
        return SimpleNamespace(ids=super().encode(text))

    def decode(self, tokens: list[int], *, skip_special_tokens: bool = True) -> str:
        return f"{super().decode(tokens)} {skip_special_tokens}"


CUSTOM = {"type": "own", "tokenizer": Words()}
HUGGING_FACE = {"type": "huggingface_tokenizer", "tokenizer": HuggingFaceWords()}


@pytest.fixture
def _own_models() -> Iterator[None]:
    yield
    registry().reset()


@needs_llama
def test_a_chat_is_counted_exactly_where_that_is_possible() -> None:
    counted = count_tokens(SCOUT, [user(HELLO)])
    assert (counted.tokens, counted.exact, counted.method) == (16, True, "llama4 vocabulary")
    assert token_counter(SCOUT, messages=[user(HELLO)]) == 16


@needs_llama
def test_a_text_is_counted_without_a_frame() -> None:
    assert count_tokens(SCOUT, text=HELLO).tokens == 6
    assert token_counter(SCOUT, text=HELLO) == 6
    assert token_counter(SCOUT, text=["Hello, how ", "are you?"]) == 6


@needs_llama
def test_a_text_survives_encoding_and_decoding() -> None:
    tokens = encode(SCOUT, "Grüße 世界 <|eot|>")
    assert decode(SCOUT, tokens) == "Grüße 世界 <|eot|>"
    assert decode(SCOUT, [*tokens, 200_008]) == "Grüße 世界 <|eot|>"
    assert decode(SCOUT, [*tokens, 200_008], skip_special_tokens=False).endswith("<|eot|><|eot|>")


@pytest.mark.parametrize("model", [UNKNOWN, "nobody-knows", "", "/", "a/", "/b"])
def test_a_model_nobody_knows_is_estimated(model: str) -> None:
    counted = count_tokens(model, [user(HELLO)])
    assert (counted.tokens, counted.exact) == (12, False)
    assert token_counter(model, messages=[user(HELLO)]) == 12
    assert token_counter(model, text=HELLO) == 5


@needs_llama
@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("meta-llama/Llama-3.3-70B-Instruct", None),
        ("meta-llama/Llama-3.3-70B-Instruct", "huggingface"),
        ("llama-3.3-70b", "meta_llama"),
        ("meta_llama/llama-3.3-70b", "meta_llama"),
        ("bedrock/us.meta.llama3-3-70b-instruct-v1:0", None),
        ("litellm_proxy/meta_llama/Llama-3.3-70B-Instruct", None),
    ],
)
def test_names_lead_to_the_vocabulary(model: str, provider: str | None) -> None:
    counted = count_tokens(model, [user(HELLO)], custom_llm_provider=provider)
    assert counted.method == "llama3 vocabulary"
    assert counted.exact == (provider == "meta_llama")


@pytest.mark.parametrize(
    ("model", "provider", "found"),
    [
        ("gpt-4o", None, ("openai", "gpt-4o")),
        ("openai/gpt-4o", None, ("openai", "gpt-4o")),
        ("meta_llama/llama-4-scout", None, ("meta_llama", SCOUT.partition("/")[2])),
        ("litellm_proxy/a/b", None, ("llama_proxy", "a/b")),
        ("a/b", "openai", ("openai", "a/b")),
        ("openai/b", "openai", ("openai", "b")),
        (UNKNOWN, None, ("nobody", "knows-this")),
        ("bare", None, ("", "bare")),
        ("bare", "mine", ("mine", "bare")),
        ("", None, ("", "")),
    ],
)
def test_a_name_is_understood_as_in_a_call(model: str, provider: str | None, found: tuple[str, str]) -> None:
    assert meant(model, provider)[:2] == found


@pytest.mark.usefixtures("_own_models")
def test_a_registered_alias_leads_to_its_model() -> None:
    row = {"litellm_provider": "meta_llama", "aliases": ["my-llama"]}
    register_model({"meta_llama/Llama-4-Scout-17B-16E-Instruct-FP8": row})
    assert meant("meta_llama/my-llama")[1] == "Llama-4-Scout-17B-16E-Instruct-FP8"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"text": "a", "messages": [user("a")]},
        {"text": "a", "tools": [weather_tool()]},
        {"text": "a", "tool_choice": "auto"},
        {"text": 7},
        {"text": ["a", 7]},
        {"messages": "a"},
        {"messages": [{"content": "a"}]},
        {"messages": [user(7)]},
        {"model": 7, "text": "a"},
    ],
)
@pytest.mark.parametrize("function", [count_tokens, token_counter])
def test_what_cannot_be_counted_is_a_typed_error(function: Any, given: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError):
        function(**{"model": SCOUT, **given})


def test_the_default_is_returned_where_counting_is_impossible() -> None:
    assert token_counter(SCOUT, messages=[user(7)], default_token_count=9) == 9
    assert token_counter("x", text="a", custom_tokenizer=7, default_token_count=9) == 9
    assert token_counter("x", text="a", custom_tokenizer=CUSTOM, default_token_count=9) == 1


def test_no_messages_have_only_the_frame() -> None:
    assert token_counter("gpt-4", messages=[]) == 3


def test_counting_an_answer_leaves_out_the_frame_and_the_tools() -> None:
    given: dict[str, Any] = {"messages": [user("a b c")], "custom_tokenizer": CUSTOM}
    assert token_counter("gpt-4", **given) == 3 + 4 + 3
    assert token_counter("gpt-4", **given, tools=[weather_tool()]) > 20
    assert token_counter("gpt-4", **given, tools=[weather_tool()], count_response_tokens=True) == 4 + 3


def test_an_image_may_be_given_litellms_default() -> None:
    message = user([text_part("a b"), image_part(png_url(1920, 1080))])
    given: dict[str, Any] = {"messages": [message], "custom_tokenizer": CUSTOM}
    assert token_counter(SCOUT, **given) == 5 + 5 + 2 + 2322
    assert token_counter(SCOUT, **given, use_default_image_token_count=True) == 5 + 5 + 2 + 250


def test_a_message_of_an_earlier_answer_is_counted_as_it_is() -> None:
    answer = Message(content="a b", role="assistant")
    said = {"role": "assistant", "content": "a b"}
    assert count_tokens("gpt-4", [answer]) == count_tokens("gpt-4", [said])


def test_a_pydantic_format_counts_as_its_schema() -> None:
    class Report(BaseModel):
        mood: str

    asked = count_tokens(SCOUT, [user("a")], response_format=Report)
    assert not asked.exact
    assert asked.tokens > count_tokens(SCOUT, [user("a")]).tokens


def test_nothing_given_is_changed() -> None:
    messages = [user([text_part("a"), image_part(png_url(9, 9))]), {"role": "assistant", "tool_calls": [call("{}")]}]
    before = repr(messages)
    count_tokens(SCOUT, messages, tools=[weather_tool()])
    assert repr(messages) == before


@pytest.mark.parametrize("custom", [CUSTOM, HUGGING_FACE, Words()])
def test_a_tokenizer_of_the_callers_own_counts_and_encodes(custom: Any) -> None:
    assert token_counter(UNKNOWN, custom_tokenizer=custom, text="ab c") == 2
    assert encode(UNKNOWN, "ab c", custom) == [2, 1]


def test_a_tokenizer_of_the_callers_own_decodes() -> None:
    assert decode(UNKNOWN, [2, 1], CUSTOM) == "xx x"
    assert decode(UNKNOWN, [2, 1], HUGGING_FACE) == "xx x True"
    assert decode(UNKNOWN, [2, 1], HUGGING_FACE, skip_special_tokens=False) == "xx x False"


def test_an_encoding_of_tiktokens_takes_special_tokens_as_text() -> None:
    import tiktoken

    ranks = {bytes([number]): number for number in range(256)}
    own = tiktoken.Encoding("own", pat_str=".", mergeable_ranks=ranks, special_tokens={"<|end|>": 256})
    assert encode(UNKNOWN, "<|end|>", {"type": "openai_tokenizer", "tokenizer": own}) == list(b"<|end|>")


@pytest.mark.parametrize("custom", [7, {}, {"tokenizer": None}, {"type": "x", "tokenizer": "x"}])
def test_what_is_no_tokenizer_is_refused(custom: Any) -> None:
    with pytest.raises(UnsupportedParamsError, match="custom_tokenizer must be"):
        encode(UNKNOWN, "a", custom)


@pytest.mark.parametrize("model", [UNKNOWN, "anthropic/claude-opus-4", "", "gpt-6-sol"])
def test_an_estimate_cannot_encode(model: str) -> None:
    with pytest.raises(TokenizerError, match="no public vocabulary is known") as caught:
        encode(model, "a")
    assert "custom_tokenizer" in str(caught.value)
    with pytest.raises(TokenizerError):
        decode(model, [1])


def test_a_missing_file_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    with pytest.raises(TokenizerError, match=r"o200k_base\.tiktoken"):
        encode("gpt-4o", "a")
    assert not count_tokens("gpt-4o", text="a" * 9).exact


@needs_llama
@pytest.mark.parametrize("tokens", [[10**9], [-1], ["a"], [1.5]])
def test_what_is_no_token_is_refused(tokens: list[Any]) -> None:
    with pytest.raises(BadRequestError, match=r"tokens\[0\]"):
        decode(SCOUT, tokens)


def test_lone_surrogates_do_not_stop_a_count() -> None:
    for model in (SCOUT, "gpt-4o", UNKNOWN):
        assert token_counter(model, messages=[user("a \ud800 b")]) == token_counter(
            model, messages=[user("a \ufffd b")]
        )


def test_every_error_here_is_one_of_the_tree() -> None:
    assert issubclass(TokenizerError, APIError)


@needs_llama
@pytest.mark.parametrize("tokens", [5, None, "ab", iter([9906])])
def test_tokens_that_are_no_list_are_refused(tokens: Any) -> None:
    with pytest.raises(BadRequestError, match="tokens must be a list"):
        decode(SCOUT, tokens)


@pytest.mark.parametrize("provider", [5, ["openai"]])
def test_a_provider_that_is_no_name_is_refused(provider: Any) -> None:
    with pytest.raises(BadRequestError, match="custom_llm_provider must be a name"):
        count_tokens("gpt-4o", [user("a")], custom_llm_provider=provider)


@pytest.mark.parametrize("calls", [5, "ab", {"a": 1}, [5]])
def test_calls_that_are_no_list_of_objects_are_refused(calls: Any) -> None:
    with pytest.raises(BadRequestError, match=r"messages\[0\] has tool_calls"):
        count_tokens(SCOUT, [{"role": "assistant", "tool_calls": calls}])
