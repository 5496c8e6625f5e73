"""What is in a new volume at first: nothing, a snapshot, or what another claim's volume has.

Source: upstream's external provisioner (meaning); CSI specification, VolumeContentSource.
"""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import NotFound
from sampan_csi.claims import is_block
from sampan_csi.messages import CLONE, CREATE_DELETE_SNAPSHOT
from sampan_csi.snapshots.naming import CONTENTS, GROUP, SNAPSHOTS
from sampan_machinery import quantities
from sampan_machinery.metadata import get_path, is_deleting
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_volumes.contracts import VolumeFailure


def source_of(claim: Object) -> Object | None:
    spec = claim.get("spec") or {}
    found: Object | None = spec.get("dataSourceRef") or spec.get("dataSource")
    return found


def is_for_others(claim: Object) -> bool:
    """Whether a volume populator fills the volume, and makes it."""
    source = source_of(claim)
    if source is None:
        return False
    kind = (source.get("apiGroup") or "", source.get("kind"))
    return kind not in ((GROUP, SNAPSHOTS.kind), ("", CLAIMS.kind))


def content(claim: Object, driver: str, can: set[int], client: Any) -> dict[str, Any] | None:
    """VolumeContentSource; None for an empty volume. ``can``: what the driver's controller says that it can. Raises
    VolumeFailure where it cannot be had, or not yet."""
    source = source_of(claim)
    if source is None:
        return None
    if source.get("namespace") not in (None, "", claim["metadata"]["namespace"]):
        raise VolumeFailure("data sources in other namespaces are not supported")
    if source["kind"] == CLAIMS.kind:
        return _of_claim(claim, source["name"], driver, can, client)
    return _of_snapshot(claim, source["name"], driver, can, client)


def _of_snapshot(claim: Object, name: str, driver: str, can: set[int], client: Any) -> dict[str, Any]:
    if CREATE_DELETE_SNAPSHOT not in can:
        raise VolumeFailure(f"driver {driver} makes no snapshots")
    snapshot = _read(client, SNAPSHOTS, name, claim["metadata"]["namespace"])
    bound = get_path(snapshot, "status", "boundVolumeSnapshotContentName", default="")
    if is_deleting(snapshot):
        raise VolumeFailure(f"snapshot {name} is being deleted")
    if not bound or not get_path(snapshot, "status", "readyToUse", default=False):
        raise VolumeFailure(f"snapshot {name} is not ready")
    found = _read(client, CONTENTS, bound)
    reference = found["spec"]["volumeSnapshotRef"]
    if reference.get("uid") != snapshot["metadata"]["uid"]:
        raise VolumeFailure(f"snapshot {name} is not bound to content {bound}")
    if found["spec"]["driver"] != driver:
        raise VolumeFailure(f"snapshot {name} is of driver {found['spec']['driver']}, not of {driver}")
    handle = get_path(found, "status", "snapshotHandle", default="")
    if not handle:
        raise VolumeFailure(f"snapshot content {bound} has no snapshotHandle yet")
    _check_size(claim, str(get_path(found, "status", "restoreSize", default=0) or 0), f"snapshot {name}")
    mode = found["spec"].get("sourceVolumeMode")
    if mode and (mode == "Block") != is_block(claim):
        raise VolumeFailure(f"snapshot {name} is of a volume with volumeMode {mode}, which the claim has not")
    return {"snapshot": {"snapshot_id": handle}}


def _of_claim(claim: Object, name: str, driver: str, can: set[int], client: Any) -> dict[str, Any]:
    if CLONE not in can:
        raise VolumeFailure(f"driver {driver} does not clone volumes")
    source = _read(client, CLAIMS, name, claim["metadata"]["namespace"])
    named = get_path(source, "spec", "volumeName", default="")
    if is_deleting(source):
        raise VolumeFailure(f"claim {name} is being deleted")
    if get_path(source, "status", "phase", default="") != "Bound" or not named:
        raise VolumeFailure(f"claim {name} is not bound")
    volume = _read(client, VOLUMES, named)
    found = volume["spec"].get("csi") or {}
    if found.get("driver") != driver:
        raise VolumeFailure(f"claim {name} has no volume of driver {driver}")
    if is_block(volume) != is_block(claim):
        raise VolumeFailure(f"claim {name} has another volumeMode")
    _check_size(claim, get_path(volume, "spec", "capacity", "storage", default="0"), f"claim {name}")
    return {"volume": {"volume_id": found["volumeHandle"]}}


def _check_size(claim: Object, least: str, what: str) -> None:
    wanted = get_path(claim, "spec", "resources", "requests", "storage", default="0")
    if quantities.compare(wanted, least) < 0:
        raise VolumeFailure(f"the claim asks for {wanted}, and {what} has {least}")


def _read(client: Any, resource: Any, name: str, namespace: str = "") -> Object:
    try:
        found: Object = client.get(resource, name, namespace)
    except NotFound as error:
        raise VolumeFailure(f"{resource.kind} {name} does not exist") from error
    return found
