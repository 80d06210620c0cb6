"""Examines a gateway that is running: its deployments are the emulator's upstreams, and its clients are ours.

What is asked and who judges is the same as of a configuration. Time is real.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

import httpx
import orjson

from litellm_lite.doctor.behaviours import Behaviour
from litellm_lite.doctor.client import Client, Gateway
from litellm_lite.doctor.conversation import Caller, Conversation
from litellm_lite.doctor.examination import examined, numbered, rehearsed
from litellm_lite.doctor.patient import Patient
from litellm_lite.doctor.prescription import asked_as, id_prefix, in_real_time, prescribed
from litellm_lite.doctor.report import Finding, Report
from litellm_lite.doctor.trials import Trial, trials_of
from litellm_lite.emulator import Emulator, Settings
from litellm_lite.emulator.app import base_path
from litellm_lite.router.clock import Clock
from litellm_lite.router.names import ANY

DEFAULT_WAIT_S = 120.0

_LOOK_EVERY_S = 0.5
_REFUSED = frozenset({401, 403})
_OK = 200
_REHEARSAL = "rehearsal"

Written = dict[str, Any]


class NotServedError(Exception):
    """The gateway did not come to serve what it is examined on; the message says what it did instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What to examine a gateway on, and where the emulator listens. `reached_at` is where the gateway finds it."""

    patient: Patient
    behaviours: Sequence[Behaviour]
    host: str = "127.0.0.1"
    port: int = 0
    reached_at: str | None = None
    wait_s: float = DEFAULT_WAIT_S

    @classmethod
    def to(cls, patient: Patient, only: Iterable[int] = (), **where: Any) -> Self:
        """Return a visit on a patient, with all behaviours or only some; `where` are the other fields.

        Raises ValueError for a number of a behaviour that is none.
        """
        return cls(patient=in_real_time(patient), behaviours=numbered(only), **where)

    def configuration(self, address: str) -> Written:
        """Return what the gateway must be configured with, where the emulator is at an address without a path."""
        return prescribed(
            self.patient, self._trials(), lambda upstream: address + base_path(quote(upstream, safe=""), "compat")
        )

    def emulator(self) -> Emulator:
        """Return the emulator, which does not run yet."""
        return Emulator(Settings(host=self.host, port=self.port, any_upstream=True))

    def address(self, emulator: Emulator) -> str:
        """Return where the gateway finds a running emulator."""
        return self.reached_at or emulator.base_url().removesuffix(base_path("", "compat"))

    def trial(self, name: str) -> Trial:
        """Return a trial on all deployments."""
        return Trial.of(name, self.ids)

    @property
    def ids(self) -> list[str]:
        """The deployments' ids."""
        return [entry["model_info"]["id"] for entry in self.patient.entries]

    @property
    def names(self) -> frozenset[str]:
        """What the gateway has to serve."""
        return frozenset(asked_as(self.patient, trial) for trial in self._trials())

    def _trials(self) -> Iterable[Trial]:
        yield self.trial(_REHEARSAL)
        for behaviour in self.behaviours:
            for mode in behaviour.modes:
                yield from trials_of(behaviour, mode, self.ids)


def visit(gateway: Gateway, wanted: Visit, tell: Callable[[Written, str], None]) -> Report:
    """Examine a gateway and return what was found. Call it where no event loop runs.

    Where the gateway does not serve what is needed yet, `tell` is told how to configure it, and why, and it is waited
    for. Raises NotServedError, and OSError where the emulator cannot listen.
    """
    with wanted.emulator() as emulator:
        return asyncio.run(_visited(gateway, wanted, emulator, tell))


async def _visited(gateway: Gateway, wanted: Visit, emulator: Emulator, tell: Callable[[Written, str], None]) -> Report:
    conversation = await rehearsed(wanted.patient, emulator)
    async with gateway.connected() as http:
        door = _Door(gateway, http, wanted, emulator, conversation)
        await door.open(tell)
        began = time.monotonic()
        findings, late_s = await door.examined()
    return Report(
        patient=wanted.patient,
        findings=findings,
        speed=1.0,
        took_s=time.monotonic() - began,
        late_s=late_s,
        url=gateway.base,
    )


class _Door:
    """The way into a gateway."""

    def __init__(
        self, gateway: Gateway, http: httpx.AsyncClient, wanted: Visit, emulator: Emulator, conversation: Conversation
    ) -> None:
        self._gateway, self._http, self._wanted = gateway, http, wanted
        self._emulator, self._conversation = emulator, conversation

    async def examined(self) -> tuple[list[Finding], float]:
        """Run the behaviours."""
        wanted = self._wanted
        return await examined(wanted.patient, wanted.behaviours, self._emulator, self._conversation, self._admit)

    async def open(self, tell: Callable[[Written, str], None]) -> None:
        """Return once the gateway serves what is needed. Raises NotServedError."""
        lacking = await self._lacking()
        if not lacking:
            return
        tell(self._wanted.configuration(self._wanted.address(self._emulator)), lacking)
        until = time.monotonic() + self._wanted.wait_s
        while lacking:
            if time.monotonic() > until:
                raise NotServedError(f"waited {self._wanted.wait_s:g} s for {self._gateway.base}: {lacking}")
            await asyncio.sleep(_LOOK_EVERY_S)
            lacking = await self._lacking()

    def _admit(self, trial: Trial, clock: Clock) -> Caller:
        patient = self._wanted.patient
        settings = patient.setup.settings
        return Client(
            gateway=self._gateway,
            http=self._http,
            model=asked_as(patient, trial),
            clock=clock,
            timeout_s=settings.timeout_s,
            stream_timeout_s=settings.stream_timeout_s,
            id_prefix=id_prefix(trial),
        )

    async def _lacking(self) -> str:
        """Return what the gateway still lacks. Raises NotServedError where waiting does not help."""
        try:
            listed = await self._http.get("models")
        except httpx.HTTPError as error:
            return f"it cannot be reached: {str(error) or type(error).__name__}"
        if listed.status_code in _REFUSED:
            raise NotServedError(
                f"{self._gateway.base} refused the key (status {listed.status_code}); "
                "pass --key, or set LITELLM_LITE_KEY or OPENAI_API_KEY"
            )
        return _unlisted(self._wanted, listed) or await self._unreached()

    async def _unreached(self) -> str:
        """Call a model that is well, and tell how that did not work."""
        trial = self._wanted.trial(_REHEARSAL)
        call = await self._conversation.call(self._admit(trial, Clock()), stream=False, tools=False)
        if call.error is not None:
            return f"its first call failed: {type(call.error).__name__}: {call.error}"
        if not any(self._emulator.seen(upstream) for upstream in trial.upstreams.values()):
            return "it answered a call, and the emulator was not asked; it is configured with another one's address"
        return ""


def _unlisted(wanted: Visit, listed: httpx.Response) -> str:
    """Tell which models a gateway does not list. One that lists none, or wildcards' names, must be asked."""
    if listed.status_code != _OK or ANY in wanted.patient.group:
        return ""
    try:
        ids = {model["id"] for model in orjson.loads(listed.content)["data"]}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
    absent = wanted.names - ids
    return f"it does not list {min(absent)!r}, nor {len(absent) - 1} more" if absent else ""
