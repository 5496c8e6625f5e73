import pytest

from sampan_podsecurity.policy import LATEST, Standard
from sampan_podsecurity.standards import NEWEST, told, violations

PLAIN = {"containers": [{"name": "c"}]}
HARD = {
    "containers": [
        {"name": "c", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    ],
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
}


def reasons(level, spec, minor=LATEST):
    return told(violations(Standard(level, minor), {}, spec), details=False)


def test_levels():
    assert reasons("privileged", {**PLAIN, "hostPID": True}) == ""
    assert reasons("baseline", PLAIN) == ""
    assert reasons("baseline", {**PLAIN, "hostPID": True}) == "host namespaces"
    assert reasons("restricted", HARD) == ""
    assert reasons("restricted", {**HARD, "hostPID": True}) == "host namespaces"


def test_violations_are_told_in_upstreams_order():
    assert reasons("restricted", {**PLAIN, "hostPID": True}) == (
        "host namespaces, allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, "
        "seccompProfile"
    )


@pytest.mark.parametrize(
    "minor, said",
    [
        (7, "runAsNonRoot != true"),
        (8, "allowPrivilegeEscalation != false, runAsNonRoot != true"),
        (19, "allowPrivilegeEscalation != false, runAsNonRoot != true, seccompProfile"),
        (22, "allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile"),
    ],
)
def test_versions_grow(minor, said):
    assert reasons("restricted", PLAIN, minor) == said


def test_a_strict_check_replaces_that_of_baseline():
    volume = {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}

    assert reasons("baseline", {**PLAIN, **volume}) == "hostPath volumes"
    assert reasons("restricted", {**HARD, **volume}) == "restricted volume types"


def test_a_version_that_is_not_there_yet_is_as_the_newest():
    assert reasons("restricted", PLAIN, NEWEST + 1) == reasons("restricted", PLAIN)


def test_details_are_told_of_one_object():
    assert told(violations(Standard("baseline"), {}, {"hostPID": True})) == "host namespaces (hostPID=true)"
