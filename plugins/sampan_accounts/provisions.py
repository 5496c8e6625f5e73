"""What every namespace has from us: the account ``default`` and the ConfigMap with the root certificate. Pure.

Both are made in the commit that makes the namespace; the reconcilers only restore them when they were deleted or
changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Key, Observed, Patch
from sampan_accounts.resources import DEFAULT, ROOT_CA
from sampan_machinery.metadata import is_deleting
from sampan_machinery.resources import CONFIG_MAPS as CONFIGMAPS
from sampan_machinery.resources import NAMESPACES
from sampan_machinery.resources import SERVICE_ACCOUNTS as ACCOUNTS

_ABOUT = {"kubernetes.io/description": "The certificate authority with which pods check the API server's certificate."}


def default_account(namespace: str) -> Object:
    return {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"name": DEFAULT, "namespace": namespace}}


def root_ca(namespace: str, certificate: str) -> Object:
    return {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": ROOT_CA, "namespace": namespace, "annotations": dict(_ABOUT)},
        "data": {"ca.crt": certificate},
    }


class Provision:
    """Creates the two objects in the commit that creates the namespace, so that no pod waits for them."""

    name = "NamespaceProvision"
    operations = frozenset({"CREATE"})
    resources = frozenset({"namespaces"})
    subresources = frozenset({""})
    may_be_absent = True
    mutates = False
    priority = 900

    def __init__(self, certificate: Callable[[], str]) -> None:
        self._certificate = certificate

    def admit(self, review: Review) -> None:
        namespace = review.name
        if review.reader.get(ACCOUNTS, DEFAULT, namespace) is None:
            review.also_create.append(default_account(namespace))
        certificate = self._certificate()
        if certificate and review.reader.get(CONFIGMAPS, ROOT_CA, namespace) is None:
            review.also_create.append(root_ca(namespace, certificate))


def keep_account(key: Key, observed: Observed) -> Iterable[Action]:
    """A ``default`` account in each namespace that stays."""
    if not _stays(key, observed) or observed.get(ACCOUNTS, DEFAULT, key.name):
        return ()
    return (Create(ACCOUNTS, default_account(key.name)),)


def keep_root_ca(certificate: str) -> Callable[[Key, Observed], Iterable[Action]]:
    """The certificate in each namespace that stays, put right when changed."""

    def decide(key: Key, observed: Observed) -> Iterable[Action]:
        if not certificate or not _stays(key, observed):
            return ()
        wanted = root_ca(key.name, certificate)
        found = observed.get(CONFIGMAPS, ROOT_CA, key.name)
        if found is None:
            return (Create(CONFIGMAPS, wanted),)
        if found.get("data") == wanted["data"] and not found.get("binaryData"):
            return ()
        extra = {name: None for name in found.get("data") or () if name not in wanted["data"]}
        patch = {"data": {**extra, **wanted["data"]}, "binaryData": None}
        return (Patch(CONFIGMAPS, ROOT_CA, key.name, patch),)

    return decide


def namespace_of(obj: Object, observed: Observed) -> Iterable[Key]:
    """The namespace that an account or ConfigMap of ours belongs to."""
    metadata = obj["metadata"]
    return [Key("", metadata["namespace"])] if metadata["name"] in (DEFAULT, ROOT_CA) else []


def _stays(key: Key, observed: Observed) -> bool:
    namespace = observed.get(NAMESPACES, key.name)
    return namespace is not None and not is_deleting(namespace)
