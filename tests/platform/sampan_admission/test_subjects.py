"""A subject has the request's version, and the kind of the object that a subresource carries."""

from sampan.contracts.access import User
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind, Scale
from sampan.contracts.serving import Subresource
from sampan_admission.subjects import ObjectKind, Subject

EVICTION = Subresource(name="eviction", kind="Eviction", group="policy", serve=lambda call: None, admits=True)
RESIZE = Subresource(name="resize", kind="Pod", serve=lambda call: None, merge=lambda old, new: new)
PODS = Kind(group="", version="v1", kind="Pod", plural="pods", scale=Scale(), subresources=(EVICTION, RESIZE))
NAMESPACES = Kind(group="", version="v1", kind="Namespace", plural="namespaces", namespaced=False)


class V2:
    def resources(self, kind):
        return (kind.resource._replace(version="v2"), kind.resource)


def review(kind=PODS, subresource="", namespace="default", **more):
    user = User("joe")
    return Review("CREATE", kind, subresource, namespace, "x", {}, None, user, False, None, **more)


def test_the_version_is_that_of_the_request():
    v2 = PODS.resource._replace(version="v2")

    found = Subject.of(review(requested=v2, versions=V2()))

    assert (found.resource, found.kind, found.equivalents) == (v2, ObjectKind("", "v2", "Pod"), (v2, PODS.resource))


def test_a_subresource_carries_its_own_kind_or_its_parent():
    kinds = {
        sub: Subject.of(review(subresource=sub)).kind.kind for sub in ("", "status", "resize", "scale", "eviction")
    }

    assert kinds == {"": "Pod", "status": "Pod", "resize": "Pod", "scale": "Scale", "eviction": "Eviction"}


def test_the_namespace_of_a_namespace_is_itself():
    assert Subject.of(review(NAMESPACES, namespace="")).namespace == "x"


def test_options_are_those_of_the_operation():
    assert Subject.of(review()).options == {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}
    assert Subject.of(review(make_options=lambda kind: {"kind": kind, "a": 1})).options["a"] == 1
