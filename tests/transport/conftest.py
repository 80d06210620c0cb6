"""The engines and colours every test of this room runs through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from litellm_lite.transport.pools import pools
from tests.transport.sending import Sender


@pytest.fixture(params=["pyreqwest-sync", "pyreqwest-async", "httpx-sync", "httpx-async", "aiohttp-async"])
def sender(request: pytest.FixtureRequest) -> Iterator[Sender]:
    engine, mode = request.param.split("-")
    made = Sender(engine, mode)
    yield made
    made.runner.close()
    pools().close()
