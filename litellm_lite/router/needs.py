"""What a request needs of a model, read once; and how long its prompt is, counted when that matters. Pure.

Nothing is refused here: what is malformed needs nothing, and `prepare` says what is wrong with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from litellm_lite.errors import APIError, TokenizerError
from litellm_lite.prepare import plain_messages
from litellm_lite.tokens.chats import ChatFormat
from litellm_lite.tokens.count import TokenCount
from litellm_lite.tokens.counting import count_prompt, counter_for
from litellm_lite.tokens.estimate import estimate
from litellm_lite.tokens.families import Family, chat_format, family_of

_log = logging.getLogger(__name__)

Want = Literal["images", "audio", "video", "pdf", "tools", "tool_choice", "json_schema"]

THE_REQUEST = ("model", "messages")
"""Who replaces these in `extra_body` sends another request than the one at hand."""

_READ = frozenset({
    "allowed_model_region", "extra_body", "functions", "max_completion_tokens", "max_tokens", "metadata",
    "response_format", "tool_choice", "tools",
})  # fmt: skip
_OPEN_CHOICES = frozenset({"auto", "none"})
_TEXTS = (str, bytes, bytearray)

# What certain counts have beside the texts, at most: around a message, and for a picture (Llama 4: 17 tiles).
_AROUND_MESSAGE = 32
_PICTURE = 2500
_BYTES_A_CHARACTER = 4
_BYTES_A_TOKEN = 4

_INPUTS = ("prompt", "suffix", "input", "instructions")  # of the endpoints beside chat


class Needs:
    """What a request needs of a model.

    `size_bytes`: no certain count of its prompt's tokens is above that. `inline` holds the images that travel with it.
    `regions` are those it is allowed to be served in; none is no restriction. `floor` is set after a prompt was too
    long somewhere: only windows known to be larger will do, or, `trusting`, those that nobody knows.
    """

    __slots__ = ("counts", "floor", "images", "inline", "max_tokens", "regions", "size_bytes", "trusting", "wants")

    def __init__(self) -> None:
        self.size_bytes = self.images = 0
        self.max_tokens: int | None = None
        self.wants: list[Want] = []
        self.inline: list[str] = []
        self.regions: tuple[str, ...] = ()
        self.floor: int | None = None
        self.trusting = False
        self.counts: PromptCounts | None = None

    def want(self, want: Want) -> None:
        """Note a want, once."""
        if want not in self.wants:
            self.wants.append(want)


def needs_of(messages: Any, params: Mapping[str, Any]) -> Needs:
    """Return what a request needs; what is malformed in it needs nothing."""
    needs = Needs()
    if not _READ.isdisjoint(params) and _read_params(needs, params):
        return needs
    size = 0
    listed = messages if type(messages) is list else _listed(messages)
    for message in listed:
        if type(message) is dict:
            content = message.get("content")
            beside = len(message) > 2  # than role and content
        else:
            content, beside = _field(message, "content"), True
        if type(content) is str:
            size += len(content) if content.isascii() else _BYTES_A_CHARACTER * len(content)
        elif content is not None:
            size += _read_parts(needs, content)
        if beside:
            size += _size_beside(message)
    needs.size_bytes = size + _AROUND_MESSAGE * len(listed)
    return needs


def needs_at_endpoint(params: Mapping[str, Any]) -> Needs:
    """Return the same for a call of another endpoint than chat, whose parameters are all there is.

    How long its prompt is for a model is not known: how a vendor words one is its own affair.
    """
    needs = Needs()
    needs.counts = _NotCounted(())
    body = {**params, **extra} if isinstance(extra := params.get("extra_body"), Mapping) else params
    needs.regions = _regions(params.get("allowed_model_region"), params.get("litellm_metadata"))
    longest = body.get("max_output_tokens", body.get("max_tokens"))
    needs.max_tokens = longest if type(longest) is int else None
    tools = body.get("tools")
    if any(_field(tool, "type") == "function" for tool in (tools if isinstance(tools, list | tuple) else ())):
        needs.want("tools")
    if _field(_field(body.get("text"), "format"), "type") == "json_schema":
        needs.want("json_schema")
    needs.size_bytes = sum(_read_input(needs, body.get(name)) for name in _INPUTS)
    return needs


def _read_input(needs: Needs, value: Any) -> int:
    """Note what an input asks for; return how much it adds to the prompt, at most: texts, tokens, items and parts."""
    if isinstance(value, str):
        return _size(value)
    if isinstance(value, int):  # a token
        return _BYTES_A_TOKEN
    if isinstance(value, list | tuple):
        return sum(_read_input(needs, part) for part in value)
    if not isinstance(value, Mapping):
        return 0
    read = _PARTS.get(str(value.get("type")))
    return sum(_read_input(needs, part) for part in value.values()) if read is None else read(needs, value)


class PromptCounts:
    """The prompt of one request as each vocabulary and chat format counts it: once estimated, and once for good."""

    __slots__ = ("_counted", "_estimated", "_messages")

    def __init__(self, messages: Any) -> None:
        self._messages: Any = messages
        self._estimated: dict[tuple[Family, ChatFormat], TokenCount | None] = {}
        self._counted: dict[tuple[Family, ChatFormat], TokenCount | None] = {}

    def prompt(self, provider: str, model: str, window: int | None) -> TokenCount | None:
        """Return the count, as good as the window asks for; None where there is none to be had."""
        family = family_of(model)
        key = family, chat_format(provider, family)
        if key not in self._estimated:
            self._estimated[key] = self._estimate(provider, model)
        rough = self._estimated[key]
        if rough is None or window is None or rough.least > window or family.vocabulary is None:
            return rough
        if rough.most is not None and rough.most <= window:
            return rough
        if key not in self._counted:
            self._counted[key] = self._count(provider, model)
        return self._counted[key] or rough

    def _estimate(self, provider: str, model: str) -> TokenCount | None:
        try:
            return counter_for(provider, model, estimate).prompt(plain_messages(self._messages))
        except APIError:  # malformed: `prepare` says how
            return None

    def _count(self, provider: str, model: str) -> TokenCount | None:
        try:
            return count_prompt(provider, model, plain_messages(self._messages))
        except TokenizerError as error:
            _log.warning("%s: the prompt was not counted before the request: %s", provider, error)
            return None


class _NotCounted(PromptCounts):
    """Of a prompt that is none of a chat's."""

    __slots__ = ()

    def prompt(self, provider: str, model: str, window: int | None) -> TokenCount | None:  # noqa: ARG002
        return None


def _read_params(needs: Needs, params: Mapping[str, Any]) -> bool:
    """Note what the parameters ask for; tell whether they put another request in the place of the one at hand."""
    needs.regions = _regions(params.get("allowed_model_region"), params.get("metadata"))
    extra = params.get("extra_body")
    if extra is not None and isinstance(extra, Mapping):
        if any(name in extra for name in THE_REQUEST):
            return True
        params = {**params, **extra}
    longest = params.get("max_completion_tokens")
    longest = params.get("max_tokens") if longest is None else longest
    needs.max_tokens = longest if type(longest) is int else None
    tools, functions = params.get("tools"), params.get("functions")
    if (tools and isinstance(tools, list | tuple)) or (functions and isinstance(functions, list | tuple)):
        needs.want("tools")
        choice = params.get("tool_choice")
        if choice is not None and not (isinstance(choice, str) and choice in _OPEN_CHOICES):
            needs.want("tool_choice")
    shape = params.get("response_format")
    if shape and (isinstance(shape, type) or (isinstance(shape, Mapping) and shape.get("type") == "json_schema")):
        needs.want("json_schema")
    return False


def _regions(found: Any, metadata: Any) -> tuple[str, ...]:
    """Return where a request may be served, in lower case; what is no name of a region is one that nobody has."""
    if found is None and metadata and isinstance(metadata, Mapping):
        found = metadata.get("allowed_model_region")
    if found is None:
        return ()
    names = found if isinstance(found, list | tuple) else (found,)
    return tuple(str(name).lower() for name in names)


def _listed(messages: Any) -> Sequence[Any]:
    return messages if isinstance(messages, Sequence) and not isinstance(messages, _TEXTS) else ()


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _read_parts(needs: Needs, content: Any) -> int:
    """Note what the parts of a content ask for; return how much they add to the prompt, at most."""
    size = 0
    for part in content if isinstance(content, list | tuple) else ():
        kind = _field(part, "type")
        read = _PARTS.get(kind) if isinstance(kind, str) else None
        size += _read_text(needs, part) if read is None else read(needs, part)
    return size


def _read_text(_: Needs, part: Any) -> int:
    texts = (part,) if isinstance(part, str) else (_field(part, "text"), _field(part, "refusal"))
    return sum(_size(text) for text in texts if isinstance(text, str))


def _read_image(needs: Needs, part: Any) -> int:
    needs.want("images")
    needs.images += 1
    image = _field(part, "image_url")
    url = image if isinstance(image, str) else _field(image, "url")
    if isinstance(url, str) and url[:5].lower() == "data:":
        needs.inline.append(url)
    return _PICTURE


def _read_audio(needs: Needs, _: Any) -> int:
    needs.want("audio")
    return 0


def _read_video(needs: Needs, _: Any) -> int:
    needs.want("video")
    return 0


def _read_file(needs: Needs, part: Any) -> int:
    """Note a PDF; of other files nobody says who takes them."""
    file = _field(part, "file") or part
    content, name = _field(file, "file_data"), _field(file, "filename")
    is_pdf = isinstance(content, str) and content[:20].lower() == "data:application/pdf"
    if is_pdf or (isinstance(name, str) and name.lower().endswith(".pdf")):
        needs.want("pdf")
    return 0


_PARTS: Mapping[str, Callable[[Needs, Any], int]] = {
    **dict.fromkeys(("image_url", "input_image", "image"), _read_image),
    **dict.fromkeys(("video_url", "input_video", "video"), _read_video),
    **dict.fromkeys(("file", "input_file"), _read_file),
    "input_audio": _read_audio,
}


def _size_beside(message: Any) -> int:
    """Return the size of the name and the calls of a message; the frame of a call is allowed for."""
    calls = _field(message, "tool_calls")
    functions = [_field(call, "function") for call in calls] if isinstance(calls, list | tuple) else []
    functions.append(_field(message, "function_call"))
    texts = [_field(message, "name")]
    for function in functions:
        texts += [_field(function, "name"), _field(function, "arguments")]
    return sum(_AROUND_MESSAGE + 2 * _size(text) for text in texts if isinstance(text, str))


def _size(text: str) -> int:
    return len(text) if text.isascii() else _BYTES_A_CHARACTER * len(text)
