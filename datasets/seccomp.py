"""A list of the system calls that decoding takes; the kernel refuses this process every other one.

A filter is a program for the kernel's small machine (BPF): it sees the number of each call and its plain
arguments, no memory, and answers allow, refuse or kill. See `man 2 seccomp` and the kernel's
Documentation/userspace-api/seccomp_filter.rst. Refused calls fail with EPERM, as on a locked machine, so a
C library that tries a newer call goes on by the older one.
"""

from __future__ import annotations

import ctypes
import errno
import platform

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # what the kernel calls the two
_MACHINES = ("x86_64", "aarch64")

# The number of each call on the machines above, from the kernel's unistd.h.
_ALLOWED: dict[str, tuple[int, int]] = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "pread64": (17, 67),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "getpid": (39, 172),
    "sendto": (44, 206),  # to the one socket there is, which is connected
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "exit": (60, 93),
    "gettid": (186, 178),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "getrandom": (318, 278),
}
_NO_NEW_CODE: dict[str, tuple[int, int]] = {"mmap": (9, 222), "mprotect": (10, 226)}  # third argument: protection
_OPEN_FILES_ONLY: dict[str, tuple[int, int]] = {"newfstatat": (262, 79)}  # fourth argument: flags

_PROT_EXEC, _AT_EMPTY_PATH = 0x4, 0x1000
_LOAD, _IF_EQUAL, _IF_BITS, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2

Line = tuple[int, int, int, int]  # code, lines to skip if true, if false, constant


class _Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("lines", ctypes.POINTER(_Instruction))]


def install() -> None:
    """Put this process (no_new_privs must be set) behind the list for good; raises OSError where it cannot be."""
    machine = platform.machine()
    if machine not in _MACHINES or ctypes.sizeof(ctypes.c_void_p) != 8:
        raise OSError(errno.ENOSYS, f"no list of calls for {machine}")
    lines = program(machine)
    array = (_Instruction * len(lines))(*(_Instruction(*line) for line in lines))
    wanted = _Program(len(lines), array)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), ctypes.byref(wanted), 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel refused the filter")


def program(machine: str) -> list[Line]:
    """The filter for a machine: calls of a foreign architecture kill, listed ones pass, the rest is refused."""
    column = _MACHINES.index(machine)
    lines: list[Line] = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_IF_EQUAL, 1, 0, _AUDIT[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    for numbers in _ALLOWED.values():
        lines += [(_IF_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _ALLOW)]
    for numbers in _NO_NEW_CODE.values():
        lines += _checked(numbers[column], 2, (_IF_BITS, 1, 0, _PROT_EXEC))
    for numbers in _OPEN_FILES_ONLY.values():
        lines += _checked(numbers[column], 3, (_IF_EQUAL, 0, 1, _AT_EMPTY_PATH))
    return [*lines, (_RETURN, 0, 0, _REFUSE)]


def _checked(number: int, argument: int, test: Line) -> list[Line]:
    """Allow a call where `test`, on the low half of an argument, does not skip the next line."""
    load = (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument)
    return [(_IF_EQUAL, 0, 4, number), load, test, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
