"""Merges an apply configuration into an object without managed fields: fields are set, and no manager gets them.

For admission policies. Source: k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch/smd.go (meaning).
"""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest
from sampan_machinery.apply.checking import check
from sampan_machinery.apply.managed_fields import plan_of
from sampan_machinery.apply.merging import merge
from sampan_machinery.types import Node


def merged(live: Object, config: Object, node: Node | None) -> Object:
    """A new object. Raises BadRequest for fields without a type, and for what apply treats as one value: merging into
    it would remove what the configuration does not say."""
    meta = live.get("metadata") or {}
    about = f"{meta.get('namespace') or ''}/{meta.get('name') or ''}; {live.get('apiVersion')}, Kind={live.get('kind')}"
    plan = plan_of(node)
    try:
        check(config, plan, about=about)
    except BadRequest as error:
        raise BadRequest(f"failed to convert patch object to typed object: {error.message}") from None
    if found := _atomics(config, node, ""):
        words = "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs"
        raise BadRequest(f"{words}: {', '.join(found)}")
    found_object: Object = merge(live, config, plan)
    return found_object


def _atomics(value: Any, node: Node | None, path: str) -> list[str]:
    """The paths of values in the configuration that apply treats as one."""
    if node is None:
        return []
    found: list[str] = []
    if isinstance(value, dict) and node.shape in ("struct", "map", "any"):
        if node.atomic:
            found.append(path)
        for name, each in value.items():
            below = node.item() if node.shape == "map" else node.field(name)
            found += _atomics(each, below, f"{path}.{name}")
    elif isinstance(value, list) and node.shape == "list":
        if node.list_type not in ("map", "set"):
            found.append(path)
        for index, each in enumerate(value):
            found += _atomics(each, node.item(), f"{path}[{index}]")
    return found
