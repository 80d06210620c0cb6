"""Runs behaviours, all beside each other, and hands what was seen to the judges.

Each has a clock of its own, a caller of its own who has seen nothing yet, and of one emulator an upstream for each
deployment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence

from litellm_lite.doctor.behaviours import BEHAVIOURS, Behaviour
from litellm_lite.doctor.conversation import Caller, Conversation, RouterCaller
from litellm_lite.doctor.observed import TOLD_WINDOW, Call, Mode, Observation, Request, Setup
from litellm_lite.doctor.patient import Patient
from litellm_lite.doctor.report import Finding, Report
from litellm_lite.doctor.trials import Trial, trials_of
from litellm_lite.emulator import Emulator, Settings
from litellm_lite.router import Router
from litellm_lite.router.clock import Clock
from litellm_lite.router.names import ANY

DEFAULT_SPEED = 10.0

_LONG_TIMEOUT_S = 60.0
_LONGEST_TIMEOUT_S = 3600.0
_STAGGER_S = 0.02
_NOISE_S = 0.3  # how late any machine may be, in real seconds
_LATE_IN_A_ROW = 5  # steps that may each be as late as the latest one was seen to be
_LOOK_S = 0.02
_ROUNDING_S = 0.5

Admission = Callable[[Trial, Clock], Caller]
"""Gives who calls in a trial, by a clock; nobody has called there before."""


def examine(patient: Patient, *, only: Iterable[int] = (), speed: float = DEFAULT_SPEED) -> Report:
    """Run the behaviours, or those of some numbers, and return what was found.

    `speed` seconds of a Router pass in one, where tenths of seconds do not count. Call it where no event loop runs.
    Raises ValueError for a number or a speed that is none.
    """
    behaviours = numbered(only)
    began = time.monotonic()
    with Emulator(Settings(any_upstream=True, speed=speed)) as emulator:
        findings, late_s = asyncio.run(_in_process(patient, behaviours, emulator))
    took_s = time.monotonic() - began
    return Report(patient=patient, findings=findings, speed=speed, took_s=took_s, late_s=late_s)


def numbered(only: Iterable[int]) -> list[Behaviour]:
    """Return the behaviours of those numbers, or all where there are none. Raises ValueError."""
    wanted = frozenset(only)
    if unknown := wanted - {behaviour.number for behaviour in BEHAVIOURS}:
        raise ValueError(f"there is no behaviour {min(unknown)}; there are 1 to {len(BEHAVIOURS)}")
    return [behaviour for behaviour in BEHAVIOURS if not wanted or behaviour.number in wanted]


async def rehearsed(patient: Patient, emulator: Emulator) -> Conversation:
    """Return what is asked of a patient, and what its models have to say."""
    models = {place.model.partition("/")[2] for place in patient.setup.places.values() if ANY not in place.model}
    return await Conversation.rehearsed(emulator, sorted(models))


async def examined(
    patient: Patient,
    behaviours: Sequence[Behaviour],
    emulator: Emulator,
    conversation: Conversation,
    admit: Admission,
) -> tuple[list[Finding], float]:
    """Run all of them at once, each a little after the one before, so that none is asked in a crowd.

    Returns also how many real seconds late this machine was at most.
    """
    cases = [_Case(patient, behaviour, mode, emulator, admit) for behaviour in behaviours for mode in behaviour.modes]
    runs = (case.played(conversation, place * _STAGGER_S) for place, case in enumerate(cases))
    lateness = _Lateness()
    async with lateness:
        await asyncio.gather(*runs)
    return [case.found(lateness.most_s) for case in cases], lateness.most_s


async def _in_process(
    patient: Patient, behaviours: Sequence[Behaviour], emulator: Emulator
) -> tuple[list[Finding], float]:
    """Examine the Router of this process."""

    def admit(trial: Trial, clock: Clock) -> Caller:
        entries = patient.entries_at(lambda place: emulator.base_url(trial.upstreams[place]))
        return RouterCaller(Router(entries, clock=clock, **patient.keywords), patient.model, clock)

    return await examined(patient, behaviours, emulator, await rehearsed(patient, emulator), admit)


class _Lateness:
    """Looks how late the loop is, as long as the block lasts: so late may be whatever is timed in it."""

    def __init__(self) -> None:
        self.most_s = 0.0

    async def __aenter__(self) -> None:
        self._looking = asyncio.create_task(self._look())

    async def __aexit__(self, *_: object) -> None:
        self._looking.cancel()
        await asyncio.wait([self._looking])

    async def _look(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(_LOOK_S)
            self.most_s = max(self.most_s, time.monotonic() - began - _LOOK_S)


class _Case:
    """One behaviour in one mode, with callers and upstreams of its own."""

    def __init__(
        self, patient: Patient, behaviour: Behaviour, mode: Mode, emulator: Emulator, admit: Admission
    ) -> None:
        self.behaviour, self.mode = behaviour, mode
        self._patient, self._emulator = patient, emulator
        self._clock = Clock(pace(behaviour, mode, patient.setup, emulator.settings.speed))
        self._trials = trials_of(behaviour, mode, [entry["model_info"]["id"] for entry in patient.entries])
        self._callers = [admit(trial, self._clock) for trial in self._trials]
        for trial in self._trials:
            self._afflict(trial)
        self._calls: list[Call] = []
        self._requests: list[Request] = []

    async def played(self, conversation: Conversation, delay_s: float) -> None:
        """Make the calls, and note what was seen of them on both sides."""
        await asyncio.sleep(delay_s)
        began = self._clock.now()
        self._calls = [call.since(began) for call in await self._made(conversation)]
        self._requests = await asyncio.to_thread(self._arrived, began)

    def found(self, late_s: float) -> Finding:
        """Return the verdict on what was seen, by a machine that was up to so many real seconds late."""
        late = late_s * self._clock.speed
        slack_s = _ROUNDING_S + max(_NOISE_S * self._clock.speed, _LATE_IN_A_ROW * late)
        setup, calls, requests = self._patient.setup, self._calls, self._requests
        seen = Observation(setup=setup, mode=self.mode, calls=calls, requests=requests, slack_s=slack_s, late_s=late)
        return Finding(self.behaviour, self.mode, seen, self.behaviour.judge(seen))

    def _afflict(self, trial: Trial) -> None:
        behaviour, setup, emulator, upstreams = self.behaviour, self._patient.setup, self._emulator, trial.upstreams
        if behaviour.strike == "small":
            for place in setup.places:
                if not setup.larger(place, sorted(setup.group)):
                    window = setup.window(place) or TOLD_WINDOW
                    emulator.afflict(upstreams[place], f"{behaviour.fault}; window={window}")
        elif behaviour.strike == "group" and setup.fallbacks:
            emulator.afflict_together([upstreams[place] for place in setup.group], behaviour.fault)
        else:
            reached = [upstreams[place] for place in setup.places]
            emulator.afflict_first(reached, behaviour.fault, others=behaviour.others)

    async def _made(self, conversation: Conversation) -> list[Call]:
        behaviour, setup = self.behaviour, self._patient.setup
        number = behaviour.lone_calls if setup.lone and behaviour.lone_calls is not None else behaviour.calls
        kinds = [False] * number + [True] * (behaviour.tools and self.mode == "stream")
        if not behaviour.every_s:
            return [
                await self._call(conversation, behaviour.apart_s * bool(place), tools=tools)
                for place, tools in enumerate(kinds)
            ]
        calls = (self._call(conversation, place * behaviour.every_s, tools=tools) for place, tools in enumerate(kinds))
        return await asyncio.gather(*calls)

    async def _call(self, conversation: Conversation, after_s: float, *, tools: bool) -> Call:
        await asyncio.sleep(self._clock.real_s(after_s))
        return await conversation.call(self._callers[tools], stream=self.mode == "stream", tools=tools)

    def _arrived(self, began: float) -> list[Request]:
        """Return what came to the upstreams; their clock and the Router's are the machine's, each at its own speed."""
        ratio = self._clock.speed / self._emulator.settings.speed
        requests = [
            Request(place, seen.at * ratio - began, seen.status, seen.prefilled, seen.model)
            for trial in self._trials
            for place, upstream in trial.upstreams.items()
            for seen in self._emulator.seen(upstream)
        ]
        return sorted(requests, key=lambda request: request.at)


def pace(behaviour: Behaviour, mode: Mode, setup: Setup, speed: float) -> float:
    """Return how fast a behaviour's clock runs: faster where it may last for a timeout of more than a minute."""
    settings = setup.settings
    own = settings.stream_timeout_s if mode == "stream" else None
    timeout_s = settings.timeout_s if own is None else own
    if behaviour.outlasts and (mode == "plain" or setup.lone):
        speed *= max(1.0, min(timeout_s, _LONGEST_TIMEOUT_S) / _LONG_TIMEOUT_S)
    return min(speed, behaviour.most_speed)
