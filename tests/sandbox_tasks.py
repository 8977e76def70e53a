"""What a decoder child does when a file has taken it over; each file says in its first word which of these."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from datasets.sources import Unreadable

SOCKET = 3
SECRET = "/etc/hostname"

_kept: list[bytearray] = []
_served = 0


def obey(file: BinaryIO, **options: Any) -> dict[str, Any]:
    """Do what the file says."""
    global _served
    _served += 1
    word, *rest = file.read().decode().split()
    return ORDERS[word](*rest) | {"pid": os.getpid(), "served": _served, "options": options}


def good(*words: str) -> dict[str, Any]:
    return {"words": list(words), "numbers": np.arange(6, dtype=np.float32).reshape(2, 3), "raw": b"\0\1"}


def environment() -> dict[str, Any]:
    return {"environment": dict(os.environ)}


def spin() -> dict[str, Any]:
    while True:
        pass


def sleep(seconds: str) -> dict[str, Any]:
    time.sleep(float(seconds))
    return {}


def eat(megabytes: str) -> dict[str, Any]:
    _kept.append(bytearray(int(megabytes) << 20))
    return {}


def eat_in_c() -> dict[str, Any]:
    ctypes.CDLL(None).malloc.restype = ctypes.c_void_p
    ctypes.memset(ctypes.CDLL(None).malloc(ctypes.c_size_t(2 << 30)), 1, 2 << 30)
    return {}


def crash() -> dict[str, Any]:
    ctypes.string_at(8)
    return {}


def crash_second() -> dict[str, Any]:
    """An innocent file in a child that an earlier one has broken."""
    return crash() if _served > 1 else {}


def leave() -> dict[str, Any]:
    os._exit(0)


def kill_me() -> dict[str, Any]:
    time.sleep(30)
    return {}


def fail() -> dict[str, Any]:
    raise KeyError("the file's own words\x1b[2J")


def refuse() -> dict[str, Any]:
    raise Unreadable("is a shopping list")


def refuse_oddly() -> dict[str, Any]:
    raise Unreadable("\x1b[2J" * 5)


def unsendable() -> dict[str, Any]:
    return {"object": np.array([object()])}


def garbage() -> dict[str, Any]:
    os.write(SOCKET, b"\xff" * 4096)
    return {}


def huge() -> dict[str, Any]:
    header = b'{"kind": "value", "plain": {}, "raw": [["x", "<f8", [1073741824, 1073741824]]]}'
    os.write(SOCKET, struct.pack("!I", len(header)) + header)
    time.sleep(30)
    return {}


def half() -> dict[str, Any]:
    """Promise a header and hang up."""
    os.write(SOCKET, struct.pack("!I", 1000) + b"{")
    os._exit(0)


# --- ways out of the cell: each raises OSError where it holds ---


def attempt(name: str) -> dict[str, Any]:
    try:
        ESCAPES[name]()
    except (OSError, RuntimeError, ValueError) as error:
        return {"held": type(error).__name__}
    return {"held": ""}


def make_executable() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    if libc.mmap(None, ctypes.c_size_t(4096), 7, 0x22, -1, ctypes.c_size_t(0)) == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "mmap")


def write_a_file() -> None:
    Path("/tmp/winnow-was-here").write_text("x")


def kill_the_parent() -> None:
    os.kill(os.getppid(), 0)


ESCAPES: dict[str, Callable[[], Any]] = {
    "socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
    "unix-socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
    "open": lambda: os.open(SECRET, os.O_RDONLY),
    "list": lambda: list(Path("/").iterdir()),
    "stat": lambda: Path(SECRET).stat(),
    "write": write_a_file,
    "run": lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
    "fork": os.fork,
    "thread": lambda: threading.Thread(target=print).start(),
    "signal": kill_the_parent,
    "more-memory": lambda: __import__("resource").setrlimit(9, (-1, -1)),
    "new-code": make_executable,
    "descriptor": lambda: os.dup(0),
    "change-mode": lambda: os.fchmod(4, 0o777),
}
ORDERS: dict[str, Callable[..., dict[str, Any]]] = {
    function.__name__: function
    for function in (
        good, environment, spin, sleep, eat, eat_in_c, crash, crash_second, leave, kill_me, fail, refuse,
        refuse_oddly, unsendable, garbage, huge, half, attempt,
    )
}  # fmt: skip


def serve_until_killed(folder: str) -> None:
    """Run as a process of its own: a parent with two children, one of which spins; prints all their ids."""
    from datasets.sandbox import DecodePool

    with DecodePool(2, task="tests.sandbox_tasks:obey") as pool:
        pids = [result["pid"] for result in pool.map([Path(folder, "sleep-1"), Path(folder, "sleep-2")])]  # type: ignore[index]
        print(os.getpid(), *pids, flush=True)
        list(pool.map([Path(folder, "spin")]))


if __name__ == "__main__":
    signal.alarm(60)
    serve_until_killed(sys.argv[1])
