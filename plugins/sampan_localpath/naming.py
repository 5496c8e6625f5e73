"""Names that mean something to this plugin and to those who use it."""

from __future__ import annotations

PROVISIONER = "sampan.dev/local-path"
CLASS = "local-path"
HOSTNAME = "kubernetes.io/hostname"
