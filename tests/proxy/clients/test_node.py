"""OpenAI's client for Node, from npm: `node/talk.mjs` talks to a gateway, and each of its checks is a test here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.proxy.clients.backends import QUESTION, TOOLS, Backend
from tests.proxy.clients.test_openai import Report
from tests.proxy.running import ROOT

SOURCES = Path(__file__).parent / "node"
PLACE = ROOT / ".cache" / "node"
CHECKS = [
    "answer", "stream", "stream_of_events", "parse", "tools", "raw_headers", "models", "wrong_key", "unknown_model",
    "leaving_early", "cut_stream",
]  # fmt: skip
_REPORTS = pytest.StashKey[dict[str, dict[str, str | None]]]()


@pytest.fixture(scope="session")
def installed() -> Path:
    """Install what package.json names, unless that is there already, and return where the script runs."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed: OpenAI's client for Node cannot run")
    PLACE.mkdir(parents=True, exist_ok=True)
    for source in SOURCES.iterdir():
        shutil.copy(source, PLACE)
    wanted = json.loads((SOURCES / "package.json").read_text())["dependencies"]
    there = {name: _version(PLACE / "node_modules" / name / "package.json") for name in wanted}
    if there != wanted:
        # No lock file: it would hold the address of whatever registry is configured here.
        flags = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        subprocess.run(["npm", "install", *flags], cwd=PLACE, check=True, timeout=300)
    return PLACE


@pytest.fixture
def report(installed: Path, backend: Backend, request: pytest.FixtureRequest) -> dict[str, str | None]:
    """What each check said, at this backend; all of them run in one process."""
    known = request.session.stash.setdefault(_REPORTS, {})
    if backend.name not in known:
        known[backend.name] = _talk(installed, backend)
    return known[backend.name]


def _talk(folder: Path, backend: Backend) -> dict[str, str | None]:
    told = {
        "base_url": backend.base_url,
        "key": backend.key,
        "model": backend.model,
        "greedy": dict(backend.greedy),
        "calling": dict(backend.calling),
        "tools": TOOLS,
        "question": QUESTION,
        "schema": Report.model_json_schema(),
        "faulty": backend.name == "emulator",
    }
    environment = {"PATH": os.environ["PATH"], "GATEWAY": json.dumps(told)}
    done = subprocess.run(
        ["node", "talk.mjs"], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    return {line["name"]: line["error"] for line in map(json.loads, done.stdout.splitlines())}


def _version(manifest: Path) -> str | None:
    return str(json.loads(manifest.read_text())["version"]) if manifest.exists() else None


@pytest.mark.parametrize("check", CHECKS)
def test_the_client_for_node_does_what_its_users_do(report: dict[str, str | None], check: str) -> None:
    assert report[check] is None, report[check]


def test_no_check_of_the_script_is_left_out(report: dict[str, str | None]) -> None:
    assert list(report) == CHECKS
