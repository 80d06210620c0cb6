"""What several judges look for. A check returns what is wrong in a sentence, or an empty text. Pure."""

from __future__ import annotations

from litellm_lite.doctor.observed import Call, Observation, Verdict, listed, times
from litellm_lite.errors import APIError

_LONGEST_MESSAGE = 160


def verdict(flaw: str, otherwise: str) -> Verdict:
    """Return a failure where there is a flaw, else a pass and its reason."""
    return Verdict(not flaw, flaw or otherwise)


def unanswered(seen: Observation, call: Call) -> str:
    """Tell how a call was not answered whole, or not in time."""
    if call.error is not None:
        return f"not answered: {told(call)}"
    return mangled(call) or late(seen, call)


def not_right(seen: Observation, call: Call) -> str:
    """Tell how a call did not end as it should: answered where anybody could, else with a clear error in time."""
    if seen.others or call.error is None:
        return unanswered(seen, call)
    return unclear(call) or late(seen, call)


def mangled(call: Call) -> str:
    """Tell how an answer is not the one the model gave."""
    if call.text == call.wanted and call.finish is not None:
        return ""
    if call.finish is None:
        return f"the answer ended after {_share(call)}, with neither a finish reason nor an error"
    if call.wanted.startswith(call.text):
        return f"{_share(call)} were shown as a finished answer"
    return f"the answer is not what the model said: it has {_share(call)}, some of them wrong or twice"


def unclear(call: Call) -> str:
    """Tell how an error is not one that a caller can do something about."""
    error = call.error
    if isinstance(error, TimeoutError):
        return f"neither an answer nor an error {told(call)}"
    if isinstance(error, APIError):
        return "" if error.message else f"{type(error).__name__} does not say what happened"
    return f"{type(error).__name__} is no clear error: {told(call)}"


def late(seen: Observation, call: Call) -> str:
    """Tell how a call took longer than it may."""
    if call.elapsed_s <= seen.timeout_s + seen.slack_s:
        return ""
    return f"it took {call.elapsed_s:.1f} s, and the timeout is {seen.timeout_s:g} s"


def hammered(seen: Observation, most: int) -> str:
    """Tell how the deployment with the fault was asked too often."""
    asked = len(seen.to(seen.struck))
    return f"{seen.name} was asked {times(asked)}, {most} would do" if asked > most else ""


def unmended(seen: Observation, call: Call) -> str:
    """Tell how a stream that was broken off ended neither whole nor in an error that holds what was shown."""
    if call.error is None:
        return spliced(seen, call) or mangled(call)
    if flaw := unclear(call):
        return flaw
    if not call.wanted.startswith(call.text):
        return f"before its error the stream showed {_share(call)}, some of them wrong or twice"
    partial = getattr(call.error, "partial", None)
    if call.text and not call.tools and (partial is None or partial.text != call.text):
        return f"{type(call.error).__name__} does not hold the {_share(call)} that were shown"
    return ""


def spliced(seen: Observation, call: Call) -> str:
    """Tell how the call of a tool was put together from two answers: some of it was shown before the second began."""
    answering = [request for request in seen.during(call) if request.status == 200]
    if not call.tools or call.first_token_s is None or len(answering) < 2:
        return ""
    if call.began_s + call.first_token_s >= answering[-1].at:
        return ""
    return "a tool call was put together from two answers"


def told(call: Call) -> str:
    """Tell of an error: its class, when it came, and the beginning of what it says."""
    error, after = call.error, f"after {call.elapsed_s:.1f} s"
    if error is None or isinstance(error, TimeoutError):
        return after
    message = " ".join(str(error).split())
    short = message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}…"
    return f"{type(error).__name__} {after}: {short}"


def ended(seen: Observation, call: Call) -> str:
    """Tell of a call that ended well who served it, or how clear its error was, and when."""
    if call.error is None:
        return f"served by {seen.setup.label(call.model_id)} after {call.elapsed_s:.1f} s"
    held = f", holding {_share(call)}" if call.text else ""
    alone = "" if seen.others else " (nobody else could serve)"
    return f"a clear {type(call.error).__name__} after {call.elapsed_s:.1f} s{held}{alone}"


def asked(seen: Observation) -> str:
    """Tell how often the deployment with the fault was asked."""
    return f"{seen.name} was asked {times(len(seen.to(seen.struck)))}"


def summary(seen: Observation, *more: str) -> str:
    """Tell how the first call ended, and more."""
    return listed((ended(seen, seen.call), *more))


def _share(call: Call) -> str:
    """Tell how much came of what there was."""
    if call.tools:
        return f"{len(call.text)} of {len(call.wanted)} characters"
    return f"{len(call.text.split())} of {len(call.wanted.split())} words"
