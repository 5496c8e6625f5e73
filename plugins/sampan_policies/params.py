"""The parameters of a binding: objects of the policy's paramKind. Pure over a Reader.

Source: apiserver's admission/plugin/policy/generic (CollectParams). Without ``paramKind`` or ``paramRef`` a policy is
evaluated once, with ``params`` null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sampan.contracts.admission import Versions
from sampan.contracts.kinds import Object, Resource
from sampan.contracts.serving import Reader
from sampan_machinery import selectors


class Misconfigured(Exception):
    """A policy or binding cannot be used for a request; its failurePolicy counts."""


def resource_of(param_kind: Mapping[str, Any], versions: Versions) -> Resource:
    """The resource of a paramKind; raises Misconfigured."""
    api_version, kind = str(param_kind.get("apiVersion") or ""), str(param_kind.get("kind") or "")
    found = versions.named(api_version, kind)
    if found is None:
        shown = f"{api_version if '/' in api_version else '/' + api_version}, Kind={kind}"
        raise Misconfigured(f"failed to find resource referenced by paramKind: '{shown}'")
    return found


def collect(
    resource: Resource | None, ref: Mapping[str, Any] | None, namespace: str, reader: Reader
) -> Sequence[Object | None]:
    """The objects to evaluate a policy with; none where their absence is allowed. ``resource``: of the paramKind.
    Raises Misconfigured."""
    if resource is None or ref is None:
        return (None,)
    place = _place(resource, str(ref.get("namespace") or ""), namespace)
    if ref.get("name"):
        found = reader.get(resource, str(ref["name"]), place)
        params = [] if found is None else [found]
    else:
        selector = selectors.from_object(ref.get("selector") or {})
        params = [
            each
            for each in reader.list(resource, place)
            if selector.empty or selector.matches((each.get("metadata") or {}).get("labels"))
        ]
    if not params and ref.get("parameterNotFoundAction") == "Deny":
        raise Misconfigured("no params found for policy binding with `Deny` parameterNotFoundAction")
    return params


def _place(resource: Resource, named: str, namespace: str) -> str:
    """The namespace to look in."""
    if not resource.namespaced:
        if named:
            raise Misconfigured("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
        return ""
    if not named and not namespace:
        raise Misconfigured("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources")
    return named or namespace
