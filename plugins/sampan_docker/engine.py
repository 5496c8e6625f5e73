"""The connection to dockerd: the one place that imports the docker SDK, and only when called.

Translates the SDK's errors into RuntimeFailure and speaks the few endpoints whose raw bytes we need (logs by channel).
"""

from __future__ import annotations

import logging
import os
import socket
import struct
from collections.abc import Callable
from typing import Any, TypeVar

from sampan.errors import SampanError
from sampan_docker.daemon import SOCKET, trouble
from sampan_runtime.contracts import RuntimeFailure

log = logging.getLogger(__name__)

OLDEST, NEWEST = (1, 41), (1, 47)  # API versions this runtime was written against: Docker 20.10 to 27 and later

Answer = TypeVar("Answer")


def address() -> str:
    return os.environ.get("DOCKER_HOST") or f"unix://{SOCKET}"


def trouble_at(where: str) -> str:
    """Why a daemon at a socket of this machine cannot be used, as doctor says it; "" for others, and where it can."""
    kind, _, path = where.partition("://")
    why = trouble(path) if kind == "unix" else ""
    return f"{why} at {where}" if why else ""


def connect(*, timeout: float = 60, connections: int = 32) -> Any:
    """A docker.APIClient that works; raises SampanError with a sentence for the user."""
    import docker

    logging.getLogger("docker").setLevel(logging.WARNING)  # it logs each request

    try:
        client = docker.APIClient(base_url=address(), version="auto", timeout=timeout, max_pool_size=connections)
    except docker.errors.DockerException as error:
        why = trouble_at(address()) or f"the daemon at {address()} does not answer: {error}"
        raise SampanError(f"docker: {why}; start it, or choose another node.runtime") from error
    offered = tuple(int(part) for part in client.api_version.split("."))
    if offered < OLDEST:
        client.close()
        raise SampanError(f"docker: API {client.api_version} is too old; Docker 20.10 or later is needed")
    return client


def shares_mounts(where: str = "") -> bool:
    """Whether the daemon is in this process's mount namespace, so that it finds what is mounted here.

    A service with a mount namespace of its own (systemd's PrivateTmp is enough) mounts for itself alone: the daemon
    would show containers the empty directory beneath.
    """
    scheme, _, path = (where or address()).partition("://")
    if scheme != "unix":
        return False
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2)
            probe.connect(path)
            pid, _, _ = struct.unpack("3i", probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return os.stat(f"/proc/{pid}/ns/mnt").st_ino == os.stat("/proc/self/ns/mnt").st_ino
    except OSError:
        return False  # another machine's, another user's


def ask(reason: str, call: Callable[..., Answer], *arguments: Any, **named: Any) -> Answer:
    """Call the SDK; its failures become RuntimeFailure with ``reason``."""
    import docker.errors
    import requests

    try:
        return call(*arguments, **named)
    except docker.errors.APIError as error:
        raise RuntimeFailure(reason, str(error.explanation or error)) from error
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        raise RuntimeFailure(reason, f"the Docker daemon does not answer: {error}") from error


def is_missing(error: RuntimeFailure) -> bool:
    """Whether the failure was that the thing asked about does not exist."""
    return getattr(error.__cause__, "status_code", None) == 404


def open_logs(client: Any, container_id: str, *, follow: bool, since: int, tail: int) -> Any:
    """The raw answer of /containers/ID/logs: frames of [channel,0,0,0,length] unless the container has a terminal."""
    query = {
        "stdout": "1",
        "stderr": "1",
        "timestamps": "1",
        "follow": "1" if follow else "0",
        "since": f"{since // 10**9}.{since % 10**9:09d}" if since else "0",
        "tail": str(tail) if tail >= 0 else "all",
    }
    url = f"{client.base_url}/v{client.api_version}/containers/{container_id}/logs"
    answer = client.get(url, params=query, stream=True, timeout=None)
    if answer.status_code != 200:
        answer.close()
        raise RuntimeFailure("LogsError", f"no logs of container {container_id[:12]}: {answer.text.strip()}")
    return answer
