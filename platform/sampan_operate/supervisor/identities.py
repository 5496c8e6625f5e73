"""Identities of processes: certificates and kubeconfigs under ``home``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import sampan_pki as pki
from sampan.contracts.components import Component
from sampan.files import write_whole
from sampan_client import kubeconfig

ADMIN = ("admin", "kubernetes-admin", ("system:masters",))


def write_identities(home: Path, server_url: str, node_name: str, components: Iterable[Component]) -> Path:
    """Write certificates and kubeconfigs for the admin and every component; returns the admin's kubeconfig."""
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
    certificate, key = pki.client_certificate(directory, name, user, groups)
    kubeconfig.write(
        path, server=server_url, ca=(directory / "ca.crt").read_bytes(), certificate=certificate.read_bytes(),
        key=key.read_bytes(), user=name,
    )  # fmt: skip


def write_client_bundle(directory: Path) -> None:
    """Write both authorities to one file: client certificates of either are accepted by TLS. Authorization is
    separate."""
    bundle = (directory / "ca.crt").read_bytes() + (directory / "front-proxy-ca.crt").read_bytes()
    path = directory / "client-ca.crt"
    if not path.exists() or path.read_bytes() != bundle:
        write_whole(path, bundle)  # atomically: half of it would refuse clients of one authority
