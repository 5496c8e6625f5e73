"""Who each process is: its certificate and its kubeconfig under ``home``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sampan import pki
from sampan.client import kubeconfig
from sampan.contracts.components import Component

ADMIN = ("admin", "kubernetes-admin", ("system:masters",))


def write_identities(home: Path, server_url: str, node_name: str, components: Iterable[Component]) -> Path:
    """Certificates and kubeconfigs for the admin and every component; returns the admin's kubeconfig."""
    directory = home / "pki"
    folder = home / "kubeconfigs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for component in components:
        user = component.user.format(node=node_name)
        _write(folder / component.name, directory, server_url, component.name, user, component.groups)
    path = home / "kubeconfig"
    _write(path, directory, server_url, *ADMIN)
    return path


def _write(path: Path, directory: Path, server_url: str, name: str, user: str, groups: tuple[str, ...]) -> None:
    certificate, key = pki.client_certificate(str(directory), name, user, groups)
    kubeconfig.write(
        str(path), server=server_url, ca_file=str(directory / "ca.crt"), certificate_file=certificate, key_file=key,
        cluster="sampan", user=name,
    )  # fmt: skip
