"""pods/ephemeralcontainers: a write that may only add containers for looking into a running pod (KEP-277)."""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Call
from sampan.errors import MethodNotAllowed
from sampan.objects import problems


def merge_ephemeral(current: Object, submitted: Object) -> Object:
    """The current pod with the submitted ephemeral containers; existing ones must stay as they are."""
    before = current["spec"].get("ephemeralContainers") or []
    after = (submitted.get("spec") or {}).get("ephemeralContainers") or []
    kept = {container["name"]: container for container in after}
    found = [
        problems.forbidden(
            "spec.ephemeralContainers", f"existing ephemeral containers {container['name']!r} may not be removed or changed"
        )
        for container in before
        if not _same(container, kept.get(container["name"]))
    ]
    if found:
        raise problems.as_error(found, group="", kind="Pod", name=current["metadata"]["name"])
    return {**current, "spec": {**current["spec"], "ephemeralContainers": after}}


def _same(old: Object, new: Object | None) -> bool:
    return new is not None and all(new.get(key) == value for key, value in old.items())


def is_allowed_change(new: Object, old: Object) -> bool:
    """Whether only what the API server's own subresources write has changed: the node, gates, ephemeral containers."""
    ours = ("nodeName", "ephemeralContainers")
    if old["spec"].get("nodeName") and old["spec"].get("nodeName") != new["spec"].get("nodeName"):
        return False
    strip = lambda spec: {key: value for key, value in spec.items() if key not in ours}  # noqa: E731 - used twice, here
    return bool(strip(new["spec"]) == strip(old["spec"]))


def refuse(call: Call) -> Any:
    """Only the methods that ``merge`` serves exist here."""
    raise MethodNotAllowed(f"{call.method} is not supported on pods/ephemeralcontainers")
