"""`python -m benchmarks [NAME ...] [--quick] [--json FILE] [--upgrade]`: measure, print the table, exit with 0."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import environments, machine, processes, report
from benchmarks.bench import Bench
from benchmarks.measurements import LONG, MEASUREMENTS

_BUSY = 0.5  # load before the run above which its figures deserve a second one


def main() -> None:
    wanted = _arguments()
    processes.end_in_order()
    started = time.monotonic()
    load = machine.load()
    subject_core, mock_core = machine.two_cores()
    names = wanted.names or [name for name in MEASUREMENTS if not (wanted.quick and name in LONG)]
    with processes.mock(mock_core) as origin:
        bench = Bench({}, origin, subject_core, mock_core, wanted.quick)
        about = _find_subjects(bench, names, upgrade=wanted.upgrade)
        print(_introduction(about, load, pinned=subject_core is not None), flush=True)
        for name in names:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            MEASUREMENTS[name](bench)
    print("", report.table(bench.samples, quick=wanted.quick, counts=bench.counts), sep="\n")
    print(_conclusion(bench, time.monotonic() - started))
    if wanted.json:
        _write(wanted.json, bench, {**about, "load_before": load, "pinned": subject_core is not None})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(MEASUREMENTS)}")
    parser.add_argument(
        "--quick", action="store_true", help=f"fewer rounds, and no {', no '.join(LONG)}: about a minute"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    parser.add_argument("--upgrade", action="store_true", help="install litellm's newest version first")
    wanted = parser.parse_args()
    if unknown := [name for name in wanted.names if name not in MEASUREMENTS]:
        parser.error(f"there is no measurement {unknown[0]!r}; there are {', '.join(MEASUREMENTS)}")
    if wanted.json and not wanted.json.absolute().parent.is_dir():
        parser.error(f"there is no folder for {wanted.json}")
    return wanted


def _find_subjects(bench: Bench, names: list[str], *, upgrade: bool) -> dict[str, Any]:
    """Name an interpreter for every subject; returns what is compared, with versions."""
    bench.pythons |= dict.fromkeys(("litellm_lite", "pyreqwest", "httpx", "interpreter"), sys.executable)
    versions = {name: importlib.metadata.version(name) for name in ("pyreqwest", "httpx", "orjson", "pydantic")}
    needed = {
        "litellm": (environments.litellm, set(names) - {"gateway"}),
        "litellm_proxy": (environments.litellm_proxy, set(names) & {"gateway"}),
    }
    for subject, (install, needing) in needed.items():
        if not needing:
            continue
        print(f"looking for {subject}, which is installed at the first run ...", file=sys.stderr, flush=True)
        try:
            folder = install(upgrade=upgrade)
        except environments.NotInstalled as error:
            bench.notes.append(f"{subject} could not be installed and is not in the table: {error}")
        else:
            bench.pythons[subject] = environments.python(folder)
            versions[subject] = environments.version(folder, "litellm") or "unknown"
    return {
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "quick": bench.quick,
        "versions": versions,
    }


def _introduction(about: dict[str, Any], load: float, *, pinned: bool) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    lines = [
        f"{about['date']}, Python {about['python']} on {about['system']}, {about['cores']} cores; {versions}",
        "subjects on one core, the mock on another" if pinned else "processes are not pinned to cores here",
    ]
    if load > _BUSY:
        lines.append(f"something else was running (load {load:.1f}): trust the ratios, not the single figures")
    return "\n".join(lines)


def _conclusion(bench: Bench, seconds: float) -> str:
    judged = [verdict for verdict in report.verdicts(bench.samples, quick=bench.quick) if verdict.reached is not None]
    missed = [verdict for verdict in judged if not verdict.reached]
    lines = ["", *bench.notes]
    lines.append(f"{len(judged) - len(missed)} of {len(judged)} targets reached, in {seconds:.0f} s")
    lines += [f"missed: {report.title(verdict.target.figure, bench.counts)}: {verdict}" for verdict in missed]
    return "\n".join(lines)


def _write(path: Path, bench: Bench, about: dict[str, Any]) -> None:
    judged = [
        {**asdict(verdict.target), "value": verdict.value, "reached": verdict.reached}
        for verdict in report.verdicts(bench.samples, quick=bench.quick)
    ]
    content = {"about": about, "samples": bench.samples, "verdicts": judged, "notes": bench.notes}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
