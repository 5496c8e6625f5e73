"""sampan: a Kubernetes-compatible cluster platform; this package is its core."""

from sampan import moved as _moved

__version__ = "0.1.0"

#: The Kubernetes release whose API sampan speaks.
KUBERNETES_MINOR = 36
KUBERNETES_VERSION = f"v1.{KUBERNETES_MINOR}.2"

_moved.install()
