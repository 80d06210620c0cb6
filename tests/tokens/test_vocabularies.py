"""Vocabularies: found on this machine or not at all, believed only with the right hash, and used on texts."""

from __future__ import annotations

import base64
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_lite.errors import BadRequestError, TokenizerError
from litellm_lite.tokens.count import exactly
from litellm_lite.tokens.vocabularies import (
    KNOWN_FILES,
    Vocabulary,
    VocabularyName,
    find_file,
    package_folders,
    read_vocabulary,
    required_vocabulary,
    vocabulary,
)
from tests.tokens.samples import ALL, SMALL_TOKENS, found, needs_llama, small_file, texts


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return read_vocabulary(*small_file(tmp_path_factory.mktemp("small")))


def test_a_file_is_read_into_the_tokens_it_lists(small: Vocabulary) -> None:
    assert [SMALL_TOKENS[token] for token in small.encode("hello world")] == [b"hello", b" w", b"o", b"r", b"l", b"d"]
    assert small.measure("hello") == exactly(1)
    assert small.method == "small vocabulary"


def test_a_file_with_another_hash_is_refused_with_both_and_the_remedy(tmp_path: Path) -> None:
    path, known = small_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(TokenizerError) as caught:
        read_vocabulary(path, known)
    said = str(caught.value)
    assert str(path) in said
    assert known.sha256[:12] in said
    assert known.sha256[:13] not in said
    assert "begins with" in said
    assert known.remedy in said
    assert path.exists()


@pytest.mark.parametrize("content", [b"YQ==", b"YQ== one", b"!!! 1", b"YQ== 1 2", b"YQ== 0\n\nYg== 1"])
def test_a_broken_line_is_named(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TokenizerError, match=r"small\.tiktoken, line [12]: not a token"):
        read_vocabulary(*small_file(tmp_path, content))


@given(st.binary(max_size=40))
def test_any_other_content_is_a_typed_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path, known = small_file(tmp_path_factory.mktemp("any"))
    path.write_bytes(content)
    with pytest.raises(TokenizerError):
        read_vocabulary(path, known)


def test_a_file_that_cannot_be_read_is_a_typed_error(tmp_path: Path) -> None:
    _, known = small_file(tmp_path)
    with pytest.raises(TokenizerError, match="cannot be read"):
        read_vocabulary(tmp_path, known)


def test_a_file_is_looked_for_in_every_folder(tmp_path: Path) -> None:
    path, known = small_file(tmp_path)
    assert find_file(known, [tmp_path / "none", tmp_path]) == path
    assert find_file(known, []) is None
    assert find_file(known, [tmp_path / "none"]) is None


def test_decoding_gives_the_text_and_leaves_special_tokens_out(small: Vocabulary) -> None:
    tokens = [*small.encode("hello"), 300, 301]
    assert small.decode(tokens) == "hello"
    assert small.decode(tokens, skip_special_tokens=False) == "hello<|end|><|small_reserved_301|>"


def test_half_a_character_decodes_to_the_replacement_character(small: Vocabulary) -> None:
    assert small.decode([0xC3]) == "\ufffd"


@pytest.mark.parametrize("wrong", [299, 303, -1, 2**70, "a", 1.5, None, [1]])
@pytest.mark.parametrize("skip", [True, False])
def test_what_is_no_token_is_named_with_its_place(small: Vocabulary, wrong: object, skip: bool) -> None:
    with pytest.raises(BadRequestError, match=r"tokens\[1\] is .* no token of small"):
        small.decode([0, wrong], skip_special_tokens=skip)  # type: ignore[list-item]  # that is the point


def test_special_tokens_in_a_text_are_only_text(small: Vocabulary) -> None:
    assert len(small.encode("<|end|>")) == 7


def test_lone_surrogates_are_encoded_as_the_replacement_character(small: Vocabulary) -> None:
    assert small.encode("\ud800hello") == small.encode("\ufffdhello")
    assert small.encode("\ud83d\ude00") == small.encode("😀")


def test_a_run_too_long_for_an_exact_count_says_so(small: Vocabulary) -> None:
    span = small.measure("a" * 60_000)
    assert span.tokens == 60_000
    assert span.most is not None
    assert span.least < span.tokens <= span.most


@pytest.mark.parametrize("name", ALL)
@settings(deadline=None)  # the first example reads the vocabulary
@given(text=texts)
def test_a_text_survives_encoding_and_decoding(name: VocabularyName, text: str) -> None:
    known = found(name)
    assert known.decode(known.encode(text)) == text
    assert known.measure(text) == exactly(len(known.encode(text)))


@pytest.mark.parametrize("name", ALL)
def test_a_vocabulary_is_read_once(name: VocabularyName) -> None:
    assert vocabulary(name) is vocabulary(name)


@pytest.mark.parametrize("name", ["cl100k_base", "o200k_base"])
def test_openais_files_are_where_tiktoken_keeps_them(
    name: VocabularyName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert vocabulary(name) is None
    file = tmp_path / KNOWN_FILES[name].file
    file.write_bytes(b"YQ== 0\n")
    with pytest.raises(TokenizerError, match=KNOWN_FILES[name].sha256[:12]):
        vocabulary(name)
    assert file.read_bytes() == b"YQ== 0\n"


def test_without_openais_file_the_remedy_names_place_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    with pytest.raises(TokenizerError) as caught:
        required_vocabulary("o200k_base")
    assert str(tmp_path) in str(caught.value)
    assert "fb374d419588a4632f3f557e76b4b70aebbca790" in str(caught.value)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    with pytest.raises(TokenizerError, match="the folder TIKTOKEN_CACHE_DIR names"):
        required_vocabulary("o200k_base")


@pytest.fixture
def _other_packages() -> Iterator[None]:
    """Where a package is, is kept; not from here to other tests."""
    package_folders.cache_clear()
    yield
    package_folders.cache_clear()


@pytest.mark.usefixtures("_other_packages")
def test_without_the_package_the_remedy_is_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_models", None)
    assert vocabulary("llama3") is None
    with pytest.raises(TokenizerError, match=r"pip install 'litellm-lite\[llama\]'"):
        required_vocabulary("llama4")


@pytest.mark.usefixtures("_other_packages")
def test_a_package_without_the_file_gives_no_vocabulary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "llama_models").mkdir()
    (tmp_path / "llama_models" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "llama_models", raising=False)
    assert vocabulary("llama4") is None


@needs_llama
@pytest.mark.usefixtures("_other_packages")
def test_a_damaged_llama_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "llama_models"
    (package / "llama3").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "llama3" / "tokenizer.model").write_bytes(base64.b64encode(b"a") + b" 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "llama_models", raising=False)
    with pytest.raises(TokenizerError, match="reinstall llama-models"):
        vocabulary("llama3")


def test_known_hashes_are_whole_and_agree_with_tiktokens_own() -> None:
    spec = importlib.util.find_spec("tiktoken_ext.openai_public")
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).read_text("utf-8")
    for known in KNOWN_FILES.values():
        assert len(known.sha256) == 64
        assert known.name.startswith("llama") or known.sha256 in source


def test_nothing_is_fetched(tmp_path: Path) -> None:
    """tiktoken fetches what it lacks; here every door out is shut, and a count is an estimate."""
    script = (
        "import socket, urllib.request\n"
        "def shut(*_, **__): raise SystemExit('the network was tried')\n"
        "socket.socket.connect = socket.getaddrinfo = urllib.request.urlopen = shut\n"
        "import litellm_lite.counting as c\n"
        "print(c.count_tokens('openai/gpt-4o', text='hello').method, c.token_counter('gpt-4', text='hello'))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"TIKTOKEN_CACHE_DIR": str(tmp_path)},
    )
    assert ran.stdout.strip() == "estimate: 4 bytes a token 1"
    assert list(tmp_path.iterdir()) == []
