"""What must hold of one call, and of its trace when it is over: each a named check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

from litellm_lite.errors import (
    BadRequestError,
    ContentPolicyViolationError,
    ContextWindowExceededError,
    Timeout,
)
from tests.router.simulated_vendors import other_words

if TYPE_CHECKING:
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.steps import Attempt
    from litellm_lite.router.trace import AttemptRecord
    from tests.router.simulated_callers import Caller

_SLACK_S = 1e-6
_MENDING = ("continuation", "restart")
_BESIDE = ("hedge", *_MENDING)
_MOST_MENDS = 4


class Broken(AssertionError):  # noqa: N818 - it reads in a sentence
    """Something was done that must never be done."""


def broken(what: str, but: str, caller: Caller | None = None) -> NoReturn:
    """Raise Broken: what should hold, what happened, and the story of the call."""
    story = "" if caller is None else "".join(f"\n    {record}" for record in caller.route.trace)
    raise Broken(f"{what}: {but}{story and f'; its attempts so far:{story}'}")


def check_may_serve(caller: Caller, attempt: Attempt) -> None:
    """Hold an attempt against what the request asks for: tags, regions, tools."""
    asked, deployment = caller.request, attempt.deployment
    if asked.region is not None and not (deployment.region or "").startswith(asked.region):
        broken("a region is a promise", f"{deployment.id} is in {deployment.region}, not in {asked.region}", caller)
    if asked.tools and _row(deployment).get("supports_function_calling") is False:
        broken("a model gets what it can take", f"{deployment.id} calls no tools", caller)
    if attempt.kind == "continuation" and deployment.prefill is None:
        broken("a model gets what it can take", f"{deployment.id} is not declared to continue a text", caller)
    group = caller.world.fleet.groups.get(deployment.group)
    there = [] if group is None else [each.deployment for each in group.standings]
    tagged = any(asked.tag in each.tags for each in there if each in caller.there)
    if asked.tag is not None and asked.tag not in deployment.tags and (tagged or "default" not in deployment.tags):
        broken("a tag is a promise", f"{deployment.id} is tagged {set(deployment.tags)}, not {asked.tag}", caller)


def check_shown(caller: Caller) -> None:
    """Hold what a caller sees of a stream against what was to be said."""
    texts = (caller.truth, other_words(caller.truth))
    if not any(text.startswith(caller.shown) for text in texts):
        broken("a stream shows one answer", f"{caller} sees {caller.shown!r} of {caller.truth!r}", caller)
    if caller.finish_shown and caller.shown not in texts:
        broken("no cut stream looks whole", f"{caller} sees a finish reason after {caller.shown!r}", caller)


def check_over(caller: Caller, made: Sequence[Attempt]) -> None:
    """Look at a call that is over."""
    _check_end(caller)
    records = caller.route.trace.attempts
    _check_trace(caller, records, made)
    _check_bill(caller, records)
    _check_budget(caller, records)
    for place, record in enumerate(records):
        if record.error is not None:
            _check_after(caller, record, [each for each in records[place + 1 :] if _is_after(each, record)])


def _check_end(caller: Caller) -> None:
    error, ends = caller.error, [caller.answers > 0, caller.error is not None, caller.hung_up]
    if caller.answers > 1 or sum(ends) != 1:
        told = (
            f"{caller} has {caller.answers} answers, the error {error!r}, and was{'' if ends[2] else ' not'} cancelled"
        )
        broken("a request ends in one way", told, caller)
    if error is not None and tuple(error.attempts) != tuple(caller.route.trace):
        broken("an error tells every attempt", f"{caller} has {error.attempts}", caller)
    if caller.request.stream and caller.finish_shown != (caller.answers == 1) and not caller.hung_up:
        told = f"{caller} saw {caller.shown!r}, {'' if caller.finish_shown else 'not '}finished, and then {error!r}"
        broken("no cut stream looks whole", told, caller)


def _check_trace(caller: Caller, records: Sequence[AttemptRecord], made: Sequence[Attempt]) -> None:
    if [(each.number, each.deployment) for each in records] != [(each.number, each.deployment) for each in made]:
        broken(
            "the trace is complete", f"these were made: {[(each.number, each.deployment.id) for each in made]}", caller
        )
    if [each.number for each in records] != list(range(1, len(records) + 1)):
        broken("the trace is complete", f"its numbers are {[each.number for each in records]}", caller)
    for record in records:
        if record.outcome == "under way" or record.elapsed_s is None or record.elapsed_s < 0:
            broken("every attempt ends", f"{record} did not", caller)
        if (record.outcome in ("failed", "refused", "cut")) != (record.error is not None):
            broken("a failure has an error", f"{record} has {record.error!r}", caller)
        if (told := _told_too_soon(caller, record)) is not None:
            broken("nobody is told of a deadline before it", f"{record} was told {told!r}", caller)
    for one, two in pairwise(records):
        if two.started_s < one.started_s:
            broken("the trace is in order", f"{two} began before {one}", caller)


def _told_too_soon(caller: Caller, record: AttemptRecord) -> str | None:
    """Return what was said of a deadline that had not passed. After a break the time of a stream runs anew."""
    error = record.error
    ended_s = record.started_s + (record.elapsed_s or 0.0)
    late = caller.kept is not None or ended_s >= caller.request.timeout_s - _SLACK_S
    return None if error is None or late or "the deadline of" not in error.message else error.message


def _check_bill(caller: Caller, records: Sequence[AttemptRecord]) -> None:
    billed = [record for record in records if record.billed]
    if len(billed) != caller.answers:
        broken("one attempt is billed an answer", f"{caller} got {caller.answers} and pays for {billed}", caller)
    if billed and caller.route.trace.served is not billed[0]:
        broken("who served is who is billed", f"{caller.route.trace.served} served", caller)


def _check_budget(caller: Caller, records: Sequence[AttemptRecord]) -> None:
    """No more attempts than allowed: in a group, of groups, beside others, and to mend a stream."""
    settings = caller.world.fleet.settings
    in_turn = [each for each in records if each.kind not in _BESIDE]
    spent = Counter(each.deployment.group for each in in_turn if not _costs_nothing(each))
    for group, number in spent.items():
        if number > 1 + settings.num_retries:
            told = f"{number} attempts in {group!r}, where {settings.num_retries} retries are allowed"
            broken("attempts stay within the budget", told, caller)
    visited = list(dict.fromkeys(each.deployment.group for each in in_turn))
    if len(visited) > 1 + settings.max_fallbacks:
        broken("no more fallbacks than allowed", f"it came to {visited}", caller)
    for kinds, most in ((_MENDING, _MOST_MENDS), (("hedge",), len(caller.world.deployments) - 1)):
        if (number := sum(each.kind in kinds for each in records)) > most:
            broken(
                "attempts stay within the budget", f"{number} of the kinds {kinds}, where {most} are allowed", caller
            )


def _costs_nothing(record: AttemptRecord) -> bool:
    """Whether an attempt is none that a retry is counted for: nothing was sent, or the window was too small."""
    return record.outcome == "refused" or isinstance(record.error, ContextWindowExceededError)


def _check_after(caller: Caller, record: AttemptRecord, later: Sequence[AttemptRecord]) -> None:
    """Hold what was tried after a failure against what its error says."""
    error, deployment = record.error, record.deployment
    in_turn = [each for each in later if each.kind not in _MENDING]
    match error:
        case ContextWindowExceededError():
            window = _row(deployment).get("max_input_tokens")
            for each in in_turn:
                other = _row(each.deployment).get("max_input_tokens")
                if window is not None and other is not None and other <= window:
                    broken("never the same size again", f"{each} takes {other}, and {window} was too small", caller)
        case ContentPolicyViolationError():
            allowed = caller.world.fleet.settings.policy_fallbacks_of(deployment.group)
            groups = {each.deployment.group for each in in_turn} - {target.group for target in allowed}
            if groups and record.kind not in _BESIDE:
                broken("a refused content is not shopped around", f"it went to {groups}", caller)
        case Timeout():
            if any(each.deployment is deployment for each in in_turn):
                broken("a silent deployment is not tried again", f"{deployment.id} was", caller)
        case BadRequestError():
            if in_turn and record.outcome == "failed" and record.kind not in _BESIDE:
                broken("a bad request is not repeated", f"it was, after {record}", caller)


def _is_after(record: AttemptRecord, before: AttemptRecord) -> bool:
    return record.started_s >= before.started_s + (before.elapsed_s or 0.0) - _SLACK_S


def _row(deployment: Deployment) -> Mapping[str, Any]:
    return {} if deployment.row is None else deployment.row.row
