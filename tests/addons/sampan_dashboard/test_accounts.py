from __future__ import annotations

import pytest

from sampan.errors import Unauthorized
from sampan_dashboard import accounts
from sampan_dashboard.accounts import Account
from sampan_machinery.resources import DEPLOYMENTS


def test_an_account_knows_who_it_is(cluster):
    account = Account.of(cluster.client_as("ann", "readers"))

    assert account.who.name == "ann"
    assert "readers" in account.who.groups


def test_an_anonymous_user_cannot_sign_in(cluster):
    with pytest.raises(Unauthorized):
        Account.of(cluster.client_as("system:anonymous"))


def test_kinds_are_known_for_a_while(cluster, monkeypatch):
    now, asked = [0.0], []
    real = accounts.discover
    monkeypatch.setattr(accounts, "discover", lambda client: asked.append(1) or real(client))
    account = Account(cluster.client_as("admin", "system:masters"), accounts.Who("admin", ()), clock=lambda: now[0])

    assert account.kind("pods").resource.kind == "Pod"
    assert account.kind("gizmos") is None
    assert account.resource_of("apps/v1beta1", "Deployment") == DEPLOYMENTS
    assert account.resource_of("other/v1", "Deployment") is None
    assert len(asked) == 1
    now[0] += accounts.KNOWN_FOR
    account.kinds()
    assert len(asked) == 2


def test_rules_are_those_of_a_namespace(site, reader, shop):
    rules = reader.session.account

    assert rules.rules("shop").may("list", DEPLOYMENTS)
    assert not rules.rules("default").may("list", DEPLOYMENTS)
    assert site.sign_in().session.account.rules("").may("delete", DEPLOYMENTS)
