"""The docs say what the code does: their tables are written from it, and a stale one is found."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from litellm_lite import PriceUnknown, resolve
from litellm_lite.params import OPENAI_PARAMS
from litellm_lite.registry import registry

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.fixture(scope="module")
def render() -> ModuleType:
    spec = importlib.util.spec_from_file_location("render_docs", ROOT / "scripts" / "render_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_docs_are_current(render: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert (render.main(["--check"]), capsys.readouterr().err) == (0, "")


def test_a_stale_page_is_found_and_mended(
    render: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(ROOT / "docs", docs)
    page = docs / "parameters.md"
    current = page.read_text("utf-8")
    page.write_text(current.replace("| `seed` | sent |", "| `seed` | always |"), "utf-8")
    assert render.main(["--check"], docs) == 1
    assert capsys.readouterr().err == "docs/parameters.md does not say what the code does: run make docs\n"
    assert render.main([], docs) == 0
    assert capsys.readouterr().out == "wrote docs/parameters.md\n"
    assert page.read_text("utf-8") == current
    assert render.main([], docs) == 0
    assert capsys.readouterr().out == ""


def test_every_table_stands_on_a_page(render: ModuleType) -> None:
    written = "".join(page.read_text("utf-8") for page in PAGES)
    assert [name for name in render.TABLES if f"<!-- table: {name} -->" not in written] == []


def test_the_models_table_tells_text_only_from_not_known_and_lists_its_sections(render: ModuleType) -> None:
    table = render.models()
    takes = {line.split("`")[1]: line.split("|")[4].strip() for line in table.splitlines() if line.startswith("| `")}
    assert takes["Llama-3.3-8B-Instruct"] == "text only"
    assert takes["Llama-4-Scout-17B-16E-Instruct-FP8"] == "image"
    assert "" not in takes.values()
    assert "?" in takes.values()
    assert "[meta_llama](#meta_llama) 7 · " in table.splitlines()[1]


def test_the_table_of_parameters_holds_every_one_and_every_shape(render: ModuleType) -> None:
    head, _, *rows = render.parameters().splitlines()
    assert all(f"`{name}/`" in head for name in resolve.provider_names())
    assert "`api='native'`" in head
    assert {"stream", *OPENAI_PARAMS} <= {row.split("`")[1] for row in rows}
    assert all(row.count("|") == head.count("|") for row in rows)


def test_the_table_of_parameters_tells_sent_renamed_noted_refused_and_passed_on(render: ModuleType) -> None:
    rows = {
        row.split("`")[1]: [cell.strip() for cell in row.split("|")[2:-1]]
        for row in render.parameters().splitlines()[2:]
    }
    columns = [cell.strip() for cell in render.parameters().splitlines()[0].split("|")[2:-1]]
    native = columns.index("`meta_llama/` with `api='native'`")
    assert rows["max_tokens"][native] == "as `max_completion_tokens`"
    assert rows["temperature"][native] == "sent: 0 to 1"
    assert rows["stream_options"][native] == "not needed: usage always comes"
    assert rows["seed"][native] == "refused"
    assert rows["top_k"][columns.index("`openai/`")] == "passed on"


def test_the_tables_of_models_hold_every_one_that_is_not_retired(render: ModuleType) -> None:
    titles, rows = sections(render.models())
    infos = registry().models.values()
    today = max(info.verified for info in infos)
    assert titles == sorted({info.provider for info in infos})
    assert len(rows) == sum((info.deprecation_date or today) >= today for info in infos)
    assert ("openai", "gpt-4o-2024-05-13") not in rows  # gone since 2026-10-23
    assert ("azure", "gpt-4o-2024-05-13") in rows


def test_the_tables_of_models_tell_prices_and_that_some_are_unknown(render: ModuleType) -> None:
    _, rows = sections(render.models())
    assert all(row[4].startswith("[unknown](") for (provider, _), row in rows.items() if provider == "meta_llama")
    assert rows["openai", "gpt-4o-mini"][4:6] == [
        "[0.15 / 0.6](https://developers.openai.com/api/docs/pricing)",
        "0.075",
    ]
    assert rows["openai", "gpt-6-sol"][4].startswith("[2 / 10 up to 272k](")
    assert rows["openai", "text-embedding-3-small"][4].startswith("[0.02](")
    assert rows["openrouter", "meta-llama/llama-3.3-70b-instruct:free"][4].startswith("[0 / 0](")
    assert rows["bedrock", "twelvelabs.pegasus-1-5-v1:0"][4].startswith("[? / 7.5](")


def sections(text: str) -> tuple[list[str], dict[tuple[str, str], list[str]]]:
    """The titles of all sections, and the cells of all rows by title and model."""
    titles: list[str] = []
    rows = {}
    for line in text.splitlines():
        if line.startswith("### "):
            titles.append(line.removeprefix("### "))
        elif line.startswith("| `"):
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            rows[titles[-1], cells[0].strip("`")] = cells
    return titles, rows


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_into_the_repository_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_readme_says_of_windows_prices_and_tokens_what_comes_out() -> None:
    pytest.importorskip("llama_models")
    blocks = re.findall(r"```python\n(.*?)```", PAGES[0].read_text("utf-8"), re.DOTALL)
    imports, _, examples = next(block for block in blocks if "fits(" in block).partition("\n\n")
    names: dict[str, Any] = {"messages": [{"content": "Hello, how are you?", "role": "user"}]}
    names["response"] = {"model": "meta_llama/Llama-3.3-8B-Instruct", "usage": {"total_tokens": 2}}
    exec(imports, names)
    for code, said in re.findall(r"^(\w+\(.*)  # (.*)$", examples, re.MULTILINE):
        if said.startswith("PriceUnknown"):
            with pytest.raises(PriceUnknown):
                eval(code, names)
        else:
            assert re.split(r": | US|, as", said)[0].strip('"') in str(eval(code, names)), code
