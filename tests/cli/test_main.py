"""How the command line is entered."""

from __future__ import annotations

import subprocess
import sys

import pytest
from rich.console import Console

from litellm_lite import __version__
from litellm_lite.cli.show import bill, complain, say
from litellm_lite.errors import BadRequestError


def python(script: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=False)


def test_the_version_is_told(run) -> None:
    assert run("--version").stdout == f"litellm-lite {__version__}\n"


def test_without_a_command_the_commands_are_listed(run) -> None:
    shown = run()
    commands = ("demo", "chat", "emulate", "models", "info", "cost", "tokens", "compare")
    assert all(f" {command} " in shown.output for command in commands)


def test_help_loads_no_registry_and_no_client() -> None:
    ran = python(
        "import sys; from litellm_lite.cli.app import app; app(['--help'], standalone_mode=False);"
        "print(*sys.modules, file=sys.stderr)"
    )
    assert ran.returncode == 0
    assert not {"litellm_lite.registry", "litellm_lite.cost", "orjson", "pydantic", "httpx"} & set(ran.stderr.split())


def test_without_its_extra_it_names_what_to_install() -> None:
    ran = python("import sys; sys.modules['typer'] = None; from litellm_lite.cli import main; main()")
    assert ran.returncode == 1
    assert ran.stderr == "litellm-lite: the command line needs Typer and Rich; pip install 'litellm-lite[proxy]'\n"


def test_another_missing_module_is_not_blamed_on_the_extra() -> None:
    ran = python("import sys; sys.modules['litellm_lite.cli.app'] = None; from litellm_lite.cli import main; main()")
    assert "ModuleNotFoundError" in ran.stderr


def test_it_runs_as_a_module() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "litellm_lite.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("litellm-lite ")


def test_control_characters_of_a_model_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say(Console(), "a\x1b[2Jb\r\n\tc\x07[bold]:smile:\x9b")
    assert capsys.readouterr().out == "a[2Jb\n\tc[bold]:smile:\n"


@pytest.mark.parametrize(
    ("usage", "cost", "shown"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4}, None, "3 prompt + 4 answer tokens, price unknown"),
        ({"prompt_tokens": 3, "completion_tokens": 4}, 0.0, "3 prompt + 4 answer tokens, $0.000000"),
        ({"prompt_tokens": 3}, 0.25, "tokens unknown, $0.250000"),
        (None, None, "tokens unknown, price unknown"),
    ],
)
def test_what_is_unknown_is_called_unknown(usage: dict[str, int] | None, cost: float | None, shown: str) -> None:
    assert bill(usage, cost) == shown


def test_an_error_is_told_with_its_request(capsys: pytest.CaptureFixture[str]) -> None:
    complain(Console(), BadRequestError("no such thing", request_id="r1"))
    assert capsys.readouterr().out == "BadRequestError: no such thing (request r1)\n"
