"""What is not on the hot path, with Starlette: lists, health, metrics, documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from litellm_lite.proxy.metrics import Metrics
    from litellm_lite.proxy.serving import Serving


def cold(serving: Callable[[], Serving], metrics: Callable[[], Metrics]) -> ASGIApp:  # noqa: ARG001 - to come
    """Return the application. Both arguments tell what counts at the moment."""

    async def alive(_: Request) -> Response:
        return JSONResponse("I'm alive!")

    return Starlette(routes=[Route("/health/liveliness", alive)])
