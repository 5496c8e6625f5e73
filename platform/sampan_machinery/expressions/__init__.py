"""CEL as Kubernetes speaks it: its own function libraries, types from structural schemas, and validation rules."""

from sampan_machinery.expressions.libraries import KUBERNETES

__all__ = ["KUBERNETES"]
