"""System calls that no child needs, with their numbers, and the seccomp program that refuses them.

Numbers: Linux ``arch/x86/entry/syscalls/syscall_64.tbl`` and ``include/uapi/asm-generic/unistd.h`` (aarch64). The
program is classic BPF over ``struct seccomp_data`` (``linux/seccomp.h``): number, architecture, six arguments.
"""

from __future__ import annotations

import errno
import functools
import struct

_ABSENT = -1

_REFUSED = """
socket 41 198, socketpair 53 199, connect 42 203, bind 49 200, listen 50 201, accept 43 202, accept4 288 242
sendto 44 206, recvfrom 45 207, sendmsg 46 211, recvmsg 47 212, sendmmsg 307 269, recvmmsg 299 243
fork 57 -, vfork 58 -, execveat 322 281
ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, process_madvise 440 440, kcmp 312 272
pidfd_open 434 434, pidfd_getfd 438 438, pidfd_send_signal 424 424, kill 62 129, tkill 200 130
rt_sigqueueinfo 129 138, rt_tgsigqueueinfo 297 240
creat 85 -, mkdir 83 -, mkdirat 258 34, mknod 133 -, mknodat 259 33, rename 82 -, renameat 264 38
renameat2 316 276, unlink 87 -, unlinkat 263 35, rmdir 84 -, link 86 -, linkat 265 37, symlink 88 -
symlinkat 266 36, truncate 76 45, chmod 90 -, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452
chown 92 -, fchown 93 55, lchown 94 -, fchownat 260 54, utime 132 -, utimes 235 -, futimesat 261 -, utimensat 280 88
setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, setxattrat 463 463
removexattr 197 14, lremovexattr 198 15, fremovexattr 199 16, removexattrat 466 466, file_setattr 469 469
mount 165 40, umount2 166 39, pivot_root 155 41, chroot 161 51, fsopen 430 430, fsconfig 431 431, fsmount 432 432
fspick 433 433, move_mount 429 429, open_tree 428 428, open_tree_attr 467 467, mount_setattr 442 442
unshare 272 97, setns 308 268, name_to_handle_at 303 264, open_by_handle_at 304 265
swapon 167 224, swapoff 168 225, quotactl 179 60, quotactl_fd 443 443, acct 163 89
bpf 321 280, perf_event_open 298 241, userfaultfd 323 282
io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427
add_key 248 217, request_key 249 218, keyctl 250 219, fanotify_init 300 262, memfd_create 319 279, memfd_secret 447 447
kexec_load 246 104, kexec_file_load 320 294, init_module 175 105, finit_module 313 273, delete_module 176 106
reboot 169 142, sethostname 170 161, setdomainname 171 162, settimeofday 164 170, clock_settime 227 112
clock_adjtime 305 266, adjtimex 159 171, personality 135 92, syslog 103 116, ioperm 173 -, iopl 172 -, modify_ldt 154 -
shmget 29 194, shmat 30 196, semget 64 190, msgget 68 186, mq_open 240 180
"""
"""Name, number on x86_64, number on aarch64 (``-``: not there). What opens a connection, a second process or another
process's memory; what changes a file, its name or its dates; what a kernel has for administrators; what past
kernel exploits were built on (bpf, io_uring, userfaultfd, keyrings). Decoding needs none.
"""

_CONDITIONAL = {
    "clone": (56, 220), "clone3": (435, 435), "open": (2, _ABSENT), "openat": (257, 56), "openat2": (437, 437),
    "tgkill": (234, 131), "prlimit64": (302, 261),
}  # fmt: skip
"""System calls that are refused according to their arguments, see `program`."""

_EXECVE = (59, 221)
"""Refused to what runs already: a program in the jail has yet to be started through it."""

MACHINES = {"x86_64": 0, "aarch64": 1}
"""Machines whose numbers are known, as uname(2) names them: their column in the tables."""

_AUDIT_ARCH = (0xC000003E, 0xC00000B7)  # linux/audit.h
_X32_BIT = 0x40000000
"""Set in the numbers of x86_64's third interface, through which a list of numbers could be passed by."""

_CLONE_THREAD = 0x10000
_SIGABRT = 6
_OPENS_TO_WRITE = 0o1 | 0o2 | 0o100 | 0o1000
"""O_WRONLY, O_RDWR, O_CREAT, O_TRUNC: equal on both machines."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # linux/bpf_common.h
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000  # linux/seccomp.h
_REFUSE = _ERRNO | errno.EPERM
_UNKNOWN = _ERRNO | errno.ENOSYS
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_EIGHT_BYTES = 8


def numbers(machine: str) -> dict[str, int]:
    """Every system call of the tables with its number on ``machine``, one of `MACHINES`."""
    column = MACHINES[machine]
    rows = (row.split() for row in _REFUSED.replace(",", "\n").splitlines() if row.strip())
    listed = {name: pair[column] for name, *pair in rows}
    plain = {name: int(text) for name, text in listed.items() if text != "-"}
    return plain | {name: pair[column] for name, pair in _CONDITIONAL.items() if pair[column] != _ABSENT}


@functools.lru_cache(maxsize=4)
def program(machine: str, *, writing: bool, executing: bool = True) -> bytes:
    """The filter as an array of ``struct sock_filter`` (eight bytes each).

    Refused are the calls of the table; a new process (a thread is allowed); a file opened to be written, unless
    ``writing``; another program, unless ``executing``; a signal other than that of abort(3); limits of other processes.
    What is refused fails with EPERM, so that the program can say so; clone3 and openat2, whose arguments lie in memory
    that a filter cannot see, with ENOSYS, whereupon the C library takes the older call. A call by another machine's
    numbers kills.
    """
    known = numbers(machine)
    lines = [
        _line(_LOAD, _ARCH),
        _line(_EQUAL, _AUDIT_ARCH[MACHINES[machine]], 1, 0),
        _line(_RETURN, _KILL),
        _line(_LOAD, _NUMBER),
        _line(_AT_LEAST, _X32_BIT, 0, 1),
        _line(_RETURN, _KILL),
    ]
    for name in ("clone3", "openat2"):
        lines += [_line(_EQUAL, known.pop(name), 0, 1), _line(_RETURN, _UNKNOWN)]
    lines += _when(known.pop("clone"), argument=0, test=_ANY_BIT, value=_CLONE_THREAD, then=_ALLOW, other=_REFUSE)
    for name, place in (("openat", 2), ("open", 1)):
        number = known.pop(name, None)
        if number is not None and not writing:
            lines += _when(number, argument=place, test=_ANY_BIT, value=_OPENS_TO_WRITE, then=_REFUSE, other=_ALLOW)
    lines += _when(known.pop("prlimit64"), argument=0, test=_EQUAL, value=0, then=_ALLOW, other=_REFUSE)
    # abort(3) signals the program itself by tgkill.
    lines += _when(known.pop("tgkill"), argument=2, test=_EQUAL, value=_SIGABRT, then=_ALLOW, other=_REFUSE)
    refused = (*known.values(), *(() if executing else (_EXECVE[MACHINES[machine]],)))
    for number in sorted(refused):
        lines += [_line(_EQUAL, number, 0, 1), _line(_RETURN, _REFUSE)]
    return b"".join([*lines, _line(_RETURN, _ALLOW)])


def _when(number: int, *, argument: int, test: int, value: int, then: int, other: int) -> list[bytes]:
    """Five lines for one call: by the low half of one argument, one verdict or the other. Both machines are
    little-endian, and the arguments in question are ints.
    """
    return [
        _line(_EQUAL, number, 0, 4),
        _line(_LOAD, _ARGUMENTS + _EIGHT_BYTES * argument),
        _line(test, value, 0, 1),
        _line(_RETURN, then),
        _line(_RETURN, other),
    ]


def _line(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
