"""Certificates by CertificateSigningRequest: asked for, waited for, put in place, and renewed before they end.

Knows files and the API; who may have what is the cluster's to say.
"""

from __future__ import annotations

import base64
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import ConfigError
from sampan_client import kubeconfig
from sampan_machinery.resources import CERTIFICATE_SIGNING_REQUESTS as REQUESTS

log = logging.getLogger(__name__)

API_CLIENT = "kubernetes.io/kube-apiserver-client"
KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet"
KUBELET_SERVING = "kubernetes.io/kubelet-serving"
NODE, NODES = "system:node:", "system:nodes"

PATIENCE = 120.0  # seconds in which a request has to be approved and signed
PAUSE = 0.2


@dataclass(frozen=True)
class Wanted:
    """A certificate to ask for. ``names``: of a serving certificate, DNS names and addresses."""

    user: str
    groups: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def signer(self) -> str:
        if self.names:
            return KUBELET_SERVING
        return KUBELET_CLIENT if self.user.startswith(NODE) and NODES in self.groups else API_CLIENT

    @property
    def usages(self) -> list[str]:
        return ["digital signature", "server auth" if self.names else "client auth"]


@dataclass(frozen=True)
class Issued:
    certificate: bytes  # PEM
    key: bytes


def request_of(wanted: Wanted, pem: bytes, seconds: int = 0) -> Object:
    """The CertificateSigningRequest. ``seconds``: how long it shall be valid; 0: as long as the signer likes."""
    spec: Object = {
        "request": base64.b64encode(pem).decode(), "signerName": wanted.signer, "usages": wanted.usages,
        **({"expirationSeconds": seconds} if seconds else {}),
    }  # fmt: skip
    return {"metadata": {"generateName": "node-csr-"}, "spec": spec}


def outcome(request: Object) -> bytes | None:
    """The certificate in PEM, None while there is none; raises ConfigError where there will be none."""
    status = request.get("status") or {}
    for condition in status.get("conditions") or ():
        if condition.get("type") in ("Denied", "Failed"):
            said = condition.get("message") or condition.get("reason") or ""
            raise ConfigError(f"the request {request['metadata']['name']} was {condition['type'].lower()}: {said}")
    text = status.get("certificate")
    return base64.b64decode(text) if text else None


def obtain(
    client: Any, wanted: Wanted, *, seconds: int = 0, patience: float = PATIENCE,
    wait: Callable[[float], Any] = time.sleep, clock: Callable[[], float] = time.monotonic,
) -> Issued:  # fmt: skip
    """Ask, and wait until the certificate is there. Raises ConfigError, StatusError or ConnectionError."""
    from sampan_pki.issuing import new_request

    pem, key = new_request(wanted.user, wanted.groups, wanted.names)
    name = client.create(REQUESTS, request_of(wanted, pem, seconds))["metadata"]["name"]
    end = clock() + patience
    while (certificate := outcome(client.get(REQUESTS, name))) is None:
        if clock() > end:
            raise ConfigError(
                f"the request {name} for {wanted.user} was not approved and signed within {patience:.0f} s; look at "
                f"`kubectl describe csr {name}`, approve it with `kubectl certificate approve {name}`, and try again"
            )
        wait(PAUSE)
    return Issued(certificate, key)


def write_pair(path: Path, issued: Issued) -> None:
    """``path``.crt and .key. The key comes first: readers look for a new certificate, and then find its key."""
    for ending, content, mode in ((".key", issued.key, 0o600), (".crt", issued.certificate, 0o644)):
        write_safely(path.with_name(path.name + ending), content, mode)


def write_safely(path: Path, content: bytes, mode: int) -> None:
    """Atomically, and on the disk before it counts: a node without its key cannot come back."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_identity(paths: Sequence[Path], server: str, authority: bytes, user: str, issued: Issued) -> None:
    """Kubeconfigs with the certificate, whose chain may be of several."""
    for path in paths:
        kubeconfig.write(path, server=server, ca=authority, certificate=issued.certificate, key=issued.key, user=user)


def wait_on(stop: threading.Event) -> Callable[[float], Any]:
    """A ``wait`` for ``obtain`` that ends with the component. Raises ConfigError then."""

    def wait(seconds: float) -> None:
        if stop.wait(seconds):
            raise ConfigError("the component is stopping")

    return wait
