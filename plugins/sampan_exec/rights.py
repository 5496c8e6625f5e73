"""Mount and user namespaces by ctypes: what lets a host process see its volumes at their container paths.

Also run inside the launcher process, so it imports the standard library only. Knows nothing of pods or the runtime.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWUSER = 0x00020000, 0x04000000, 0x10000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 8, 32, 4096, 16384
MS_UNBINDABLE, MS_PRIVATE = 1 << 17, 1 << 18
#: Flags that the kernel locks on mounts seen from a user namespace; a remount has to repeat them.
LOCKED = os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME | os.ST_RELATIME
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


def enter(descriptor: int, kind: int = 0) -> None:
    """Join the namespace behind an open /proc/PID/ns file. Source: setns(2)."""
    _check(_libc.setns(descriptor, kind), "setns")


def mount(source: str, target: str, *, kind: str = "none", flags: int = 0, data: str = "") -> None:
    arguments = (source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode() or None)
    _check(_libc.mount(*arguments), f"mount {source} on {target}")


def bind(source: str, target: str) -> None:
    mount(source, target, flags=MS_BIND | MS_REC)


def make_read_only(point: str) -> None:
    """For everybody who sees it through this mount."""
    kept = os.statvfs(point).f_flag & LOCKED
    mount("none", point, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | kept)


def become_subreaper() -> None:
    """Orphaned descendants of this process become its children. Source: prctl(2)."""
    _check(_libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def die_with(parent: int) -> None:
    """Be killed when the parent ends, or strictly its thread that forked this process; at once if it has.

    Source: prctl(2).
    """
    _check(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os._exit(137)


def no_new_privileges() -> None:
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def own_namespaces(hostname: str) -> None:
    """Leave the host's mount and host-name namespaces; without root by way of a user namespace. Raises OSError."""
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        unshare(CLONE_NEWNS | CLONE_NEWUTS)
    else:
        unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    if hostname:
        socket.sethostname(hostname)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


if __name__ == "__main__":  # a trial, in a process of its own: ends with 0 where this user may mount
    own_namespaces("")
    mount("tmpfs", "/tmp", kind="tmpfs")
