"""What the docs say of the Router holds: their examples run, and every keyword is there with its default."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest

from litellm_lite import Router, completion
from litellm_lite.router.settings import _CHECKS, RouterParams, Settings
from tests.calls import MESSAGES
from tests.router.routing import place, served
from tests.wire import Wire

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "router.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture
def names(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the examples do not say themselves; every vendor is at the wire."""
    for vendor in ("LLAMA", "OPENAI"):
        monkeypatch.setenv(f"{vendor}_API_KEY", f"sk-{vendor}")
        monkeypatch.setenv(f"{vendor}_API_BASE", f"{wire.url}/v1")
    entries = [place(wire, "near", info={"km": 7}), place(wire, "far", info={"km": 9000})]
    return {"messages": MESSAGES, "completion": completion, "model_list": entries}


def examples(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


def run(code: str, names: dict[str, Any], wire: Wire) -> dict[str, Any]:
    exec(code.replace("http://gpu-1:8000", wire.url), names)
    return names


def test_the_first_example_answers_and_says_how(names: dict[str, Any], wire: Wire) -> None:
    done = run(examples(PAGE)[0], names, wire)
    assert done["answer"].choices[0].message.content == "Hello."
    said = repr(done["answer"].hidden_params["attempts"])
    assert re.fullmatch(r"\(<1\. first (meta_llama|openai)/\S+ \(\w+\) answered after \d\.\d\d s>,\)", said)
    assert served(done["answer"]) in done["router"].get_model_ids("llama")


def test_what_follows_it_does_what_is_said(names: dict[str, Any], wire: Wire) -> None:
    router = run(examples(PAGE)[0], names, wire)["router"]
    before = len(wire.requests)
    assert len(router.explain("llama", MESSAGES).candidates) == 3
    assert len(wire.requests) == before
    answer = completion("openai/gpt-4o", MESSAGES, fallbacks=["openai/gpt-4o-mini"])
    assert served(answer) == "openai/gpt-4o"


def test_the_strategy_of_ones_own_is_followed(names: dict[str, Any], wire: Wire) -> None:
    router: Router = run(examples(PAGE)[1], names, wire)["router"]
    assert {served(router.completion("chat", MESSAGES)) for _ in range(5)} == {"near"}


def test_no_example_of_the_page_is_left_out(names: dict[str, Any]) -> None:
    assert len(examples(PAGE)) == 2


def test_the_yaml_is_what_a_deployment_takes() -> None:
    yaml = pytest.importorskip("yaml")
    [text] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    entry = {**place(), **yaml.safe_load(text)}
    deployment = Router([entry]).get_deployment(Router([entry]).get_model_ids()[0])
    assert deployment is not None
    assert deployment.prefill is not None
    assert deployment.prefill.body == {"continue_final_message": True, "add_generation_prompt": False}


def test_the_readme_s_example_answers(names: dict[str, Any], wire: Wire) -> None:
    [code] = [code for code in examples(README) if "Router(" in code]
    done = run(code, names, wire)
    assert done["answer"].hidden_params["attempts"][-1].billed
    assert wire.last.json["model"] == "gpt-4o"


def table() -> dict[str, str]:
    """The keywords of the page, each with its default."""
    _, _, section = PAGE.partition("\n## Keywords\n")
    rows = [line.split("|") for line in section.split("\n## ")[0].splitlines() if line.startswith("| `")]
    return {row[1].strip().strip("`"): row[2].strip() for row in rows}


def test_every_keyword_is_in_the_table_and_no_other() -> None:
    assert list(table()) == list(RouterParams.__annotations__)


def test_every_default_is_the_one_that_holds() -> None:
    told = {name: default for name, default in table().items() if name in _CHECKS}
    held = {name: getattr(Settings(), field) for name, (field, _) in _CHECKS.items()}
    for name, default in told.items():
        value = held[name]
        empty = value is None or value == math.inf or (not isinstance(value, int | float | str) and not value)
        expected = "none" if empty else f"{value:g}" if isinstance(value, float) else str(value)
        if name not in {"retry_policy", "allowed_fails_policy"}:  # a policy that says nothing
            assert default == expected, name


@pytest.mark.parametrize(
    "said", [r"`max_queue` \(10,000\)", r"`cooldown_time` \(5 s\)", r"`first_token_timeout` \(10 s\)"]
)
def test_the_numbers_in_the_text_are_those_of_the_table(said: str) -> None:
    assert re.search(said, PAGE)
