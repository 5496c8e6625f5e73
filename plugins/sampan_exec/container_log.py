"""Writing a container's output in the CRI log format: ``TIME stdout|stderr F|P line``, bounded by one rotation.

Runs in the launcher; standard library only. Source: kubernetes/design-proposals, kubelet-cri-logging.
"""

from __future__ import annotations

import os
import time

NAMES = {1: b"stdout", 2: b"stderr"}
LONGEST = 16384  # bytes of a line before it is split with the tag P
LARGEST = 10 << 20  # bytes of the log before it becomes log.1 and a new one begins


def stamp(when: int) -> bytes:
    """RFC 3339, UTC, of nanoseconds since the epoch."""
    whole, nanos = divmod(when, 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)).encode() + b".%09dZ" % nanos


class ContainerLog:
    def __init__(self, path: str) -> None:
        self._folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
        self._name = os.path.basename(path)
        self._open()
        self._rest = {1: b"", 2: b""}

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        self._file = os.open(self._name, flags, 0o640, dir_fd=self._folder)
        self._size = os.fstat(self._file).st_size

    def write(self, channel: int, data: bytes) -> None:
        """Add output; an unfinished line waits for its end (or for LONGEST bytes)."""
        *lines, rest = (self._rest[channel] + data).split(b"\n")
        head = stamp(time.time_ns()) + b" " + NAMES[channel]
        out = []
        for line in lines:
            while len(line) > LONGEST:
                out.append(b"%s P %s\n" % (head, line[:LONGEST]))
                line = line[LONGEST:]
            out.append(b"%s F %s\n" % (head, line))
        while len(rest) > LONGEST:
            out.append(b"%s P %s\n" % (head, rest[:LONGEST]))
            rest = rest[LONGEST:]
        self._rest[channel] = rest
        self._put(b"".join(out))

    def close(self) -> None:
        """Write what never got its newline."""
        for channel, rest in self._rest.items():
            if rest:
                self._put(b"%s %s P %s\n" % (stamp(time.time_ns()), NAMES[channel], rest))
        os.close(self._file)
        os.close(self._folder)

    def _put(self, text: bytes) -> None:
        if not text:
            return
        if self._size + len(text) > LARGEST and self._size:
            os.close(self._file)
            os.replace(self._name, self._name + ".1", src_dir_fd=self._folder, dst_dir_fd=self._folder)
            self._open()
        os.write(self._file, text)
        self._size += len(text)
