"""What a decoder child gives up before it meets a file, layer by layer, each where the system grants it.

Two steps: `leave_network` while the process has one thread, `lock` once everything that it will ever need is
imported. After that it holds one socket to its parent and the one file it is handed; on Linux with every
layer it can open nothing, connect nowhere, start nothing, and nothing in this module can be undone.

| layer | keeps the child from | needs |
| --- | --- | --- |
| no network | any connection (empty network and IPC namespaces) | root, or user namespaces for everybody |
| empty root | any path (chroot into a folder that is deleted already) | the same, and a writable temp folder |
| no privileges | acting as root, or by any capability | Linux |
| dies with parent | outliving it when busy (an idle one sees its socket close) | Linux |
| no new privileges | gaining rights by starting a program | Linux 3.5 |
| landlock | any path, TCP port or signal beyond itself | Linux 5.13 with Landlock; more of it since 6.7 and 6.12 |
| limits | memory, files it could write, processes, a second descriptor | any Unix |
| system calls | every call but those that decoding takes (see `seccomp`) | Linux on x86_64 or aarch64 |
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

from datasets import seccomp

_NAMESPACES = 0x40000000 | 0x08000000  # CLONE_NEWNET, CLONE_NEWIPC
_NEW_USER = 0x10000000
_NOBODY = 65534
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CAPABILITY_VERSION = 0x20080522
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446  # the same on every architecture
_DESCRIPTORS = 5  # stdin, stdout, stderr, the parent's socket, one file

Step = Callable[[], None]


class Lockdown:
    """Takes the layers one after the other and keeps what came of each; `parent`: the process that started this."""

    def __init__(self, parent: int) -> None:
        self._parent = parent
        self.active: list[str] = []
        self.missing: list[str] = []

    def leave_network(self) -> None:
        """The layer that without root takes a process of one thread, as it is before a task is imported."""
        self._take("no network", _leave_network)

    def lock(self, memory: int) -> None:
        """Every other layer; `memory`: bytes that may be mapped on top of what is mapped now."""
        allowed = _mapped() + memory
        self._take("empty root", _empty_root)
        self._take("no privileges", _drop_privileges)
        self._take("dies with parent", lambda: _die_with(self._parent))  # a change of user would cancel it
        self._take("no new privileges", lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1))
        self._take("landlock", _landlock)
        self._take("limits", lambda: _limit(allowed))
        self._take("system calls", seccomp.install)

    def _take(self, layer: str, step: Step) -> None:
        try:
            step()
        except (OSError, AttributeError, ValueError):  # no such call here, or not for this user
            self.missing.append(layer)
        else:
            self.active.append(layer)


def _call(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    _call(_libc().prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)))


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when the thread that started it ends, even by `kill -9`."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # too late
        os._exit(1)


def _leave_network() -> None:
    try:
        _call(_libc().unshare(_NAMESPACES))
    except OSError:  # not root: in a user namespace of one's own, where the system has them
        _call(_libc().unshare(_NEW_USER | _NAMESPACES))


def _empty_root() -> None:
    """Nothing lies in a deleted folder, and nothing can ever be made there."""
    folder = tempfile.mkdtemp(prefix="winnow-")
    try:
        os.chdir(folder)
    finally:
        Path(folder).rmdir()
    os.chroot(".")


def _drop_privileges() -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _call(_libc().capset(header, (ctypes.c_uint32 * 6)()))


def _landlock() -> None:
    """Handle every right that this kernel knows and grant none."""
    libc = _libc()
    version = _call(libc.syscall(ctypes.c_long(_LANDLOCK_CREATE), None, ctypes.c_size_t(0), ctypes.c_uint32(1)))
    files = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    ports = 0b11 if version >= 4 else 0  # bind and connect
    scopes = 0b11 if version >= 6 else 0  # abstract sockets and signals of others
    rules = (ctypes.c_uint64 * 3)(files, ports, scopes)
    size = ctypes.c_size_t(8 if version < 4 else 16 if version < 6 else 24)
    ruleset = _call(libc.syscall(ctypes.c_long(_LANDLOCK_CREATE), rules, size, ctypes.c_uint32(0)))
    try:
        _call(libc.syscall(ctypes.c_long(_LANDLOCK_RESTRICT), ctypes.c_int(ruleset), ctypes.c_uint32(0)))
    finally:
        os.close(ruleset)


def _limit(memory: int) -> None:
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: _DESCRIPTORS,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))


def _mapped() -> int:
    """Bytes of address space in use: libraries mostly, which is why the limit is counted from here."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.EACCES):
            raise
        return 512 << 20
