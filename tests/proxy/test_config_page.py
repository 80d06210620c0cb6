"""docs/config.md: its examples are taken, and what it shows of a bad file is what is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from litellm_lite.proxy.config import check, load

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "config.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
KEYS = {"LLAMA_API_KEY": "k", "OPENAI_API_KEY": "k", "LITELLM_MASTER_KEY": "a-long-random-text"}

SHOWN = """model_list:
  - model_name: a
    litellm_params:
      model: meta_llama/Llama-3.3-8B-Instruct
      api_key: os.environ/LLAMA_API_KEY
  - model_name: b
    litellm_params:
      model: openai/gpt-4o
      api_key: k

router_settings:
  num_retrys: 3

general_settings:
  database_url: postgresql://
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_examples_can_be_used() -> None:
    users_own, larger, small = EXAMPLES
    for name, text in (("users", users_own), ("config", larger), ("small", small)):
        Path(f"{name}.yaml").write_text(text, "utf-8")
    names = ["meta_llama/Llama-3.3-70B-Instruct", "meta_llama/Llama-3.3-8B-Instruct"]
    assert load("users.yaml", KEYS).router().get_model_names() == names
    read = load("config.yaml", KEYS)
    assert read.router().get_model_names() == ["llama", "openai/*", "small", "gpt-4"]
    assert (read.master_key, [*read.files]) == ("a-long-random-text", ["config.yaml", "small.yaml"])


def test_what_is_shown_of_a_bad_file_is_what_is_said() -> None:
    Path("config.yaml").write_text(SHOWN, "utf-8")
    assert "```\n" + "".join(f"{flaw}\n" for flaw in check("config.yaml", {})) + "```" in PAGE
