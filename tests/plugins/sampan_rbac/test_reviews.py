from __future__ import annotations

from types import SimpleNamespace

import pytest

from sampan.contracts.access import Decision, User
from sampan.errors import BadRequest, Invalid
from sampan_machinery.resources import ROLE_BINDINGS as BINDINGS
from sampan_machinery.resources import ROLES
from sampan_rbac.authorizer import Rbac
from sampan_rbac.grammar import binding, role, rule, user
from sampan_rbac.reviews import review_kinds
from sampan_testing.cluster import start
from sampan_testing.shelves import Shelf

JANE = User("jane")
SHELF = Shelf([(ROLES, role("a", "r", rule("get", "", "pods"))), (BINDINGS, binding("a", "b", "r", user("jane")))])
KINDS = {kind.kind: kind for kind in review_kinds(SHELF)}


def ask(kind, spec, *, who=JANE, namespace="", decide=None):
    cluster = SimpleNamespace(decide=decide or Rbac(SHELF).authorize)
    call = SimpleNamespace(body=lambda: {"spec": spec}, user=who, namespace=namespace, cluster=cluster)
    return KINDS[kind].answer(call)


def test_i_may_what_my_role_says():
    answer = ask(
        "SelfSubjectAccessReview", {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "a"}}
    )

    assert answer["status"]["allowed"] is True
    assert answer["status"]["reason"].startswith("RBAC: allowed by RoleBinding")


def test_i_may_nothing_else():
    spec = {"resourceAttributes": {"verb": "delete", "resource": "pods", "namespace": "a"}}

    assert ask("SelfSubjectAccessReview", spec)["status"] == {"allowed": False}


def test_a_clear_no_is_told_apart():
    spec = {"nonResourceAttributes": {"verb": "get", "path": "/x"}, "user": "joe"}
    answer = ask("SubjectAccessReview", spec, decide=lambda asked: (Decision.DENY, f"not {asked.path}"))

    assert answer["status"] == {"allowed": False, "denied": True, "reason": "not /x"}


def test_another_is_asked_about_as_named():
    spec = {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "a"}, "user": "joe", "groups": ["g"]}
    seen = []

    ask("SubjectAccessReview", spec, decide=lambda asked: seen.append(asked) or (Decision.NO_OPINION, ""))

    assert seen[0].user == User("joe", ("g",))


@pytest.mark.parametrize("spec", [{}, {"resourceAttributes": {}, "nonResourceAttributes": {}, "user": "x"}])
def test_exactly_one_sort_of_attributes_is_wanted(spec):
    with pytest.raises(Invalid):
        ask("SubjectAccessReview", spec)


def test_a_local_review_keeps_to_its_namespace():
    spec = {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "b"}, "user": "x"}

    with pytest.raises(Invalid, match=r"spec\.resourceAttributes\.namespace.*must match metadata\.namespace"):
        ask("LocalSubjectAccessReview", spec, namespace="a")


def test_my_rules_are_listed():
    answer = ask("SelfSubjectRulesReview", {"namespace": "a"})

    assert answer["status"] == {
        "resourceRules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}],
        "nonResourceRules": [],
        "incomplete": False,
    }


def test_rules_are_listed_for_a_namespace():
    with pytest.raises(BadRequest, match="no namespace on request"):
        ask("SelfSubjectRulesReview", {})


def test_a_selector_that_cannot_be_read_is_reported_and_narrows_nothing():
    asked = []
    attributes = {"verb": "list", "resource": "pods", "fieldSelector": {"rawSelector": "a"}}

    answer = ask("SubjectAccessReview", {"user": "joe", "resourceAttributes": attributes},
                 decide=lambda attributes: asked.append(attributes) or (Decision.NO_OPINION, ""))  # fmt: skip

    assert answer["status"]["evaluationError"] == ("spec.resourceAttributes.fieldSelector ignored due to parse error")
    assert asked[0].fields == ""


def test_a_local_review_is_of_its_requests_namespace():
    """Who may ask in one namespace may not ask of another by naming it in the body."""
    asked = {"user": "u", "resourceAttributes": {"namespace": "other", "verb": "get", "resource": "pods"}}
    path = "/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews"
    refused = pytest.raises(BadRequest, match="does not match the namespace sent on the request")
    with start(only=("rbac", "namespaces"), control=False) as cluster, refused:
        cluster.client.request("POST", path, body={"metadata": {"namespace": "other"}, "spec": asked})
