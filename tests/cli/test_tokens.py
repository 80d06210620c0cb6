"""Counting tokens: of files, of standard input, of chats; how sure the count is, and whether it fits."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from litellm_lite import register_model

LLAMA = "meta_llama/Llama-3.3-70B-Instruct"
HELLO = "Hello, how are you?"
CHAT = [{"role": "user", "content": HELLO}]

pytestmark = pytest.mark.usefixtures("shop")


def counted(run: Any, *words: str, **options: Any) -> dict[str, Any]:
    result = run("tokens", *words, "--json", **options)
    assert result.exit_code == 0, result.stderr
    answer: dict[str, Any] = orjson.loads(result.stdout)
    return answer


def facts(shown: str) -> dict[str, str]:
    pairs = (line.strip().partition("  ") for line in shown.splitlines()[1:])
    return {name: value.strip() for name, _, value in pairs}


def test_standard_input_is_counted_by_itself_and_as_a_message(run) -> None:
    result = run("tokens", LLAMA, input=HELLO)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{LLAMA}\n")
    assert facts(result.stdout) == {
        "tokens": "6",
        "certainty": "exact",
        "counted by": "llama3 vocabulary",
        "as a message": "16",
        "window": "128,000",
        "fits": "the prompt has 16 tokens and the window 128,000",
    }


def test_a_file_is_counted_as_standard_input_is(run, tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    file.write_text(HELLO)
    assert counted(run, LLAMA, str(file)) == counted(run, LLAMA, "-", input=HELLO)


def test_json_has_the_count_its_bounds_its_method_and_the_fit(run) -> None:
    answer = counted(run, LLAMA, "--max-tokens", "100", input=HELLO)
    fit = answer.pop("fit")
    assert answer == {
        "model": LLAMA,
        "tokens": 6,
        "exact": True,
        "least": 6,
        "most": 6,
        "method": "llama3 vocabulary",
    }
    assert (fit["verdict"], fit["window"], fit["max_tokens"], fit["prompt"]["tokens"]) == ("fits", 128_000, 100, 16)


def test_an_estimate_says_that_it_is_one_and_where_it_may_lie(run) -> None:
    shown = facts(run("tokens", "shop/cheap", input="x" * 4000).stdout)
    assert shown["counted by"].startswith("estimate")
    assert re.fullmatch(r"at least [\d,]+, at most 4,\d+", shown["certainty"])


def test_a_chat_is_counted_whole(run) -> None:
    assert counted(run, LLAMA, "--messages", input=orjson.dumps(CHAT))["tokens"] == 16
    assert "as a message" not in run("tokens", LLAMA, "--messages", input=orjson.dumps(CHAT)).stdout


def test_a_request_brings_its_tools_and_its_longest_answer(run) -> None:
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
    request = {"model": "any", "messages": CHAT, "tools": [tool], "max_tokens": 5000}
    bare = counted(run, LLAMA, "--messages", input=orjson.dumps(CHAT))
    whole = counted(run, LLAMA, "--messages", input=orjson.dumps(request))
    assert whole["tokens"] > bare["tokens"]
    assert (whole["fit"]["max_tokens"], whole["fit"]["verdict"]) == (5000, "does not fit")


def test_the_option_beats_the_requests_own_longest_answer(run) -> None:
    request = orjson.dumps({"messages": CHAT, "max_completion_tokens": 5000})
    assert counted(run, LLAMA, "--messages", "--max-tokens", "10", input=request)["fit"]["verdict"] == "fits"


def test_a_prompt_that_is_too_long_does_not_fit(run) -> None:
    register_model({"shop/llama-3-tiny": {"max_input_tokens": 10}})
    result = run("tokens", "shop/llama-3-tiny", input=HELLO)
    assert result.exit_code == 0
    assert "does not fit" in facts(result.stdout)


def test_a_window_that_is_not_known_leaves_the_fit_unknown(run) -> None:
    shown = facts(run("tokens", "shop/secret", input=HELLO).stdout)
    assert shown["window"] == "?"
    assert "not known" in shown["unknown"]


def test_a_model_that_nobody_knows_is_estimated_and_called_unknown(run) -> None:
    result = run("tokens", "shop/chaep", input=HELLO)
    assert result.exit_code == 0
    assert result.stderr.startswith("'shop/chaep' is not in the registry; did you mean 'shop/cheap'")


@pytest.mark.parametrize("name", ["a\udcff", "a\x1b[2J"])
def test_a_name_that_no_model_has_is_refused(run, name: str) -> None:
    result = run("tokens", name, "--json", input=HELLO)
    assert (result.exit_code, result.stderr) == (2, f"{name!r} is no name of a model\n")


@pytest.mark.parametrize("text", ["", "\n", "\ufeffwith a mark", "größer 你好 🦙", "<|begin_of_text|>", "a\r\nb\tc"])
def test_any_text_is_counted(run, text: str) -> None:
    answer = counted(run, LLAMA, input=text.encode())
    assert answer["tokens"] <= len(text.encode())


def test_a_big_file_is_counted(run, tmp_path: Path) -> None:
    file = tmp_path / "big.txt"
    file.write_text("lorem ipsum " * 100_000)
    assert counted(run, LLAMA, str(file))["tokens"] >= 200_000


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is binary, not text: there is a zero byte at offset 8"),
        ("héllo".encode("latin-1"), "is not UTF-8 text: byte 0xe9 at offset 1"),
        ("hello".encode("utf-16"), "is binary, not text: there is a zero byte at offset 3"),
    ],
)
def test_what_is_no_text_is_refused_with_the_place(run, tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    from_file, from_pipe = run("tokens", LLAMA, str(file)), run("tokens", LLAMA, input=content)
    assert (from_file.exit_code, from_file.stderr) == (2, f"{str(file)!r} {told}\n")
    assert (from_pipe.exit_code, from_pipe.stderr) == (2, f"standard input {told}\n")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{", "standard input is not JSON: "),
        ("", "standard input is not JSON: "),
        ('"text"', "standard input holds no chat: a list of messages, or an object with messages"),
        ("{}", "standard input holds no chat: "),
        ('{"messages": {}}', "standard input holds no chat: "),
        ("[1]", "messages[0] "),
        ('{"messages": [], "max_tokens": "9"}', "standard input: max_tokens must be a whole number from 0, not '9'"),
        ('[{"role": "user", "content": "\\ud800"}]', "standard input is not JSON: "),
    ],
)
def test_a_chat_that_is_none_is_refused(run, given: str, told: str) -> None:
    result = run("tokens", LLAMA, "--messages", input=given)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(told)
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_named(run, tmp_path: Path) -> None:
    missing, folder = run("tokens", LLAMA, "missing.txt"), run("tokens", LLAMA, str(tmp_path))
    assert missing.stderr == "cannot read 'missing.txt': No such file or directory\n"
    assert folder.stderr == f"cannot read {str(tmp_path)!r}: Is a directory\n"
    assert (missing.exit_code, folder.exit_code) == (2, 2)


def test_somebody_who_types_is_told_how_to_end() -> None:
    master, slave = os.openpty()
    command = [sys.executable, "-m", "litellm_lite.cli", "tokens", LLAMA]
    with subprocess.Popen(command, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        os.close(slave)
        os.write(master, f"{HELLO}\n\x04".encode())
        out, err = process.communicate(timeout=30)
    os.close(master)
    assert err == "reading what you type, until Ctrl-D on a line of its own\n"
    assert "as a message  16" in out
