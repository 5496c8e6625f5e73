"""An image as a tar, for image volumes. CRI hands out no images; containerd does, at the same socket."""

from __future__ import annotations

from collections.abc import Iterator

from sampan_cri.client import Client
from sampan_runtime.contracts import RuntimeFailure


def save(client: Client, reference: str) -> Iterator[bytes]:
    raise RuntimeFailure("CreateContainerError", "image volumes are not there with the cri runtime")
