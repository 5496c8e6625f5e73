"""The kind ServiceAccount. Source: API reference core/v1 ServiceAccount."""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan.contracts.serving import Subresource
from sampan_accounts.requests import TokenRequests
from sampan_machinery.columns import AGE, NAME


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
            NAME,
            AGE,
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
