"""What the clients of these tests talk to: gateways, the models behind them, and what may be asked of those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from litellm_lite.emulator import Emulator
from tests.llama_cpp.server import LlamaServer
from tests.proxy.running import MASTER_KEY, Gateway

LLAMA_33 = "meta_llama/Llama-3.3-70B-Instruct"
QUESTION = "What is the weather in Oslo? Get the weather."
WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "enum": ["Oslo", "Zürich"]}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {"name": "get_weather", "description": "Get the weather of a city", "parameters": WEATHER},
    }
]
# What the emulator shows under the model names `faulty/…`; a cut is no failure before the first byte.
FAULTS = {
    "busy": "retry-after; seconds=600",
    "down": "unavailable",
    "cut": "cut; after=5",
    "silent": "silent",
    "filter": "content-filter",
    "long": "context-length",
}


@dataclass(frozen=True)
class Backend:
    """A gateway and a model behind it.

    `greedy` makes an answer the same each time, and short where the model only makes noise; `calling` makes it call
    the tool.
    """

    name: str
    gateway: Gateway
    model: str
    greedy: Mapping[str, Any] = field(default_factory=dict)
    calling: Mapping[str, Any] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return f"{self.gateway.url}/v1"

    @property
    def key(self) -> str:
        return MASTER_KEY


def says(text: str = "Hello, how are you?") -> list[Any]:
    """Return what a user says, as messages."""
    return [{"role": "user", "content": text}]


def in_front_of_emulator(emulator: Emulator, moderator: str) -> dict[str, Any]:
    """Return a configuration for the emulator: Meta's models, one that has a price, and two for each fault.

    Those of OpenAI's serve text completions and responses as well, those of Meta's have only chat. `moderator` is the
    URL of who judges.
    """
    meta = {"api_base": emulator.compat_url, "api_key": emulator.api_key}
    prices = {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}
    alone = {"num_retries": 0, "cooldown_time": 0}
    faulty = [
        _entry(f"faulty/{name}", f"openai/Llama-3.3-70B-Instruct+{fault}", meta | alone)
        for name, fault in FAULTS.items()
    ]
    chat_only = [
        _entry(f"chat-only/{name}", f"meta_llama/Llama-3.3-70B-Instruct+{fault}", meta | alone)
        for name, fault in FAULTS.items()
    ]
    judge = {"api_base": f"{moderator}/v1", "api_key": "sk-moderator"}
    return _config(
        _entry(LLAMA_33, LLAMA_33, meta),
        _entry("meta_llama/Llama-3.3-8B-Instruct", "meta_llama/Llama-3.3-8B-Instruct", meta),
        _entry("priced", "openai/Llama-3.3-70B-Instruct", meta | prices, id="the-priced-one"),
        _entry("judge", "openai/omni-moderation-latest", judge),
        *faulty,
        *chat_only,
    )


def in_front_of_llama_cpp(server: LlamaServer, vectors: LlamaServer) -> dict[str, Any]:
    """Return a configuration for two servers of llama.cpp: one that answers, one that embeds."""
    return _config(
        _entry("tiny", f"openai/{server.settings.alias}", _place(server), id="tiny-llama"),
        _entry("vectors", f"openai/{vectors.settings.alias}", _place(vectors)),
    )


def _place(server: LlamaServer) -> dict[str, Any]:
    return {"api_base": server.api_base, "api_key": server.settings.api_key}


def _config(*entries: dict[str, Any]) -> dict[str, Any]:
    return {
        "model_list": list(entries),
        "general_settings": {"master_key": MASTER_KEY},
        "litellm_settings": {"request_timeout": 30},
    }


def _entry(name: str, model: str, params: Mapping[str, Any], **info: Any) -> dict[str, Any]:
    return {"model_name": name, "litellm_params": {"model": model, **params}, "model_info": info}
