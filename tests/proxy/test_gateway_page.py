"""docs/gateway.md: its snippets work, and its tables name every header and every field of the log that there is."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from litellm_lite.cli.demo_gateway import Running, gateway
from litellm_lite.emulator import Emulator
from litellm_lite.proxy.asking import _FROM_HEADERS
from litellm_lite.proxy.log import line
from tests.proxy.cold_calls import TODAY, House, deployment

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "gateway.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
MODEL = "meta_llama/Llama-3.3-70B-Instruct"
LOCAL = "http://localhost:4000"
CHAT = {"model": "llama", "messages": [{"role": "user", "content": "Hi"}]}


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(title: str) -> set[str]:
    """The names in the first column of a section's table."""
    rows = [row.split("|")[1] for row in section(title).splitlines() if row.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def snippets(page: str, *marks: str) -> list[str]:
    """The blocks of Python that ask a gateway on this machine."""
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    return [block for block in blocks if LOCAL in block and any(mark in block for mark in marks)]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with Emulator() as emulator, gateway(MODEL, {"api_base": emulator.compat_url, "api_key": emulator.api_key}) as made:
        yield made
        made.stop()


@pytest.mark.parametrize(
    "code", [*snippets(PAGE, "print"), *snippets(README, "print")], ids=lambda code: code.split("\n")[0]
)
def test_a_snippet_prints_the_answer(code: str, running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    exec(code.replace(LOCAL, running.url), {})
    assert "no language model is running" in capsys.readouterr().out


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize("page", [PAGE, README], ids=["docs", "README"])
def test_the_curl_line_gets_the_answer(page: str, running: Running) -> None:
    found = re.search(r"^\$ (curl .*?}'\n)", page, re.DOTALL | re.MULTILINE)
    assert found is not None
    command = found[1].replace(LOCAL, running.url).replace("curl ", "curl --silent --noproxy '*' ", 1)
    answered = subprocess.run(["sh", "-c", command], capture_output=True, check=True).stdout
    assert "no language model is running" in orjson.loads(answered)["choices"][0]["message"]["content"]


@pytest.fixture
def house(emulator: Emulator) -> House:
    priced = {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6}
    entry = deployment("llama", MODEL, priced, api_base=emulator.compat_url)
    entry["litellm_params"]["api_key"] = emulator.api_key
    return House(entry)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as made:
        yield made


def test_every_header_of_an_answer_is_on_the_page_and_none_that_there_is_not(house: House) -> None:
    plain = house.ask("POST", "/v1/chat/completions", {**CHAT, "seed": 1, "drop_params": True}).headers
    counted = house.ask("POST", "/v1/messages/count_tokens", CHAT).headers
    sent = {name for name in {**plain, **counted} if name.startswith("x-litellm-")}
    told = first_cells("What an answer says in its head")
    assert {name for name in told if name.startswith("x-litellm-")} == sent
    assert {"llm_provider-…", "x-ratelimit-…"} <= told
    assert {name.partition("-")[0] for name in plain} >= {"llm_provider"}


def test_every_header_of_a_request_is_on_the_page() -> None:
    read = {name.decode() for name in _FROM_HEADERS} | {"x-litellm-call-id"}
    assert first_cells("What a request may say in its head") == read


def test_every_field_of_the_log_is_on_the_page_and_none_that_there_is_not(house: House, emulator: Emulator) -> None:
    house.ask("POST", "/v1/chat/completions", CHAT)
    house.ask("POST", "/v1/chat/completions", {**CHAT, "stream": True})
    emulator.provoke("context-length")
    house.ask("POST", "/v1/chat/completions", CHAT)
    logged: list[dict[str, Any]] = [line(record, TODAY) for record in house.noted]  # type: ignore[arg-type]
    assert first_cells("What it logs") == {name for each in logged for name in each}


def test_the_error_that_is_shown_is_the_one_that_is_sent(house: House) -> None:
    shown = re.search(r"```json\n(.*?)\n```", PAGE, re.DOTALL)
    assert shown is not None
    assert house.ask("POST", "/v1/chat/completions", {**CHAT, "model": "lama"}).json == orjson.loads(shown[1])
