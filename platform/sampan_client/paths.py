"""URL paths of resources. Source: Kubernetes API concepts, "Resource URIs"."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from sampan.contracts.kinds import Resource


def path_of(resource: Resource, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """``/apis/apps/v1/namespaces/default/deployments/web/scale``; an empty namespace means all of them."""
    root = f"/apis/{resource.group}" if resource.group else "/api"
    parts = [root, resource.version]
    if resource.namespaced and namespace:
        parts += ["namespaces", quote(namespace, safe="")]
    parts.append(resource.plural)
    if name:
        parts.append(quote(name, safe=":"))
    if subresource:
        parts.append(subresource)  # may hold slashes: proxy/some/path
    return "/".join(parts)


def with_query(path: str, query: Mapping[str, object] | None) -> str:
    """The path with the parameters that are neither empty nor None; True becomes ``true``."""
    given = {key: _text(value) for key, value in (query or {}).items() if value not in ("", None, False)}
    return f"{path}?{urlencode(given)}" if given else path


def _text(value: object) -> str:
    return "true" if value is True else str(value)
