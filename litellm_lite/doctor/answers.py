"""Judges of what becomes of an answer that has begun: behaviours 8 to 11, 14 and 16. Pure."""

from __future__ import annotations

import math
from decimal import Decimal

from litellm_lite.cost import price
from litellm_lite.doctor import checks
from litellm_lite.doctor.checks import not_right, unanswered, unmended, verdict
from litellm_lite.doctor.observed import Call, Observation, Told, Verdict

END_S = 3.0
_PREFILL = "prefill is not supported"
_COUNTS = ("x-litellm-attempted-retries", "x-litellm-attempted-fallbacks")
_NOT_TOLD = "answered, and no header tells by whom; x-litellm-model-id would"
_FLOATS_DIFFER = 1e-6


def mends_a_cut(seen: Observation) -> Verdict:
    """8: of an answer that is cut off the caller has all, once, or a clear error that holds the part he saw."""
    flaw = _broken_off(seen, seen.call)
    for call in seen.calls[1:]:
        flaw = flaw or _named("the tool call", _broken_off(seen, call))
    more = [f"the tool call: {checks.ended(seen, call)}" for call in seen.calls[1:]]
    return verdict(flaw, checks.summary(seen, _seam(seen.call), *more))


def notices_a_stall(seen: Observation) -> Verdict:
    """9: the same for one that falls silent, in no more time than silence is given; and the next call is fine."""
    first, *later = seen.calls
    flaw = _broken_off(seen, first) or _unnoticed(seen, first)
    for call in later:
        flaw = flaw or _named("the next call", unanswered(seen, call) if seen.others else _unsent(seen, call))
    more = [f"the next call: {checks.ended(seen, call)}" for call in later]
    return verdict(flaw, checks.summary(seen, _seam(first), *more))


def skips_a_malformed_event(seen: Observation) -> Verdict:
    """10: the answer is whole without the event that cannot be read."""
    return verdict(unanswered(seen, seen.call), checks.summary(seen, "whole, without the event that cannot be read"))


def ends_without_done(seen: Observation) -> Verdict:
    """11: the stream is over soon after its last event, with its usage, though nothing says that it is over."""
    call = seen.call
    flaw, usage = unanswered(seen, call), call.usage or {}
    wait_s = call.elapsed_s - (call.last_token_s or 0.0)
    if not flaw and wait_s > END_S + seen.late_s:
        flaw = f"it ended {wait_s:.1f} s after its last event"
    if not flaw and not usage.get("completion_tokens"):
        flaw = "its usage is lost"
    return verdict(
        flaw, f"whole, {wait_s:.1f} s after its last event, with a usage of {usage.get('total_tokens')} tokens"
    )


def prefills_only_where_declared(seen: Observation) -> Verdict:
    """14: a stream is continued only where that is supported, and nobody is shown that it is not."""
    flaw = ""
    for request in seen.requests:
        deployment = seen.setup.places[request.place]
        if request.prefilled and deployment.prefill is None:
            flaw = f"{seen.setup.label(request.place)} was asked to continue, which it is not declared to support"
    if seen.call.error is not None and _PREFILL in str(seen.call.error).lower():
        flaw = flaw or f"the caller was shown the vendor's refusal to continue: {checks.told(seen.call)}"
    return verdict(flaw or unmended(seen, seen.call), checks.summary(seen, _seam(seen.call)))


def tells_who_served(seen: Observation) -> Verdict:
    """16: the model, the id and the cost are those of the deployment that served, and only its attempt is billed."""
    call = seen.call
    if call.error is not None:
        billed = any(attempt.billed for attempt in call.attempts) or (call.told is not None and call.cost)
        paid = "a call that failed is billed" if billed else ""
        return verdict(not_right(seen, call) or paid, checks.summary(seen, "nothing is billed"))
    if call.told is not None:
        return _told_who_served(seen, call, call.told)
    flaw = unanswered(seen, call) or _wrong_name(seen, call) or _wrong_bill(seen, call)
    cost = "price unknown" if call.cost is None else f"${call.cost:.6f}"
    return verdict(
        flaw, checks.summary(seen, f"named {call.model!r}", f"{cost}, one of {len(call.attempts)} attempts billed")
    )


def _told_who_served(seen: Observation, call: Call, told: Told) -> Verdict:
    """Judge what the headers say; the attempts and, of a stream, the cost are not in them."""
    flaw = unanswered(seen, call)
    if not flaw and call.model_id is None:
        return Verdict(passed=True, reason=_NOT_TOLD, shown=False)
    further = len(seen.during(call)) - 1
    counted = [told.headers[name] for name in _COUNTS if name in told.headers]
    flaw = flaw or _wrong_name(seen, call) or _wrong_price(seen, call)
    if not flaw and further and counted and all(count == "0" for count in counted):
        flaw = f"its headers tell of no further attempt, and there was {further} more"
    untold = "its cost is not told" if seen.mode == "plain" else "no header can tell what a stream will cost"
    cost = untold if call.cost is None else f"${call.cost:.6f}, the price of its answer alone"
    return verdict(flaw, checks.summary(seen, f"named {call.model!r}", cost))


def _broken_off(seen: Observation, call: Call) -> str:
    """Tell how an answer that was broken off ended wrongly; one that was not streamed can be had from elsewhere."""
    if seen.mode == "plain":
        return not_right(seen, call)
    return unmended(seen, call) or checks.late(seen, call)


def _unsent(seen: Observation, call: Call) -> str:
    """Tell how a call ended wrongly that nobody else could serve; it is to be sent, for one stall is no outage."""
    if not seen.during(call):
        return f"not sent, though nobody else could serve: {checks.told(call)}"
    return _broken_off(seen, call)


def _unnoticed(seen: Observation, call: Call) -> str:
    """Tell how long a silent stream was waited for: to the next request, or to the error."""
    settings = seen.setup.settings
    if seen.mode == "plain" or not seen.others or call.first_token_s is None:
        return ""
    began_s = call.began_s + call.first_token_s
    until_s = next((request.at for request in seen.during(call) if request.at > began_s), call.ended_s)
    silent_s = until_s - began_s
    if silent_s <= settings.idle_s + seen.slack_s:
        return ""
    return f"the silence lasted {silent_s:.1f} s, and the idle limit is {settings.idle_s:g} s"


def _wrong_name(seen: Observation, call: Call) -> str:
    served = next((request for request in reversed(seen.during(call)) if request.status == 200), None)
    if served is None:
        return "an answer came that no upstream gave"
    if served.place != call.model_id:
        return f"served by {seen.setup.label(served.place)}, and said to be by {seen.setup.label(call.model_id)}"
    if (call.model or "").rpartition("/")[2] != (served.model or "").rpartition("/")[2]:
        return f"{served.model!r} was asked, and the answer says {call.model!r}"
    return ""


def _wrong_bill(seen: Observation, call: Call) -> str:
    billed = [attempt for attempt in call.attempts if attempt.billed]
    if len(billed) != 1:
        return f"{len(billed)} attempts are billed, where one answered"
    if billed[0].deployment.id != call.model_id:
        return f"the attempt at {seen.setup.label(billed[0].deployment.id)} is billed, which did not answer"
    known = _price(seen, call)
    if known is not None and known != call.cost:
        return f"it is billed ${call.cost}, where the price of its tokens is ${known}"
    return ""


def _wrong_price(seen: Observation, call: Call) -> str:
    """Tell how the cost that a header tells is not the price of the answer; a header holds no more than a float."""
    known = _price(seen, call)
    if known is None or call.cost is None or math.isclose(known, call.cost, rel_tol=_FLOATS_DIFFER):
        return ""
    return f"its cost is said to be ${call.cost}, where the price of its tokens is ${known}"


def _price(seen: Observation, call: Call) -> Decimal | None:
    known = price(call.usage or {}, seen.setup.places[call.model_id or ""].row)
    return None if known is None else known.total


def _seam(call: Call) -> str:
    """Tell who went on with a stream, and where."""
    cut = [attempt for attempt in call.attempts if attempt.shown_characters is not None]
    after = [attempt for attempt in call.attempts if attempt.kind in ("continuation", "restart")]
    if call.error is not None or not (cut and after):
        return ""
    return f"broken off after {cut[0].shown_characters} characters and mended by a {after[-1].kind}"


def _named(what: str, flaw: str) -> str:
    return flaw and f"{what}: {flaw}"
