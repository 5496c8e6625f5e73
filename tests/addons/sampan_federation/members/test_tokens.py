from __future__ import annotations

import base64
from types import SimpleNamespace

from sampan_federation.members.joining import ACCOUNT, EXPIRES, TOKEN_SECONDS
from sampan_federation.members.tokens import AGAIN, Tokens, is_due
from sampan_machinery.metadata import now_text

NOW = 1_800_000_000.0
CLUSTER = {"metadata": {"name": "east"}, "spec": {"secretRef": {"namespace": "karmada-cluster", "name": "east"}}}


class Host:
    def __init__(self, expires: float, account: str = "karmada-east") -> None:
        self.secret = {"metadata": {"annotations": {EXPIRES: now_text(expires), ACCOUNT: account}}}
        self.patches: list[dict] = []
        self.reads = 0

    def get(self, resource, name, namespace=""):
        self.reads += 1
        return self.secret

    def patch(self, resource, name, patch, namespace=""):
        self.patches.append(patch)


class Members:
    def __init__(self) -> None:
        self.forgotten: list[str] = []
        self.broken = False

    def client(self, name):
        if self.broken:
            raise ConnectionError("away")
        return self

    def create(self, resource, body, namespace, *, subresource, name):
        return {"status": {"token": f"new of {name}", "expirationTimestamp": now_text(NOW + TOKEN_SECONDS)}}

    def forget(self, name):
        self.forgotten.append(name)


def renewing(host: Host):
    now, members = [NOW], Members()
    context = SimpleNamespace(host=host, members=members, clock=lambda: now[0])
    return Tokens(context), members, now


def test_a_token_is_renewed_when_half_its_time_has_passed():
    assert not is_due(now_text(NOW + TOKEN_SECONDS), NOW)
    assert is_due(now_text(NOW + TOKEN_SECONDS / 2 - 1), NOW)
    assert not is_due("", NOW)

    host = Host(NOW + 3600)
    tokens, members, _ = renewing(host)
    tokens.renew(CLUSTER)
    [patch] = host.patches
    assert base64.b64decode(patch["data"]["token"]) == b"new of karmada-east"
    assert patch["metadata"]["annotations"][EXPIRES] == now_text(NOW + TOKEN_SECONDS)
    assert members.forgotten == ["east"]


def test_the_impersonators_token_is_renewed_too():
    host = Host(NOW + 3600)
    reference = {"namespace": "karmada-cluster", "name": "east-impersonator"}
    tokens, _, _ = renewing(host)

    tokens.renew({**CLUSTER, "spec": {**CLUSTER["spec"], "impersonatorSecretRef": reference}})

    assert len(host.patches) == 2


def test_a_secret_is_looked_at_once_an_hour_and_others_are_left_alone():
    host = Host(NOW + TOKEN_SECONDS)
    tokens, _, now = renewing(host)
    tokens.renew(CLUSTER)
    tokens.renew(CLUSTER)
    assert (host.reads, host.patches) == (1, [])
    now[0] += AGAIN
    tokens.renew(CLUSTER)
    assert host.reads == 2

    by_hand = Host(NOW, account="")
    renewing(by_hand)[0].renew(CLUSTER)
    assert by_hand.patches == []


def test_a_member_that_is_away_is_tried_again_soon():
    host = Host(NOW)
    tokens, members, now = renewing(host)
    members.broken = True
    tokens.renew(CLUSTER)
    assert host.patches == []

    members.broken = False
    now[0] += 61
    tokens.renew(CLUSTER)
    assert len(host.patches) == 1
