"""ResourceClaim, ResourceClaimTemplate and DeviceClass: defaults, what the server sets, validation.

Source: resource defaults, strategies and validation.
"""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.kinds import Draft, Object, Problem
from sampan_devices import limits
from sampan_devices.allocations import claim_status, default_status, drop_deallocated
from sampan_devices.requests import default_claim, device_claim, request_names, selectors
from sampan_devices.shapes import configuration, items
from sampan_machinery import names
from sampan_machinery.equality import same
from sampan_machinery.metadata import is_deleting
from sampan_machinery.problems import forbidden, invalid
from sampan_machinery.validation import IMMUTABLE, validate_annotations, validate_labels

_TEMPLATE_METADATA = ("annotations", "labels")


def default_resource_claim(obj: Object) -> None:
    default_claim((obj.get("spec") or {}).get("devices") or {})
    default_status(obj.get("status") or {})


def default_template(obj: Object) -> None:
    default_claim(_devices(_spec(_spec(obj))))


def prepare_resource_claim(draft: Draft) -> None:
    if draft.subresource == "status" and draft.old is not None:
        drop_deallocated(draft.object.setdefault("status", {}), draft.old.get("status") or {})


def validate_resource_claim(new: Object, old: Object | None) -> Iterator[Problem]:
    spec, status = _spec(new), new.get("status") or {}
    if old is None:
        yield from device_claim("spec.devices", _devices(spec))
        return
    if not same(spec, _spec(old)):
        yield invalid("spec", spec, IMMUTABLE)
    before = old.get("status") or {}
    if not same(status, before) or status.get("allocation") != before.get("allocation"):
        known = request_names(_devices(spec))
        yield from claim_status("status", status, before, known, deleting=is_deleting(new))


def validate_template(new: Object, old: Object | None) -> Iterator[Problem]:
    template = _spec(new)
    yield from _template_metadata("spec.metadata", template.get("metadata") or {})
    yield from device_claim("spec.spec.devices", _devices(_spec(template)))
    if old is not None and not same(template, _spec(old)):
        yield invalid("spec", template, IMMUTABLE)


def _template_metadata(path: str, metadata: Object) -> Iterator[Problem]:
    yield from validate_annotations(metadata.get("annotations") or {}, f"{path}.annotations")
    yield from validate_labels(metadata.get("labels") or {}, f"{path}.labels")
    for name, value in metadata.items():
        if name not in _TEMPLATE_METADATA and value:
            yield forbidden(f"{path}.{name}", "cannot be set")


def validate_class(new: Object, old: Object | None) -> Iterator[Problem]:
    spec, before = _spec(new), None if old is None else _spec(old)
    yield from selectors("spec.selectors", spec.get("selectors"))
    stored = before is not None and same(spec.get("config"), before.get("config"))

    def config(path: str, each: Object) -> Iterator[Problem]:
        yield from configuration(path, each, stored=stored)

    yield from items("spec.config", spec.get("config"), limits.CONFIGS, config)
    name = spec.get("extendedResourceName")
    if name is not None and not is_extended_resource(name):
        yield invalid("spec.extendedResourceName", name, "must be a valid extended resource name")


def is_extended_resource(name: str) -> bool:
    """``vendor.example/name``, also where quotas put ``requests.`` in front."""
    native = "/" not in name or "kubernetes.io/" in name or name.startswith("requests.")
    return not native and not names.label_key(f"requests.{name}")


def _spec(obj: Object) -> Object:
    return obj.get("spec") or {}


def _devices(spec: Object) -> Object:
    return spec.get("devices") or {}
