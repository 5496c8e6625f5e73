from sampan_podsecurity.containers import (
    Violation,
    containers,
    counted,
    names_where,
    plural,
    quoted,
    security,
    setters,
    uses,
)

SPEC = {
    "containers": [{"name": "b"}, {"name": "c", "securityContext": {"privileged": True}}],
    "initContainers": [{"name": "a"}],
    "ephemeralContainers": [{"name": "d"}],
}


def test_all_kinds_of_containers_are_walked_over_in_upstreams_order():
    assert [each["name"] for each in containers(SPEC)] == ["a", "b", "c", "d"]
    assert names_where(SPEC, lambda each: security(each).get("privileged")) == ["c"]


def test_words():
    assert (plural("container", 1), plural("container", 2)) == ("container", "containers")
    assert (uses(1), uses(2)) == ("uses", "use")
    assert quoted(["a", "b"]) == '"a", "b"'
    assert counted("volume", ["a", "b"]) == 'volumes "a", "b"'


def test_who_sets_something():
    assert setters(True, ["a"]) == 'pod and container "a"'
    assert setters(False, ["a", "b"]) == 'containers "a", "b"'
    assert setters(False, []) == ""


def test_a_violation_is_told_with_its_detail():
    assert str(Violation("hostPort", "a")) == "hostPort (a)"
    assert str(Violation("hostPort", "")) == "hostPort"
