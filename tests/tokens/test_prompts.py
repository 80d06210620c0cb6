"""Prompts counted for a model at a host: which are exact, and between which bounds the others lie."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_lite.errors import BadRequestError, TokenizerError
from litellm_lite.tokens.count import NOTHING, Span, TokenCount, exactly
from litellm_lite.tokens.counting import PromptCounter, count_prompt, counter_for
from litellm_lite.tokens.estimate import estimate
from litellm_lite.tokens.vocabularies import KNOWN_FILES
from tests.tokens.samples import (
    HELLO,
    META,
    call,
    found,
    image_part,
    needs_llama,
    png_url,
    text_part,
    texts,
    user,
    weather_tool,
)

LLAMA_33 = "Llama-3.3-70B-Instruct"
PDF = {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}}
SOUND = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}

tool_turns = st.builds(
    lambda text: [
        {"role": "assistant", "content": None, "tool_calls": [call('{"city": "Oslo"}')]},
        {"role": "tool", "tool_call_id": "c1", "content": text},
    ],
    texts,
)
plain_turns = st.builds(
    lambda role, text: [{"role": role, "content": text}], st.sampled_from(["system", "user", "assistant"]), texts
)
chats = st.lists(tool_turns | plain_turns, max_size=5).map(
    lambda turns: [message for turn in turns for message in turn]
)


def words(text: str) -> Span:
    """A vocabulary for tests: a token is a word."""
    return exactly(len(text.split()))


def by_words(provider: str, model: str) -> PromptCounter:
    return counter_for(provider, model, words, "words")


def prompt(provider: str, model: str, messages: list[Any], **more: Any) -> TokenCount:
    return by_words(provider, model).prompt(messages, **more)


def bounds(count: TokenCount) -> tuple[int, int, int | None]:
    return count.least, count.tokens, count.most


# Llama


@needs_llama
@pytest.mark.parametrize("model", [LLAMA_33, META])
def test_a_greeting_is_exact_at_the_llama_api(model: str) -> None:
    counted = count_prompt("meta_llama", model, [user(HELLO)])
    assert (counted.tokens, counted.exact) == (16, True)
    assert counted.method in ("llama3 vocabulary", "llama4 vocabulary")
    assert int(counted) == 16


@needs_llama
def test_the_published_template_adds_dates_to_a_greeting() -> None:
    counted = count_prompt("huggingface", f"meta-llama/{LLAMA_33}", [user("hi")])
    assert (counted.tokens, counted.exact) == (36, False)  # 20 of them are the block of dates
    system = [{"role": "system", "content": "Be kind."}, user("hi")]
    rule = counter_for("", LLAMA_33).text("Be kind.").tokens
    assert count_prompt("huggingface", LLAMA_33, system).tokens == 36 + rule


@settings(deadline=None)
@given(chats)
def test_other_hosts_lie_around_the_reference(messages: list[Any]) -> None:
    reference = prompt("meta_llama", LLAMA_33, messages).tokens
    calls = any(message.get("tool_calls") for message in messages)
    for host in ("huggingface", "bedrock", "openai", ""):
        elsewhere = prompt(host, LLAMA_33, messages)
        assert not elsewhere.exact
        assert elsewhere.most is not None
        assert elsewhere.least <= reference <= elsewhere.most
        assert calls or elsewhere.least >= reference - 1


@settings(deadline=None)
@given(chats)
def test_the_estimate_holds_the_exact_count_between_its_bounds(messages: list[Any]) -> None:
    measure = found("llama4").measure
    for provider, model in (("meta_llama", META), ("openai", "gpt-4o"), ("groq", LLAMA_33), ("x", "unknown")):
        exact = counter_for(provider, model, measure, "").prompt(messages)
        guessed = counter_for(provider, model, estimate).prompt(messages)
        assert guessed.least <= exact.least
        assert guessed.most is not None
        assert exact.most is not None
        assert guessed.most >= exact.most


def test_a_developer_message_is_a_system_message_to_llama() -> None:
    developer = prompt("meta_llama", LLAMA_33, [{"role": "developer", "content": "a b"}])
    assert developer == prompt("meta_llama", LLAMA_33, [{"role": "system", "content": "a b"}])


def test_calls_are_counted_as_python_at_the_llama_api_and_guessed_elsewhere() -> None:
    message = {"role": "assistant", "content": None, "tool_calls": [call('{"city": "Oslo"}')]}
    assert bounds(prompt("meta_llama", META, [message])) == (11, 11, 11)
    least, tokens, most = bounds(prompt("groq", META, [message]))
    assert least <= 10 < tokens
    assert most is not None
    assert most > 2 * len('get_weather{"city": "Oslo"}')


def test_a_call_from_before_tools_is_counted_too() -> None:
    function = {"name": "f", "arguments": "{}"}
    assert prompt("meta_llama", META, [{"role": "assistant", "function_call": function}]).tokens == 11


def test_a_call_of_another_shape_is_not_bounded() -> None:
    custom = {"id": "c1", "type": "custom", "custom": {"name": "f", "input": "x"}}
    assert prompt("meta_llama", META, [{"role": "assistant", "tool_calls": [custom]}]).most is None


def test_arguments_that_are_no_text_are_written_as_json() -> None:
    given = {"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}
    assert prompt("meta_llama", META, [{"role": "assistant", "tool_calls": [given]}]).tokens == 11


@pytest.mark.parametrize("more", [{"name": "Ada"}, {"reasoning_content": "hm"}, {"refusal": "no"}])
def test_what_the_reference_leaves_out_makes_a_count_inexact(more: dict[str, Any]) -> None:
    counted = prompt("meta_llama", META, [{"role": "assistant", "content": "a", **more}])
    assert (counted.least, counted.tokens, counted.exact) == (11, 11, False)
    assert counted.most is not None
    assert counted.most >= 11 + len("no")


@pytest.mark.parametrize(
    "more", [{"tool_call_id": "c1"}, {"name": None}, {"reasoning_content": ""}, {"tool_calls": []}]
)
def test_what_says_nothing_costs_nothing(more: dict[str, Any]) -> None:
    assert prompt("meta_llama", META, [{**user("a b"), **more}]).exact


def test_an_unknown_role_is_allowed_for() -> None:
    assert bounds(prompt("meta_llama", META, [{"role": "narrator", "content": ""}])) == (10, 10, 18)


def test_images_in_data_urls_are_exact_for_llama_4() -> None:
    message = user([text_part("a b"), image_part(png_url(512, 512))])
    assert bounds(prompt("meta_llama", META, [message])) == (739, 739, 739)


def test_an_image_elsewhere_is_bounded_by_its_tiles() -> None:
    counted = prompt("meta_llama", META, [user([image_part("https://example.com/a.png")])])
    assert bounds(counted) == (10 + 147, 10 + 2322, 10 + 2467)


def test_nothing_bounds_an_image_for_a_text_model() -> None:
    assert bounds(prompt("meta_llama", LLAMA_33, [user([image_part(png_url(9, 9))])])) == (10, 10, None)


@pytest.mark.parametrize(("part", "kind"), [(PDF, "file"), (SOUND, "input_audio"), (7, "int"), ({}, "None")])
def test_what_is_not_counted_is_named(part: Any, kind: str) -> None:
    counted = prompt("openai", "gpt-4o", [user([text_part("a b"), part])])
    assert bounds(counted) == (9, 9, None)
    assert counted.method == f"words; {kind} not counted"


def test_white_space_around_a_text_may_be_trimmed_elsewhere() -> None:
    def chars(text: str) -> Span:
        return exactly(len(text))

    padded = [user(" " * 50 + "ab" + "\n" * 50)]
    here = counter_for("meta_llama", META, chars).prompt(padded)
    there = counter_for("groq", META, chars).prompt(padded)
    assert (here.least, here.most) == (112, 112)
    assert there.least == 9 + 2
    assert (there.most or 0) >= 112


# OpenAI


@pytest.mark.parametrize("model", ["gpt-3.5-turbo", "gpt-4", "gpt-4o-mini", "gpt-4.1"])
def test_openais_formula_is_the_cookbooks(model: str) -> None:
    # 3 and 1 for each message, 1 and its own for a name, 3 for the answer: "hello" was billed as 8 tokens.
    assert bounds(prompt("openai", model, [user("hello")])) == (8, 8, 8)
    named = [{"role": "system", "name": "example_user", "content": "a b c"}, user("hello")]
    assert bounds(prompt("openai", model, named)) == (17, 17, 17)


def test_at_azure_a_name_is_that_of_a_deployment_and_proves_nothing() -> None:
    assert not prompt("azure", "gpt-4o", [user("hello")]).exact


@pytest.mark.parametrize("model", ["gpt-5", "o3", "gpt-oss-120b"])
def test_newer_models_lie_around_the_formula(model: str) -> None:
    least, tokens, most = bounds(prompt("openai", model, [user("hello")]))
    assert least <= 7  # gpt-5 was seen to count one less
    assert 8 <= tokens <= (most or 0)


def test_several_texts_of_one_message_may_be_one_to_openai() -> None:
    apart = [user([text_part("inter"), "national"])]
    assert bounds(prompt("openai", "gpt-4o", apart)) == (8, 9, 11)
    assert prompt("meta_llama", META, apart).exact


def test_a_tool_result_is_an_estimate_to_openai() -> None:
    assert not prompt("openai", "gpt-4o", [{"role": "tool", "tool_call_id": "c1", "content": "a"}]).exact


# Tools, formats, and models of no known vocabulary


@pytest.mark.parametrize(("provider", "model"), [("meta_llama", META), ("openai", "gpt-4o"), ("x", "unknown")])
@pytest.mark.parametrize(
    "more",
    [
        {"tools": [weather_tool()]},
        {"tools": [weather_tool(), {"type": "web_search"}], "tool_choice": "auto"},
        {"tools": [weather_tool()], "tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}},
    ],
)
def test_tools_and_formats_only_add(provider: str, model: str, more: dict[str, Any]) -> None:
    alone, counted = (prompt(provider, model, [user("a b")], **given) for given in ({}, more))
    assert not counted.exact
    assert counted.least == alone.least
    assert counted.tokens >= alone.tokens
    assert alone.most is not None
    assert counted.most is not None
    assert alone.most < counted.most
    assert counted.tokens <= counted.most


@pytest.mark.parametrize("tools", ["x", {}, 7, [7], (tool for tool in [weather_tool()])])
def test_tools_that_are_none_are_refused(tools: Any) -> None:
    with pytest.raises(BadRequestError, match="tools must be a list of objects"):
        prompt("x", "unknown", [user("a")], tools=tools)


def test_what_has_no_end_is_refused() -> None:
    endless: dict[str, Any] = {"type": "function"}
    endless["function"] = endless
    deep: Any = {}
    for _ in range(100_000):  # deeper than any limit on recursion that other tests may leave behind
        deep = {"properties": {"a": deep}}
    for more in ({"tools": [endless]}, {"tools": [deep]}, {"response_format": endless}):
        for model in ("gpt-4o", "unknown"):
            with pytest.raises(BadRequestError, match="nested too deeply, or holds itself"):
                prompt("openai", model, [user("a")], **more)


def test_a_schema_may_be_as_deep_as_json_is_written() -> None:
    deep: dict[str, Any] = {"type": "string", "enum": 5}
    for _ in range(120):
        deep = {"type": "array", "items": {"properties": {"a": deep}}}
    assert prompt("openai", "gpt-4o", [user("a")], tools=[{"function": {"name": "f", "parameters": deep}}]).tokens > 120


def test_calls_with_arguments_that_nobody_can_read_are_not_exact() -> None:
    spoken = {"role": "assistant", "content": None, "tool_calls": [call("not json", "f")]}
    counted = prompt("meta_llama", META, [user("a"), spoken])
    assert not counted.exact
    assert counted.least < counted.tokens < (counted.most or 0)


@needs_llama
def test_one_small_tool_costs_what_the_live_api_counted_within_a_tenth() -> None:
    # 590 prompt tokens, of which about 570 were the tool's (Meta's cookbook, Maverick).
    alone = count_prompt("meta_llama", META, [user(HELLO)])
    counted = count_prompt("meta_llama", META, [user(HELLO)], tools=[weather_tool()])
    assert 513 <= counted.tokens - alone.tokens <= 627


@pytest.mark.parametrize("more", [{"tools": []}, {"tool_choice": "none"}, {"response_format": {"type": "text"}}])
def test_no_tools_and_no_format_leave_a_count_exact(more: dict[str, Any]) -> None:
    assert prompt("meta_llama", META, [user("a")], **more).exact


def test_a_bigger_tool_costs_more_to_openai() -> None:
    nested = weather_tool()
    deep = {
        "type": "object",
        "properties": {"x": {"type": "array", "items": {"properties": {"y": {"type": "number"}}}}},
    }
    nested["function"]["parameters"]["properties"] |= {"more": deep, "anything": True}
    small, big = (prompt("openai", "gpt-4o", [user("a")], tools=[tool]).tokens for tool in (weather_tool(), nested))
    assert big >= small + 9


def test_tools_that_json_cannot_carry_are_counted_somehow() -> None:
    broken = {"type": "function", "function": {"name": "f", "description": "\ud800", "x": object()}}
    assert prompt("meta_llama", META, [user("a")], tools=[broken]).tokens > 11


def test_a_model_without_a_vocabulary_is_estimated_with_bounds() -> None:
    counted = count_prompt("anthropic", "claude-sonnet-4", [user(HELLO)])
    assert counted == TokenCount(12, exact=False, least=4, most=107, method="estimate: 4 bytes a token")


def test_an_empty_chat_has_only_its_frame() -> None:
    assert bounds(prompt("meta_llama", META, [])) == (5, 5, 5)
    assert bounds(prompt("openai", "gpt-4o", [])) == (3, 3, 3)


@pytest.mark.parametrize("content", [None, "", []])
def test_empty_content_costs_nothing(content: Any) -> None:
    assert prompt("meta_llama", META, [user(content)]).tokens == 10


def test_content_that_is_no_content_is_not_bounded() -> None:
    assert prompt("meta_llama", META, [user(7)]).most is None


junk = st.sampled_from(
    [None, 7, "", "user", "\ud800", [], ["a", None], {}, {"type": "text"}, [{"type": [], "text": 1}], [{"id": 1}]]
)
keys = "role content name tool_calls function_call refusal audio other".split()


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(keys, junk)), max_size=3))
def test_any_messages_get_a_count(messages: list[dict[str, Any]]) -> None:
    for model in (META, "gpt-4o", "unknown"):
        counted = prompt("meta_llama", model, messages)
        assert counted.least <= counted.tokens
        assert counted.most is None or counted.tokens <= counted.most


def test_a_damaged_vocabulary_is_an_error_and_no_estimate(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    (tmp_path / KNOWN_FILES["o200k_base"].file).write_bytes(b"")
    with pytest.raises(TokenizerError, match="SHA-256"):
        counter_for("openai", "gpt-4o").text("a")


def test_a_text_has_no_frame() -> None:
    assert by_words("openai", "gpt-4o").text("a b c") == TokenCount(3, exact=True, least=3, most=3, method="words")


def test_parts_add_up() -> None:
    assert NOTHING + exactly(2) + Span(3, 1, 9) == Span(5, 3, 11)
    assert exactly(1) + Span(1, 0, None) == Span(2, 1, None)
