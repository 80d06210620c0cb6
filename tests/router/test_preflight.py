"""Before a request is sent: who cannot serve it, and why. What nobody knows stops nobody."""

from __future__ import annotations

import base64
import logging
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_lite.context import context_overflow
from litellm_lite.errors import BadRequestError, ContextWindowExceededError
from litellm_lite.registry import ModelInfo
from litellm_lite.router.deployment import Deployment
from litellm_lite.router.preflight import Needs, Reason, needs_of, no_candidate, reason_against, tag_reason, tags_accept

HI = [{"role": "user", "content": "Hi"}]
LONG = [{"role": "user", "content": "word " * 500}]
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
SCHEMA = {"type": "json_schema", "json_schema": {}}
GIF = b"GIF89a" + struct.pack("<HH", 1, 1) + bytes(7)


def deployment(known: dict[str, Any] | None = None, /, name: str = "a", **fields: Any) -> Deployment:
    row = None if known is None else ModelInfo("openai/m", "openai", "m", known)
    return Deployment(**{"id": name, "group": "chat", "model": "openai/m", "provider": "openai", "row": row, **fields})


def against(known: dict[str, Any] | None, messages: Any = HI, /, **params: Any) -> Reason | None:
    return reason_against(needs_of(messages, params), deployment(known), messages, params)


def picture(data: bytes = GIF, kind: str = "gif") -> list[dict[str, Any]]:
    url = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]


def part(kind: str, **more: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": kind, **more}]}]


# What a model cannot do


ASKING: list[tuple[Any, dict[str, Any], str, str, str]] = [
    (picture(), {}, "supports_vision", "images", "takes no images"),
    (part("input_audio"), {}, "supports_audio_input", "audio", "takes no audio"),
    (part("video_url"), {}, "supports_video_input", "video", "takes no videos"),
    (part("file", file={"filename": "a.pdf"}), {}, "supports_pdf_input", "files", "takes no PDF files"),
    (HI, {"tools": [TOOL]}, "supports_function_calling", "tools", "calls no tools"),
    (
        HI,
        {"tools": [TOOL], "tool_choice": "required"},
        "supports_tool_choice",
        "tools",
        "cannot be told which tool to call",
    ),
    (HI, {"response_format": SCHEMA}, "supports_response_schema", "schema", "cannot be held to a JSON schema"),
]


@pytest.mark.parametrize(("messages", "params", "flag", "kind", "text"), ASKING)
def test_what_a_model_is_known_not_to_do_is_a_reason(
    messages: Any, params: dict[str, Any], flag: str, kind: str, text: str
) -> None:
    assert against({flag: False}, messages, **params) == (kind, text)
    assert against({flag: False}) is None
    for unknown in (None, {}, {flag: None}, {flag: True}):
        assert against(unknown, messages, **params) is None


@pytest.mark.parametrize("place", [0, 1, 2])
def test_modalities_tell_where_no_flag_does(place: int) -> None:
    messages, _, flag, kind, text = ASKING[place]
    assert against({"supported_modalities": ["text"]}, messages) == (kind, text)
    assert against({"supported_modalities": ["text", "image", "audio", "video"]}, messages) is None
    assert against({"supported_modalities": ["text"], flag: True}, messages) is None


@pytest.mark.parametrize("option", ["additional_drop_params", "allowed_openai_params"])
def test_a_parameter_that_is_left_out_or_insisted_on_is_no_reason(option: str) -> None:
    row = {"supports_function_calling": False, "supports_response_schema": False}
    assert against(row, tools=[TOOL], **{option: ["tools"]}) is None
    needs = needs_of(HI, {"response_format": SCHEMA})
    own = deployment(row, params={option: ["response_format"]})
    assert reason_against(needs, own, HI, {}) is None
    assert reason_against(needs, own, HI, {option: ["seed"]}) is not None
    assert reason_against(needs, own, HI, {option: "response_format"}) is not None


# Images

RULES = {"image_rules": {"formats": ["gif", "png"], "max_bytes": 100, "max_images": 2}}


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        (picture(), None),
        (picture() * 2, None),
        (picture() * 3, "takes 2 images a request, not 3"),
        (picture(GIF + bytes(83)), None),
        (picture(GIF + bytes(84)), "takes images of up to 100 bytes, not of 101"),
        (picture(kind="webp"), None),  # its bytes are a GIF's, and bytes count
        (picture(b"\xff\xd8\xff\xd9" * 3, kind="jpeg"), "takes gif, png as images, not jpeg"),
        (picture(b"no image", kind="jpeg"), None),
        (part("image_url", image_url={"url": "https://a.example/b.webp"}), None),
    ],
)
def test_images_are_held_against_the_rules_of_the_model(messages: Any, text: str | None) -> None:
    assert against(RULES, messages) == (text and ("images", text))


# The window


def test_a_prompt_that_is_certainly_too_long_is_a_reason_with_its_numbers() -> None:
    reason = against({"max_input_tokens": 40}, LONG)
    assert reason is not None
    assert reason.kind == "window"
    assert str(reason).startswith("cannot take it: the prompt has at least 500 tokens, and the model takes 40;")


@pytest.mark.parametrize(
    ("messages", "params"),
    [
        (LONG, {"check_context": False}),
        (LONG, {"extra_body": {"messages": HI}}),
        ([{"content": "no role" * 500}], {}),
        (["x" * 500], {}),
        (HI, {"max_tokens": 40}),  # vendors differ in whether the answer counts
        ([{"role": "user", "content": "x" * 120}], {}),  # it may be few tokens
    ],
)
def test_what_is_waived_malformed_or_uncertain_goes_through(messages: Any, params: dict[str, Any]) -> None:
    assert against({"max_input_tokens": 40}, messages, **params) is None


def test_what_the_deployment_waives_goes_through() -> None:
    for own in ({"check_context": False}, {"extra_body": {"messages": HI}}):
        relaxed = deployment({"max_input_tokens": 40}, params=own)
        assert reason_against(needs_of(LONG, {}), relaxed, LONG, {}) is None


def test_an_answer_longer_than_the_model_gives_is_a_reason() -> None:
    row = {"max_input_tokens": 1000, "max_output_tokens": 10}
    reason = against(row, max_tokens=11)
    assert str(reason).startswith("cannot take it: max_tokens is 11, and an answer has at most 10 tokens;")
    assert against(row, max_tokens=10) is None
    assert against(row, max_tokens=11, additional_drop_params=["max_tokens"]) is None
    assert against({"max_output_tokens": 10}, max_tokens=11) is not None
    assert against({"max_output_tokens": 10}, [{"content": "no role"}], max_tokens=11) is None


TEXTS = st.text() | st.text(alphabet="ab .\n", min_size=30, max_size=200)


@given(
    chat=st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": TEXTS}), min_size=1, max_size=3),
    windows=st.lists(st.integers(1, 120), min_size=1, max_size=4),
)
@settings(deadline=None)  # the first one reads a vocabulary
def test_it_is_a_reason_exactly_where_the_check_before_a_call_refuses(
    chat: list[dict[str, Any]], windows: list[int]
) -> None:
    """Whatever the order in which windows and models come: one request is counted once, and serves them all."""
    needs = needs_of(chat, {})
    for window in windows:
        for provider, model in (("meta_llama", "Llama-3.3-70B-Instruct"), ("openai", "m"), ("openai", "llama-4-x")):
            row = ModelInfo("", provider, model, {"max_input_tokens": window})
            there = deployment(None, provider=provider, model=f"{provider}/{model}", row=row)
            refused = context_overflow(row, provider, model, chat) is not None
            assert (reason_against(needs, there, chat, {}) is not None) == refused


def test_a_vocabulary_that_cannot_be_read_is_logged_and_stops_no_request(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    (tmp_path / "fb374d419588a4632f3f557e76b4b70aebbca790").write_text("damaged")
    own = deployment({"max_input_tokens": 40}, model="openai/gpt-4o")
    chat = [{"role": "user", "content": "x" * 120}]
    with caplog.at_level(logging.WARNING):
        assert reason_against(needs_of(chat, {}), own, chat, {}) is None
    assert "the prompt was not counted before the request" in caplog.text


def needs_above(floor: int, *, trusting: bool = False) -> Needs:
    needs = needs_of(HI, {})
    needs.floor, needs.trusting = floor, trusting
    return needs


@pytest.mark.parametrize(
    ("row", "floor", "text"),
    [
        ({"max_input_tokens": 9000}, 8000, None),
        ({"max_input_tokens": 8000}, 8000, "takes 8,000 tokens, and the prompt was too long for 8,000"),
        ({}, 8000, "has no known window, and the prompt was too long for 8,000"),
        (None, 0, "has no known window, and the prompt was too long elsewhere"),
        ({"max_input_tokens": 1}, 0, None),
    ],
)
def test_after_an_overflow_only_a_larger_window_will_do(row: Any, floor: int, text: str | None) -> None:
    assert reason_against(needs_above(floor), deployment(row), HI, {}) == (text and ("window", text))


@pytest.mark.parametrize(("row", "passes"), [({}, True), (None, True), ({"max_input_tokens": 8000}, False)])
def test_a_trusted_group_may_have_windows_nobody_knows_and_no_smaller_ones(row: Any, passes: bool) -> None:
    reason = reason_against(needs_above(8000, trusting=True), deployment(row), HI, {})
    assert (reason is None) == passes


# Regions


@pytest.mark.parametrize(
    ("allowed", "region", "text"),
    [
        ("eu", "eu", None),
        ("eu", "EU", None),
        ("EU", "eu-west-1", None),
        (["us", "eu"], "us-east-1", None),
        ("eu", "europe", "is in 'europe', and the request is allowed in 'eu' only"),
        (["us", "eu"], "ap-1", "is in 'ap-1', and the request is allowed in 'eu', 'us' only"),
        (
            "eu",
            None,
            "has no known region, and the request is allowed in 'eu' only; set its litellm_params.region_name",
        ),
    ],
)
def test_a_request_stays_in_the_regions_it_is_allowed_in(allowed: Any, region: str | None, text: str | None) -> None:
    params = {"allowed_model_region": allowed}
    reason = reason_against(needs_of(HI, params), deployment(None, region=region), HI, params)
    assert reason == (text and ("region", text))
    assert reason_against(needs_of(HI, {}), deployment(None, region=region), HI, {}) is None


# Tags

FREE, PAID, BOTH, DEFAULT, NONE = (frozenset(names.split()) for names in ("free", "paid", "free paid", "default x", ""))


@pytest.mark.parametrize(
    ("asked", "match_any", "group", "served"),
    [
        (FREE, True, [FREE, PAID, BOTH, NONE], [FREE, BOTH]),
        (BOTH, True, [FREE, PAID, BOTH, NONE], [FREE, PAID, BOTH]),
        (BOTH, False, [FREE, PAID, BOTH, NONE], [BOTH]),
        (BOTH, False, [FREE, PAID, DEFAULT], [DEFAULT]),  # each tag is somewhere, and both nowhere
        (FREE, True, [PAID, NONE], []),
        (FREE, True, [PAID, DEFAULT], [DEFAULT]),
        (FREE, True, [FREE, DEFAULT], [FREE]),
        (NONE, True, [FREE, DEFAULT, NONE], [DEFAULT]),
        (NONE, True, [FREE, PAID, NONE], [FREE, PAID, NONE]),
        (NONE, False, [FREE, NONE], [FREE, NONE]),
    ],
)
def test_tags_choose_among_the_deployments_of_a_group(
    asked: frozenset[str], match_any: bool, group: list[frozenset[str]], served: list[frozenset[str]]
) -> None:
    assert [tags for tags in group if tag_reason(asked, tags, group, match_any=match_any) is None] == served


def test_tags_that_do_not_match_say_both_sides() -> None:
    assert str(tag_reason(BOTH, NONE, [FREE], match_any=True)) == (
        "its tags are none, and the request asks for 'free' or 'paid'"
    )
    assert str(tag_reason(BOTH, FREE, [FREE], match_any=False)) == (
        "its tags are 'free', and the request asks for 'free' and 'paid'"
    )
    assert str(tag_reason(NONE, FREE, [FREE, DEFAULT])) == "requests without tags go to deployments tagged 'default'"


def test_a_tagged_request_is_its_who_has_one_of_its_tags_or_all() -> None:
    assert tags_accept(BOTH, FREE, match_any=True)
    assert not tags_accept(BOTH, FREE, match_any=False)
    assert not tags_accept(FREE, NONE, match_any=True)


# When nobody can

WINDOW, TOOLS = Reason("window", "takes 40 tokens"), Reason("tools", "calls no tools")


def test_one_error_names_every_candidate_and_why() -> None:
    error = no_candidate([(deployment(name="a"), WINDOW), (deployment(name="b"), TOOLS)], "chat")
    assert type(error) is BadRequestError
    assert (error.model, error.param, error.retryable) == ("chat", None, False)
    assert str(error) == (
        "'chat': nothing was sent, for no deployment can serve the request:\n"
        "- openai/m ('a') takes 40 tokens\n"
        "- openai/m ('b') calls no tools"
    )
    assert error.candidates == (("a", "openai/m", "takes 40 tokens"), ("b", "openai/m", "calls no tools"))


def test_it_is_about_the_window_where_all_reasons_are() -> None:
    error = no_candidate([(deployment(name=name), WINDOW) for name in "abcde"], "chat")
    assert type(error) is ContextWindowExceededError
    assert error.param == "messages"
    assert "- openai/m (5 deployments: 'a', 'b', 'c', …) takes 40 tokens" in str(error)
    assert len(error.candidates) == 5


@pytest.mark.parametrize(("count", "lines"), [(20, 20), (21, 21), (200, 21)])
def test_many_different_candidates_are_told_shortly(count: int, lines: int) -> None:
    error = no_candidate([(deployment(name=str(n), model=f"openai/{n}"), TOOLS) for n in range(count)], "chat")
    assert str(error).count("\n- ") == lines
    assert (f"and {count - 20} more" in str(error)) == (count > 20)
    assert (error.param, len(error.candidates)) == ("tools", count)


def test_a_reason_of_another_kind_names_no_parameter() -> None:
    assert no_candidate([(deployment(), Reason("refused", "has no key"))], "chat").param is None
    assert str(no_candidate([], "chat")).startswith("'chat': nothing was sent")
