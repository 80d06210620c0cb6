"""What the operating system tells and allows: memory and CPU time of processes, load, and the cores they may use."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STATM = Path("/proc/self/statm")
_PSS = re.compile(r"^Pss: *(\d+) kB", re.MULTILINE)


def resident_mb() -> float:
    """Return this process's resident memory in MB (10⁶ bytes); where the system only tells the peak, the peak."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def tells_of_others() -> bool:
    """Whether the system tells what the other functions with a process's number ask for: Linux does."""
    return Path("/proc/self/smaps_rollup").exists()


def family(pid: int) -> list[int]:
    """Return a process and all that came of it and are still there, the oldest first."""
    found = [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return found


def resident_mb_of(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def shared_out_mb(pids: list[int]) -> float:
    """Return the memory of processes in MB; of what is shared, each has its part (PSS)."""
    found = [_PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text()) for pid in pids]
    return sum(int(pss[1]) for pss in found if pss) * 1024 / 1e6


def cpu_s_of(pid: int) -> float:
    """Return the CPU time a process has used so far, all its threads included; in steps of 10 ms."""
    # The name stands second, in brackets, and may hold anything.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load() -> float:
    """Return how many processes have lately wanted a core; 0 where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def two_cores() -> tuple[int | None, int | None]:
    """Return a core for the subjects and another for the mock; None where processes cannot be pinned or shared out."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else (None, None)


def pin(core: int | None) -> None:
    """Keep this process, and what it will start, on one core."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keep this thread, and what it starts meanwhile, on one core while in the context."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
