"""An image as a tar, for image volumes, from containerd's content store: CRI itself hands out no images.

Source: OCI image specification (index, manifest); containerd api/services/content/v1.
"""

from __future__ import annotations

import json
import platform
import tarfile
from collections.abc import Iterator
from typing import Any

from sampan_cri.client import Client, CriFailure
from sampan_runtime.contracts import RuntimeFailure

REASON = "CreateContainerError"
LARGEST = 4 << 20  # bytes of an index or a manifest, as containerd's own limit
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def save(client: Client, reference: str) -> Iterator[bytes]:
    """manifest.json and the layers. Asks when the first piece is wanted. Raises RuntimeFailure."""
    try:
        yield from _saved(client, reference)
    except CriFailure as error:
        if error.code == "UNIMPLEMENTED":
            text = "image volumes are there with Docker and containerd: other CRI runtimes hand out no images"
            raise RuntimeFailure(REASON, text) from error
        raise RuntimeFailure(REASON, str(error)) from error


def _saved(client: Client, reference: str) -> Iterator[bytes]:
    known = client.call("ImageStatus", image={"image": reference})["image"]
    if not known:
        raise RuntimeFailure(REASON, f"no image {reference}")
    found = _manifest(client, client.stored_image(known["id"])["target"]["digest"])
    layers = [(layer["digest"], layer["size"]) for layer in found["layers"]]
    head = json.dumps([{"Config": "", "RepoTags": [reference], "Layers": [digest for digest, _ in layers]}]).encode()
    yield from _entry("manifest.json", len(head), iter([head]))
    for digest, size in layers:
        yield from _entry(digest, size, client.content(digest))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _manifest(client: Client, digest: str) -> dict[str, Any]:
    """That of this machine, where the image has one for each kind. Raises RuntimeFailure."""
    found = _json(client, digest)
    if "manifests" in found:
        own = MACHINES.get(platform.machine(), platform.machine())
        fits = [one for one in found["manifests"] if (one.get("platform") or {}).get("architecture") == own]
        if not fits:
            raise RuntimeFailure(REASON, f"the image has no manifest for {own}")
        found = _json(client, fits[0]["digest"])
    return found


def _json(client: Client, digest: str) -> dict[str, Any]:
    data = b""
    for piece in client.content(digest):
        data += piece
        if len(data) > LARGEST:
            raise RuntimeFailure(REASON, f"{digest} is larger than {LARGEST} bytes")
    try:
        found = json.loads(data)
    except ValueError as error:
        raise RuntimeFailure(REASON, f"{digest} is no manifest: {error}") from error
    return found if isinstance(found, dict) else {}


def _entry(name: str, size: int, content: Iterator[bytes]) -> Iterator[bytes]:
    """One file of a tar."""
    info = tarfile.TarInfo(name)
    info.size = size
    yield info.tobuf()
    came = 0
    for piece in content:
        came += len(piece)
        yield piece
    if came != size:
        raise RuntimeFailure(REASON, f"{name} has {came} bytes, not {size}")
    yield bytes(-size % tarfile.BLOCKSIZE)
