"""Environments of the benchmark's own, under the git-ignored `.cache/`: litellm's two, and one with the core only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.processes import ROOT

CACHE = ROOT / ".cache" / "benchmarks"
_SOURCES = ("LICENSE", "README.md", "litellm_lite", "model_prices.json", "providers", "pyproject.toml")
_PINS = ROOT / "requirements-dev.txt"
_NAME = f"py{sys.version_info.major}{sys.version_info.minor}"


class NotInstalled(RuntimeError):  # noqa: N818 - a statement of fact; the run goes on without it
    """An environment could not be made."""


def litellm(*, upgrade: bool) -> Path:
    """Return the environment with litellm in it, made at first need from its newest version. Raises NotInstalled."""
    folder = CACHE / f"litellm-{_NAME}"
    if upgrade or version(folder, "litellm") is None:
        _make(folder, "--upgrade", "litellm")
    return folder


def litellm_proxy(*, upgrade: bool) -> Path:
    """Return the environment with litellm's gateway in it, made as that of `litellm`. Raises NotInstalled."""
    folder = CACHE / f"litellm-proxy-{_NAME}"
    if upgrade or version(folder, "litellm") is None:
        _make(folder, "--upgrade", "litellm[proxy]")
    return folder


def core() -> Path:
    """Return an environment made anew, with litellm_lite as a wheel and what it needs. Raises NotInstalled.

    It is built from a copy: a build leaves its traces beside the sources.
    """
    folder = CACHE / f"core-{_NAME}"
    with tempfile.TemporaryDirectory() as copy:
        for name in _SOURCES:
            source, target = ROOT / name, Path(copy, name)
            shutil.copytree(source, target, symlinks=True) if source.is_dir() else shutil.copy2(source, target)
        pins = ["-c", str(_PINS)] if _PINS.exists() else []
        _make(folder, *pins, copy)
    return folder


def python(folder: Path) -> str:
    """Return the interpreter of an environment."""
    return str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")


def version(folder: Path, distribution: str) -> str | None:
    """Return the version of what is installed there, or None."""
    found = sorted(_packages(folder).glob(f"{distribution}-*.dist-info"))
    return found[-1].name.removesuffix(".dist-info").partition("-")[2] if found else None


def distributions(folder: Path) -> int:
    """Return how many distributions are installed there."""
    return len(list(_packages(folder).glob("*.dist-info")))


def size_mb(folder: Path, *, compiled: bool) -> float:
    """Return the size of all files in MB (10⁶ bytes), with or without Python's compiled ones; links count nothing."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files if compiled or path.suffix != ".pyc") / 1e6


def _packages(folder: Path) -> Path:
    return next(iter(folder.glob("lib/python*/site-packages")), folder / "Lib" / "site-packages")


def _make(folder: Path, *what: str) -> None:
    """Make an environment anew, without pip inside: this interpreter's pip fills it."""
    shutil.rmtree(folder, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--python", python(folder), "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", "--without-pip", str(folder)], [*pip, "install", "-q", *what]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), "no word why")
            raise NotInstalled(reason)
