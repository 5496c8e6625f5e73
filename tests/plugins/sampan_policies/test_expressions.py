"""What expressions of policies may name, and how they are refused."""

import pytest

from sampan_cel import types
from sampan_policies.expressions import TEXT_OR_NULL, TRUTH, Miscompiled, compiled, environment, with_variables

FULL = environment(params=True, authorizer=True)


@pytest.mark.parametrize(
    "text",
    [
        "object.spec.replicas > 1",
        "oldObject == null || oldObject.x == params.y",
        "namespaceObject.metadata.labels['a'] == 'b'",
        "request.userInfo.username == 'joe' && request.dryRun",
        "authorizer.group('').resource('pods').check('get').allowed()",
        "authorizer.requestResource.check('get').allowed()",
    ],
)
def test_all_variables_can_be_named(text):
    assert compiled(FULL, text, TRUTH).type == types.BOOL


@pytest.mark.parametrize(
    ("base", "text", "words"),
    [
        (environment(params=False, authorizer=True), "params.x == 1", "undeclared reference to 'params'"),
        (environment(params=True, authorizer=False), "authorizer.path('/x').check('get').allowed()", "undeclared"),
        (FULL, "variables.x", "undeclared reference to 'variables'"),
        (FULL, "Object{}", "undeclared reference to 'Object'"),
        (FULL, "request.nothing", "undefined field 'nothing'"),
        (FULL, "namespaceObject.metadata.ownerReferences", "undefined field 'ownerReferences'"),
    ],
)
def test_what_is_not_there_is_refused(base, text, words):
    with pytest.raises(Miscompiled, match=r"^compilation failed: ERROR: <input>:1:\d+: " + words):
        compiled(base, text)


def test_the_type_is_exact():
    with pytest.raises(Miscompiled, match=r"^must evaluate to bool but got dyn$"):
        compiled(FULL, "object.x", TRUTH)
    with pytest.raises(Miscompiled, match=r"^must evaluate to one of \[string null_type\] but got int$"):
        compiled(FULL, "1", TEXT_OR_NULL)


def test_variables_have_the_types_of_their_expressions():
    base = with_variables(FULL, {"n": types.INT})

    assert compiled(base, "variables.n + 1").type == types.INT
    with pytest.raises(Miscompiled, match="found no matching overload"):
        compiled(base, "variables.n + 'a'")
