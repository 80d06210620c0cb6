"""One emulator and one gateway for all behaviours; every test has upstreams and a Router of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from litellm_lite.emulator import Emulator
from litellm_lite.proxy.stored import Store
from tests.proxy.behaviours.rig import ClientRig, Served
from tests.router.behaviours.rig import running


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Emulator]:
    with running() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def served(upstreams: Emulator) -> Iterator[Served]:
    """Warm: what a first call loads takes seconds of its clock."""
    served = Served(Store())
    with served.running():
        for streamed in (False, True):
            assert ClientRig(upstreams, served, streamed=streamed).ask().error is None
        yield served


@pytest.fixture(scope="module")
def words(upstreams: Emulator, served: Served) -> str:
    """What every upstream says."""
    return ClientRig(upstreams, served, streamed=False).ask().text


@pytest.fixture(params=[False, True], ids=["plain", "streamed"])
def rig(request: pytest.FixtureRequest, upstreams: Emulator, served: Served) -> ClientRig:
    return ClientRig(upstreams, served, streamed=request.param)


@pytest.fixture
def streaming(upstreams: Emulator, served: Served) -> ClientRig:
    return ClientRig(upstreams, served, streamed=True)
