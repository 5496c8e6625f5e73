"""Expressions ask the authorizers about the caller, about a service account, about resources and paths."""

from sampan.contracts.access import Attributes, Decision, User
from sampan.contracts.kinds import Resource
from sampan.errors import InternalError
from sampan_admission import conditions
from sampan_admission.subjects import ObjectKind, Subject

PODS = Resource("", "v1", "pods", "Pod")
JOE = User("joe")
SUBJECT = Subject("UPDATE", PODS, "status", ObjectKind("", "v1", "Pod"), "default", "x", JOE, False, {}, (PODS,))


def asked_by(text, answer=(Decision.ALLOW, "because")):
    asked = []

    def decide(attributes):
        asked.append(attributes)
        if isinstance(answer, Exception):
            raise answer
        return answer

    found = conditions.compiled([{"name": "one", "expression": text}])
    return conditions.evaluate(found, conditions.variables(SUBJECT, PODS, {}, None, decide)), asked


def test_rights_to_a_resource_are_narrowed_step_by_step():
    text = (
        "authorizer.group('apps').resource('deployments').subresource('scale').namespace('a').name('b')"
        ".fieldSelector('x=y').labelSelector('a=b').check('update').allowed()"
    )

    verdict, asked = asked_by(text)

    assert verdict.matches
    assert asked == [Attributes(JOE, "update", "apps", "*", "deployments", "scale", "a", "b", fields="x=y")]


def test_the_resource_of_the_request_is_known():
    verdict, asked = asked_by("authorizer.requestResource.check('delete').allowed()")

    assert verdict.matches
    assert asked == [Attributes(JOE, "delete", "", "*", "pods", "status", "default", "x")]


def test_a_path_and_a_service_account_can_be_asked_about():
    _, (path,) = asked_by("authorizer.path('/healthz').check('get').allowed()")
    _, (account,) = asked_by("authorizer.serviceAccount('ns', 'sa').group('').resource('pods').check('get').allowed()")

    assert path == Attributes(JOE, "get", path="/healthz")
    assert account.user == User("system:serviceaccount:ns:sa", ("system:serviceaccounts", "system:serviceaccounts:ns"))


def test_a_refusal_says_why_and_an_error_is_no_refusal():
    refused = (Decision.DENY, "no")
    check = "authorizer.requestResource.check('get')"

    assert asked_by(f"!{check}.allowed() && {check}.reason() == 'no' && !{check}.errored()", refused)[0].matches
    assert asked_by(f"{check}.errored() && {check}.error() == 'broken'", InternalError("broken"))[0].matches


def test_names_that_cannot_be_are_errors():
    assert "path must not be empty" in asked_by("authorizer.path(' ').check('get').allowed()")[0].error
    assert "resource must not be empty" in asked_by("authorizer.group('').resource('').check('get').allowed()")[0].error
    account = "authorizer.serviceAccount('{}', '{}').path('/').check('get').allowed()"
    assert "Invalid service account name" in asked_by(account.format("a", "B"))[0].error
    assert "Invalid service account namespace" in asked_by(account.format("A", "b"))[0].error
