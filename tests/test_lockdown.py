"""What a decoder child can no longer do, with every layer and with each alone."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from datasets import seccomp
from datasets.sandbox import DecodePool
from tests.sandbox_tasks import ESCAPES, SECRET

ROOT = Path(__file__).resolve().parents[1]
LAYERS = {
    "no network", "empty root", "no privileges", "dies with parent", "no new privileges", "landlock", "limits",
    "system calls",
}  # fmt: skip


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(1, task="tests.sandbox_tasks:obey") as pool:
        yield pool


@pytest.mark.parametrize("way", ESCAPES)
def test_a_child_has_no_way_out(tmp_path: Path, pool: DecodePool, way: str) -> None:
    if "system calls" not in pool.protection.active:
        pytest.skip(f"this system grants no seccomp: {pool.protection}")
    path = tmp_path / "way"
    path.write_text(f"attempt {way}")
    (result,) = pool.map([path])
    assert isinstance(result, dict), result
    assert result["held"]


def test_the_layers_are_told(pool: DecodePool) -> None:
    protection = pool.protection
    assert set(protection.active) | set(protection.missing) == LAYERS
    assert not set(protection.active) & set(protection.missing)
    assert {"limits", "no new privileges", "dies with parent"} <= set(protection.active)
    assert protection.no_network
    assert protection.one_file
    assert str(protection).startswith(protection.active[0])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_without_root_the_layers_come_from_a_user_namespace(pool: DecodePool) -> None:
    """As on a workstation; the user changes in the process, since nobody may not read this interpreter."""
    script = (
        "import json, os\nfrom datasets.lockdown import Lockdown\nlock = Lockdown(os.getppid())\n"
        "os.setgroups([]), os.setresgid(*[65534] * 3), os.setresuid(*[65534] * 3)\n"
        "lock.leave_network()\nlock.lock(1 << 28)\nprint(json.dumps([lock.active, lock.missing]))"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    active, missing = map(set, json.loads(run.stdout))
    assert active | missing == LAYERS
    assert active >= LAYERS - {"no network", "empty root"}, "these two need user namespaces, the others nothing"
    assert missing <= set(pool.protection.missing) | {"no network", "empty root"}


@pytest.mark.parametrize(
    ("given_up", "kept"),
    [
        (("seccomp.install",), {"empty root", "landlock", "no network"}),
        (("seccomp.install", "_empty_root"), {"landlock", "no network"}),
        (("seccomp.install", "_landlock"), {"empty root", "no network"}),
        (("seccomp.install", "_empty_root", "_leave_network"), {"landlock"}),
        (("_empty_root", "_landlock", "_leave_network"), {"system calls"}),
    ],
)
def test_each_layer_holds_without_the_others(given_up: tuple[str, ...], kept: set[str], pool: DecodePool) -> None:
    if not kept <= set(pool.protection.active):
        pytest.skip(f"not all to be had here: {pool.protection}")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        lines = [
            "import json, os, socket\nfrom datasets import lockdown\nfrom datasets.lockdown import seccomp",
            "def refuse(): raise OSError",
            *(f"{name if '.' in name else 'lockdown.' + name} = refuse" for name in given_up),
            "held, lock = [], lockdown.Lockdown(os.getppid())",
            "lock.leave_network(), lock.lock(1 << 28)",
            f"for way in (lambda: open({SECRET!r}), lambda: socket.create_connection(('127.0.0.1', {port}), 2)):",
            "    try: way(); held.append('')",
            "    except Exception as error: held.append(type(error).__name__)",
            "print(json.dumps([lock.active, held]))",
        ]
        command = [sys.executable, "-c", "\n".join(lines)]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    active, held = json.loads(run.stdout)
    assert kept <= set(active)
    assert len(active) == len(LAYERS) - len(given_up)
    assert all(held), "neither a file nor a port"


# --- the filter, run by hand ---


def verdict(machine: str, number: int, arguments: tuple[int, ...] = (), kernel: int | None = None) -> int:
    """What the kernel makes of a call: the action of the filter, by a machine of our own."""
    data = {0: number, 4: seccomp._AUDIT[machine] if kernel is None else kernel}
    data |= {16 + 8 * place: value & 0xFFFFFFFF for place, value in enumerate(arguments)}
    lines, at, held = seccomp.program(machine), 0, 0
    while True:
        code, yes, no, constant = lines[at]
        at += 1
        match code:
            case 0x20:
                held = data[constant]
            case 0x15:
                at += yes if held == constant else no
            case 0x45:
                at += yes if held & constant else no
            case 0x06:
                return constant


ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000


@pytest.mark.parametrize(
    ("machine", "read", "mmap", "stat", "refused"),
    [
        (
            "x86_64",
            0,
            9,
            262,
            {"open": 2, "socket": 41, "execve": 59, "openat": 257, "x32 read": 1 << 30},
        ),
        ("aarch64", 63, 222, 79, {"openat": 56, "socket": 198, "clone": 220, "execve": 221, "clone3": 435}),
    ],
)
def test_the_filter_lets_through_what_decoding_takes(
    machine: str, read: int, mmap: int, stat: int, refused: dict[str, int]
) -> None:
    assert verdict(machine, read) == ALLOW
    assert {name: verdict(machine, number) for name, number in refused.items()} == dict.fromkeys(refused, REFUSE)
    assert verdict(machine, mmap, (0, 4096, 0b011)) == ALLOW
    assert verdict(machine, mmap, (0, 4096, 0b111)) == REFUSE
    assert verdict(machine, stat, (3, 0, 0, 0x1000)) == ALLOW
    assert verdict(machine, stat, (3, 0, 0, 0)) == REFUSE
    assert verdict(machine, read, kernel=0x40000003) == KILL, "a call by another architecture's numbers"


def test_every_number_is_there_once() -> None:
    for column in range(2):
        tables = (seccomp._ALLOWED, seccomp._NO_NEW_CODE, seccomp._OPEN_FILES_ONLY)
        numbers = [numbers[column] for table in tables for numbers in table.values()]
        assert len(set(numbers)) == len(numbers)
