"""How a member is connected to: its Cluster object names its address, and a Secret with the credentials.

The Secret is Karmada's: ``token`` and ``caBundle``; or ``kubeconfig``, a whole file.
"""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import ConfigError, NotFound
from sampan_client import Client
from sampan_client.http import HttpTransport
from sampan_client.kubeconfig import Config, load
from sampan_federation.members.registry import Connect
from sampan_federation.settings import Settings
from sampan_machinery.resources import SECRETS


def connector(host: Client, settings: Settings) -> Connect:
    """Makes clients over sockets."""

    def connect(cluster: Object) -> Client:
        transport = HttpTransport(
            config_of(cluster, _secret(host, cluster)),
            answer_seconds=settings.request_seconds,
            most_bytes=settings.answer_bytes,
        )
        return Client(transport, user_agent="sampan-federation")

    return connect


def config_of(cluster: Object, data: dict[str, bytes]) -> Config:
    """The address and credentials of a member, out of its Cluster object and its Secret. Raises ConnectionError with
    what is missing."""
    name, spec = cluster["metadata"]["name"], cluster.get("spec") or {}
    if spec.get("syncMode") == "Pull":
        raise ConnectionError(f"the cluster {name} is in pull mode: its agent connects to us")
    if spec.get("proxyURL"):
        raise ConnectionError(f"the cluster {name} is behind a proxy ({spec['proxyURL']}), which is not supported")
    if b := data.get("kubeconfig"):
        return _from_kubeconfig(name, b)
    if not spec.get("apiEndpoint"):
        raise ConnectionError(f"the cluster {name} has no apiEndpoint")
    if not data.get("token"):
        raise ConnectionError(f"the Secret of the cluster {name} has no token")
    return Config(
        server=spec["apiEndpoint"],
        ca=data.get("caBundle", b""),
        token=data["token"].decode(errors="replace").strip(),
        insecure=bool(spec.get("insecureSkipTLSVerification")),
    )


def _from_kubeconfig(name: str, content: bytes) -> Config:
    descriptor, path = tempfile.mkstemp(prefix="sampan-")
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        return load(path)
    except ConfigError as error:
        raise ConnectionError(f"the Secret of the cluster {name} has an unusable kubeconfig: {error}") from error
    finally:
        os.unlink(path)


def _secret(host: Client, cluster: Object) -> dict[str, bytes]:
    reference: dict[str, Any] = (cluster.get("spec") or {}).get("secretRef") or {}
    if not reference.get("name"):
        raise ConnectionError(f"the cluster {cluster['metadata']['name']} has no secretRef")
    try:
        secret = host.get(SECRETS, reference["name"], reference.get("namespace", ""))
        return {key: base64.b64decode(value) for key, value in (secret.get("data") or {}).items()}
    except NotFound as error:
        raise ConnectionError(f"the Secret of the cluster {cluster['metadata']['name']} is missing") from error
    except binascii.Error as error:
        raise ConnectionError(f"the Secret of the cluster {cluster['metadata']['name']} is no base64") from error
