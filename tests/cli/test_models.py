"""Listing models: which are shown, in which order, and how on a terminal, in a pipe and as JSON."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

import orjson
import pytest

from litellm_lite.cli import models
from litellm_lite.cli.models import Wish
from litellm_lite.registry import registry

COMMAND = [sys.executable, "-m", "litellm_lite.cli"]

pytestmark = pytest.mark.usefixtures("shop")


def names(result: Any) -> list[str]:
    """Return what the first column of a table in a pipe holds, without its heading."""
    assert result.exit_code == 0, result.stderr
    return [line.split("\t")[0].removeprefix("shop/") for line in result.stdout.splitlines()[1:]]


def test_a_pipe_gets_a_heading_and_a_line_of_cells_for_each_model(run) -> None:
    head, *lines = run("models", "--provider", "shop").stdout.splitlines()
    assert head == "model\tcontext\toutput\ttakes\tgives\t$/M in\t$/M out\tsource\tread"
    cheap = next(line for line in lines if line.startswith("shop/cheap"))
    assert cheap.split("\t") == [
        *("shop/cheap", "8000", "1000", "text", "text", "0.1", "0.4"),
        *("https://shop.example/prices", "2026-01-02"),
    ]


def test_what_is_unknown_is_a_question_mark_and_never_a_zero(run) -> None:
    line = run("models", "shop/secret").stdout.splitlines()[1]
    assert line.split("\t") == ["shop/secret", "?", "?", "text, audio", "?", "?", "?", "register_model", "?"]


def test_a_price_that_changes_with_the_prompt_is_marked_and_the_mark_explained(run) -> None:
    result = run("models", "shop/dear")
    assert result.stdout.splitlines()[1].split("\t")[5:7] == ["2.5+", "10+"]
    assert "+ other rates for long prompts" in result.stderr


def test_an_embedding_has_no_price_of_an_answer(run) -> None:
    assert run("models", "shop/vectors").stdout.splitlines()[1].split("\t")[5:7] == ["0.02", "-"]


def test_a_model_that_is_not_sold_by_the_token_says_so(run) -> None:
    registry().register({"shop/painter": {"output_cost_per_image": 0.04}}, "test")
    assert run("models", "painter").stdout.splitlines()[1].split("\t")[5:7] == ["other", "other"]


def test_a_price_of_searches_is_none_of_tokens(run) -> None:
    registry().register({"shop/seeker": {"search_context_cost_per_query": {"low": 0.01}}}, "test")
    assert run("models", "seeker").stdout.splitlines()[1].split("\t")[5:7] == ["?", "?"]


def test_every_bundled_model_is_listed_with_its_source(run) -> None:
    lines = run("models", "--retired").stdout.splitlines()[1:]
    assert len(lines) == len(registry().models)
    assert all(len(line.split("\t")) == 9 for line in lines)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--filter", "vision"], ["dear"]),
        (["--filter", "tools"], ["cheap", "dear"]),
        (["--filter", "tools,reasoning"], ["dear"]),
        (["--filter", "Tools", "--filter", " reasoning "], ["dear"]),
        (["--filter", "audio"], ["secret"]),
        (["--filter", "embedding"], ["vectors"]),
        (["--filter", "chat,tools"], ["cheap", "dear"]),
        (["--filter", "vision,audio"], []),
        (["--search", "CHE"], ["cheap"]),
        (["bargain"], ["cheap"]),
        (["shop", "e", "--search", "s/"], []),
        (["shop", "e", "--search", "ea"], ["cheap", "dear"]),
        (["--limit", "2"], ["cheap", "dear"]),
    ],
)
def test_models_are_picked(run, words: list[str], found: list[str]) -> None:
    assert names(run("models", "--provider", "shop", *words)) == found


def test_several_providers_may_be_named(run) -> None:
    both = names(run("models", "--provider", "shop,META_LLAMA"))
    apart = names(run("models", "--provider", "shop", "--provider", "meta_llama"))
    assert both == apart
    assert {"cheap", "meta_llama/Llama-3.3-70B-Instruct"} <= set(both)


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ([], ["cheap", "dear", "secret", "vectors"]),
        (["--reverse"], ["vectors", "secret", "dear", "cheap"]),
        (["--sort", "price"], ["vectors", "cheap", "dear", "secret"]),
        (["--sort", "price", "--reverse"], ["dear", "cheap", "vectors", "secret"]),
        (["--sort", "context"], ["dear", "vectors", "cheap", "secret"]),
        (["--sort", "context", "--reverse"], ["cheap", "vectors", "dear", "secret"]),
        (["--sort", "output"], ["dear", "cheap", "secret", "vectors"]),
        (["--sort", "price", "--retired"], ["old", "vectors", "cheap", "dear", "secret"]),
    ],
)
def test_models_are_put_in_order_and_the_unknown_is_last(run, words: list[str], order: list[str]) -> None:
    assert names(run("models", "--provider", "shop", *words)) == order


def test_models_may_be_sorted_by_provider(run) -> None:
    owners = [name.partition("/")[0] for name in names(run("models", "--sort", "provider"))]
    assert owners.index("meta_llama") < owners.index("openai")


def test_retired_models_are_left_out_and_counted(run) -> None:
    result = run("models", "--provider", "shop")
    total = len(registry().models)
    assert result.stderr.startswith(f"4 of {total} models; 1 retired not shown (--retired shows them)")
    assert names(run("models", "--provider", "shop", "--retired", "old")) == ["old"]


def test_a_limit_says_how_many_were_found(run) -> None:
    result = run("models", "--provider", "shop", "--limit", "1")
    assert result.stderr.startswith(f"the first 1 of 4 models found, out of {len(registry().models)}")


@pytest.mark.parametrize(("day", "code"), [("1999-12-31", ["old"]), ("2000-01-01", [])])
def test_a_model_is_retired_from_its_day_on(capsys: pytest.CaptureFixture[str], day: str, code: list[str]) -> None:
    models.run(Wish(words=["shop/old"]), date.fromisoformat(day))
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()[1:]] == [
        f"shop/{name}" for name in code
    ]


def test_no_match_is_an_answer(run) -> None:
    result = run("models", "no-such-model")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("0 of ")


def test_json_has_every_field_and_the_price_of_a_million_with_every_digit(run) -> None:
    result = run("models", "shop", "--sort", "price", "--filter", "chat", "--json")
    cheap, dear, secret = orjson.loads(result.stdout)
    assert (cheap["key"], cheap["input_cost_per_token"]) == ("shop/cheap", 1e-07)
    assert cheap["per_million_tokens"] == {"input_cost_per_token": 0.1, "output_cost_per_token": 0.4}
    assert dear["per_million_tokens"]["input_cost_per_token_above_200k_tokens"] == 5
    assert dear["conflicts"][0]["source"] == "a rumour"
    assert (secret["input_cost_per_token"], secret["per_million_tokens"]) == (None, {})
    assert '"input_cost_per_token": 0.1,' in result.stdout
    assert result.stderr == ""


def test_json_of_nothing_is_an_empty_array(run) -> None:
    assert orjson.loads(run("models", "no-such-model", "--json").stdout) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--filter", "vison"], "unknown filter 'vison'; did you mean 'vision'? there are audio, "),
        (["--filter", "vision,zzz"], "unknown filter 'zzz'; there are audio, cache, chat, embedding, "),
        (["--provider", "meta"], "unknown provider 'meta'; "),
        (["--provider", "opnai"], "unknown provider 'opnai'; did you mean 'openai'? there are "),
        (["--sort", "size"], "cannot sort by 'size'; there are name, price, context, output, provider"),
    ],
)
def test_bad_input_is_one_line_that_names_what_there_is(run, words: list[str], told: str) -> None:
    result = run("models", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(told)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_is_a_number_from_one(run, limit: str) -> None:
    assert run("models", "--limit", limit).exit_code == 2


def test_a_wide_terminal_shows_a_table_with_hosts(on_terminal: Callable[..., str]) -> None:
    shown = on_terminal(120, lambda: models.run(Wish(providers=["shop"]), date(2026, 1, 1)))
    cheap = next(line for line in shown.splitlines() if "shop/cheap" in line)
    assert cheap.split() == "shop/cheap 8,000 1,000 text text 0.1 0.4 shop.example 2026-01-02".split()
    assert "\t" not in shown


def test_a_narrow_terminal_wraps_nothing_of_a_number_and_says_what_it_leaves_out(
    on_terminal: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = on_terminal(80, lambda: models.run(Wish(providers=["shop"]), date(2026, 1, 1)))
    assert "1,000,000" in shown
    assert "shop.example" not in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert "what it gives, source and day are shown from 110 columns on" in capsys.readouterr().err


def test_a_name_that_is_too_long_for_a_terminal_is_folded_and_not_cut(on_terminal: Callable[..., str]) -> None:
    name = "shop/" + "abcdefghij" * 8
    registry().register({name: {"mode": "chat"}}, "test")
    shown = on_terminal(80, lambda: models.run(Wish(words=["abcdefghij"]), date(2026, 1, 1)))
    assert "".join(line.split()[0] for line in shown.splitlines()[1:]) == name


def test_a_search_that_finds_nothing_names_what_reads_like_it(run) -> None:
    found = run("models", "gpt-4oo")
    assert (found.exit_code, found.stdout) == (0, "")
    assert "did you mean 'gpt-4o'" in found.stderr


def test_modalities_that_are_only_known_from_a_flag_leave_the_others_open(run) -> None:
    flags = {"supports_vision": True, "supports_pdf_input": True}
    registry().register({"shop/eyes": {"mode": "chat", **flags}, "shop/ears": {"mode": "spoken"}}, "test")
    assert run("models", "shop/eyes").stdout.splitlines()[1].split("\t")[3] == "text, image, pdf, ?"
    assert run("models", "shop/ears").stdout.splitlines()[1].split("\t")[3] == "?"


def test_control_characters_and_markup_of_a_row_reach_no_screen(run) -> None:
    registry().register({"shop/a\x1b[2Jb\t[bold]": {"mode": "chat"}}, "test")
    line = run("models", "shop/a").stdout.splitlines()[1]
    assert line.startswith("shop/a[2Jb [bold]\t")


def test_a_reader_that_has_seen_enough_ends_it_quietly() -> None:
    with subprocess.Popen([*COMMAND, "models"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (141, b"")


def test_a_real_terminal_gets_a_table() -> None:
    master, slave = os.openpty()
    environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm", "NO_COLOR": "1"}
    with subprocess.Popen(
        [*COMMAND, "models", "gpt-4o"], stdout=slave, stderr=subprocess.PIPE, env=environment
    ) as process:
        os.close(slave)
        shown = b""
        while b"\n" not in shown:
            shown += os.read(master, 4096)
        process.communicate(timeout=30)
    os.close(master)
    assert b"model" in shown
    assert b"\t" not in shown
