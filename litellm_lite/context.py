"""Whether a prompt fits the window of a model: a verdict with its numbers, and the check before a request. Pure."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from litellm_lite.errors import TokenizerError
from litellm_lite.registry import ModelInfo
from litellm_lite.tokens.count import TokenCount
from litellm_lite.tokens.counting import count_prompt, counter_for
from litellm_lite.tokens.estimate import estimate
from litellm_lite.tokens.families import family_of

_log = logging.getLogger(__name__)

Verdict = Literal["fits", "does not fit", "unknown"]


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a prompt, and an answer of up to `max_tokens`, fit a model; `why` says it with numbers.

    `window` is how many tokens the model takes, `max_output_tokens` how many an answer may have; None is unknown.
    """

    verdict: Verdict
    prompt: TokenCount
    window: int | None
    max_tokens: int | None
    max_output_tokens: int | None
    why: str


def judge(prompt: TokenCount, info: ModelInfo | None, model: str, max_tokens: int | None) -> Fit:
    """Return the verdict on a counted prompt; `unknown` wherever a number it would need is not known."""
    window = info.max_input_tokens if info else None
    longest = info.max_output_tokens if info else None
    verdict, why = _verdict(prompt, window, longest, max_tokens)
    return Fit(verdict, prompt, window, max_tokens, longest, f"{model}: {why}")


def context_overflow(
    info: ModelInfo | None,
    provider: str,
    model: str,
    messages: Sequence[Mapping[str, Any]],
    *,
    tools: Sequence[Any] | None = None,
) -> str | None:
    """Say why a request cannot fit the model's window; None where it may.

    Only what is certain is said: even the fewest tokens the prompt can have are too many. Bounds come first, and the
    count itself only where they leave it open. A vocabulary that cannot be read is logged, and stops no request.
    """
    window = info.max_input_tokens if info else None
    if window is None:
        return None
    rough = counter_for(provider, model, estimate).prompt(messages, tools=tools)
    if rough.least > window:
        return _too_long(rough, window)
    if family_of(model).vocabulary is None or (rough.most is not None and rough.most <= window):
        return None
    try:
        counted = count_prompt(provider, model, messages, tools=tools)
    except TokenizerError as error:
        _log.warning("%s: the prompt was not counted before the request: %s", provider, error)
        return None
    return _too_long(counted, window) if counted.least > window else None


def _verdict(prompt: TokenCount, window: int | None, longest: int | None, asked: int | None) -> tuple[Verdict, str]:
    if window is not None and prompt.least > window:
        return "does not fit", _too_long(prompt, window)
    if asked is not None and longest is not None and asked > longest:
        return "does not fit", f"max_tokens is {asked:,}, and an answer has at most {longest:,} tokens"
    if doubt := _doubt(prompt, window, longest, asked):
        return "unknown", doubt
    answer = f", with {asked:,} for the answer," if asked is not None else ""
    return "fits", f"the prompt has {_tokens(prompt)}{answer} and the window {window:,}"


def _doubt(prompt: TokenCount, window: int | None, longest: int | None, asked: int | None) -> str | None:
    """Say what stands between a prompt that is not too long for certain and one that fits for certain."""
    if window is None:
        return "its window is not known; call register_model() with max_input_tokens"
    if prompt.most is None:
        return f"nothing bounds the prompt ({prompt.method}); it has {_tokens(prompt)}, and the window {window:,}"
    if prompt.most > window:
        return f"the count is an estimate, {_tokens(prompt)}, and the window has {window:,}"
    if asked is None:
        return None
    if longest is None:
        return f"how long an answer may be is not known, and max_tokens is {asked:,}"
    if prompt.most + asked > window:
        return (
            f"the prompt has {_tokens(prompt)}, with {asked:,} for the answer that may be more than the window of "
            f"{window:,}; vendors differ in whether the answer counts"
        )
    return None


def _too_long(prompt: TokenCount, window: int) -> str:
    has = f"{prompt.least:,}" if prompt.exact else f"at least {prompt.least:,}"
    return f"the prompt has {has} tokens, and the model takes {window:,}; trim_messages() shortens it"


def _tokens(prompt: TokenCount) -> str:
    if prompt.exact:
        return f"{prompt.tokens:,} tokens"
    return f"{prompt.least:,} to {prompt.most:,} tokens" if prompt.most is not None else f"{prompt.least:,} or more"
