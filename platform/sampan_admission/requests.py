"""The variable ``request`` of expressions and its type: an AdmissionRequest without its objects.

Source: admission.k8s.io/v1 AdmissionRequest; apiserver's plugin/cel (BuildRequestType).
"""

from __future__ import annotations

from sampan_admission.requestbodies import request_of
from sampan_cel import types
from sampan_cel.types import BOOL, DYN, STRING, ObjectType

__all__ = ["REQUEST", "request_of"]

_KIND = ObjectType("kubernetes.GroupVersionKind", {"group": STRING, "version": STRING, "kind": STRING})
_RESOURCE = ObjectType("kubernetes.GroupVersionResource", {"group": STRING, "version": STRING, "resource": STRING})
_USER = ObjectType("kubernetes.UserInfo", {
    "username": STRING, "uid": STRING, "groups": types.list_of(STRING),
    "extra": types.map_of(STRING, types.list_of(STRING)),
})  # fmt: skip
#: The type of ``request``.
REQUEST = ObjectType("kubernetes.AdmissionRequest", {
    "kind": _KIND, "resource": _RESOURCE, "subResource": STRING, "requestKind": _KIND, "requestResource": _RESOURCE,
    "requestSubResource": STRING, "name": STRING, "namespace": STRING, "operation": STRING, "userInfo": _USER,
    "dryRun": BOOL, "options": DYN,
})  # fmt: skip
