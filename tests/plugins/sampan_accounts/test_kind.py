"""The kind ServiceAccount."""

from __future__ import annotations

from sampan.contracts.kinds import Draft
from sampan_accounts.kind import prepare


def test_of_the_secrets_that_an_account_names_the_names_are_kept():
    account = {"metadata": {"name": "a"}, "secrets": [{"name": "s", "kind": "Secret", "resourceVersion": "1"}, {}]}
    prepare(Draft(account, None, "", "admin"))

    assert account["secrets"] == [{"name": "s"}, {}]
