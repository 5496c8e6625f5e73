"""A request as a chain step sees it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from sampan.contracts.access import User
from sampan_audit.policy import policy_of

JANE = User("jane", ("dev", "system:authenticated"))


@dataclass
class FakeRequest:
    verb: str = "create"
    resource: str = "pods"
    group: str = ""
    version: str = "v1"
    subresource: str = ""
    namespace: str = "default"
    name: str = ""
    path: str = "/api/v1/namespaces/default/pods"
    uri: str = "/api/v1/namespaces/default/pods?dryRun=All"
    peer: str = "10.0.0.9"
    user: User = JANE
    caller: User = JANE
    sensitive: bool = False
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    kept: bool = False
    added: list = field(default_factory=list)

    def keep_body(self):
        self.kept = True

    def add_header(self, name, value):
        self.added.append((name, value))


@pytest.fixture
def request_of():
    return FakeRequest


@pytest.fixture
def policy():
    def build(*rules, **more):
        return policy_of({"rules": list(rules), **more})

    return build
