"""Names that mean something to this plugin and to those who use it."""

from __future__ import annotations

PROVISIONER = "sampan.dev/local-path"
CLASS = "local-path"
HOSTNAME = "kubernetes.io/hostname"
#: Keeps a volume until its directory has been dealt with; the name is upstream's external provisioner's (KEP-2644).
FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
ASKED_PROVISIONER = "volume.kubernetes.io/storage-provisioner"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
