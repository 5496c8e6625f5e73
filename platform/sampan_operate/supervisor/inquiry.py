"""Reads the health of running processes over their Unix sockets. For commands; changes nothing."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from sampan.errors import ConfigError, StatusError
from sampan_operate.supervisor.health_server import reachable

PATIENCE = 5.0
ALONE = "alone-"  # prefix of the names of processes that were not started by `sampan up`


def socket_of(home: Path, process: str) -> Path:
    return home / "run" / f"{process}.sock"


def ask(path: Path, page: str = "/state") -> tuple[int, bytes]:
    """(status, body) of a page. Raises OSError if the process does not answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
        end.settimeout(PATIENCE)
        with reachable(path) as short:
            end.connect(short)
        end.sendall(f"GET {page} HTTP/1.1\r\nHost: sampan\r\n\r\n".encode())
        answer = b""
        while more := end.recv(65536):
            answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(None, 2)
    if len(words) < 2 or not words[1].isdigit():
        raise ConnectionError(f"{path} gives no answer")
    return int(words[1]), body


def components(home: Path, process: str) -> dict[str, dict[str, Any]]:
    """The last report of each component of a process, by name; {} if the process does not answer (yet)."""
    try:
        _, body = ask(socket_of(home, process))
        found: dict[str, dict[str, Any]] = json.loads(body)["components"]
    except (OSError, ValueError, KeyError):
        return {}
    return found


def parts(home: Path) -> dict[str, int]:
    """Name and pid of the processes of this home that answer and were not started by `sampan up`."""
    found = {}
    for path in sorted((home / "run").glob(f"{ALONE}*.sock")):
        try:
            _, body = ask(path)
            found[path.stem] = int(json.loads(body)["pid"])
        except (OSError, ValueError, KeyError):
            continue  # its process has ended without removing the socket
    return found


def api_answers(kubeconfig: Path, server: str = "") -> bool:
    """Whether an API server with a certificate of this home's authority answers there, healthy or not."""
    from sampan_client import Client

    if not kubeconfig.exists():
        return False
    try:
        client = Client.from_kubeconfig(str(kubeconfig), server=server)
    except ConfigError:
        return False
    try:
        client.request("GET", "/livez")
    except StatusError:
        return True
    except OSError:
        return False
    finally:
        client.close()
    return True
