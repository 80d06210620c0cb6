"""config.yaml: LiteLLM's sections, what refers to the environment, what is included, and no secret in any message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.errors import BadRequestError
from litellm_lite.proxy.config import Config, read_config, router_arguments
from litellm_lite.proxy.yaml_files import parsed
from litellm_lite.router.model_list import read as read_model_list
from litellm_lite.router.settings import read as read_settings

CANARY = "sk-canary-4f1d9a"
LOADERS = [yaml.CSafeLoader, yaml.SafeLoader]

# From LiteLLM's page on meta_llama.
USERS_OWN = """
model_list:
  - model_name: meta_llama/Llama-3.3-70B-Instruct
    litellm_params:
      model: meta_llama/Llama-3.3-70B-Instruct
      api_key: os.environ/LLAMA_API_KEY

  - model_name: meta_llama/Llama-3.3-8B-Instruct
    litellm_params:
      model: meta_llama/Llama-3.3-8B-Instruct
      api_key: os.environ/LLAMA_API_KEY
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is the current one, so that messages name files as the caller does."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(text: str | bytes, *, environment: dict[str, str] | None = None, **others: str) -> Config:
    """Read a file of that content; `others` stand beside it, each as a file of that name."""
    for name, content in {"config": text, **others}.items():
        Path(f"{name}.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_config("config.yaml", {} if environment is None else environment)


def refused(text: str | bytes, **others: Any) -> str:
    with pytest.raises(BadRequestError) as caught:
        config(text, **others)
    assert CANARY not in str(caught.value)
    return str(caught.value)


def parse_error(text: str | bytes, loader: Any) -> str:
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(BadRequestError) as caught:
        parsed("config.yaml", content, loader)
    assert CANARY not in str(caught.value)
    return str(caught.value)


def test_the_users_own_file_is_read(files: Path) -> None:
    read = config(USERS_OWN, environment={"LLAMA_API_KEY": CANARY})
    assert [each["litellm_params"]["api_key"] for each in read.model_list] == [CANARY, CANARY]
    assert [each.model for each in read_model_list(read.model_list)] == [
        "meta_llama/Llama-3.3-70B-Instruct",
        "meta_llama/Llama-3.3-8B-Instruct",
    ]
    assert router_arguments(read) == {}
    assert repr(read) == "Config(path='config.yaml')"


def test_the_environment_of_the_process_is_read_where_none_is_given(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config("general_settings: {master_key: os.environ/A_KEY}", environment={"A_KEY": "x"})
    monkeypatch.setenv("A_KEY", CANARY)
    assert read_config(files / "config.yaml").general_settings == {"master_key": CANARY}


@pytest.mark.parametrize("text", ["", "# nothing\n", "model_list:\nrouter_settings:\n", "---\n"])
def test_an_empty_file_says_nothing(text: str, files: Path) -> None:
    assert config(text) == Config(path="config.yaml")


def test_all_sections_are_kept(files: Path) -> None:
    read = config("model_list: []\nguardrails: [{a: 1}]\nlitellm_settings: {x: 2}\nmy_own: 3\n")
    assert read.litellm_settings == {"x": 2}
    assert read.others == {"guardrails": [{"a": 1}], "my_own": 3}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a", "config.yaml:1: a configuration has sections, such as model_list:, and this is a list"),
        ("1: 2", "config.yaml:1: must have texts as names, not 1"),
        ("model_list: {a: 1}", "config.yaml:1: model_list: must be a list of deployments, not dict"),
        ("\nrouter_settings: [a]", "config.yaml:2: router_settings: must be a dictionary, not list"),
        (f"general_settings: {CANARY}", "config.yaml:1: general_settings: must be a dictionary, not str"),
        ("model_lst: []", "config.yaml:1: model_lst: is no section; did you mean 'model_list'?"),
        ("include: gone.yaml", "config.yaml:1: include[0]: cannot read 'gone.yaml': No such file or directory"),
        ('include: "a\\0b"', "config.yaml:1: include[0]: cannot read 'a\\x00b': ValueError"),
        ("include: config.yaml", "config.yaml:1: include[0]: includes 'config.yaml' in itself"),
        (
            "environment_variables: {A: true}",
            "config.yaml:1: environment_variables.A: must be a text, in quotes, not True",
        ),
        ("environment_variables: {A=B: c}", "config.yaml:1: environment_variables['A=B']: is no variable"),
        ("environment_variables: [a]", "config.yaml:1: environment_variables: must be a dictionary, not list"),
        ("x:\n  a:\n    ? 2026-01-01\n    : b", "config.yaml:2: x.a: must have texts as names, not date"),
        (
            f"model_list:\n- litellm_params:\n    k: {CANARY}\n    x: [os.environ/NOT_SET]",
            "config.yaml:4: model_list[0].litellm_params.x[0]: refers to the environment variable 'NOT_SET', which is",
        ),
    ],
)
def test_another_shape_is_refused_with_its_path(text: str, told: str, files: Path) -> None:
    assert refused(text).startswith(told)


def test_a_file_that_is_not_there_is_named(files: Path) -> None:
    with pytest.raises(BadRequestError, match=r"^gone\.yaml: cannot read 'gone\.yaml': No such file"):
        read_config("gone.yaml")


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("a: 1\nb: &x [*x]", 2, "it contains itself"),
        ("a: 1\nb: c: d", 2, "mapping values are not allowed"),
        (f"a: 1\nb: *{CANARY}", 2, "found undefined alias"),
        (f"a: 1\nb: !{CANARY} 3", 2, "could not determine a constructor for the tag …; put values with special"),
        (f"a: 1\nb: !!python/object:{CANARY} 3", 2, "could not determine a constructor for the tag …"),
        ("a: 1\n---\nb: 2", 2, "expected a single document"),
        (f"a: '{CANARY}", None, "found unexpected end of stream"),
        (f'a: "\\q{CANARY}"', None, "found unknown escape character"),
        (b"a: \xff" + CANARY.encode(), None, "it is no UTF-8 text, or has a character in it that YAML does not allow"),
        (f"a: \x00{CANARY}", None, "it is no UTF-8 text"),
        (f"a: !!int {CANARY}", None, "it holds something that looks like a date or a number and is none"),
        (f"a: !!bool {CANARY}", None, "it holds something that looks like a date or a number and is none"),
        (f"a: !!timestamp {CANARY}", None, "it holds something that looks like a date or a number and is none"),
        ("a: 2026-13-45", None, "it holds something that looks like a date or a number and is none"),
        (f"a: !!binary {CANARY}é", 1, "failed to convert base64 data into ascii"),
        ("? [a]\n: 1", 1, "found unhashable key"),
        ("a: " + "[" * 101, 1, "it is nested too deeply"),
        ("a: " + "[" * 300_000, 1, "it is nested too deeply"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line(text: str | bytes, line: int | None, told: str, loader: Any) -> None:
    message = parse_error(text, loader)
    assert told in message
    assert message.startswith(f"config.yaml:{line}: " if line else "config.yaml:")


def test_keys_that_stand_there_twice_are_all_told(files: Path) -> None:
    assert refused("a: 1\nb: 2\na: 3\nx:\n  - c: 1\n    c: 2").split("\n") == [
        "config.yaml:3: 'a' stands there twice, first in line 1",
        "config.yaml:6: 'c' stands there twice, first in line 5",
    ]


@pytest.mark.parametrize("loader", LOADERS)
def test_aliases_may_be_used_but_not_multiply(loader: Any) -> None:
    assert parsed("c", b"a: &x [1]\nb: [*x, *x]\nc: &y {k: 1}\nd: {<<: *y, k: 2}", loader)[0]["d"] == {"k": 2}
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]\n" for at in range(1, 9))
    assert "its aliases stand for more than 2,000,000 values" in parse_error(bomb, loader)
    tower = "a0: &a0 [x]\n" + "".join(f"a{at}: &a{at} [*a{at - 1}]\n" for at in range(1, 2000))
    assert "config.yaml:101: it is nested too deeply" in parse_error(tower, loader)


def test_the_variables_of_the_file_count_before_those_of_the_process(files: Path) -> None:
    text = """
environment_variables: {A_KEY: from the file, PORT: 4000, OTHER: os.environ/FROM_OUTSIDE}
general_settings: {a: os.environ/A_KEY, b: os.environ/PORT, c: [os.environ/OTHER, os.environ/B_KEY]}
"""
    read = config(text, environment={"A_KEY": "x", "B_KEY": " b\n", "FROM_OUTSIDE": "o"})
    assert read.general_settings == {"a": "from the file", "b": "4000", "c": ["o", "b"]}
    assert read.environment_variables == {"A_KEY": "from the file", "PORT": "4000", "OTHER": "o"}


def test_a_flag_of_the_environment_is_one(files: Path) -> None:
    text = (
        "litellm_settings: {drop_params: os.environ/A, ssl_verify: os.environ/B}\nmodel_list: [{check_context: 'TRUE'}]"
    )
    read = config(text, environment={"A": "False", "B": "/etc/ca.pem"})
    assert read.litellm_settings == {"drop_params": False, "ssl_verify": "/etc/ca.pem"}
    assert read.model_list == [{"check_context": True}]


def test_a_variable_that_is_empty_is_not_set(files: Path) -> None:
    text = "general_settings: {a: os.environ/A_KEY}"
    assert "general_settings.a: refers to" in refused(text, environment={"A_KEY": " "})
    assert "environment_variables.A: refers to" in refused("environment_variables: {A: os.environ/NOT_SET}")


def test_what_is_included_is_added(files: Path) -> None:
    (files / "more").mkdir()
    (files / "more" / "two.yaml").write_text("include: [three.yaml]\nmodel_list: [b]\nrouter_settings: {x: {k: 1}}")
    (files / "more" / "three.yaml").write_text("model_list: [c]\nenvironment_variables: {A: a}\nother: one")
    read = config("include: more/two.yaml\nmodel_list: [os.environ/A]\nrouter_settings: {x: {l: 2}, y: 3}\nother: one")
    assert read.model_list == ["a", "b", "c"]
    assert read.router_settings == {"x": {"k": 1, "l": 2}, "y": 3}
    assert (read.others, read.environment_variables) == ({"other": "one"}, {"A": "a"})


def test_two_files_that_disagree_are_refused(files: Path) -> None:
    text = "include: [two.yaml]\nrouter_settings: {timeout: 3, same: 1}"
    told = refused(text, two=f"router_settings: {{timeout: {CANARY}, same: 1}}")
    assert told == "two.yaml:1: router_settings.timeout: is set to something else in another file; leave one out"


def test_files_that_include_each_other_are_refused(files: Path) -> None:
    assert refused("include: [two.yaml]", two="include: [config.yaml]").startswith(
        "two.yaml:1: include[0]: includes 'con"
    )


def test_a_fault_in_an_included_file_names_that_file(files: Path) -> None:
    told = refused("include: [two.yaml]\nmodel_list: [1]", two="model_list: [2, os.environ/NOT_SET]")
    assert told.startswith("two.yaml:1: model_list[1]: refers to the environment variable 'NOT_SET'")


def test_the_settings_of_the_router_win_over_those_of_litellm(files: Path) -> None:
    read = config("""
litellm_settings:
  num_retries: 1
  request_timeout: 20
  fallbacks: [{a: [b]}]
  context_window_fallbacks: [{a: [b]}]
  content_policy_fallbacks:
  default_fallbacks: [b]
  allowed_fails: 3
  drop_params: true
  callbacks: [prometheus]
router_settings:
  num_retries: 4
  default_max_parallel_requests: null
  routing_strategy: least-busy
  default_litellm_params: {temperature: 0}
""")
    arguments = router_arguments(read)
    assert arguments == {
        "num_retries": 4,
        "timeout": 20,
        "fallbacks": [{"a": ["b"]}],
        "context_window_fallbacks": [{"a": ["b"]}],
        "default_fallbacks": ["b"],
        "allowed_fails": 3,
        "routing_strategy": "least-busy",
        "default_litellm_params": {"drop_params": True, "temperature": 0},
    }
    assert read_settings(arguments, ("a", "b")).timeout_s == 20.0


def test_defaults_that_are_no_dictionary_are_refused(files: Path) -> None:
    with pytest.raises(BadRequestError, match=r"^router_settings\.default_litellm_params must be a dictionary"):
        router_arguments(config("router_settings: {default_litellm_params: [1]}"))


_plain = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(CANARY)
_tree = st.recursive(
    _plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), _tree, max_size=3), st.sampled_from(LOADERS))
def test_what_was_written_is_read(whole: dict[str, Any], loader: Any) -> None:
    written = yaml.safe_dump(whole).encode()
    assert parsed("config.yaml", written, loader)[0] == whole


@given(st.text("ab:-[]{}&*!'\"#\n |>%,?\t0~" + "ü\x85\ufeff", max_size=40), st.sampled_from(LOADERS))
def test_any_text_is_read_or_refused_without_its_secrets(text: str, loader: Any) -> None:
    told = ""
    try:
        parsed("config.yaml", text.replace("ab", CANARY).encode(), loader)
    except BadRequestError as error:
        told = str(error)
    assert CANARY not in told
    assert told.startswith("config.yaml") or not told
