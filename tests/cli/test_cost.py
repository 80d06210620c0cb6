"""Pricing from the command line: a usage in options or in a file, and a call before it is made."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from litellm_lite.cli import cost
from litellm_lite.cli.cost import Wish
from litellm_lite.cli.usage import Tokens
from litellm_lite.registry import register_model

PROMPT = ["--prompt-tokens", "1000"]
CHAT = [{"role": "user", "content": "Hello, how are you?"}]
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("shop")


def table(shown: str) -> dict[str, list[str]]:
    """Return the numbers of each line by its name."""
    rows = (re.split(" {2,}", line) for line in shown.partition("\n\n")[0].splitlines()[1:])
    return {name: numbers for name, *numbers in rows}


def priced(run: Any, *words: str, **options: Any) -> dict[str, Any]:
    result = run("cost", *words, "--json", **options)
    assert result.exit_code == 0, result.stderr
    answer: dict[str, Any] = orjson.loads(result.stdout)
    return answer


def test_a_usage_is_priced_part_by_part(run) -> None:
    result = run("cost", "shop/dear", *PROMPT, "--cached-tokens", "600", "--completion-tokens", "200")
    assert result.exit_code == 0
    assert table(result.stdout) == {
        "input": ["400", "2.5", "0.001"],
        "cache read": ["600", "0.25", "0.00015"],
        "output": ["200", "10", "0.002"],
        "total": ["1200", "0.00315"],
    }


def test_it_says_where_the_price_is_from(run) -> None:
    shown = run("cost", "shop/cheap", *PROMPT).stdout
    assert "source  https://shop.example/prices\n" in shown
    assert "read    2026-01-02\n" in shown


def test_a_long_prompt_has_its_own_rate(run) -> None:
    shown = run("cost", "shop/dear", "--prompt-tokens", "200001").stdout
    assert table(shown)["input"] == ["200001", "5", "1.000005"]


def test_reasoning_is_part_of_the_answer(run) -> None:
    answer = priced(run, "shop/dear", "--completion-tokens", "100", "--reasoning-tokens", "40")
    assert answer["cost"]["breakdown"] == {"completion": 0.0006, "reasoning": 0.0004}


def test_a_service_tier_has_its_own_rate_and_an_unknown_one_none(run) -> None:
    flex = run("cost", "shop/dear", *PROMPT, "--service-tier", "flex")
    typo = run("cost", "shop/dear", *PROMPT, "--service-tier", "flx")
    assert table(flex.stdout)["input"] == ["1000", "1.25", "0.00125"]
    assert (typo.exit_code, "'flx'" in typo.stderr) == (1, True)


def test_json_keeps_every_digit_and_the_usage_that_was_priced(run) -> None:
    result = run("cost", "shop/cheap", "--prompt-tokens", "1", "--completion-tokens", "3", "--json")
    answer = orjson.loads(result.stdout)
    assert answer["usage"] == {"prompt_tokens": 1, "completion_tokens": 3}
    assert '"total": 0.0000013,' in result.stdout
    assert answer["cost"]["price_date"] == "2026-01-02"


@pytest.mark.parametrize("words", [PROMPT, ["--text", "Hello"]])
def test_an_unknown_price_is_an_error_and_never_zero(run, words: list[str]) -> None:
    result = run("cost", "shop/secret", *words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "shop/secret" in result.stderr
    assert "input_cost_per_token" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(("words", "name"), [(PROMPT, "cost"), (["--text", "Hello"], "estimate")])
def test_an_unknown_price_is_null_in_json(run, words: list[str], name: str) -> None:
    result = run("cost", "shop/secret", *words, "--json")
    answer = orjson.loads(result.stdout)
    assert (result.exit_code, answer[name]) == (1, None)
    assert "input_cost_per_token" in answer["unknown"]


def test_a_model_that_is_free_costs_nothing(run) -> None:
    assert priced(run, "shop/old", *PROMPT)["cost"]["total"] == 0


def test_a_usage_may_come_from_a_file_or_a_pipe(run, tmp_path: Path) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 1000}}
    file = tmp_path / "usage.json"
    file.write_bytes(orjson.dumps(usage))
    from_file = priced(run, "shop/dear", "--usage", str(file))
    assert from_file == priced(run, "shop/dear", "--usage", "-", input=orjson.dumps(usage))
    assert from_file["cost"]["total"] == 0.00035


def test_a_whole_answer_tells_its_own_tier_and_hour(run) -> None:
    register_model(
        {
            "shop/night": {
                "input_cost_per_token": 2e-06,
                "output_cost_per_token": 2e-06,
                "off_peak_pricing": {
                    "input_cost_per_token": 1e-06,
                    "output_cost_per_token": 1e-06,
                    "windows": [{"hours_utc": "00:00-06:00"}],
                },
            }
        }
    )
    usage = {"prompt_tokens": 1000, "completion_tokens": 0}
    by_night = {"created": int(datetime(2026, 1, 1, 3, tzinfo=UTC).timestamp()), "usage": usage}
    assert priced(run, "shop/night", "--usage", "-", input=orjson.dumps(by_night))["cost"]["total"] == 0.001
    assert (
        "priced at  2026-01-01 03:00 UTC"
        in run("cost", "shop/night", "--usage", "-", input=orjson.dumps(by_night)).stdout
    )
    assert priced(run, "shop/night", *PROMPT, "--at", "2026-01-01T03:00:00")["cost"]["total"] == 0.001
    assert priced(run, "shop/night", *PROMPT, "--at", "2026-01-01T12:00:00")["cost"]["total"] == 0.002
    assert priced(run, "shop/night", *PROMPT, "--at", "2026-01-01T12:00:00+09:00")["cost"]["total"] == 0.001
    flex = {"service_tier": "flex", "usage": usage}
    assert priced(run, "shop/dear", "--usage", "-", input=orjson.dumps(flex))["cost"]["total"] == 0.00125


@pytest.mark.parametrize("created", [None, 0, "never", 1e300, True])
def test_an_answer_that_was_created_at_no_time_is_priced_all_the_same(run, created: object) -> None:
    answer = orjson.dumps({"created": created, "usage": {"prompt_tokens": 1000, "completion_tokens": 0}})
    assert priced(run, "shop/cheap", "--usage", "-", input=answer)["cost"]["total"] == 0.0001


def test_the_hour_is_now_when_nobody_says(capsys: pytest.CaptureFixture[str]) -> None:
    hours = {"input_cost_per_token": 1e-06, "windows": [{"hours_utc": "11:00-13:00"}]}
    register_model(
        {"shop/noon": {"input_cost_per_token": 9e-06, "output_cost_per_token": 0, "off_peak_pricing": hours}}
    )
    assert cost.run(Wish("shop/noon", Tokens(prompt=1000), as_json=True), NOW) == 0
    assert orjson.loads(capsys.readouterr().out)["cost"]["total"] == 0.001


def test_a_call_is_estimated_before_it_is_made(run) -> None:
    result = run("cost", "shop/cheap", "--text", "Hello", "--max-tokens", "100")
    estimate = priced(run, "shop/cheap", "--text", "Hello", "--max-tokens", "100")["estimate"]
    assert result.exit_code == 0
    assert 0 < estimate["least"] < estimate["most"]
    assert estimate["max_tokens"] == 100
    assert "answer  up to 100 tokens" in result.stdout
    assert "(estimate" in result.stdout


def test_a_chat_is_estimated_with_what_its_request_says(run) -> None:
    request = {"messages": CHAT, "max_tokens": 7, "n": 2, "service_tier": "flex"}
    shown = run("cost", "shop/dear", "--messages", "-", input=orjson.dumps(request))
    register_model({"shop/dear": {"output_cost_per_token_flex": 5e-06}})
    estimate = priced(run, "shop/dear", "--messages", "-", input=orjson.dumps(request))["estimate"]
    assert (estimate["n"], estimate["max_tokens"], estimate["service_tier"]) == (2, 7, "flex")
    assert "up to 7 tokens, each of 2" in shown.stdout
    assert (
        priced(run, "shop/dear", "--messages", "-", "--max-tokens", "9", input=orjson.dumps(CHAT))["estimate"][
            "max_tokens"
        ]
        == 9
    )


def test_an_answer_without_a_limit_has_no_upper_bound(run) -> None:
    register_model({"shop/endless": {"input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06}})
    shown = run("cost", "shop/endless", "--text", "Hello").stdout
    assert "most    nothing bounds it" in shown
    assert "answer  ?" in shown


@pytest.mark.parametrize(
    ("words", "given", "told"),
    [
        ([], None, "say what to price, in one way: "),
        ([*PROMPT, "--text", "a"], None, "say what to price, in one way: "),
        (["--text", "a", "--messages", "-"], None, "give either --messages or --text"),
        ([*PROMPT, "--usage", "-"], "{}", "give the usage in a file or in options, not both"),
        ([*PROMPT, "--max-tokens", "3"], None, "--max-tokens belongs to a call before it is made"),
        (["--text", "a", "--at", "2026-01-01"], None, "--at belongs to a usage"),
        (["--prompt-tokens", "9" * 20], None, "a usage has at most 1,000,000,000,000,000 tokens of a kind"),
        (["--cached-tokens", "3"], None, "a usage needs --prompt-tokens or --completion-tokens"),
        ([*PROMPT, "--cached-tokens", "1001"], None, "usage contradicts itself: "),
        (["--usage", "-"], "[]", "standard input holds no usage: "),
        (["--usage", "-"], '{"usage": null}', "standard input holds no usage: "),
        (["--usage", "-"], "{", "standard input is not JSON: "),
        (["--usage", "-"], '{"prompt_tokens": -1, "completion_tokens": 0}', "usage contradicts itself: "),
        (["--usage", "-"], '{"prompt_tokens": "7", "completion_tokens": 0}', "usage contradicts itself: "),
        (["--messages", "-"], "{}", "standard input holds no chat: "),
        (
            ["--messages", "-"],
            '{"messages": [{"role": "user", "content": "a"}], "n": "two"}',
            "n must be a whole number",
        ),
        (["--messages", "no.json"], None, "cannot read 'no.json': "),
    ],
)
def test_bad_input_is_told_in_one_line(run, words: list[str], given: str | None, told: str) -> None:
    result = run("cost", "shop/dear", *words, input=given)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(told)
    assert result.stderr.count("\n") == 1


def test_a_usage_without_its_counts_has_no_cost(run) -> None:
    result = run("cost", "shop/dear", "--usage", "-", input='{"total_tokens": 9}')
    assert (result.exit_code, "prompt_tokens" in result.stderr) == (1, True)


@pytest.mark.parametrize("words", [["--prompt-tokens", "-1"], ["--prompt-tokens", "many"], ["--at", "noon"]])
def test_an_option_that_is_no_number_is_bad_input(run, words: list[str]) -> None:
    assert run("cost", "shop/dear", *words).exit_code == 2


def test_an_unknown_model_names_the_nearest(run) -> None:
    result = run("cost", "shop/daer", *PROMPT)
    assert result.exit_code == 2
    assert result.stderr.startswith("unknown model 'shop/daer'; did you mean 'shop/dear'")
