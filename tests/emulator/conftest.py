"""One emulator for all tests of a session that only read, and a way to ask the pure parts."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from litellm_lite.emulator import Emulator, Settings


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator(Settings()) as running:
        yield running


@pytest.fixture(scope="session")
def client(emulator: Emulator) -> Iterator[httpx.Client]:
    with httpx.Client(headers={"authorization": f"Bearer {emulator.api_key}"}, timeout=30) as connected:
        yield connected
