"""AdmissionReviews: what is sent, and which responses are taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan.contracts.access import User
from sampan.contracts.kinds import Resource
from sampan_admission.subjects import ObjectKind, Subject
from sampan_webhooks import refusals, reviews

PODS = Resource("", "v1", "pods", "Pod")
SUBJECT = Subject("CREATE", PODS, "", ObjectKind("", "v1", "Pod"), "default", "x", User("joe"), False, {}, (PODS,))
FIELDS = ("uid", "allowed", "status", "patch", "patchType", "warnings", "auditAnnotations", "code", "message", "reason")
GOOD = {"uid": "1", "allowed": True}


def answer(response, kind="AdmissionReview", version="admission.k8s.io/v1"):
    return {"kind": kind, "apiVersion": version, "response": response}


def test_a_review_has_the_objects_in_its_request():
    found = reviews.review("v1", "1", SUBJECT, PODS, {"a": 1}, None)

    assert (found["kind"], found["apiVersion"]) == ("AdmissionReview", "admission.k8s.io/v1")
    request = found["request"]
    assert (request["uid"], request["object"], request["oldObject"], request["name"]) == ("1", {"a": 1}, None, "x")


def test_a_response_is_read():
    status = {"code": 403, "details": {"causes": [{"message": "m"}]}}
    more = {
        "warnings": ["w"],
        "auditAnnotations": {"a": "b"},
        "status": {**status, "odd": 1},
        "patch": "W10=",
        "patchType": "JSONPatch",
    }

    found = reviews.checked("v1", "1", answer({**GOOD, **more}), mutating=True)

    assert found == reviews.Response(True, status, b"[]", "JSONPatch", ("w",), {"a": "b"})


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "couldn't get version/kind"),
        ({"kind": "AdmissionReview"}, "apiVersion is missing"),
        ({"apiVersion": "admission.k8s.io/v1"}, "Object 'Kind' is missing"),
        (answer(None), "webhook response was absent"),
        (answer(["x"]), "cannot unmarshal the response"),
        (answer({"allowed": True}), 'expected response.uid="1", got ""'),
        (answer(GOOD, kind="Status"), "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview"),
        (answer(GOOD, version="admission.k8s.io/v1beta1"), "got admission.k8s.io/v1beta1, Kind=AdmissionReview"),
        (answer({**GOOD, "allowed": "yes"}), "response.allowed"),
        (answer({**GOOD, "status": 1}), "response.status"),
        (answer({**GOOD, "status": {"details": {"causes": 1}}}), "json: cannot unmarshal"),
        (answer({**GOOD, "warnings": [1]}), "response.warnings"),
        (answer({**GOOD, "auditAnnotations": {"a": 1}}), "response.auditAnnotations"),
        (answer({**GOOD, "patchType": 1}), "response.patchType"),
        (answer({**GOOD, "patch": "%%"}), "illegal base64"),
        (answer({**GOOD, "patchType": ""}), "webhook returned response.patchType but not response.patch"),
        (answer({**GOOD, "patchType": "", "patch": "W10="}), 'webhook returned invalid response.patchType of ""'),
    ],
)
def test_a_response_that_breaks_the_contract_is_refused(found, words):
    with pytest.raises(reviews.Unusable) as refused:
        reviews.checked("v1", "1", found, mutating=True)

    assert words in str(refused.value)


@pytest.mark.parametrize("more", [{"patch": "W10="}, {"patchType": "JSONPatch"}])
def test_a_validating_webhook_may_not_patch(more):
    with pytest.raises(reviews.Unusable, match=r"validating webhook may not return response\.patch"):
        reviews.checked("v1", "1", answer({**GOOD, **more}), mutating=False)


def test_v1beta1_asks_less():
    found = reviews.checked("v1beta1", "1", answer({"allowed": False, "patch": "W10="}, version="x/v1"), mutating=True)

    assert (found.allowed, found.patch, found.patch_type) == (False, b"[]", "JSONPatch")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=4), inner),
    max_leaves=12,
)


@given(found=JSON, version=st.sampled_from(("v1", "v1beta1")), mutating=st.booleans())
def test_whatever_a_webhook_answers_is_read_or_refused(found, version, mutating):
    for sent in (found, answer(found), answer({**GOOD, **found} if isinstance(found, dict) else found)):
        try:
            response = reviews.checked(version, "1", sent, mutating=mutating)
        except reviews.Unusable:
            continue
        assert isinstance(response.allowed, bool)
        assert isinstance(response.patch, bytes)
        assert refusals.denied("a.b.c", response.status).to_status()["code"] >= 400
