"""Ids for answers whose vendors gave none."""

from __future__ import annotations

import uuid


def new_id() -> str:
    """Return the id of a chat completion."""
    return f"chatcmpl-{uuid.uuid4()}"
