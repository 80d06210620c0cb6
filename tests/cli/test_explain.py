"""`litellm-lite explain`: what a call would be, and the exit codes that scripts rely on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from litellm_lite.cli.explain import Wish
from litellm_lite.cli.explain import run as explained
from litellm_lite.errors import BadRequestError
from litellm_lite.explaining import Place, explain_places
from litellm_lite.explanation import Explanation
from litellm_lite.registry import registry
from litellm_lite.router.deployment import Deployment

MODEL = "openai/gpt-4o-mini"
KEY = "sk-canary-command-line"
CHAT = [{"role": "user", "content": "Hello"}]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    registry().reset()
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def candidate(run: Any, *words: str, **options: Any) -> dict[str, Any]:
    result = run("explain", *words, "--json", **options)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = orjson.loads(result.stdout)["candidates"][0]
    return found


def test_a_call_is_told_to_be_read(run) -> None:
    result = run("explain", MODEL, "Hello", "--param", "temperature=0.5")
    assert result.exit_code == 0
    assert "POST https://api.openai.com/v1/chat/completions" in result.stdout
    assert "Authorization: Bearer [redacted]" in result.stdout
    assert '"temperature": 0.5' in result.stdout
    assert KEY not in result.output


def test_json_holds_the_exact_body_and_money_as_numbers(run) -> None:
    told = candidate(run, MODEL, "Hello", "--stream", "--param", "max_tokens=7")
    assert told["body"]["messages"] == CHAT
    assert told["body"]["stream"] is True
    assert orjson.loads(told["body_text"]) == told["body"]
    assert 0 < told["cost"]["least"] < told["cost"]["most"]
    assert told["fit"]["max_tokens"] == 7


def test_messages_come_from_a_file_or_a_pipe(run, tmp_path: Path) -> None:
    file = tmp_path / "chat.json"
    file.write_bytes(orjson.dumps(CHAT))
    from_file = candidate(run, MODEL, "--messages", str(file))
    assert from_file == candidate(run, MODEL, "--messages", "-", input=orjson.dumps(CHAT))
    assert from_file["body"]["messages"] == CHAT


def test_a_whole_request_brings_its_parameters_and_options_win(run) -> None:
    request = {"model": "another", "messages": CHAT, "stream": True, "temperature": 1, "top_p": 0.5}
    told = candidate(run, MODEL, "--messages", "-", "--param", "temperature=0", input=orjson.dumps(request))
    body = {name: told["body"][name] for name in ("model", "stream", "temperature", "top_p")}
    assert body == {"model": "gpt-4o-mini", "stream": True, "temperature": 0, "top_p": 0.5}


def test_the_base_url_is_an_option(run) -> None:
    told = candidate(run, MODEL, "Hello", "--api-base", "http://127.0.0.1:1/v1", "--param", 'api_key="x1"')
    assert told["url"] == "http://127.0.0.1:1/v1/chat/completions"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["meta_llama/Llama-3.3-70B-Instruct", "Hello"], "AuthenticationError: meta_llama: no API key"),
        ([MODEL, "Hello", "--param", "budget=0"], "BudgetExceededError"),
        (["openia/gpt-4o-mini", "Hello"], "LiteLLMUnknownProvider"),
        ([MODEL, "Hello", "--api-base", "nowhere"], "BadRequestError: openai: api_base"),
    ],
)
def test_a_call_that_would_be_refused_exits_with_1_and_says_why(run, words: list[str], why: str) -> None:
    result = run("explain", *words)
    told = run("explain", *words, "--json")
    assert (result.exit_code, told.exit_code) == (1, 1)
    assert f"  {why}" in result.stdout
    assert orjson.loads(told.stdout)["candidates"][0]["refused"].startswith(why)


def test_a_mock_is_a_call_that_is_made(run) -> None:
    result = run("explain", MODEL, "Hello", "--param", 'mock_response="Hi"')
    assert (result.exit_code, "Nothing leaves the process" in result.stdout) == (0, True)


@pytest.mark.parametrize(
    ("words", "given", "told"),
    [
        ([], None, "say what to ask, in one way"),
        (["Hi", "--messages", "-"], "[]", "say what to ask, in one way"),
        (["--messages", "no.json"], None, "cannot read 'no.json'"),
        (["--messages", "-"], "{", "standard input is not JSON"),
        (["--messages", "-"], "{}", "standard input holds no chat"),
        (["Hi", "--param", "temperature"], None, "--param takes NAME=JSON"),
        (["Hi", "--param", "=1"], None, "--param takes NAME=JSON"),
        (["Hi", "--param", "n=1", "--param", "n=2"], None, "--param n is given twice"),
        (["Hi", "--param", "stream=true"], None, "--param stream is none; use --stream"),
        (["Hi", "--param", f"api_key={KEY}"], None, "--param api_key is not JSON"),
    ],
)
def test_bad_input_is_told_in_one_line(run, words: list[str], given: str | None, told: str) -> None:
    result = run("explain", MODEL, *words, input=given)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(told)
    assert result.stderr.count("\n") == 1
    assert KEY not in result.output


@pytest.mark.parametrize("wish", [Wish("openai/\udcff", "Hi"), Wish(MODEL, "Hi", params=("\udcff=1",))])
def test_bytes_that_are_no_text_are_bad_input(wish: Wish, capsys: pytest.CaptureFixture[str]) -> None:
    assert explained(wish) == 2
    assert "\\udcff" in capsys.readouterr().err


def test_a_prompt_that_is_no_text_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert explained(Wish(MODEL, "\udcff", as_json=True)) == 1
    assert "BadRequestError" in capsys.readouterr().out


def test_no_control_character_of_a_request_reaches_the_terminal(run) -> None:
    result = run("explain", MODEL, "--messages", "-", input=orjson.dumps({"messages": CHAT, "a\x1b[2J\x9b": 1}))
    assert result.exit_code == 0
    assert not {"\x1b", "\x9b"} & set(result.stdout)


# A Router's configuration


class OneDeployment:
    """Stands in for a Router: one deployment, whatever is asked."""

    def __init__(self, path: str) -> None:
        self.path = path

    def explain(self, model: str, messages: Any, stream: bool | None = None, **params: Any) -> Explanation:
        if model != "chat":
            raise BadRequestError(f"{self.path}: there is no group {model!r}")
        own = {"api_base": "https://a.example/v1", "api_key": KEY}
        deployment = Deployment(id="a", group=model, model=MODEL, provider="openai", params=own)
        place = Place(deployment, {**own, **params}, MODEL, "the only one", group=model)
        return explain_places([place], messages, params, stream)


def test_a_configuration_tells_which_deployments_would_be_tried(capsys: pytest.CaptureFixture[str]) -> None:
    wish = Wish("chat", "Hello", params=("temperature=0.5",), stream=True, config="router.yaml")
    assert explained(wish, OneDeployment) == 0
    told = capsys.readouterr().out
    assert told.startswith("1. openai/gpt-4o-mini ('a' of 'chat'; the only one)\n   The call would be made.\n")
    assert "POST https://a.example/v1/chat/completions" in told
    assert '"stream": true' in told
    assert KEY not in told


def test_a_group_that_is_not_in_the_configuration_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert explained(Wish("talk", "Hello", config="router.yaml"), OneDeployment) == 2
    assert capsys.readouterr().err == "router.yaml: there is no group 'talk'\n"
