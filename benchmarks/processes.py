"""The processes of a run: the mock, the workers, and fresh interpreters. Whoever starts one ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]
LONGEST_JOB_S = 180.0

# Nothing is imported before the clock starts that an interpreter has not loaded by itself, bar the clock.
_FRESH = """
import os, time
{pin}
started = time.perf_counter()
{code}
wall_s = time.perf_counter() - started
import json
from benchmarks import machine
print()
print(json.dumps({{"wall_s": wall_s, "resident_mb": machine.resident_mb()}}), flush=True)
os._exit(0)
"""


class SubjectFailed(RuntimeError):  # noqa: N818 - a statement of fact; the run goes on without the subject
    """A subject's process ended, or took too long."""


def environment() -> dict[str, str]:
    """Return the environment of every subject: nobody's proxy, and nobody's price list fetched from the network."""
    unwanted = ("http_proxy", "https_proxy", "all_proxy", "litellm_lite_engine", "ssl_cert_file")
    kept = {key: value for key, value in os.environ.items() if key.lower() not in unwanted and key[:6] != "PYTHON"}
    return {**kept, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}


def end_in_order() -> None:
    """Let SIGTERM end this process as Ctrl-C does, so that it ends what it has started."""

    def leave(*_: object) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, leave)


@contextmanager
def mock(core: int | None) -> Iterator[str]:
    """Run the mock server while in the context; yields its origin."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "benchmarks.mock_server", "" if core is None else str(core)]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


class Worker:
    """A subject's process. Call it with a job; it answers with what the job cost."""

    def __init__(self, name: str, python: str, origin: str, core: int | None) -> None:
        self._name = name
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", name, origin, "" if core is None else str(core)],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def __call__(self, **job: Any) -> dict[str, float]:
        """Do a job and return its `cpu_s`, `wall_s` and `resident_mb`. Raises SubjectFailed."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        watch = threading.Timer(LONGEST_JOB_S, process.kill)
        watch.start()
        try:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            watch.cancel()
        if not answer:
            raise SubjectFailed(f"{self._name}: {self._last_words()}")
        cost: dict[str, float] = json.loads(answer)
        return cost

    def _last_words(self) -> str:
        self._process.wait(10)
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return lines[-1] if lines else f"no answer within {LONGEST_JOB_S:g} s"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the process: at once, since what a library does at its exit is not measured here."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()


def fresh(python: str, code: str, core: int | None) -> dict[str, float]:
    """Run `code` in a new interpreter; returns the `wall_s` it took there and the `resident_mb` after it.

    Raises SubjectFailed.
    """
    script = _FRESH.format(pin="" if core is None else f"os.sched_setaffinity(0, {{{core}}})", code=code)
    command = [python, "-c", script]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=LONGEST_JOB_S, check=False
    )
    if done.returncode:
        raise SubjectFailed((done.stderr.strip().splitlines() or ["no word"])[-1])
    cost: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return cost
