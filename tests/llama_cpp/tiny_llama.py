"""Builds a Llama too small to know anything: random weights under the real vocabulary of Llama 3.

The vocabulary is read from the package `llama-models`, which is found and not imported; no weights come from
anywhere. What the model says is noise, but it is Llama's noise: its tokens, its control tokens and its chat
format are the real ones, so a server that loads the file counts prompts exactly as Meta's reference does.
"""

from __future__ import annotations

import base64
import importlib.util
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32]

CONTEXT_TOKENS = 2048
"""How long a prompt and its answer may be together, as the file says of itself."""

_WIDTH = 32
_HEADS = 4
_HEAD_WIDTH = _WIDTH // _HEADS
_KEY_WIDTH = _HEAD_WIDTH * 2
_FEED_FORWARD = 64

_NAMED_CONTROLS = (
    "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|reserved_special_token_1|>",
    "<|finetune_right_pad_id|>", "<|step_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>",
    "<|eot_id|>", "<|python_tag|>", "<|image|>",
)  # fmt: skip
_CONTROLS = (*_NAMED_CONTROLS, *(f"<|reserved_special_token_{place}|>" for place in range(2, 246)))

# Meta's reference format: no date block, a tool's result has the role `ipython`. How tools
# are listed is free; that they are listed, and how a call is written, is where llama.cpp learns its tool grammar.
CHAT_TEMPLATE = """\
{%- macro turn(role) -%}{{- '<|start_header_id|>' + role + '<|end_header_id|>\\n\\n' -}}{%- endmacro -%}
{{- bos_token -}}
{%- if tools -%}
  {{- turn('system') -}}
  {%- for tool in tools -%}{{- tool | tojson + '\\n' -}}{%- endfor -%}
  <|eot_id|>
{%- endif -%}
{%- for message in messages -%}
  {{- turn('ipython' if message.role == 'tool' else message.role) -}}
  {%- if message.content is string -%}
    {{- message.content -}}
  {%- elif message.content -%}
    {%- for part in message.content if part.type == 'text' -%}{{- part.text -}}{%- endfor -%}
  {%- endif -%}
  {%- if message.tool_calls -%}
    {%- for call in message.tool_calls -%}
      {{- '{"name": "' + call.function.name + '", "parameters": ' + call.function.arguments | tojson + '}' -}}
    {%- endfor -%}
  {%- endif -%}
  <|eot_id|>
{%- endfor -%}
{%- if add_generation_prompt -%}{{- turn('assistant') -}}{%- endif -%}
"""

# GPT-2's alphabet for bytes, in which GGUF spells tokens: a byte that is no visible Latin-1 letter moves up.
_VISIBLE = frozenset([*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)])
_MOVED = {byte: 0x100 + place for place, byte in enumerate(sorted(set(range(256)) - _VISIBLE))}

# How readily a token comes whatever was said before; one more is e times as often. Words fill a text, which the
# end of turn closes after some dozens of them; punctuation is at hand where a grammar asks for it, before blanks.
_WORD, _END_OF_TURN, _PUNCTUATION, _ODD, _BLANK, _CONTROL = 0.0, 6.0, -6.0, -14.0, -16.0, -30.0
_WORDS = re.compile(rb" [a-z]{2,}")
_JSON_MARKS = re.compile(rb'["{}\[\]:,.]|[0-9]|true|false|null')
_COMMON_RANKS = 4096

_LOUDNESS = 4.0
_SPREAD = 0.5


def find_vocabulary() -> Path | None:
    """Return Llama 3's tokenizer file, or None where the package `llama-models` is not installed."""
    spec = importlib.util.find_spec("llama_models")
    places = (spec.submodule_search_locations or ()) if spec else ()
    return next((file for place in places if (file := Path(place, "llama3", "tokenizer.model")).is_file()), None)


def build(vocabulary: Path, target: Path, *, seed: int = 3) -> None:
    """Write the model as GGUF, from the tokenizer file of Llama 3; the same seed writes the same model."""
    tokens = read_tokens(vocabulary)
    writer = gguf.GGUFWriter(target, "llama")
    _describe(writer, len(tokens) + len(_CONTROLS))
    _add_tokenizer(writer, tokens)
    for name, weights in _weights(np.random.default_rng(seed), _readiness(tokens)):
        writer.add_tensor(f"{name}.weight", weights if weights.ndim == 1 else weights.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_tokens(vocabulary: Path) -> list[bytes]:
    """Return the tokens of a tokenizer file in the order of their ranks."""
    pairs = (line.split() for line in vocabulary.read_bytes().splitlines())
    ranked = {int(rank): base64.b64decode(token) for token, rank in pairs}
    return [ranked[rank] for rank in range(len(ranked))]


def merges(tokens: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield every pair of tokens that makes another one, in the order of the ranks of what they make."""
    known = frozenset(tokens)
    for token in tokens:
        for cut in range(1, len(token)):
            if token[:cut] in known and token[cut:] in known:
                yield token[:cut], token[cut:]


def spell(token: bytes) -> str:
    """Return a token in GPT-2's alphabet for bytes."""
    return token.decode("latin-1").translate(_MOVED)


def _describe(writer: gguf.GGUFWriter, vocabulary_size: int) -> None:
    writer.add_name("tiny-llama")
    writer.add_vocab_size(vocabulary_size)
    writer.add_context_length(CONTEXT_TOKENS)
    writer.add_block_count(1)
    writer.add_embedding_length(_WIDTH)
    writer.add_feed_forward_length(_FEED_FORWARD)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_KEY_WIDTH // _HEAD_WIDTH)
    writer.add_rope_dimension_count(_HEAD_WIDTH)
    writer.add_rope_freq_base(500_000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)


def _add_tokenizer(writer: gguf.GGUFWriter, tokens: Sequence[bytes]) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list([*map(spell, tokens), *_CONTROLS])
    writer.add_token_types([gguf.TokenType.NORMAL] * len(tokens) + [gguf.TokenType.CONTROL] * len(_CONTROLS))
    writer.add_token_merges([f"{spell(left)} {spell(right)}" for left, right in merges(tokens)])
    writer.add_bos_token_id(len(tokens) + _CONTROLS.index("<|begin_of_text|>"))
    writer.add_eos_token_id(len(tokens) + _CONTROLS.index("<|eot_id|>"))
    writer.add_chat_template(CHAT_TEMPLATE)


def _readiness(tokens: Sequence[bytes]) -> Weights:
    """Return how readily each token comes, control tokens included."""
    texts = [_readiness_of(token, rank) for rank, token in enumerate(tokens)]
    controls = [_END_OF_TURN if name == "<|eot_id|>" else _CONTROL for name in _CONTROLS]
    return np.array(texts + controls, np.float32)


def _readiness_of(token: bytes, rank: int) -> float:
    if rank < _COMMON_RANKS and _WORDS.fullmatch(token):
        return _WORD
    if _JSON_MARKS.fullmatch(token):
        return _PUNCTUATION
    return _BLANK if token.isspace() else _ODD


def _weights(random: np.random.Generator, readiness: Weights) -> Iterator[tuple[str, Weights]]:
    """Yield one block of noise between an embedding and a head.

    A Llama has no bias, so the first channel is one: equally loud for every token, not heard and not touched by
    the block, and weighed by the head with the readiness. Context sways words and the end of a turn, nothing else.
    """

    def noise(rows: int, columns: int, scale: float) -> Weights:
        return random.normal(0, scale, (rows, columns)).astype(np.float32)

    def apart(rows: int, columns: int, scale: float) -> Weights:
        made = noise(rows, columns, scale)
        made[0] = made[:, 0] = 0
        return made

    embedding = noise(len(readiness), _WIDTH, _SPREAD)
    embedding[:, 0] = _LOUDNESS
    head = noise(len(readiness), _WIDTH, 0.5)
    head[readiness < _WORD] = 0
    head[:, 0] = readiness / _after_norm(_LOUDNESS)
    even = np.ones(_WIDTH, np.float32)
    yield from {
        "token_embd": embedding,
        "blk.0.attn_norm": even,
        "blk.0.attn_q": apart(_WIDTH, _WIDTH, 0.5),
        "blk.0.attn_k": apart(_KEY_WIDTH, _WIDTH, 0.5),
        "blk.0.attn_v": apart(_KEY_WIDTH, _WIDTH, 0.4),
        "blk.0.attn_output": apart(_WIDTH, _WIDTH, 0.4),
        "blk.0.ffn_norm": even,
        "blk.0.ffn_gate": apart(_FEED_FORWARD, _WIDTH, 0.2),
        "blk.0.ffn_up": apart(_FEED_FORWARD, _WIDTH, 0.2),
        "blk.0.ffn_down": apart(_WIDTH, _FEED_FORWARD, 0.2),
        "output_norm": even,
        "output": head,
    }.items()


def _after_norm(loudness: float) -> float:
    """Return what the norm leaves of the loud channel, roughly: the block adds a little noise of its own."""
    return loudness / math.sqrt((loudness**2 + (_WIDTH - 1) * _SPREAD**2) / _WIDTH)
