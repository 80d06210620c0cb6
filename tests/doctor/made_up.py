"""Observations made up by hand: what a good gateway and a bad one would let an examination see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from litellm_lite.doctor.observed import Call, Mode, Observation, Request, Setup, Verdict
from litellm_lite.errors import APIError, Partial
from litellm_lite.registry import ModelInfo
from litellm_lite.router.deployment import Deployment
from litellm_lite.router.settings import Settings
from litellm_lite.router.trace import AttemptRecord

WANTED = "the old fox and her red dog ran out"
RATES = {"input_cost_per_token": Decimal("0.000001"), "output_cost_per_token": Decimal("0.000002")}
USAGE = {"prompt_tokens": 10, "completion_tokens": 9, "total_tokens": 19}


def place(id: str, window: int | None = 8_000, group: str = "g", **fields: Any) -> Deployment:
    row = None if window is None else ModelInfo(id, "shop", id, {"max_input_tokens": window, **RATES})
    return Deployment(**{"id": id, "group": group, "model": f"shop/{id}", "provider": "shop", "row": row, **fields})


def setup(
    *fallbacks: Deployment,
    group: Iterable[Deployment] = (),
    context: Iterable[str] = (),
    content: Iterable[str] = (),
    settings: Mapping[str, Any] | None = None,
) -> Setup:
    own = list(group) or [place("a")]
    return Setup(
        places={each.id: each for each in (*own, *fallbacks)},
        group=frozenset(each.id for each in own),
        fallbacks=frozenset(each.id for each in fallbacks) - set(content),
        context=frozenset(context),
        content=frozenset(content),
        settings=Settings(**{"timeout_s": 30.0, **(settings or {})}),
    )


PAIR = setup(place("b"))
"""One deployment, and one behind a fallback."""
LONE = setup()
RETRYLESS = setup(settings={"num_retries": 0})


def answer(by: str = "b", began_s: float = 0.0, ended_s: float = 1.0, **fields: Any) -> Call:
    told = {"wanted": WANTED, "text": WANTED, "finish": "stop", "model": by, "model_id": by, "usage": USAGE}
    return Call(**{"began_s": began_s, "ended_s": ended_s, **told, **fields})


def failure(error: Exception, shown: str = "", ended_s: float = 1.0, **fields: Any) -> Call:
    if isinstance(error, APIError) and shown and error.partial is None:
        error.partial = Partial(shown, {0: shown}, None)
    return Call(**{"began_s": 0.0, "ended_s": ended_s, "wanted": WANTED, "text": shown, "error": error, **fields})


def asked(place: str, at: float = 0.0, status: int | None = 503, **fields: Any) -> Request:
    return Request(place, at, status, **fields)


def seen(
    calls: Call | list[Call], *requests: Request, of: Setup = PAIR, mode: Mode = "plain", late_s: float = 0.0
) -> Observation:
    made = calls if isinstance(calls, list) else [calls]
    return Observation(setup=of, mode=mode, calls=made, requests=requests, slack_s=1.0 + late_s, late_s=late_s)


def attempt(of: Setup, place: str, outcome: Any, kind: Any = "first", shown: int | None = None) -> AttemptRecord:
    record = AttemptRecord(1, kind, of.places[place], 0.0)
    record.outcome, record.shown_characters = outcome, shown
    return record


def passed(verdict: Verdict, *words: str) -> None:
    assert verdict.passed, verdict.reason
    for word in words:
        assert word in verdict.reason


def failed(verdict: Verdict, *words: str) -> None:
    assert not verdict.passed, verdict.reason
    for word in words:
        assert word in verdict.reason


def again(call: Call, **fields: Any) -> Call:
    return replace(call, **fields)
