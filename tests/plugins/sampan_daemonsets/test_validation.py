from __future__ import annotations

import pytest

from sampan_daemonsets.validation import validate


def told(new, old=None):
    return [f"{problem.path}: {problem.message}" for problem in validate(new, old)]


def strategy(**rolling):
    return {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}


ROLLING = "spec.updateStrategy.rollingUpdate"


@pytest.mark.parametrize(
    "spec, why",
    [
        ({}, None),
        (strategy(maxUnavailable=0, maxSurge="10%"), None),
        (
            strategy(maxUnavailable=1, maxSurge=1),
            f"{ROLLING}.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero",
        ),
        (
            strategy(maxUnavailable=0, maxSurge="0%"),
            f"{ROLLING}.maxUnavailable: Required value: cannot be 0 when maxSurge is 0",
        ),
        (
            strategy(maxUnavailable="200%"),
            f'{ROLLING}.maxUnavailable: Invalid value: "200%": must not be greater than 100%',
        ),
        (
            {"updateStrategy": {"type": "Never"}},
            'spec.updateStrategy: Unsupported value: {"type":"Never"}: supported values: "RollingUpdate", "OnDelete"',
        ),
        ({"minReadySeconds": -1}, "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0"),
        ({"selector": {}}, "spec.selector: Invalid value: {}: empty selector is invalid for daemonset"),
        (
            {"selector": {"matchLabels": {"app": "x"}}},
            'spec.template.metadata.labels: Invalid value: {"app":"agent"}: '
            "`selector` does not match template `labels`",
        ),
        (
            {"pod": {"activeDeadlineSeconds": 5}},
            "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported",
        ),
    ],
)
def test_what_is_wrong_is_named(build, spec, why):
    assert told(build(**spec)) == ([] if why is None else [why])


def test_the_selector_stays(build):
    new = build(selector={"matchExpressions": [{"key": "app", "operator": "Exists"}]})

    (why,) = told(new, build())

    assert why.startswith("spec.selector: Invalid value") and why.endswith("field is immutable")
