"""Validation of a PodSpec: ``pod_spec`` checks all of it, the modules its parts. Source: core/v1 API reference."""

from sampan_podspec.validation.spec import pod_spec, pod_template
from sampan_podspec.validation.updates import pod_update

__all__ = ["pod_spec", "pod_template", "pod_update"]
