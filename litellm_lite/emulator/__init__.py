"""A Meta Llama API on loopback: the right shapes, counts, limits and failures, and no model behind them.

    with Emulator(Settings()) as emulator:
        completion(model="meta_llama/Llama-3.3-70B-Instruct", messages=[...],
                   api_base=emulator.compat_url, api_key=emulator.api_key)

A header of every answer says that it is an emulator. Serving needs the extra `proxy`; importing this does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litellm_lite.emulator.record import Seen
    from litellm_lite.emulator.server import Emulator
    from litellm_lite.emulator.settings import Fault, Settings, Spell

__all__ = ["Emulator", "Fault", "Seen", "Settings", "Spell"]

_HOME = {"Emulator": "server", "Fault": "settings", "Seen": "record", "Settings": "settings", "Spell": "settings"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
