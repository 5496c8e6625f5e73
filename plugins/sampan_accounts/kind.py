"""The kind ServiceAccount. Source: API reference core/v1 ServiceAccount."""

from __future__ import annotations

from sampan.contracts.kinds import Column, Kind
from sampan.contracts.serving import Subresource
from sampan_accounts.requests import TokenRequests


def service_account(requests: TokenRequests) -> Kind:
    """The kind, with its subresource token answered by ``requests``."""
    return Kind(
        group="",
        version="v1",
        kind="ServiceAccount",
        plural="serviceaccounts",
        short_names=("sa",),
        shown_deleted=True,
        columns=(
            Column("Name", lambda account: account["metadata"]["name"], format="name"),
            Column("Age", lambda account: account["metadata"].get("creationTimestamp"), type="date"),
        ),
        subresources=(
            Subresource(
                name="token",
                kind="TokenRequest",
                group="authentication.k8s.io",
                verbs=("create",),
                serve=requests.serve,
                admits=True,
            ),
        ),
    )
