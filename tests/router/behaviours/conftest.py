"""One emulator for all behaviours; every test has upstreams of its own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from litellm_lite.emulator import Emulator
from tests.router.behaviours.rig import STREAMED, WAYS, Rig, running


@pytest.fixture(scope="session")
def upstreams() -> Iterator[Emulator]:
    """Warm: what a first call loads takes seconds of its clock."""
    with running() as emulator:
        for way in WAYS:
            assert Rig(emulator, way).call().error is None
        yield emulator


@pytest.fixture(scope="session")
def words(upstreams: Emulator) -> str:
    """What every upstream says."""
    return Rig(upstreams).call().text


@pytest.fixture(params=WAYS)
def rig(request: pytest.FixtureRequest, upstreams: Emulator) -> Rig:
    return Rig(upstreams, request.param)


@pytest.fixture(params=STREAMED)
def streaming(request: pytest.FixtureRequest, upstreams: Emulator) -> Rig:
    return Rig(upstreams, request.param)
