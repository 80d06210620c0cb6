"""Models side by side: what differs, what is not known, and where a usage is cheapest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from litellm_lite.cli import compare
from litellm_lite.registry import register_model

pytestmark = pytest.mark.usefixtures("shop")

A_MILLION = ["--prompt-tokens", "1000000", "--completion-tokens", "100000"]


def lines(shown: str) -> dict[str, list[str]]:
    """Return the cells of each line of a table in a pipe, its mark first, by the name of its fact."""
    rows = (line.split("\t") for line in shown.splitlines())
    return {name: [mark, *cells] for mark, name, *cells in rows}


def test_models_are_columns_and_what_differs_is_marked(run) -> None:
    result = run("compare", "shop/cheap", "shop/dear")
    table = lines(result.stdout)
    assert result.exit_code == 0
    assert table["fact"] == ["", "shop/cheap", "shop/dear"]
    assert table["context (tokens)"] == ["*", "8000", "1000000"]
    assert table["takes"] == ["*", "text", "text, image"]
    assert table["kind"] == ["", "chat", "chat"]
    assert table["function calling"] == ["", "yes", "yes"]
    assert table["$/M input"] == ["*", "0.1", "2.5"]
    assert table["$/M input, above 200k"] == ["*", "-", "5"]
    assert table["also priced"] == ["*", "-", "flex"]


def test_what_is_not_known_of_a_model_is_no_difference(run) -> None:
    table = lines(run("compare", "shop/cheap", "shop/secret").stdout)
    assert table["context (tokens)"] == ["?", "8000", "?"]
    assert table["reasoning"] == ["", "?", "?"] if "reasoning" in table else True
    assert table["vision"] == ["?", "no", "?"]
    assert table["$/M input"] == ["?", "0.1", "?"]


def test_only_the_differences_may_be_shown(run) -> None:
    table = lines(run("compare", "shop/cheap", "shop/dear", "--differences").stdout)
    assert "context (tokens)" in table
    assert not {"kind", "provider", "function calling"} & table.keys()


def test_a_usage_is_priced_on_each_and_the_cheapest_marked(run) -> None:
    result = run("compare", "shop/dear", "shop/cheap", "--prompt-tokens", "1000", "--completion-tokens", "1000")
    assert result.exit_code == 0
    assert lines(result.stdout)["this usage"] == ["*", "$0.0125", "$0.0005, cheapest"]


def test_the_same_price_is_cheapest_twice(run) -> None:
    register_model({"shop/twin": {"input_cost_per_token": 1e-07, "output_cost_per_token": 4e-07}})
    result = run("compare", "shop/twin", "shop/cheap", "--prompt-tokens", "10")
    assert lines(result.stdout)["this usage"] == ["", "$0.000001, cheapest", "$0.000001, cheapest"]


def test_a_price_that_is_not_known_is_never_the_cheapest(run) -> None:
    result = run("compare", "shop/dear", "shop/cheap", "shop/secret", "--prompt-tokens", "1000")
    assert result.exit_code == 1
    assert lines(result.stdout)["this usage"] == ["*", "$0.0025", "$0.0001, cheapest known", "?"]
    assert result.stderr.startswith("no cost for shop/secret: ")
    assert "input_cost_per_token" in result.stderr


def test_a_usage_may_come_from_a_file(run, tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    answer.write_text('{"usage": {"prompt_tokens": 2000, "completion_tokens": 0, "total_tokens": 2000}}')
    result = run("compare", "shop/dear", "shop/cheap", "--usage", str(answer))
    assert lines(result.stdout)["this usage"] == ["*", "$0.005", "$0.0002, cheapest"]


def test_json_has_the_rows_the_costs_and_the_fields_that_differ(run) -> None:
    result = run("compare", "shop/dear", "shop/cheap", "shop/secret", "--prompt-tokens", "1000", "--json")
    shown = orjson.loads(result.stdout)
    assert result.exit_code == 1
    assert [model["key"] for model in shown["models"]] == ["shop/dear", "shop/cheap", "shop/secret"]
    assert [model["cost"] and model["cost"]["total"] for model in shown["models"]] == [0.0025, 0.0001, None]
    assert "input_cost_per_token" in shown["models"][2]["unknown"]
    assert shown["cheapest"] == ["shop/cheap"]
    assert "max_input_tokens" in shown["differences"]
    assert "mode" not in shown["differences"]


def test_json_without_a_usage_has_no_costs(run) -> None:
    shown = orjson.loads(run("compare", "shop/dear", "shop/cheap", "--json").stdout)
    assert shown.keys() == {"models", "differences"}
    assert "cost" not in shown["models"][0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["shop/cheap"], "compare needs two models or more that are not the same"),
        (["shop/cheap", "shop/bargain"], "compare needs two models or more that are not the same"),
        (["shop/cheap", "shop/daer"], "unknown model 'shop/daer'; did you mean 'shop/dear'"),
        (["shop/cheap", "shop/dear", "--cached-tokens", "3"], "a usage needs --prompt-tokens or --completion-tokens"),
        (["shop/cheap", "shop/dear", "--usage", "no.json"], "cannot read 'no.json': No such file or directory"),
        (["shop/cheap", "shop/dear", "--usage", "a", *A_MILLION], "give the usage in a file or in options, not both"),
        (["shop/cheap", "shop/dear", "--prompt-tokens", "3", "--cached-tokens", "4"], "usage contradicts itself: "),
    ],
)
def test_bad_input_is_told_in_one_line(run, words: list[str], told: str) -> None:
    result = run("compare", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(told)
    assert result.stderr.count("\n") == 1


def test_no_model_at_all_is_bad_input(run) -> None:
    assert run("compare").exit_code == 2


def test_a_terminal_shows_whole_numbers_and_every_name(on_terminal: Callable[..., str]) -> None:
    wish = compare.Wish(["shop/cheap", "shop/dear"])
    shown = on_terminal(80, lambda: compare.run(wish, datetime(2026, 1, 1, tzinfo=UTC)))
    assert "1,000,000" in shown
    assert "shop/cheap" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
