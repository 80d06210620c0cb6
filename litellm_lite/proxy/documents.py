"""GET /openapi.json and GET /docs: what is served here, for machines and for people."""

from __future__ import annotations

from litellm_lite.proxy.openapi import document, page
from litellm_lite.proxy.openapi.page import POLICY
from litellm_lite.proxy.visit import Told, Visit, told_json

_SAFE = ((b"content-security-policy", POLICY), (b"x-content-type-options", b"nosniff"))


async def openapi(_: Visit) -> Told:
    """Answer with the OpenAPI document."""
    return told_json(_document())


async def docs(_: Visit) -> Told:
    """Answer with the page."""
    return Told(page(_document()).encode(), b"text/html; charset=utf-8", headers=_SAFE)


def _document() -> dict[str, object]:
    from litellm_lite.proxy.cold import served

    return document(served())
