"""`litellm-lite emulate`: an emulated Llama API for as long as one wants it, healthy or with a fault."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from litellm_lite.cli.columns import Sheet, show_sheet
from litellm_lite.cli.show import UnusableError, answering, consoles, say
from litellm_lite.emulator import Emulator, Settings, Spell
from litellm_lite.emulator.faults import table


@answering
def run(
    *,
    host: str,
    port: int,
    key: str | None,
    latency_s: float,
    pace_s: float,
    fault: str | None = None,
    speed: float = 1.0,
    answer_tokens: int | None = None,
    any_upstream: bool = False,
    wait: Callable[[], object] = lambda: threading.Event().wait(),
) -> int:
    """Serve while `wait` lasts, or until Ctrl-C, and return the exit code.

    1: it cannot listen there; 2: there is no such fault or speed.
    """
    out, err = consoles()
    settings = Settings(host=host, port=port, latency_s=latency_s, chunk_pace_s=pace_s, answer_tokens=answer_tokens)
    try:
        settings = replace(settings, speed=speed, any_upstream=any_upstream, schedule=(Spell(fault),) if fault else ())
        emulator = Emulator(settings if key is None else replace(settings, api_key=key))
    except ValueError as error:
        raise UnusableError(str(error)) from error
    try:
        emulator.start()
    except OSError as error:
        say(err, f"cannot listen on {host}, port {port}: {error.strerror or error}; --port 0 takes any free one")
        return 1
    try:
        say(out, _directions(emulator, emulator.api_key if key is None else "<the key you gave>"))
        wait()
    except KeyboardInterrupt:
        say(out, "\nstopped")
    finally:
        emulator.close()
    return 0


def list_faults() -> int:
    """Print the faults that can be asked for, and return the exit code."""
    head = ("fault", "parameters", "what happens")
    rows = [(name, parameters, text) for name, text, parameters in table()]
    show_sheet(consoles()[0], Sheet(head, rows, labels=frozenset(head[:1])), aligned=True)
    return 0


def _directions(emulator: Emulator, key: str) -> str:
    fault = "".join(f"Every request meets the fault: {spell.fault}\n" for spell in emulator.settings.schedule)
    return (
        "An emulated Llama API is running; there is no model behind it.\n"
        f"  compatible with OpenAI  {emulator.compat_url}\n"
        f"  Meta's own shape        {emulator.native_url}\n"
        f"{fault}"
        "To use it from another terminal:\n"
        f"  export LLAMA_API_BASE={emulator.compat_url}\n"
        f"  export LLAMA_API_KEY={key}\n"
        "Ctrl-C stops it."
    )
