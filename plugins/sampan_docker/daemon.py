"""Whether a Docker daemon serves this machine, and where its containers reach it. Imports no Docker library."""

from __future__ import annotations

import fcntl
import socket
import struct

SOCKET = "/var/run/docker.sock"
BRIDGE = "docker0"
SIOCGIFADDR = 0x8915


def trouble(path: str = SOCKET) -> str:
    """Why the daemon cannot be used, "" where it answers pings."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        try:
            probe.connect(path)
            probe.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            answer = probe.recv(256)
        except OSError as error:
            return f"no Docker daemon answers ({error.strerror or error})"
    return "" if b" 200 " in answer else "no Docker daemon answers (it refuses a ping)"


def bridge_address(name: str = BRIDGE) -> str:
    """The IPv4 address of a network interface, "" where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
        except OSError:
            return ""
    return socket.inet_ntoa(answer[20:24])
