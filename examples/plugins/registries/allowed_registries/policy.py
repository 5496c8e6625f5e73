"""The rule itself; knows reviews, knows nothing of hooks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sampan.contracts.admission import Review
from sampan.errors import Forbidden

#: Every list of containers that a pod has; a sidecar is an init container that goes on running.
LISTS = ("initContainers", "containers", "ephemeralContainers")
DEFAULT_REGISTRY = "docker.io"


class AllowedRegistries:
    """Refuses pods with images from elsewhere. Images that a pod has already are not looked at again, so that a
    policy made stricter never keeps a running pod from being updated or removed."""

    name = "registries"
    operations = frozenset({"CREATE", "UPDATE"})
    resources = frozenset({"pods"})
    mutates = False
    priority = 500

    def __init__(self, allowed: Collection[str], exempt: Collection[str] = ()) -> None:
        self._allowed = tuple(entry.rstrip("/") for entry in allowed)
        self._exempt = frozenset(exempt)

    def admit(self, review: Review) -> None:
        if review.namespace in self._exempt:
            return
        known = set(images(review.old))
        for where, image in images(review.object):
            if (where, image) not in known and not self._is_allowed(image):
                raise Forbidden(
                    f"{review.ref}: {where} has the image {image} from {full_name(image).partition('/')[0]}; "
                    f"images may come from {', '.join(self._allowed) or 'nowhere'}"
                )

    def _is_allowed(self, image: str) -> bool:
        name = full_name(image)
        return any(name.startswith(f"{entry}/") or _untagged(name) == entry for entry in self._allowed)


def images(pod: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    """(where, image) for every container: ``("containers main", "nginx:1")``."""
    spec = (pod or {}).get("spec") or {}
    for name in LISTS:
        for container in spec.get(name) or ():
            yield f"{name} {container.get('name')}", container.get("image") or ""


def full_name(image: str) -> str:
    """The image with its registry, as container runtimes complete it: nginx:1 is docker.io/library/nginx:1."""
    first, slash, rest = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry = DEFAULT_REGISTRY if first == "index.docker.io" else first
        return f"{registry}/{rest}"
    return f"{DEFAULT_REGISTRY}/{image}" if slash else f"{DEFAULT_REGISTRY}/library/{image}"


def _untagged(name: str) -> str:
    """Without tag and digest."""
    path = name.partition("@")[0]
    head, colon, tag = path.rpartition(":")
    return head if colon and "/" not in tag else path
