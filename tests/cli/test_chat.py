"""Talking to a model from the command line, with the emulator in the model's place."""

from __future__ import annotations

import base64
import io
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from litellm_lite.cli.chat import Conversation, converse
from litellm_lite.emulator import Emulator, Fault
from tests.cli.test_emulate import INTERRUPTIBLE
from tests.emulator.bodies import png

SCOUT = "meta_llama/Llama-4-Scout-17B-16E-Instruct-FP8"


@pytest.fixture
def talk(emulator: Emulator) -> Conversation:
    where = {"api_base": emulator.compat_url, "api_key": emulator.api_key}
    return Conversation("meta_llama/Llama-3.3-70B-Instruct", where, Console(), Console(stderr=True))


def reading(*lines: str) -> Callable[[], str]:
    """Give the lines one by one, then the end of input."""
    waiting = list(lines)

    def read() -> str:
        if not waiting:
            raise EOFError
        return waiting.pop(0)

    return read


def test_a_prompt_is_answered_and_its_cost_told_apart(run, emulator: Emulator) -> None:
    result = run("chat", "Hello, how are you?")
    assert result.exit_code == 0
    assert result.stdout.endswith('You wrote: "Hello, how are you?"\n')
    assert result.stderr == "16 prompt + 41 answer tokens, price unknown\n"


def test_standard_input_is_a_prompt(run, emulator: Emulator) -> None:
    assert 'You wrote: "from a pipe' in run("chat", input="from a pipe\n").stdout


def test_a_system_message_is_sent(run, emulator: Emulator) -> None:
    alone, led = run("chat", "Hi"), run("chat", "Hi", "--system", "Be brief.")
    assert int(led.stderr.split()[0]) > int(alone.stderr.split()[0])


def test_an_image_file_is_sent_by_what_it_is(run, emulator: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(png(30, 20))
    result = run("chat", "What is this?", "-m", SCOUT, "--image", str(file), "--image", "https://example.com/a.png")
    assert "Image 1 is a PNG of 30 x 20 pixels" in result.stdout
    assert "Image 2 is at a URL" in result.stdout


def test_an_image_may_be_a_data_url(run, emulator: Emulator) -> None:
    url = "data:image/png;base64," + base64.b64encode(png(3, 2)).decode()
    assert "3 x 2" in run("chat", "What is this?", "-m", SCOUT, "--image", url).stdout


def test_an_image_that_cannot_be_read_is_named(run, emulator: Emulator, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no image at all")
    missing, wrong = run("chat", "Hi", "--image", "missing.png"), run("chat", "Hi", "--image", str(text))
    assert (missing.exit_code, wrong.exit_code) == (1, 1)
    assert missing.stderr == "cannot read the image 'missing.png': No such file or directory\n"
    assert "not an image" in wrong.stderr


def test_without_a_key_it_says_what_to_do(run) -> None:
    result = run("chat", "Hi")
    assert result.exit_code == 1
    assert "export LLAMA_API_KEY=" in result.stderr
    assert "litellm-lite chat --emulate" in result.stderr


def test_the_emulator_needs_no_key(run) -> None:
    assert "no language model is running" in run("chat", "Hi", "--emulate").stdout


@pytest.mark.parametrize("prompt", ["", " \n"])
def test_an_empty_prompt_is_refused(run, emulator: Emulator, prompt: str) -> None:
    result = run("chat", prompt)
    assert (result.exit_code, "nothing to ask" in result.stderr) == (1, True)


def test_an_unknown_provider_is_told_without_a_traceback(run) -> None:
    result = run("chat", "Hi", "-m", "nobody/nothing")
    assert result.exit_code == 1
    assert result.stderr.startswith("LiteLLMUnknownProvider: ")


def test_a_refusal_is_told_without_a_traceback(run, emulator: Emulator) -> None:
    result = run("chat", "Hi", "-m", "meta_llama/Llama-9")
    assert result.exit_code == 1
    assert result.stderr.startswith("NotFoundError: ")


def test_a_wrong_key_is_told_and_not_repeated(run, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_API_KEY", "canary-key")
    result = run("chat", "Hi")
    assert result.stderr.startswith("AuthenticationError: ")
    assert "canary-key" not in result.output


def test_an_answer_cut_short_is_called_incomplete(run, emulator: Emulator) -> None:
    emulator.provoke(Fault(cut_after_chunks=4))
    result = run("chat", "Hi")
    assert result.exit_code == 1
    assert result.stdout == "This is the\n"
    assert result.stderr.startswith("The answer above is not complete.\nAPIConnectionError: ")


def test_a_conversation_remembers_what_was_said(talk: Conversation, capsys: pytest.CaptureFixture[str]) -> None:
    assert converse(talk, reading("First", "  ", "Second")) == 0
    assert [message["role"] for message in talk.messages] == ["user", "assistant", "user", "assistant"]
    assert capsys.readouterr().out.count("You wrote") == 2


def test_images_go_with_the_first_message_only(talk: Conversation) -> None:
    talk.model = SCOUT
    url = "data:image/png;base64," + base64.b64encode(png()).decode()
    talk.pictures = [{"type": "image_url", "image_url": {"url": url}}]
    converse(talk, reading("First", "Second"))
    assert [type(message["content"]) for message in talk.messages] == [list, str, str, str]


def test_a_failed_turn_is_taken_back_and_the_conversation_goes_on(
    talk: Conversation, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    emulator.provoke(Fault(status=400))
    converse(talk, reading("First", "Second"))
    assert [message["content"] for message in talk.messages if message["role"] == "user"] == ["Second"]
    assert "BadRequestError" in capsys.readouterr().err


def test_a_conversation_ends_at_the_prompt_with_control_c(talk: Conversation) -> None:
    def interrupted() -> str:
        raise KeyboardInterrupt

    assert converse(talk, interrupted) == 0


class Impatient(io.StringIO):
    """A terminal at which somebody presses Ctrl-C when a word appears."""

    def write(self, text: str) -> int:
        if text == "This":
            signal.raise_signal(signal.SIGINT)
        return super().write(text)


def test_control_c_keeps_what_was_said_and_the_conversation(talk: Conversation, emulator: Emulator) -> None:
    emulator.provoke(Fault(stall_after_chunks=2))
    told = io.StringIO()
    talk.out, talk.err = Console(file=Impatient()), Console(file=told)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert converse(talk, reading("First")) == 0
    finally:
        signal.signal(signal.SIGINT, handler)
    assert talk.messages[-1] == {"role": "assistant", "content": "This"}
    assert told.getvalue() == "cancelled\n"


def test_control_c_stops_an_answer_cleanly(emulator: Emulator) -> None:
    emulator.provoke(Fault(stall_after_chunks=3))
    # Not -X dev: on a busy machine asyncio then complains about the first call, which loads the registry.
    command = [sys.executable, "-W", "default", "-c", INTERRUPTIBLE, "chat", "Hi"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        begun = process.stdout.read(4)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (begun, process.returncode, err) == ("This", 130, "cancelled\n")
