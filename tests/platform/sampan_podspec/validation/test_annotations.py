"""Annotations of pods: which values are refused, and at which path."""

import pytest

from sampan_podspec.validation.annotations import APPARMOR, DELETION_COST, MIRROR, SECCOMP_POD, pod_annotations

SPEC = {"containers": [{"name": "main"}], "initContainers": [{"name": "first"}]}


def said(annotations, **spec):
    return [f"{each.path}: {each.message}" for each in pod_annotations(annotations, {**SPEC, **spec}, "at")]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (MIRROR, "x", f'at[{MIRROR}]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set'),
        (DELETION_COST, "+1", f'at[{DELETION_COST}]: Invalid value: "+1": must be a 32bit integer'),
        (DELETION_COST, "008", f'at[{DELETION_COST}]: Invalid value: "008": must be a 32bit integer'),
        (DELETION_COST, "2147483648", f'at[{DELETION_COST}]: Invalid value: "2147483648": must be a 32bit integer'),
        (SECCOMP_POD, "foo", f'at.{SECCOMP_POD}: Invalid value: "foo": must be a valid seccomp profile'),
        (SECCOMP_POD, "localhost/../x", f"at.{SECCOMP_POD}: Invalid value: \"../x\": must not contain '..'"),
        (f"{APPARMOR}none", "unconfined", f'at[{APPARMOR}none]: Invalid value: "none": container not found'),
        (f"{APPARMOR}main", "foo", f'at[{APPARMOR}main]: Invalid value: "foo": invalid AppArmor profile name: "foo"'),
    ],
)
def test_a_value_that_means_nothing_is_refused(key, value, expected):
    assert said({key: value}) == [expected]


def test_what_is_well_said_is_passed_over():
    good = {
        DELETION_COST: "-2147483648", SECCOMP_POD: "localhost/a/b", f"{APPARMOR}main": "localhost/x",
        f"{APPARMOR}first": "", "any": "thing",
    }  # fmt: skip

    assert said(good) == []
    assert said({MIRROR: "x"}, nodeName="n1") == []
