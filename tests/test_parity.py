"""Twins agree, and the public names are one list, whether Python, a reader or a type checker looks."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, get_overloads

import pytest
from mypy import api as mypy

import litellm_lite
from litellm_lite import Router
from litellm_lite.options import _ELSEWHERE, _OWN
from litellm_lite.params import ENDPOINT_PARAMS, OPENAI_PARAMS
from litellm_lite.types.params import CompletionParams, EmbeddingParams, ResponsesParams, TextCompletionParams

ROOT = Path(__file__).resolve().parents[1]
ASKED = {"input", "prompt"}  # parameters of their own
ENDPOINT_TYPES: dict[str, Any] = {
    "completions": TextCompletionParams,
    "responses": ResponsesParams,
    "embeddings": EmbeddingParams,
}
STREAMING = {"completion", "responses", "text_completion"}  # each also tells a type checker what a stream is
TWINS = [(name, f"a{name}") for name in litellm_lite.__all__ if f"a{name}" in litellm_lite.__all__]


def parameters(function: Any) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(function).parameters)


def public(kind: type) -> set[str]:
    """The names a stream offers, the async spelling of each taken for the sync one."""
    spelled = {"aclose": "close", "__aiter__": "__iter__", "__anext__": "__next__"}
    spelled |= {"__aenter__": "__enter__", "__aexit__": "__exit__"}
    names = {spelled.get(name, name) for name in dir(kind)}
    return {name for name in names if name in spelled.values() or not name.startswith("_")}


def test_there_are_twins() -> None:
    assert ("completion", "acompletion") in TWINS


@pytest.mark.parametrize(("sync", "twin"), TWINS)
def test_twins_take_the_same_parameters(sync: str, twin: str) -> None:
    one, other = getattr(litellm_lite, sync), getattr(litellm_lite, twin)
    assert parameters(one) == parameters(other)
    assert inspect.iscoroutinefunction(other)
    assert not inspect.iscoroutinefunction(one)
    shapes = [[parameters(each) for each in get_overloads(function)] for function in (one, other)]
    assert shapes[0] == shapes[1]
    assert len(shapes[0]) == (3 if sync in STREAMING else 0)


@pytest.mark.parametrize("name", ["CompletionStream", "TextCompletionStream", "ResponsesStream"])
def test_both_streams_offer_the_same(name: str) -> None:
    one, other = getattr(litellm_lite, name), getattr(litellm_lite, f"Async{name}")
    assert public(one) == public(other)
    assert {"close", "usage", "cost", "response_cost", "hidden_params", "dropped_params"} <= public(one)


def test_a_router_has_the_methods_of_the_library() -> None:
    for sync, twin in [(sync, twin) for sync, twin in TWINS if hasattr(Router, sync)]:
        assert inspect.iscoroutinefunction(getattr(Router, twin))
        assert parameters(getattr(Router, sync)) == parameters(getattr(Router, twin))
    assert {"embedding", "moderation", *STREAMING} <= set(dir(Router))


def test_every_public_name_is_there() -> None:
    assert sorted(litellm_lite.__all__) == sorted(set(litellm_lite.__all__))
    assert all(getattr(litellm_lite, name) is not None for name in litellm_lite.__all__)
    assert set(litellm_lite.__all__) <= set(dir(litellm_lite))


def test_no_other_name_is_there() -> None:
    with pytest.raises(AttributeError, match="litellm_lite has no 'Routr'"):
        litellm_lite.Routr  # noqa: B018 - looked up for its error


def test_a_type_checker_sees_the_same_names_from_the_same_homes() -> None:
    tree = ast.parse((ROOT / "litellm_lite" / "__init__.py").read_text(encoding="utf-8"))
    checked = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    seen = {
        alias.asname: getattr(import_module(str(node.module)), alias.name)
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert {"__version__", *map(str, seen)} == set(litellm_lite.__all__)
    assert all(getattr(litellm_lite, str(name)) is value for name, value in seen.items())


def test_the_exceptions_have_litellms_module() -> None:
    script = "import litellm_lite as l; print(l.exceptions.RateLimitError is l.RateLimitError)"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "True\n"


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("drop_params", True, "pass drop_params= to the call"),
        ("api_key", "sk-canary", "pass api_key= to the call"),
        ("num_retries", 3, "pass num_retries= to the call"),
        ("set_verbose", True, "set the level of the logger 'litellm_lite'"),
        ("telemetry", False, "leave the line out"),
        ("model_cost", {}, r"call register_model\(\)"),
    ],
)
def test_a_setting_of_litellms_module_is_refused(name: str, value: Any, remedy: str) -> None:
    with pytest.raises(AttributeError, match=f"litellm_lite.{name} is no setting.*{remedy}") as caught:
        setattr(litellm_lite, name, value)
    assert "sk-canary" not in str(caught.value)


def test_a_function_may_be_replaced_for_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    fake: Any = lambda **_: "fake"  # noqa: E731 - typed, and in one line
    monkeypatch.setattr(litellm_lite, "completion", fake)
    assert litellm_lite.completion is fake


def test_a_type_checker_knows_every_parameter() -> None:
    typed = CompletionParams.__annotations__.keys()
    assert {*_OWN, *OPENAI_PARAMS} - {"force_timeout"} <= typed  # LiteLLM's older name for timeout
    for name, kind in ENDPOINT_TYPES.items():
        assert {*ENDPOINT_PARAMS[name]} - ASKED <= kind.__annotations__.keys()
    assert typed & _ELSEWHERE.keys() == {"fallbacks", "context_window_fallback_dict"}  # completion() takes them out


@pytest.mark.slow
def test_user_code_type_checks() -> None:
    config = ["--config-file", str(ROOT / "pyproject.toml"), "--no-incremental"]
    told, _, status = mypy.run([*config, str(ROOT / "tests" / "typing" / "user_code.py")])
    assert status == 0, told
