"""The emulator as a command of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx

from litellm_lite.cli import emulate

if TYPE_CHECKING:
    import pytest

# A process started in the background may have been told to ignore Ctrl-C; this one must not.
INTERRUPTIBLE = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\nfrom litellm_lite.cli import main; main()"
)


def test_it_tells_how_to_use_it_and_stops_at_a_word() -> None:
    command = [sys.executable, "-c", INTERRUPTIBLE, "emulate", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(7)]
        exports = dict(line.strip().removeprefix("export ").split("=", 1) for line in told if "export " in line)
        base, key = exports["LLAMA_API_BASE"], exports["LLAMA_API_KEY"]
        models = httpx.get(f"{base}/models", headers={"authorization": f"Bearer {key}"}).json()["data"]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert len(models) == 7
    assert (process.returncode, out, err) == (0, "\nstopped\n", "")


def test_a_key_of_ones_own_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    code = emulate.run(host="127.0.0.1", port=0, key="my-own-key", latency_s=0.0, pace_s=0.0, wait=interrupted)
    shown = capsys.readouterr().out
    assert (code, "my-own-key" in shown, "<the key you gave>" in shown) == (0, False, True)
    assert shown.endswith("\nstopped\n")


def test_a_taken_port_is_told_without_a_traceback(run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run("emulate", "--port", port)
    assert result.exit_code == 1
    assert f"cannot listen on 127.0.0.1, port {port}" in result.stderr
