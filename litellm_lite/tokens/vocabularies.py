"""Vocabularies: found on this machine, held against the hash their publisher gives, read once. Never fetched.

Llama's come with the PyPI package `llama-models` (extra `llama`), which is not imported. OpenAI's are where tiktoken
keeps what it has fetched. User text is always encoded as text: a special token in it is only its characters.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from litellm_lite.errors import BadRequestError, TokenizerError
from litellm_lite.tokens.count import Span, exactly
from litellm_lite.tokens.estimate import bounds, sendable
from litellm_lite.tokens.slices import certain_slices, reference_slices

if TYPE_CHECKING:
    import tiktoken

VocabularyName = Literal["llama3", "llama4", "cl100k_base", "o200k_base"]

_SHOWN_HASH = 12

# Llama 3 splits text as cl100k does, Llama 4 as o200k does (llama-models 0.3.0, tiktoken 0.14).
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_SPLIT_OF_CL100K = (
    _CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_SPLIT_OF_O200K = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_CONTRACTION}?"
    rf"|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_CONTRACTION}?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """One vocabulary as its publisher gives it: a file of lines `base64(token) rank`, and special tokens beside it.

    `reserved` are the numbers of special tokens whose names nobody needs.
    """

    name: str
    file: str
    sha256: str
    split: str
    special_tokens: Mapping[str, int]
    reserved: range
    remedy: str
    slices: Callable[[str], tuple[list[str], bool]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A vocabulary that was read. `slices` cuts long texts, and tells whether that was without effect."""

    name: str
    encoding: tiktoken.Encoding = field(repr=False)
    slices: Callable[[str], tuple[list[str], bool]] = field(repr=False)

    @property
    def method(self) -> str:
        return f"{self.name} vocabulary"

    def encode(self, text: str) -> list[int]:
        encode = self.encoding.encode_ordinary
        return [token for piece in self.slices(sendable(text))[0] for token in encode(piece)]

    def measure(self, text: str) -> Span:
        """Count the tokens of a text; exact but for a run of 25,000 characters without a place for a safe cut."""
        text = sendable(text)
        pieces, certain = self.slices(text)
        tokens = sum(len(self.encoding.encode_ordinary(piece)) for piece in pieces)
        return exactly(tokens) if certain else Span(tokens, *bounds(text))

    def decode(self, tokens: Sequence[int], *, skip_special_tokens: bool = True) -> str:
        """Return the text of tokens; bytes that are no whole character become the replacement character.

        Raises BadRequestError for what is no token.
        """
        given: Any = tokens
        if not isinstance(given, Sequence) or isinstance(given, str | bytes):
            raise BadRequestError(f"tokens must be a list of numbers, not {type(tokens).__name__}", param="tokens")
        special = self.encoding._special_token_values  # noqa: SLF001 - tiktoken offers no other way
        try:
            kept = [token for token in tokens if token not in special] if skip_special_tokens else list(tokens)
            return self.encoding.decode(kept)
        except (KeyError, OverflowError, TypeError):
            place, wrong = self._first_wrong(tokens)
            raise BadRequestError(f"tokens[{place}] is {wrong!r}, which is no token of {self.name}") from None

    def _first_wrong(self, tokens: Sequence[object]) -> tuple[int, object]:
        known = {*self.encoding._mergeable_ranks.values(), *self.encoding._special_token_values}  # noqa: SLF001
        wrong = (
            (place, token) for place, token in enumerate(tokens) if not isinstance(token, int) or token not in known
        )
        return next(wrong)


def vocabulary(name: VocabularyName) -> Vocabulary | None:
    """Return a vocabulary, or None where its file is not on this machine. Reading takes about 0.2 s, once a process.

    Raises TokenizerError for a file that is not what it claims to be.
    """
    known = KNOWN_FILES[name]
    path = find_file(known, folders(name))
    return _read_once(path, name) if path else None


def required_vocabulary(name: VocabularyName) -> Vocabulary:
    """Return a vocabulary. Raises TokenizerError, with the remedy, where there is none."""
    found = vocabulary(name)
    if found is None:
        raise TokenizerError(f"there is no vocabulary {name!r} on this machine: {missing_remedy(name)}")
    return found


def missing_remedy(name: VocabularyName) -> str:
    """Say how a vocabulary gets onto this machine."""
    if name in _LLAMA:
        return "pip install 'litellm-lite[llama]'"
    places = " or ".join(str(folder) for folder in folders(name)) or "the folder TIKTOKEN_CACHE_DIR names"
    return f"put OpenAI's file {name}.tiktoken as {KNOWN_FILES[name].file} into {places}; see docs/tokens.md"


def folders(name: VocabularyName) -> tuple[Path, ...]:
    """Return where the file of a vocabulary may be."""
    if name in _LLAMA:
        try:
            return package_folders("llama_models")
        except ModuleNotFoundError:
            return ()
    from litellm_lite.resolve import tokenizer_folders

    return tokenizer_folders()


@cache
def package_folders(name: str) -> tuple[Path, ...]:
    """Return where a package is, without importing it. An error is not kept: it may be installed meanwhile."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(name=name)
    return tuple(Path(place) for place in spec.submodule_search_locations or ())


def find_file(known: KnownFile, places: Sequence[Path]) -> Path | None:
    return next((file for folder in places if (file := folder / known.file).is_file()), None)


def read_vocabulary(path: Path, known: KnownFile) -> Vocabulary:
    """Read a vocabulary's file. Raises TokenizerError when its content is not the known one, or not to be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TokenizerError(f"{path} cannot be read: {error.strerror or error}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != known.sha256:
        raise TokenizerError(
            f"{path} is not the vocabulary {known.name!r}: its SHA-256 begins with {found[:_SHOWN_HASH]}, "
            f"it should begin with {known.sha256[:_SHOWN_HASH]}; {known.remedy}"
        )
    import tiktoken

    special_tokens = {
        **known.special_tokens,
        **{f"<|{known.name}_reserved_{number}|>": number for number in known.reserved},
    }
    ranks = _ranks(content, path, known)
    encoding = tiktoken.Encoding(known.name, pat_str=known.split, mergeable_ranks=ranks, special_tokens=special_tokens)
    return Vocabulary(known.name, encoding, known.slices)


@cache
def _read_once(path: Path, name: VocabularyName) -> Vocabulary:
    return read_vocabulary(path, KNOWN_FILES[name])


def _ranks(content: bytes, path: Path, known: KnownFile) -> dict[bytes, int]:
    ranks = {}
    for number, line in enumerate(content.splitlines(), 1):
        try:
            token, rank = line.split()
            ranks[base64.b64decode(token, validate=True)] = int(rank)
        except ValueError as error:
            raise TokenizerError(
                f"{path}, line {number}: not a token in base64 and its rank; {known.remedy}"
            ) from error
    return ranks


def _numbered(first: int, names: str) -> dict[str, int]:
    return {f"<|{name}|>": first + place for place, name in enumerate(names.split())}


_LLAMA = frozenset({"llama3", "llama4"})
_REINSTALL = "reinstall llama-models"
_REPLACE = "delete it, or put the right file in its place"

KNOWN_FILES: Mapping[VocabularyName, KnownFile] = {
    "llama3": KnownFile(
        "llama3",
        "llama3/tokenizer.model",
        "82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55",
        _SPLIT_OF_CL100K,
        _numbered(
            128_000,
            "begin_of_text end_of_text reserved_special_token_0 reserved_special_token_1 finetune_right_pad_id step_id "
            "start_header_id end_header_id eom_id eot_id python_tag image",
        ),
        range(128_012, 128_256),
        _REINSTALL,
        reference_slices,
    ),
    "llama4": KnownFile(
        "llama4",
        "llama4/tokenizer.model",
        "d0bdbaf59b0762c8c807617e2d8ea51420eb1b1de266df2495be755c8e0ed6ed",
        _SPLIT_OF_O200K,
        _numbered(
            200_000,
            "begin_of_text end_of_text fim_prefix fim_middle fim_suffix header_start header_end eom eot step",
        ),
        range(200_010, 202_048),
        _REINSTALL,
        reference_slices,
    ),
    # tiktoken keeps a file under the SHA-1 of the URL it came from.
    "cl100k_base": KnownFile(
        "cl100k_base",
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        _SPLIT_OF_CL100K,
        {**_numbered(100_257, "endoftext fim_prefix fim_middle fim_suffix"), "<|endofprompt|>": 100_276},
        range(0),
        _REPLACE,
        certain_slices,
    ),
    "o200k_base": KnownFile(
        "o200k_base",
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        _SPLIT_OF_O200K,
        {"<|endoftext|>": 199_999, "<|endofprompt|>": 200_018},
        range(0),
        _REPLACE,
        certain_slices,
    ),
}
