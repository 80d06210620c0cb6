"""The gateways that are compared, each started as its users start it; and `python -m benchmarks.gateways`.

That runs one of them alone with the mock behind it and load before it, tells the worker's process number, and every
second what a request costs: to look inside with a profiler meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from benchmarks import environments, load, machine, processes
from benchmarks.load import CHUNKS, HOST, Door
from benchmarks.processes import ROOT, SubjectFailed
from benchmarks.report import OURS
from benchmarks.subjects import KEY, MODEL

BARE, LITELLM, MOCK = "bare", "litellm", "mock"
MASTER_KEY = "sk-benchmark-7d1c52e8a90f4b63"
DEPLOYMENTS = 3
CROWD_PACE_MS = 40  # 500 streams at one chunk a millisecond would be work for ten mocks
GROUPS = {
    "plain": f"/chunks-{CHUNKS}/v1",
    "paced": f"/chunks-{CHUNKS}/paced/v1",
    "crowd": f"/chunks-{CHUNKS}/paced-{CROWD_PACE_MS}/v1",
}
"""Where the mock behind each group of deployments is."""

_HEALTH = f"GET /health/liveliness HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n".encode()
_HEALTHY_WITHIN_S = 120.0
_LOOK_S = 0.002
_END_S = 10.0

_COMMANDS: dict[str, Callable[[str, str, str], list[str]]] = {
    OURS: lambda python, file, port: [
        python, "-m", "litellm_lite.cli", "--config", file, "--host", HOST, "--port", port,
    ],
    BARE: lambda python, _, port: [
        python, "-m", "granian", "--interface", "asgi", "--host", HOST, "--port", port, "benchmarks.forwarder:app",
    ],
    LITELLM: lambda python, file, port: [
        str(Path(python).with_name("litellm")), "--config", file, "--host", HOST, "--port", port,
    ],
}  # fmt: skip


class Gateway:
    """A gateway that runs, with its log in a file; `start_s` is how long it took to be healthy.

    Raises SubjectFailed where it does not come to life.
    """

    def __init__(self, name: str, python: str, origin: str, core: int | None) -> None:
        self.name = name
        self._folder = Path(tempfile.mkdtemp(prefix="benchmarks-"))
        self._log = self._folder / "log"
        config = self._folder / "config.yaml"
        config.write_text(json.dumps(configuration(origin), indent=1), encoding="utf-8")  # JSON is YAML
        self.port = _free_port()
        command = _COMMANDS[name](python, str(config), str(self.port))
        environment = {**processes.environment(), "FORWARD_TO": origin}
        started = time.perf_counter()
        try:
            with machine.pinned(core), self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
                )
        except OSError as error:
            shutil.rmtree(self._folder)
            raise SubjectFailed(f"it could not be started: {error}") from error
        try:
            self._await_health(started + _HEALTHY_WITHIN_S)
            self.start_s = time.perf_counter() - started
            self.pids = machine.family(self._process.pid)
        except BaseException:
            self.end()
            raise

    @property
    def worker(self) -> int:
        """The process that serves: the largest of those that were started by the first, or that one if it is alone."""
        return max(self.pids[1:] or self.pids, key=machine.resident_mb_of)

    def door(self, group: str) -> Door:
        return door(self.name, self.port, group)

    def _await_health(self, until: float) -> None:
        while time.perf_counter() < until:
            if self._process.poll() is not None:
                raise SubjectFailed(f"it ended at its start: {self._last_words()}")
            if _is_healthy(self.port, until - time.perf_counter()):
                return
            time.sleep(_LOOK_S)
        raise SubjectFailed(f"not healthy within {_HEALTHY_WITHIN_S:g} s: {self._last_words()}")

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no word why"

    def end(self) -> None:
        """End it as its users do, and whatever of it is left then."""
        self._process.terminate()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # a session of its own: nobody else is in it
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def configuration(origin: str) -> dict[str, Any]:
    """Return what a gateway is told: groups of three deployments, all of them the mock, and a key for its clients."""
    return {
        "model_list": [
            {
                "model_name": group,
                "litellm_params": {"model": f"openai/{MODEL}", "api_base": origin + base, "api_key": KEY},
                "model_info": {"id": f"{group}-{number}"},
            }
            for group, base in GROUPS.items()
            for number in range(DEPLOYMENTS)
        ],
        "general_settings": {"master_key": MASTER_KEY},
    }


def door(name: str, port: int, group: str) -> Door:
    """Return where a group is asked for: by its name, or of who only forwards and of the mock itself by its path."""
    if name in (BARE, MOCK):
        return Door(port, f"{GROUPS[group]}/chat/completions", MODEL, KEY)
    return Door(port, "/v1/chat/completions", group, MASTER_KEY)


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _is_healthy(port: int, limit_s: float) -> bool:
    try:
        with socket.create_connection((HOST, port), limit_s) as connection:
            connection.sendall(_HEALTH)
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateways", description=__doc__)
    parser.add_argument("name", nargs="?", choices=tuple(_COMMANDS), default=OURS)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--stream", action="store_true", help=f"streams of {CHUNKS} chunks, in a burst")
    parser.add_argument("--group", choices=tuple(GROUPS), default="plain", help="paced, crowd: chunks that trickle")
    wanted = parser.parse_args()
    if not machine.tells_of_others():
        parser.error("only Linux tells the CPU time and memory of other processes")
    if not load.has_wrk():
        parser.error("wrk is missing; on Debian and Ubuntu: apt install wrk")
    is_litellm = wanted.name == LITELLM
    python = environments.python(environments.litellm_proxy(upgrade=False)) if is_litellm else sys.executable
    processes.end_in_order()
    core, client_core = machine.two_cores()
    with (
        processes.mock(client_core) as origin,
        Gateway(wanted.name, python, origin, core) as gateway,
        machine.pinned(client_core),
    ):
        print(f"{wanted.name} on port {gateway.port}, its worker is process {gateway.worker}", flush=True)
        for _ in range(wanted.seconds):
            print(_second(gateway, wanted), flush=True)


def _second(gateway: Gateway, wanted: argparse.Namespace) -> str:
    before = machine.cpu_s_of(gateway.worker)
    done = load.wrk(gateway.door(wanted.group), connections=wanted.connections, seconds=1, stream=wanted.stream)
    cpu_us = (machine.cpu_s_of(gateway.worker) - before) / done.requests * 1e6
    memory = machine.resident_mb_of(gateway.worker)
    return f"{done.requests / done.took_s:>8,.0f} a second {cpu_us:>8,.0f} µs of CPU each {memory:>8.1f} MB"


if __name__ == "__main__":
    main()
