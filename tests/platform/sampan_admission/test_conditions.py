"""All match conditions have to be true; one that is false decides; errors count where none is."""

import pytest

from sampan.contracts.access import Decision, User
from sampan.contracts.kinds import Resource
from sampan_admission import conditions
from sampan_admission.subjects import ObjectKind, Subject
from sampan_cel import CheckError, ParseError

PODS = Resource("", "v1", "pods", "Pod")
SUBJECT = Subject("CREATE", PODS, "", ObjectKind("", "v1", "Pod"), "default", "x", User("joe"), False, {}, (PODS,))


def verdict(*expressions, obj=None, old=None):
    found = conditions.compiled([{"name": f"c{n}", "expression": text} for n, text in enumerate(expressions)])
    values = conditions.variables(SUBJECT, PODS, obj, old, lambda asked: (Decision.NO_OPINION, ""))
    return conditions.evaluate(found, values)


def test_all_have_to_be_true():
    assert verdict("true", "request.userInfo.username == 'joe'").matches
    assert verdict("object.a == 1 && oldObject == null", obj={"a": 1}).matches
    assert verdict().matches
    assert not verdict("true", "object.a == 2", obj={"a": 1}).matches


def test_a_false_one_decides_whatever_fails_beside_it():
    assert verdict("object.b == 1", "false", obj={}) == (False, "")


def test_an_error_is_told_where_none_is_false():
    one = "expression 'object.b == 1' resulted in error: no such key: b"

    assert verdict("true", "object.b == 1", obj={}) == (False, one)
    assert verdict("object.b == 1", "object.b == 1", obj={}) == (False, f"[{one}, {one}]")


def test_they_share_one_budget(monkeypatch):
    monkeypatch.setattr(conditions, "BUDGET", 5)

    assert "running out of cost budget" in verdict("[1, 2, 3, 4, 5, 6].all(x, x > 0)").error


@pytest.mark.parametrize("text", ["request.nothing == 1", "'a'", "unknown", "object.exists(x)"])
def test_what_cannot_be_true_is_refused_when_compiled(text):
    with pytest.raises(CheckError):
        verdict(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("request.name == 'x'", ""),
        ("'a'", "must evaluate to bool but got string"),
        ("object.a", "must evaluate to bool but got dyn"),
        ("...", "compilation failed: ERROR: <input>:1:1: "),
    ],
)
def test_what_is_wrong_with_an_expression_is_told_as_upstream_does(text, words):
    found = conditions.complaint(text)

    assert found.startswith(words)
    assert bool(found) == bool(words)


def test_what_is_no_expression_is_refused():
    with pytest.raises(ParseError):
        verdict("1 +")
