"""Where sampan_storage meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import ClientReconciler, Reconciler, Watching
from sampan.hookspecs import hookimpl
from sampan_machinery.resources import (
    CSI_DRIVERS,
    NODES,
    PODS,
    STORAGE_CLASSES,
    VOLUME_ATTACHMENTS,
    VOLUME_ATTRIBUTES_CLASSES,
)
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_scheduling.contracts import SchedulingPlugin


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_storage.kinds import KINDS

    return list(KINDS)


@hookimpl
def contribute_admitters() -> list[Admitter]:
    from sampan_storage.admission import DefaultStorageClass, PersistentVolumeClaimResize, StorageObjectInUseProtection
    from sampan_storage.advice import StorageWarnings

    return [DefaultStorageClass(), StorageObjectInUseProtection(), PersistentVolumeClaimResize(), StorageWarnings()]


@hookimpl
def contribute_reconcilers() -> list[Reconciler | ClientReconciler]:
    from sampan_storage import attaching, claim_binder, ephemeral, protection, volume_phases

    return [
        Reconciler(
            name="persistentvolume-controller",
            primary=CLAIMS,
            watches=(
                Watching(VOLUMES, claim_binder.keys_of_volume),
                Watching(STORAGE_CLASSES, claim_binder.keys_of_class),
                Watching(PODS, claim_binder.keys_of_pod),
            ),
            decide=claim_binder.decide,
            workers=1,  # two would choose the same volume for two claims
        ),
        ClientReconciler(
            name="persistentvolume-phases",
            primary=VOLUMES,
            watches=(Watching(CLAIMS, volume_phases.keys_of_claim),),
            reconcile=volume_phases.reconcile,
        ),
        ClientReconciler(
            name="persistentvolumeclaim-protection",
            primary=CLAIMS,
            watches=(Watching(PODS, protection.keys_of_pod),),
            reconcile=protection.reconcile_claim,
        ),
        Reconciler(
            name="attach-detach",
            primary=VOLUME_ATTACHMENTS,
            watches=(
                Watching(VOLUME_ATTACHMENTS, attaching.keys_of_attachment),
                Watching(PODS, attaching.keys_of_pod),
                Watching(CLAIMS, attaching.keys_of_claim),
                Watching(VOLUMES, attaching.keys_of_volume),
                Watching(NODES, attaching.keys_of_node, optional=True),
                Watching(CSI_DRIVERS, lambda driver, observed: ()),
            ),
            decide=attaching.decide,
            workers=1,  # two would attach a volume to two nodes
        ),
        Reconciler(
            name="ephemeral-volume",
            primary=CLAIMS,
            watches=(Watching(PODS, ephemeral.keys_of_pod),),
            decide=ephemeral.decide,
        ),
        Reconciler(name="persistentvolume-protection", primary=VOLUMES, decide=protection.decide_volume),
        Reconciler(
            name="volumeattributesclass-protection",
            primary=VOLUME_ATTRIBUTES_CLASSES,
            watches=(Watching(CLAIMS, protection.keys_of_claim), Watching(VOLUMES, protection.keys_of_volume)),
            decide=protection.decide_class,
        ),
    ]


@hookimpl
def contribute_scheduling_plugins() -> list[SchedulingPlugin]:
    from sampan_storage.scheduling.limits import NodeVolumeLimits
    from sampan_storage.scheduling.objects import VolumeObjects
    from sampan_storage.scheduling.restrictions import VolumeRestrictions
    from sampan_storage.scheduling.volume_binding import VolumeBinding
    from sampan_storage.scheduling.zones import VolumeZone

    objects = VolumeObjects()
    return [VolumeBinding(objects), VolumeZone(objects), VolumeRestrictions(objects), NodeVolumeLimits(objects)]
