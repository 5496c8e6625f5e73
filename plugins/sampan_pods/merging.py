"""pods/ephemeralcontainers: a write that may only add containers for looking into a running pod (KEP-277)."""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Call
from sampan.errors import MethodNotAllowed
from sampan_machinery import problems


def merge_ephemeral(current: Object, submitted: Object) -> Object:
    """The current pod with the submitted ephemeral containers; existing ones must stay as they are."""
    before = current["spec"].get("ephemeralContainers") or []
    after = (submitted.get("spec") or {}).get("ephemeralContainers") or []
    kept = {container.get("name"): container for container in after}
    found = [
        problems.forbidden(
            f"spec.ephemeralContainers[{index}]",
            f"existing ephemeral containers {container['name']!r} may not be removed or changed",
        )
        for index, container in enumerate(before)
        if not _same(container, kept.get(container["name"]))
    ]
    if found:
        raise problems.as_error(found, group="", kind="Pod", name=current["metadata"]["name"])
    by_name = {container["name"]: container for container in before}
    merged = [{**by_name.get(container.get("name"), {}), **container} for container in after]
    return {**current, "spec": {**current["spec"], "ephemeralContainers": merged}}


def _same(old: Object, new: Object | None) -> bool:
    """Whether ``new`` says nothing else; what it leaves out is filled in again."""
    return new is not None and all(key in old and old[key] == value for key, value in new.items())


def refuse(call: Call) -> Any:
    """Only the methods that ``merge`` serves exist here."""
    raise MethodNotAllowed(f"{call.method} is not supported on this subresource of pods")
