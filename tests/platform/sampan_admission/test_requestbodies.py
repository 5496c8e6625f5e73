"""The request of an AdmissionReview, without its objects."""

from sampan.contracts.access import User
from sampan.contracts.kinds import Resource
from sampan_admission.requestbodies import request_of
from sampan_admission.subjects import ObjectKind, Subject

V1 = Resource("apps", "v1", "deployments", "Deployment")
BETA = V1._replace(version="v1beta1")
JOE = User("joe", ("a", "b"), "7", {"k": ("v",)})


SENT = ObjectKind("apps", "v1beta1", "Deployment")


def subject(kind=SENT, subresource=""):
    return Subject("UPDATE", BETA, subresource, kind, "default", "web", JOE, True, {"kind": "UpdateOptions"})


def test_a_request_says_what_matched_and_what_was_sent():
    assert request_of(subject(), V1) == {
        "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
        "resource": {"group": "apps", "version": "v1", "resource": "deployments"},
        "requestKind": {"group": "apps", "version": "v1beta1", "kind": "Deployment"},
        "requestResource": {"group": "apps", "version": "v1beta1", "resource": "deployments"},
        "name": "web", "namespace": "default", "operation": "UPDATE", "dryRun": True,
        "options": {"kind": "UpdateOptions"},
        "userInfo": {"username": "joe", "uid": "7", "groups": ["a", "b"], "extra": {"k": ["v"]}},
    }  # fmt: skip


def test_an_object_of_a_subresource_keeps_its_version():
    scale = ObjectKind("autoscaling", "v1", "Scale")

    found = request_of(subject(scale, "scale"), V1)

    assert found["kind"] == found["requestKind"] == {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    assert found["subResource"] == found["requestSubResource"] == "scale"
