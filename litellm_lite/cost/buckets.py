"""Buckets: the tokens of a usage, each in exactly one of them, under whatever names the vendor counted them.

Pure; knows no prices. A bucket has the name it has in a cost's breakdown. Prompt and completion count all their tokens;
what their details name is taken out of them, and the rest is `prompt` or `completion`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from litellm_lite.params import shown

# A part of the prompt or of the answer -> its bucket. None: no price of its own, the tokens stay with the rest.
_PROMPT = {
    "text_tokens": None,
    "cached_tokens": "cached",
    "cache_write_tokens": "cache_write",
    "audio_tokens": "audio_input",
    "image_tokens": "image_input",
    "video_tokens": "video_input",
}
_COMPLETION = {
    "text_tokens": None,
    # Rejected predictions are billed like any other token of the answer (openai 3.52, CompletionTokensDetails).
    "accepted_prediction_tokens": None,
    "rejected_prediction_tokens": None,
    "reasoning_tokens": "reasoning",
    "audio_tokens": "audio_output",
    "image_tokens": "image_output",
    "video_tokens": "video_output",
}

# Other names of a part: LiteLLM's inside the details; beside them LiteLLM's, which are Anthropic's, and DeepSeek's.
_INSIDE = {"cache_creation_tokens": "cache_write_tokens"}
_BESIDE = {
    "cache_read_input_tokens": "cached_tokens",
    "prompt_cache_hit_tokens": "cached_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
}
# What was written, by how long it is kept. The price for 5 and for 30 minutes is the ordinary one.
_KEPT = {
    "ephemeral_5m_input_tokens": "cache_write",
    "ephemeral_30m_input_tokens": "cache_write",
    "ephemeral_1h_input_tokens": "cache_write_1h",
    "ephemeral_12h_input_tokens": "cache_write_12h",
}
# What was cached, by medium: the bucket, and the part that counts fresh and cached tokens of that medium together.
_CACHED = {"text_tokens": "cached", "audio_tokens": "cached_audio", "image_tokens": "cached_image"}
_MEDIA = ("audio_tokens", "image_tokens")

_NESTED = frozenset({*_INSIDE, "cache_creation_token_details", "cached_tokens_details"})
_ELSEWHERE = frozenset({*_BESIDE, "prompt_cache_miss_tokens", "cache_creation"})
_EMPTY: Mapping[str, Any] = MappingProxyType({})
_LARGEST = 10**15


def totals(usage: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return all tokens of the prompt and of the completion; None when the usage does not tell.

    An embedding's usage has no completion, and a total that says so.
    """
    prompt, completion, total = usage.get("prompt_tokens"), usage.get("completion_tokens"), usage.get("total_tokens")
    if completion is None and prompt == total:
        completion = 0
    if prompt is None or completion is None:
        return None
    prompt, completion = _whole("prompt_tokens", prompt), _whole("completion_tokens", completion)
    if total is not None and total != prompt + completion:
        total = _whole("total_tokens", total)
        completion += _reasoning_beside(usage)
        if total != prompt + completion:
            raise ValueError(f"usage contradicts itself: {prompt} + {completion} tokens, but total_tokens is {total}")
    return prompt, completion


def _reasoning_beside(usage: Mapping[str, Any]) -> int:
    """Return the tokens of reasoning; xAI counts them beside the completion, and only its total has them."""
    return _whole("reasoning_tokens", _object(usage, "completion_tokens_details").get("reasoning_tokens") or 0)


def prompt_buckets(usage: Mapping[str, Any], whole: int) -> dict[str, int]:
    """Divide the `whole` of the prompt. Raises ValueError, naming both numbers, when counts contradict each other."""
    details = _object(usage, "prompt_tokens_details")
    if not _ELSEWHERE.isdisjoint(usage) or not _NESTED.isdisjoint(details):
        return _cache_divided(usage, details, whole)
    return _divided(details, whole, _PROMPT, "prompt") if details else {"prompt": whole}


def _cache_divided(usage: Mapping[str, Any], details: Mapping[str, Any], whole: int) -> dict[str, int]:
    """Divide a prompt whose cached or written tokens are told in other ways than OpenAI's."""
    parts = _one_name_each(usage, details, whole)
    kept = dict(_counted(_object(details, "cache_creation_token_details") or _object(usage, "cache_creation")))
    if kept:
        _agree(parts, "cache_write_tokens", f"the sum of {' and '.join(kept)}", sum(kept.values()))
    cached = dict(_counted(_object(details, "cached_tokens_details")))
    _take_out_cached(parts, cached)
    buckets = _divided(parts, whole, _PROMPT, "prompt")
    _share(buckets, "cache_write", kept, _KEPT)
    _share(buckets, "cached", cached, _CACHED)
    return buckets


def completion_buckets(usage: Mapping[str, Any], whole: int) -> dict[str, int]:
    """Divide the `whole` of the completion in the same way."""
    details = _object(usage, "completion_tokens_details")
    return _divided(details, whole, _COMPLETION, "completion") if details else {"completion": whole}


def _divided(details: Mapping[str, Any], whole: int, names: Mapping[str, str | None], rest: str) -> dict[str, int]:
    """Take the parts out of the whole. One that nobody has heard of is a bucket by its own name."""
    buckets = {rest: whole}
    for name, count in details.items():
        if count and str(name).endswith("_tokens"):
            tokens = _whole(name, count)
            bucket = names.get(name, name)
            if bucket is not None:
                buckets[bucket] = tokens
                buckets[rest] -= tokens
    if buckets[rest] < 0:
        held = whole - buckets[rest]
        raise ValueError(
            f"usage contradicts itself: {rest}_tokens_details hold {held} tokens, {rest}_tokens is {whole}"
        )
    return buckets


def _one_name_each(usage: Mapping[str, Any], details: Mapping[str, Any], whole: int) -> dict[str, Any]:
    """Return the parts of the prompt, each under the first of its names and counted once."""
    parts = {name: count for name, count in details.items() if name not in _INSIDE}
    for source, names in ((details, _INSIDE), (usage, _BESIDE)):
        for name, first in names.items():
            _agree(parts, first, name, source.get(name))
    if (missed := usage.get("prompt_cache_miss_tokens")) is not None:
        fresh = _whole("prompt_cache_miss_tokens", missed)
        _agree(parts, "cached_tokens", f"prompt_tokens {whole} - prompt_cache_miss_tokens {fresh}", whole - fresh)
    return parts


def _agree(parts: dict[str, Any], first: str, name: str, count: Any) -> None:
    """Note a count that may be known under another name already; then both must be the same."""
    if count is None:
        return
    tokens = _whole(name, count)
    known = parts.get(first)
    if known is not None and known != tokens:
        raise ValueError(f"usage contradicts itself: {first} is {shown(known)}, but {name} is {tokens}")
    parts[first] = tokens


def _take_out_cached(parts: dict[str, Any], cached: Mapping[str, int]) -> None:
    """Count tokens that are both cached and audio, say, as cached only."""
    if not cached:
        return
    told, held = parts.get("cached_tokens"), sum(cached.values())
    parts["cached_tokens"] = whole = held if told is None else _whole("cached_tokens", told)
    if held > whole:
        raise ValueError(f"usage contradicts itself: cached_tokens_details hold {held} tokens, cached_tokens is {told}")
    for medium in _MEDIA:
        if (both := cached.get(medium)) and parts.get(medium) is not None:
            all_of_it = _whole(medium, parts[medium])
            if both > all_of_it:
                raise ValueError(f"usage contradicts itself: {both} {medium} are cached, but {medium} is {all_of_it}")
            parts[medium] = all_of_it - both


def _share(buckets: dict[str, int], whole: str, shares: Mapping[str, int], names: Mapping[str, str]) -> None:
    """Move what is told of a bucket into buckets of its own; what is not told stays."""
    for name, count in shares.items():
        if count:
            buckets[whole] -= count
            bucket = names.get(name, name)
            buckets[bucket] = buckets.get(bucket, 0) + count


def _counted(details: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for name, count in details.items():
        if count is not None and str(name).endswith("_tokens"):
            yield name, _whole(name, count)


def _object(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object of that name; an empty one for none."""
    found = holder.get(name)
    if not found:
        return _EMPTY
    if not isinstance(found, Mapping):
        raise ValueError(f"usage contradicts itself: {name} must be an object, not {shown(found)}")  # noqa: TRY004
    return found


def _whole(name: str, count: Any) -> int:
    """Return a count; some servers write 10.0. What is far beyond all windows is a slip."""
    if type(count) is int and 0 <= count <= _LARGEST:
        return count
    if isinstance(count, float) and count.is_integer() and 0 <= count <= _LARGEST:
        return int(count)
    raise ValueError(f"usage contradicts itself: {name} must be a whole number from 0, not {shown(count)}")
