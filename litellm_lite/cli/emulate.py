"""`litellm-lite emulate`: an emulated Llama API for as long as one wants it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from litellm_lite.cli.show import consoles, say
from litellm_lite.emulator import Emulator, Settings


def run(
    *,
    host: str,
    port: int,
    key: str | None,
    latency_s: float,
    pace_s: float,
    wait: Callable[[], object] = lambda: threading.Event().wait(),
) -> int:
    """Serve while `wait` lasts, or until Ctrl-C, and return the exit code: 1 when it cannot listen there."""
    out, err = consoles()
    settings = Settings(host=host, port=port, latency_s=latency_s, chunk_pace_s=pace_s)
    emulator = Emulator(settings if key is None else replace(settings, api_key=key))
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


def _directions(emulator: Emulator, key: str) -> str:
    return (
        "An emulated Llama API is running; there is no model behind it.\n"
        f"  compatible with OpenAI  {emulator.compat_url}\n"
        f"  Meta's own shape        {emulator.native_url}\n"
        "To use it from another terminal:\n"
        f"  export LLAMA_API_BASE={emulator.compat_url}\n"
        f"  export LLAMA_API_KEY={key}\n"
        "Ctrl-C stops it."
    )
