"""The gateway: OpenAI's API in front of every provider. Needs the extra `proxy`.

`litellm-lite --config config.yaml` serves it with Granian; `app` is the same for any other ASGI server, as in
`LITELLM_LITE_CONFIG=config.yaml uvicorn litellm_lite.proxy:app`.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Make `app` when it is first asked for; without a file named in the environment it serves the keys found there."""
    if name != "app":
        msg = f"litellm_lite.proxy has no {name!r}"
        raise AttributeError(msg)
    from litellm_lite.proxy.config import file_named
    from litellm_lite.proxy.server import Source, application

    made = application(Source(config=file_named()))
    globals()[name] = made
    return made
