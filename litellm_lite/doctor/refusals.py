"""Judges of what is done about a request that was refused for what it is: behaviours 12 and 13. Pure."""

from __future__ import annotations

from litellm_lite.doctor import checks
from litellm_lite.doctor.checks import unanswered, unclear, verdict
from litellm_lite.doctor.observed import Observation, Verdict
from litellm_lite.errors import ContentPolicyViolationError, ContextWindowExceededError

_REASON = "content filter"


def sends_long_prompts_to_larger_windows(seen: Observation) -> Verdict:
    """12: a prompt that was too long goes only where the window is larger, or is refused."""
    flaw = _same_size(seen)
    if flaw:
        return verdict(flaw, "")
    if seen.call.error is None:
        return verdict(unanswered(seen, seen.call), checks.summary(seen, "its window is larger"))
    if not isinstance(seen.call.error, ContextWindowExceededError):
        return Verdict(passed=False, reason=f"not refused as too long: {checks.told(seen.call)}")
    refused = [request.place for request in seen.requests]
    larger = [place for place in sorted(seen.setup.places) if seen.setup.larger(place, refused)]
    flaw = unclear(seen.call) or (
        f"{seen.setup.label(larger[0])} has a larger window, and was not asked" if larger else ""
    )
    return verdict(flaw, checks.summary(seen, "no window is known to be larger"))


def keeps_what_the_filter_refused(seen: Observation) -> Verdict:
    """13: what a content filter refused is neither tried again nor sent to a generic fallback; the reason is told."""
    for request in seen.requests[1:]:
        if request.place not in seen.setup.content or request.place == seen.struck:
            where = "it again" if request.place == seen.struck else seen.setup.label(request.place)
            return Verdict(passed=False, reason=f"{seen.name} refused the content, and then {where} was asked")
    error = seen.call.error
    if error is None:
        return verdict(unanswered(seen, seen.call), checks.summary(seen, "as content_policy_fallbacks say"))
    if not isinstance(error, ContentPolicyViolationError):
        return Verdict(passed=False, reason=f"not told as a refused content: {checks.told(seen.call)}")
    told = _REASON in str(error).lower()
    return verdict("" if told else f"the vendor's reason is lost: {checks.told(seen.call)}", checks.told(seen.call))


def _same_size(seen: Observation) -> str:
    """Tell where the prompt was sent to a window that is not known to be larger than one it was too long for."""
    refused = [request.place for request in seen.requests]
    for number, request in enumerate(seen.requests[1:], 1):
        if not seen.setup.larger(request.place, refused[:number]):
            window = seen.setup.window(request.place)
            size = "nobody knows" if window is None else f"is {window:,} tokens"
            label = seen.setup.label(request.place)
            return f"the prompt that was too long for {seen.name} was sent to {label}, whose window {size}"
    return ""
