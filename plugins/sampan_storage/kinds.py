"""The eight kinds of storage: claims and volumes of the core group, and those of storage.k8s.io.

Source: API references core/v1 and storage.k8s.io/v1; upstream's strategies for what may be updated how.
"""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan_machinery import resources
from sampan_storage import attachments, claims, classes, columns, drivers, volumes

VOLUME = Kind(
    **resources.PERSISTENT_VOLUMES._asdict(), short_names=("pv",), columns=columns.VOLUME, status=True,
    shown_deleted=True,
    default=volumes.default, prepare=volumes.prepare, validate=volumes.validate,
)  # fmt: skip
CLAIM = Kind(
    **resources.PERSISTENT_VOLUME_CLAIMS._asdict(), short_names=("pvc",), columns=columns.CLAIM, status=True,
    shown_deleted=True,
    default=claims.default, prepare=claims.prepare, validate=claims.validate,
)  # fmt: skip
STORAGE_CLASS = Kind(
    **resources.STORAGE_CLASSES._asdict(), short_names=("sc",), columns=columns.STORAGE_CLASS, shown_deleted=True,
    default=classes.default_storage_class, validate=classes.validate_storage_class,
)  # fmt: skip
ATTRIBUTES_CLASS = Kind(
    **resources.VOLUME_ATTRIBUTES_CLASSES._asdict(), short_names=("vac",), columns=columns.ATTRIBUTES_CLASS,
    shown_deleted=True, validate=classes.validate_attributes_class,
)  # fmt: skip
ATTACHMENT = Kind(
    **resources.VOLUME_ATTACHMENTS._asdict(), columns=columns.ATTACHMENT, status=True, shown_deleted=True,
    status_metadata=False,
    unconditional_update=False, default=attachments.default, validate=attachments.validate,
)  # fmt: skip
DRIVER = Kind(
    **resources.CSI_DRIVERS._asdict(), columns=columns.DRIVER, shown_deleted=True, unconditional_update=False,
    default=drivers.default_driver, prepare=drivers.prepare_driver, validate=drivers.validate_driver,
)  # fmt: skip
NODE = Kind(
    **resources.CSI_NODES._asdict(), columns=columns.NODE, shown_deleted=True, unconditional_update=False,
    validate=drivers.validate_node,
)  # fmt: skip
CAPACITY = Kind(
    **resources.CSI_STORAGE_CAPACITIES._asdict(), columns=columns.CAPACITY, unconditional_update=False,
    validate=drivers.validate_capacity,
)  # fmt: skip

KINDS = (VOLUME, CLAIM, STORAGE_CLASS, ATTRIBUTES_CLASS, ATTACHMENT, DRIVER, NODE, CAPACITY)
