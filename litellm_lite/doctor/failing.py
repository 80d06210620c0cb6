"""Judges of what is done about requests that fail before an answer has begun: behaviours 1 to 7, and 15. Pure."""

from __future__ import annotations

from itertools import pairwise

from litellm_lite.doctor import checks
from litellm_lite.doctor.checks import asked, not_right, unanswered, verdict
from litellm_lite.doctor.observed import Call, Observation, Request, Verdict, listed, times
from litellm_lite.errors import APIConnectionError, RateLimitError, ServiceUnavailableError

RETRY_AFTER_S = 5.0
SLOW_S = 20.0
DOWN_S = 60.0
BACK_S = 30.0
MOST_PROBES = 8

_EARLY_S = 0.1  # two clocks of one machine may differ by so much
_LEAST_GAP_S = 0.3
_LONGEST_GAP_S = 5.0  # gaps need not grow for ever
_GROWTH = 1.2
_WELL_BEFORE_S = 3.0
_PROBE_EVERY_S = 4.0
_REST_S = 5.0  # of the silent; whoever is asked later is probed


def honours_retry_after(seen: Observation) -> Verdict:
    """1: whoever said when to come back is not asked before, and the answer comes."""
    first, *later = seen.to(seen.struck)
    early = [request.at - first.at for request in later if request.at - first.at < RETRY_AFTER_S - _EARLY_S]
    flaw = f"{seen.name} said to come back after 5 s, and was asked again after {early[0]:.1f} s" if early else ""
    for call in seen.calls:
        flaw = flaw or (_answer_missed(seen, call) if seen.timeout_s > RETRY_AFTER_S else not_right(seen, call))
    wait = f"{seen.name} was left alone for the {RETRY_AFTER_S:g} s it had named"
    return verdict(flaw, checks.summary(seen, wait))


def backs_off(seen: Observation) -> Verdict:
    """2: it is asked again after growing pauses if at all, as often as there are retries, and then somebody else is."""
    most = seen.setup.tries(seen.struck, RateLimitError(""))
    gaps = [later.at - earlier.at for earlier, later in pairwise(seen.to(seen.struck))]
    flaw = checks.hammered(seen, most) or _hasty(seen, gaps) or not_right(seen, seen.call)
    pauses = f", with pauses of {' and '.join(f'{gap:.1f}' for gap in gaps)} s" if gaps else ""
    return verdict(flaw, checks.summary(seen, asked(seen) + pauses))


def retries_once(seen: Observation) -> Verdict:
    """3: after one 500 the same deployment is asked once more, and the answer is its."""
    tries = len(seen.to(seen.struck))
    strangers = sorted({seen.setup.label(request.place) for request in seen.requests if request.place != seen.struck})
    flaw = unanswered(seen, seen.call)
    if tries < 2:
        flaw = listed(("one 500 was not tried again", flaw or checks.ended(seen, seen.call)))
    elif tries > 2 or strangers:
        flaw = listed((asked(seen), f"so was {', '.join(strangers)}" if strangers else "", "once more would do"))
    return verdict(flaw, checks.summary(seen, f"{asked(seen)}, and nobody else"))


def leaves_the_unavailable(seen: Observation) -> Verdict:
    """4: calls are served in time by somebody else, and soon nobody asks the one that is down."""
    tries = seen.setup.tries(seen.struck, ServiceUnavailableError(""))
    span_s = seen.calls[-1].ended_s - seen.calls[0].began_s
    most = tries + 2 + int(span_s / _PROBE_EVERY_S) if seen.others else tries * len(seen.calls)
    flaw = _first_flaw(seen) or checks.hammered(seen, most)
    return verdict(flaw, checks.summary(seen, f"in {len(seen.calls)} calls {asked(seen)}"))


def survives_a_reset(seen: Observation) -> Verdict:
    """5: a connection that is reset is one failed attempt."""
    most = seen.setup.tries(seen.struck, APIConnectionError(""))
    flaw = not_right(seen, seen.call) or checks.hammered(seen, most)
    return verdict(flaw, checks.summary(seen, asked(seen)))


def leaves_the_silent(seen: Observation) -> Verdict:
    """6: the call is served in time, and the silent one is not asked again, not even by the next call."""
    call = seen.call
    left_s = call.ended_s if call.first_token_s is None else call.began_s + call.first_token_s
    rested_s = left_s + _REST_S - 3 * seen.late_s
    probes = sum(request.at > rested_s for request in seen.to(seen.struck)[1:])
    most = 1 + probes if seen.others else len(seen.calls)
    flaw = _first_flaw(seen) or checks.hammered(seen, most)
    return verdict(flaw, checks.summary(seen, f"in {len(seen.calls)} calls {asked(seen)}"))


def limits_the_first_token(seen: Observation) -> Verdict:
    """7: the first token comes from elsewhere, well before the slow one has it."""
    flaw, first_s = not_right(seen, seen.call), seen.call.first_token_s
    limit_s = seen.setup.settings.first_token_s
    well_s = SLOW_S - _WELL_BEFORE_S + (0.0 if seen.call.model_id == seen.struck else seen.slack_s)
    if not flaw and seen.others and first_s is not None and first_s > well_s:
        flaw = f"the first token came after {first_s:.1f} s; the first-token limit is {limit_s:g} s"
    first = f"first token after {first_s:.1f} s" if first_s is not None else ""
    return verdict(flaw, checks.summary(seen, first))


def rides_out_an_outage(seen: Observation) -> Verdict:
    """15: every call is answered through a minute of outage, with few probes, and the primary is soon used again."""
    broken = _broken(seen)
    well_s = broken[0].at + DOWN_S if broken else 0.0
    flaw = next(filter(None, (_outage_flaw(seen, call, well_s) for call in seen.calls)), "")
    flaw = flaw or _too_many_probes(seen, broken)
    back_s = next(
        (request.at - well_s for request in seen.requests if request.status == 200 and _is_back(seen, request, well_s)),
        None,
    )
    if not flaw and back_s is None and _must_come_back(seen):
        flaw = f"{seen.name} was well again for {BACK_S:g} s, and no call was sent to it"
    probes = f"{len(broken)} requests met the outage"
    back = f"back after {back_s:.1f} s" if back_s is not None else "who is asked afterwards is a matter of chance"
    answered = sum(call.error is None for call in seen.calls)
    return verdict(flaw, f"{answered} of {len(seen.calls)} calls answered; {probes}; {back}")


def _answer_missed(seen: Observation, call: Call) -> str:
    flaw = unanswered(seen, call)
    retries = seen.setup.tries(seen.struck, RateLimitError("")) - 1
    hint = "; no retry is configured, and nobody else could serve" if not (seen.others or retries) else ""
    return flaw and flaw + hint


def _hasty(seen: Observation, gaps: list[float]) -> str:
    for gap in gaps:
        if gap < _LEAST_GAP_S:
            return f"{seen.name} was asked again after {gap:.2f} s"
    for shorter, longer in pairwise(gaps):
        if longer + 2 * seen.late_s < min(shorter * _GROWTH, _LONGEST_GAP_S):
            return f"the pauses do not grow: {shorter:.2f} s, then {longer:.2f} s"
    return ""


def _first_flaw(seen: Observation) -> str:
    """Tell what is wrong with the first call that did not end as it should."""
    for number, call in enumerate(seen.calls, 1):
        if flaw := not_right(seen, call):
            return f"call {number}: {flaw}" if number > 1 else flaw
    return ""


def _broken(seen: Observation) -> list[Request]:
    """Return the requests that met the outage."""
    return [request for request in seen.requests if request.status == 503]


def _outage_flaw(seen: Observation, call: Call, well_s: float) -> str:
    flaw = not_right(seen, call)
    if not flaw and call.error is not None and call.began_s > well_s + BACK_S:
        flaw = f"not answered though it was well again: {checks.told(call)}"
    return flaw and f"the call at {call.began_s:.0f} s: {flaw}"


def _too_many_probes(seen: Observation, broken: list[Request]) -> str:
    """Tell how a deployment that was known to be down was asked too often."""
    for place in sorted({request.place for request in broken}):
        number = sum(request.place == place for request in broken)
        tries = seen.setup.tries(place, ServiceUnavailableError(""))
        most = 1 + MOST_PROBES if seen.others else tries * len(seen.calls)
        if number > most:
            return f"{seen.setup.label(place)} was asked {times(number)} while it was down, {most} would do"
    return ""


def _is_back(seen: Observation, request: Request, well_s: float) -> bool:
    places = seen.setup.group if seen.setup.fallbacks else {seen.struck}
    return request.place in places and well_s <= request.at <= well_s + BACK_S + seen.slack_s


def _must_come_back(seen: Observation) -> bool:
    """Whether calls belong to the one that was down, rather than to any of a group."""
    return bool(seen.setup.fallbacks) or len(seen.setup.group) == 1
