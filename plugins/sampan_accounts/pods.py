"""The rule ServiceAccount: every pod runs as an account of its namespace and finds that account's token mounted.

Source: upstream's admission controller of this name; KEP-542 (projected tokens).
"""

from __future__ import annotations

import random
from collections.abc import Callable

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.errors import BadRequest
from sampan_accounts.provisions import default_account
from sampan_accounts.resources import DEFAULT, ROOT_CA
from sampan_machinery import names
from sampan_machinery.resources import SERVICE_ACCOUNTS as ACCOUNTS

_MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_VOLUME = "kube-api-access-"
_TOKEN_SECONDS = 3607  # an odd number, by which upstream recognises the tokens that it mounted
_MIRROR = "kubernetes.io/config.mirror"
_chance = random.Random()  # of a volume's name, which is no secret


class ServiceAccount:
    """Fills in the account, its token volume and its pull secrets; refuses an account that does not exist."""

    name = "ServiceAccount"
    operations = frozenset({"CREATE"})
    resources = frozenset({"pods"})
    subresources = frozenset({""})
    may_be_absent = True
    mutates = True
    second_round = True  # a webhook may have added containers
    priority = 200

    def __init__(self, suffix: Callable[[], str] | None = None) -> None:
        # One name for all volumes of this process: it only has to differ from the other volumes of its pod, and pods of
        # one template stay equal, which is what validation and managedFields are kept by.
        self._volume = f"{_VOLUME}{suffix() if suffix is not None else names.suffix(_chance)}"

    def admit(self, review: Review) -> None:
        pod = review.object
        if pod is None:
            return
        spec = pod.setdefault("spec", {})
        if _MIRROR in (pod.get("metadata", {}).get("annotations") or {}):
            _check_mirror(spec)
            return
        name = spec.get("serviceAccountName") or spec.get("serviceAccount") or DEFAULT
        account = self._account(review, name)
        spec["serviceAccountName"] = spec["serviceAccount"] = name
        if _mounts(spec, account):
            self._mount(spec)
        if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
            spec["imagePullSecrets"] = [dict(ref) for ref in account["imagePullSecrets"]]

    def _account(self, review: Review, name: str) -> Object:
        account = review.reader.get(ACCOUNTS, name, review.namespace)
        if account is not None:
            return account
        if name == DEFAULT:  # it was deleted and the reconciler will create it again: no reason to refuse a pod
            made = default_account(review.namespace)
            if made not in review.also_create:
                review.also_create.append(made)
            return made
        raise review.forbidden(
            f'error looking up service account {review.namespace}/{name}: serviceaccount "{name}" not found'
        )

    def _mount(self, spec: Object) -> None:
        """Mount the token where a container does not mount something of its own at that path."""
        containers = [
            container
            for part in ("initContainers", "containers")
            for container in spec.get(part) or ()
            if all(mount.get("mountPath") != _MOUNT_PATH for mount in container.get("volumeMounts") or ())
        ]
        if not containers:
            return
        volumes = spec.setdefault("volumes", [])
        volume = next((volume["name"] for volume in volumes if volume.get("name", "").startswith(_VOLUME)), "")
        if not volume:
            volume = self._volume
            volumes.append(token_volume(volume))
        for container in containers:
            mount = {"name": volume, "readOnly": True, "mountPath": _MOUNT_PATH}
            container.setdefault("volumeMounts", []).append(mount)


def token_volume(name: str) -> Object:
    """The projected volume with token, root certificate and namespace."""
    field = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    return {
        "name": name,
        "projected": {
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": _TOKEN_SECONDS, "path": "token"}},
                {"configMap": {"name": ROOT_CA, "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [field]}},
            ],
            "defaultMode": 420,
        },
    }


def _mounts(spec: Object, account: Object) -> bool:
    """The pod's setting counts before the account's; unset in both means yes."""
    for said in (spec.get("automountServiceAccountToken"), account.get("automountServiceAccountToken")):
        if said is not None:
            return bool(said)
    return True


def _check_mirror(spec: Object) -> None:
    if spec.get("serviceAccountName"):
        raise BadRequest("a mirror pod may not reference service accounts")
    for volume in spec.get("volumes") or ():
        if "secret" in volume:
            raise BadRequest("a mirror pod may not reference secrets")
        if any("serviceAccountToken" in source for source in (volume.get("projected") or {}).get("sources") or ()):
            raise BadRequest("a mirror pod may not use service account token volumes")
