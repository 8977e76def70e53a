"""What a benchmark ran on, and what it used: processor time and memory are read from the system, not guessed."""

from __future__ import annotations

import os
import platform
import re
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from config.version import code_version

T = TypeVar("T")

LIBRARIES = ("av", "numpy", "faiss-cpu", "torch", "open_clip_torch", "Django", "hdbscan", "fast-hdbscan", "pdqhash")


def machine() -> dict[str, Any]:
    """The machine by its processor, cores and memory, and the software that was measured; never its name."""
    return {
        "processor": _first("/proc/cpuinfo", r"model name\s*: (.+)") or platform.machine(),
        "cores": cores(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "winnow": code_version(),
        "date": f"{datetime.now(UTC):%F}",
    }


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


def _first(path: str, pattern: str) -> str:
    try:
        found = re.search(pattern, Path(path).read_text())
    except OSError:
        return ""
    return found[1].strip() if found else ""


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and processor seconds of this process and all it started and has seen end."""

    wall: float
    cpu: float


def spent(work: Callable[[], T]) -> tuple[T, Spent]:
    """Do the work; what came of it, and what it took. Children count once they have ended."""
    clock, processor = time.perf_counter(), _processor_seconds()
    done = work()
    return done, Spent(time.perf_counter() - clock, _processor_seconds() - processor)


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def alone(work: Callable[..., T], *arguments: object) -> T:
    """Do the work in a process of its own, so that its memory is its own, too."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def peak_gb() -> float:
    """The greatest memory of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
