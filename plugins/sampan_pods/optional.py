"""Rules about pods that are off until a setting turns them on: AlwaysPullImages, ExtendedResourceToleration.

Source: upstream's admission controllers of these names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan_machinery import names, problems
from sampan_podspec.containers import walk

ALWAYS = "Always"


class _OfPods:
    operations = frozenset({"CREATE", "UPDATE"})
    resources = frozenset({"pods"})
    subresources = frozenset({""})


class AlwaysPullImages(_OfPods):
    """Each image is pulled at each start: only who may pull an image can run it, also where a node has it already."""

    name = "AlwaysPullImages"
    mutates = True
    priority = 250

    def admit(self, review: Review) -> None:
        pod = review.object
        if pod is None or not has_new_image(pod, review.old):
            return
        for _, container in walk(pod["spec"]):
            container["imagePullPolicy"] = ALWAYS
        for volume in pod["spec"].get("volumes") or ():
            if volume.get("image") is not None:
                volume["image"]["pullPolicy"] = ALWAYS


class AlwaysPullImagesCheck(_OfPods):
    """Refuses what a later mutating rule has turned back."""

    name = "AlwaysPullImagesCheck"
    mutates = False
    priority = 250

    def admit(self, review: Review) -> None:
        pod = review.object
        if pod is not None and has_new_image(pod, review.old):
            wrong = [
                problems.unsupported(path, policy, (ALWAYS,)) for path, policy in policies(pod) if policy != ALWAYS
            ]
            if wrong:
                raise review.forbidden(", ".join(f"{each.path}: {each.message}" for each in wrong))


def has_new_image(pod: Object, old: Object | None) -> bool:
    """Whether a container has an image that the pod did not have before."""
    if old is None:
        return True
    known = {container.get("image") for _, container in walk(old["spec"])}
    return any(container.get("image") not in known for _, container in walk(pod["spec"]))


def policies(pod: Object) -> Iterator[tuple[str, Any]]:
    """The path and value of each pull policy."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(pod["spec"].get(field) or ()):
            yield f"spec.{field}[{index}].imagePullPolicy", container.get("imagePullPolicy")
    for index, volume in enumerate(pod["spec"].get("volumes") or ()):
        if volume.get("image") is not None:
            yield f"spec.volumes[{index}].image.pullPolicy", volume["image"].get("pullPolicy")


class ExtendedResourceToleration(_OfPods):
    """A pod tolerates the taint that is named after a device which it asks for: nodes with devices can be kept for the
    pods that need them."""

    name = "ExtendedResourceToleration"
    mutates = True
    priority = 650

    def admit(self, review: Review) -> None:
        pod = review.object
        if pod is None:
            return
        tolerations = pod["spec"].get("tolerations") or []
        for name in sorted(extended_resources(pod)):
            fresh = {"key": name, "operator": "Exists", "effect": "NoSchedule"}
            same = [each for each in tolerations if _is_about(each, fresh)]
            if same != [fresh]:
                tolerations = [*(each for each in tolerations if each not in same), fresh]
        if tolerations:
            pod["spec"]["tolerations"] = tolerations


def _is_about(toleration: Object, other: Object) -> bool:
    return all(
        (toleration.get(field) or None) == (other.get(field) or None)
        for field in ("key", "effect", "operator", "value")
    )


def extended_resources(pod: Object) -> set[str]:
    """Names of what a vendor offers, as the containers ask for it."""
    found = {
        name
        for field in ("containers", "initContainers")
        for container in pod["spec"].get(field) or ()
        for name in (container.get("resources") or {}).get("requests") or {}
    }
    return {name for name in found if _is_extended(name)}


def _is_extended(name: str) -> bool:
    if "/" not in name or "kubernetes.io/" in name or name.startswith("requests."):
        return False
    return not names.label_key(f"requests.{name}")
