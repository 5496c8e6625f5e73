import pytest

from sampan_podsecurity.policy import LATEST, Policy, Standard, ignored, is_relaxed, minor_of, policy_of

P = "pod-security.kubernetes.io/"
BASE, STRICT = Standard("baseline"), Standard("restricted")
OLD = Standard("baseline", 30)


def labelled(**labels):
    return {P + name.replace("_", "-"): value for name, value in labels.items()}


@pytest.mark.parametrize(
    "labels, policy",
    [
        ({}, Policy()),
        (labelled(enforce="baseline"), Policy(BASE, Standard(), BASE)),
        (labelled(enforce="baseline", enforce_version="v1.30"), Policy(OLD, warn=OLD)),
        (labelled(enforce="baseline", enforce_version="v1.30", warn_version="latest"), Policy(OLD, warn=BASE)),
        (labelled(enforce="restricted", warn="privileged"), Policy(STRICT)),
        (labelled(audit="restricted", audit_version="v1.0"), Policy(audit=STRICT._replace(minor=0))),
    ],
)
def test_labels_say_the_policy(labels, policy):
    assert policy_of(labels, Policy()) == (policy, [])


def test_what_the_labels_leave_out_is_the_default():
    defaults = Policy(BASE, BASE, BASE)

    assert policy_of(labelled(audit="restricted"), defaults)[0] == Policy(BASE, STRICT, BASE)
    assert policy_of(None, defaults)[0] == defaults


def test_what_cannot_be_read_is_restricted_and_nothing_is_told():
    policy, wrong = policy_of(labelled(enforce="odd", warn="odd", audit_version="1.30"), Policy())

    assert policy == Policy(STRICT, Standard(), Standard())
    assert [f"{each.path}: {each.message}" for each in wrong] == [
        f'metadata.labels[{P}enforce]: Invalid value: "odd": must be one of privileged, baseline, restricted',
        f'metadata.labels[{P}audit-version]: Invalid value: "1.30": must be "latest" or "v1.x"',
        f'metadata.labels[{P}warn]: Invalid value: "odd": must be one of privileged, baseline, restricted',
    ]


@pytest.mark.parametrize(
    "text, minor",
    [("latest", LATEST), ("v1.0", 0), ("v1.36", 36), ("v1.01", None), ("v2.0", None), ("", None), ("v1.2\n", None)],
)
def test_versions(text, minor):
    assert minor_of(text) == minor


def test_standards_are_told_as_level_and_version():
    assert str(Standard("baseline", 30)) == "baseline:v1.30"
    assert str(STRICT) == "restricted:latest"


@pytest.mark.parametrize(
    "new, old, relaxed",
    [
        (Standard(), STRICT, True),
        (BASE, STRICT, True),
        (BASE, BASE, True),
        (STRICT, BASE, False),
        (BASE, STRICT._replace(minor=30), False),
    ],
)
def test_when_a_new_level_allows_no_less(new, old, relaxed):
    assert is_relaxed(new, old) is relaxed


def test_labels_of_an_exempt_namespace_are_told_to_be_ignored():
    labels = labelled(enforce="baseline", audit="restricted")
    policy, _ = policy_of(labels, Policy())

    assert ignored("a", policy, Policy(), labels) == (
        'namespace "a" is exempt from Pod Security, and the policy (enforce=baseline:latest, audit=restricted:latest) '
        "will be ignored"
    )
    assert ignored("a", Policy(), Policy(), {}) == ""
    assert ignored("a", policy, policy, labels) == ""
