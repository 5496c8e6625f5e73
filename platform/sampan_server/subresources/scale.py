"""The scale subresource: in which forms it is shown."""

from __future__ import annotations

import functools

from sampan.contracts.kinds import Column, Kind, Object
from sampan.errors import BadRequest
from sampan_machinery import problems, tables
from sampan_machinery.apply import scaled
from sampan_machinery.apply.apply import apply
from sampan_machinery.kindschema import KindSchema, schema_of
from sampan_machinery.metadata import get_path
from sampan_server.request.negotiation import Form

SCALE = Kind(group="autoscaling", version="v1", kind="Scale", plural="scales", verbs=())
#: What ``kubectl get --subresource=scale`` prints.
COLUMNS = (
    Column("Name", lambda scale: scale["metadata"]["name"]),
    Column("Desired", lambda scale: scale["spec"].get("replicas", 0), type="integer"),
    Column("Available", lambda scale: scale["status"]["replicas"], type="integer"),
    Column("Age", lambda scale: scale["metadata"].get("creationTimestamp"), type="date"),
)


@functools.cache
def schema() -> KindSchema:
    return schema_of(SCALE)


def in_form(found: Object, form: Form, *, now: float, include: str) -> Object:
    """The Scale as the client wants it: whole, a Table, or its metadata alone."""
    if form.how in ("json", "protobuf"):
        return found
    if form.how == "partial":
        return {**tables.to_partial(found), "apiVersion": f"meta.k8s.io/{form.version}"}
    meta = {"resourceVersion": found["metadata"]["resourceVersion"]} if "resourceVersion" in found["metadata"] else {}
    version = f"meta.k8s.io/{form.version}"
    return tables.to_table(COLUMNS, [found], now=now, include=include, version=version, metadata=meta)


def show_managers(kind: Kind, obj: Object, found: Object) -> None:
    """Give the Scale the managers of the object's replicas, for an apply."""
    assert kind.scale is not None
    if entries := scaled.of_scale(obj["metadata"].get("managedFields") or [], kind.scale.replicas):
        found["metadata"]["managedFields"] = entries


def take_managers(kind: Kind, obj: Object, sent: Object) -> None:
    """Give the object the managers that an apply to its Scale has left."""
    assert kind.scale is not None
    before, after = obj["metadata"].get("managedFields") or [], sent["metadata"].get("managedFields") or []
    obj["metadata"]["managedFields"] = scaled.of_object(before, after, kind.scale.replicas, kind.api_version)


def applied(shown: Object, config: Object, *, manager: str, force: bool) -> Object:
    """The Scale after an apply. Raises BadRequest and Conflict. Its entries have no time, as upstream."""
    merged = apply(
        shown, config, schema().node, manager=manager, force=force, api_version=scaled.API_VERSION, now="",
        subresource="scale", ignore=("status",),
    )  # fmt: skip
    return schema().prune(merged)


_UNSET = -(1 << 31)  # as upstream marks it


def mark_unset(kind: Kind, obj: Object, found: Object) -> None:
    """Let the Scale of a custom object without replicas show so to a patch."""
    if kind.schema is not None and kind.scale is not None and get_path(obj, *kind.scale.replicas) is None:
        found["spec"]["replicas"] = _UNSET


def check_custom(kind: Kind, name: str, sent: Object) -> None:
    """What the objects of a custom kind ask beside: they cannot be written without a version, and a patch sets the
    replicas of one that has none. Raises Invalid and BadRequest."""
    if kind.schema is None or kind.scale is None:
        return
    if (sent.get("metadata") or {}).get("resourceVersion") == "0" and not kind.unconditional_update:
        found = [problems.invalid("metadata.resourceVersion", 0, "must be specified for an update")]
        raise problems.as_error(found, group=kind.group, kind=kind.plural, name=name)
    if (sent.get("spec") or {}).get("replicas") == _UNSET:
        raise BadRequest(f'the spec replicas field ".{".".join(kind.scale.replicas)}" cannot be empty')


def check_name(sent: Object, name: str) -> None:
    """Raises BadRequest for a Scale of another object, or of none."""
    named = (sent.get("metadata") or {}).get("name")
    if not named:
        raise BadRequest(f"the name of the object ({name} based on URL) was undeterminable: name must be provided")
    if named != name:
        raise BadRequest(f"the name of the object ({named}) does not match the name on the URL ({name})")
