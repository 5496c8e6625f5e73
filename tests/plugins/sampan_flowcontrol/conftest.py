"""Requests as a chain step sees them, and short objects."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from sampan.contracts.access import User

JANE = User("jane", ("dev", "system:authenticated"))


@dataclass
class FakeRequest:
    verb: str = "get"
    resource: str = "pods"
    group: str = ""
    subresource: str = ""
    namespace: str = "default"
    path: str = "/api/v1/namespaces/default/pods"
    user: User = JANE
    query: dict = field(default_factory=dict)
    objects: int = 0
    on_loop: bool = False
    added: list = field(default_factory=list)
    turns: list = field(default_factory=list)

    def add_header(self, name, value):
        self.added.append((name, value))

    def at_end_of_turn(self, function):
        if self.on_loop:
            self.turns.append(function)
        return self.on_loop


def flow_schema(name="mine", precedence=1000, level="mine", by="ByUser", rules=None, **subject):
    subjects = [{"kind": "User", "user": {"name": "*"}}] if not subject else [subject]
    everything = {
        "subjects": subjects,
        "resourceRules": [
            {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"], "clusterScope": True}
        ],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    }
    spec = {
        "matchingPrecedence": precedence, "priorityLevelConfiguration": {"name": level},
        "rules": rules if rules is not None else [everything],
    }  # fmt: skip
    if by:
        spec["distinguisherMethod"] = {"type": by}
    return {"metadata": {"name": name, "uid": f"uid-{name}"}, "spec": spec}


def priority_level(name="mine", shares=30, queues=4, hand=1, longest=2, lendable=0, borrowing=None):
    response = {"type": "Reject"}
    if queues:
        response = {
            "type": "Queue", "queuing": {"queues": queues, "handSize": hand, "queueLengthLimit": longest},
        }  # fmt: skip
    limited = {"nominalConcurrencyShares": shares, "lendablePercent": lendable, "limitResponse": response}
    if borrowing is not None:
        limited["borrowingLimitPercent"] = borrowing
    return {"metadata": {"name": name, "uid": f"uid-{name}"}, "spec": {"type": "Limited", "limited": limited}}


@pytest.fixture
def request_of():
    return FakeRequest


@pytest.fixture
def schema():
    return flow_schema


@pytest.fixture
def level():
    return priority_level
