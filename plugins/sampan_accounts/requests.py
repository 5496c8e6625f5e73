"""serviceaccounts/token: a token for an account, for a while, perhaps bound to a Pod, a Secret or a Node.

Source: API reference authentication.k8s.io/v1 TokenRequest; KEP-1205 and KEP-4193 for the claims.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sampan.contracts.kinds import Object, Problem, Resource
from sampan.contracts.serving import Call, Reader
from sampan.errors import BadRequest, Conflict, NotFound
from sampan_accounts.signing import Signer
from sampan_machinery import metadata, problems
from sampan_machinery.resources import NODES, PODS, SECRETS

_SHORTEST, _LONGEST, _USUAL = 600, 1 << 32, 3600
_BINDABLE = {"Pod": PODS, "Secret": SECRETS, "Node": NODES}


@dataclass(frozen=True)
class TokenRequests:
    """Answers TokenRequests."""

    signer: Signer
    issuer: str
    clock: Callable[[], float] = time.time
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())

    def serve(self, call: Call) -> Object:
        """The request with its token; raises Invalid, BadRequest, NotFound or Conflict."""
        asked, account = call.body(), call.target()
        _check_names(asked, account)
        spec = _completed(asked.get("spec") or {}, self.issuer)
        found = list(_problems(spec))
        if found:
            raise problems.as_error(found, group="authentication.k8s.io", kind="TokenRequest", name="")
        now = int(self.clock())
        claims = self._claims(account, spec, now, _bound(spec.get("boundObjectRef"), account, call.cluster))
        return {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {
                "name": account["metadata"]["name"],
                "namespace": account["metadata"]["namespace"],
                "uid": account["metadata"].get("uid", ""),
                "creationTimestamp": metadata.now_text(now),
            },
            "spec": {"boundObjectRef": None, **spec},
            "status": {
                "token": "" if call.dry_run else self.signer.sign(claims),
                "expirationTimestamp": metadata.now_text(claims["exp"]),
            },
        }

    def _claims(self, account: Object, spec: Object, now: int, bound: dict[str, Any]) -> dict[str, Any]:
        name, namespace = account["metadata"]["name"], account["metadata"]["namespace"]
        return {
            "aud": spec["audiences"],
            "exp": now + spec["expirationSeconds"],
            "iat": now,
            "nbf": now,
            "iss": self.issuer,
            "jti": self.new_id(),
            "sub": f"system:serviceaccount:{namespace}:{name}",
            "kubernetes.io": {
                "namespace": namespace,
                "serviceaccount": {"name": name, "uid": account["metadata"].get("uid", "")},
                **bound,
            },
        }


def _check_names(asked: Object, account: Object) -> None:
    for part in ("name", "namespace"):
        said = (asked.get("metadata") or {}).get(part)
        if said and said != account["metadata"][part]:
            raise BadRequest(f"the {part} of the provided object does not match the {part} sent on the request")


def _completed(spec: Object, issuer: str) -> Object:
    seconds = spec.get("expirationSeconds")
    return {
        **spec,
        "audiences": spec.get("audiences") or [issuer],
        "expirationSeconds": _USUAL if seconds is None else seconds,
    }


def _problems(spec: Object) -> list[Problem]:
    seconds, path = spec["expirationSeconds"], "spec.expirationSeconds"
    if seconds < _SHORTEST:
        return [problems.invalid(path, seconds, "may not specify a duration less than 10 minutes")]
    if seconds > _LONGEST:
        return [problems.invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")]
    return []


def _bound(ref: Object | None, account: Object, reader: Reader) -> dict[str, Any]:
    """The claims about the object that a token is bound to; {} when it is bound to none."""
    if not ref:
        return {}
    resource = _BINDABLE.get(ref.get("kind", ""))
    if resource is None or ref.get("apiVersion", "v1") != "v1":
        raise BadRequest(f"cannot bind token to object of type {ref.get('apiVersion', '')}, Kind={ref.get('kind', '')}")
    name, namespace = ref.get("name", ""), account["metadata"]["namespace"] if resource.namespaced else ""
    obj = reader.get(resource, name, namespace)
    if obj is None:
        raise NotFound(f'{resource.plural} "{name}" not found', kind=resource.plural, name=name)
    _check_uid(ref.get("uid", ""), obj, resource)
    if resource != PODS:
        return {resource.kind.lower(): _named(obj)}
    if (obj["spec"].get("serviceAccountName") or "default") != account["metadata"]["name"]:
        raise BadRequest(
            f'cannot bind token for serviceaccount "{account["metadata"]["name"]}" to pod running with different '
            "serviceaccount name."
        )
    node = reader.get(NODES, obj["spec"]["nodeName"]) if obj["spec"].get("nodeName") else None
    return {"pod": _named(obj), **({"node": _named(node)} if node else {})}


def _check_uid(uid: str, obj: Object, resource: Resource) -> None:
    if uid and uid != obj["metadata"].get("uid"):
        name = obj["metadata"]["name"]
        raise Conflict(
            f'Operation cannot be fulfilled on {resource.plural} "{name}": the UID in the bound object reference '
            f"({uid}) does not match the UID in record. The object might have been deleted and then recreated",
            kind=resource.plural,
            name=name,
        )


def _named(obj: Object) -> dict[str, str]:
    return {"name": obj["metadata"]["name"], "uid": obj["metadata"].get("uid", "")}
