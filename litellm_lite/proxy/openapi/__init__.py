"""The OpenAPI document of what is really served, and a page that shows it. Pure: what is served is an argument."""

from __future__ import annotations

from litellm_lite.proxy.openapi.document import document
from litellm_lite.proxy.openapi.page import page

__all__ = ["document", "page"]
