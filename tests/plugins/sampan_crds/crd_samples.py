"""Definitions for tests."""

from sampan.contracts.kinds import Draft
from sampan_crds import kind
from sampan_machinery.resources import CUSTOM_RESOURCE_DEFINITIONS

CRDS = CUSTOM_RESOURCE_DEFINITIONS
OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def schema(**spec):
    """The schema of an object with these fields in its spec."""
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": spec}}}


def version(name="v1", *, storage=True, served=True, of=OPEN, **more):
    return {"name": name, "served": served, "storage": storage, "schema": {"openAPIV3Schema": of}, **more}


def definition(*versions, plural="boats", kind="Boat", group="toys.example", scope="Namespaced", names=None, **spec):
    """As a client sends it."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group, "scope": scope, "names": {"plural": plural, "kind": kind, **(names or {})},
            "versions": list(versions) or [version()], **spec,
        },
    }  # fmt: skip


def complete(crd, old=None):
    """As it is validated."""
    kind.default(crd)
    kind.prepare(Draft(crd, old, "", "admin"))
    return crd


def is_established(client, name="boats.toys.example"):
    conditions = client.get(CRDS, name)["status"].get("conditions") or ()
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)
