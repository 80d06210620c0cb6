"""Tool calls as Llama writes them."""

from __future__ import annotations

import pytest

from litellm_lite.tokens.pythonic import pythonic_calls, reads_as_python
from tests.tokens.samples import call


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        ('{"location": "Menlo Park"}', 'f(location="Menlo Park")'),
        ('{"a": 1, "b": [true, null], "c": {"d": 1.5}}', 'f(a=1, b=[True, None], c={"d": 1.5})'),
        ("{}", "f()"),
        ("[1]", "f([1])"),
        ("not json", "f(not json)"),
    ],
)
def test_calls_are_written_as_python(arguments: str, written: str) -> None:
    assert pythonic_calls([call(arguments, "f")]) == f"[{written}]"


@pytest.mark.parametrize("arguments", ["not json", "", "[" * 2000 + "]" * 2000])
def test_arguments_that_nobody_can_read_stand_as_they_are(arguments: str) -> None:
    assert not reads_as_python(arguments)
    assert pythonic_calls([call(arguments, "f")]) == f"[f({arguments})]"


def test_several_calls_share_one_list() -> None:
    assert pythonic_calls([call("{}", "f"), call("{}", "g")]) == "[f(), g()]"
