"""The kind ServiceAccount. Source: API reference core/v1 ServiceAccount."""

from __future__ import annotations

from sampan.contracts.kinds import Draft, Kind
from sampan.contracts.serving import Subresource
from sampan_accounts.requests import TokenRequests
from sampan_machinery.columns import AGE, NAME


def prepare(draft: Draft) -> None:
    """Of the secrets that an account names, the names alone are kept. Source: core/v1 ServiceAccount strategy."""
    secrets = draft.object.get("secrets")
    if secrets:
        draft.object["secrets"] = [{"name": each["name"]} if each.get("name") else {} for each in secrets]


def service_account(requests: TokenRequests) -> Kind:
    """The kind, with its subresource token answered by ``requests``."""
    return Kind(
        group="",
        version="v1",
        kind="ServiceAccount",
        plural="serviceaccounts",
        short_names=("sa",),
        shown_deleted=True,
        prepare=prepare,
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
