"""What every test has: a clean environment, and a scripted server for those who ask."""

from __future__ import annotations

import gc
import os
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# One for all: a fixture that is named in several places would be as many servers.
from tests.llama_cpp.serving import embedder, llama_server, tiny_llama_file  # noqa: F401 - they are fixtures
from tests.wire import Wire

_OURS = ("_API_KEY", "_API_BASE", "_BASE_URL", "_PROXY")
_NAMED = ("SSL_CERT_FILE", "SSL_CERT_DIR", "LITELLM_LITE_ENGINE", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID")


def pytest_collection_finish() -> None:
    """Let the collector leave alone what is there to stay: thousands of tests.

    To look at them all takes it half a second, and a test whose clock runs ten times as fast would lose five.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, base URL, proxy or CA of the machine's own reaches a test."""
    for name in os.environ:
        if name.upper().endswith(_OURS) or name.upper() in _NAMED:
            monkeypatch.delenv(name)


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as running:
        yield running


@pytest.fixture
def new_wire() -> Iterator[Callable[..., Wire]]:
    """Make further wires: another host, a proxy, one that speaks TLS."""
    made: list[Wire] = []

    def make(tls: ssl.SSLContext | None = None, greeting: bytes = b"") -> Wire:
        made.append(Wire(tls, greeting))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


class Authority:
    """A certificate authority of the test's own. `server` is a context it vouches for.

    `ca_file` holds its certificate, second after another one: bundles are files of many.
    """

    def __init__(self, folder: Path) -> None:
        import trustme

        self._ca = trustme.CA()
        self.ca_file = str(folder / "ca.pem")
        trustme.CA().cert_pem.write_to_path(self.ca_file)
        self._ca.cert_pem.write_to_path(self.ca_file, append=True)

    def server(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*(names or ("localhost", "127.0.0.1"))).configure_cert(context)
        return context
