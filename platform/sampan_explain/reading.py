"""Reads what explanations want, through the API, with the rights of the client's user."""

from __future__ import annotations

import msgspec

from sampan.contracts.resources import Object
from sampan.errors import StatusError
from sampan_client import Client
from sampan_client.paths import path_of
from sampan_explain.objects import Read, Want

LOG_LINES = 20
LOG_BYTES = 8 << 10


def reader_of(client: Client, *, most: int = 0) -> Read:
    """Each read is a request, and none is made twice by one explanation. A collection of more than ``most`` objects is
    not read, and said so; 0: any number. Raises OSError where no server answers."""

    def read(want: Want) -> list[Object] | str:
        try:
            return _read(client, want, most)
        except StatusError as error:
            if error.code == 404 and want.name and not want.container:
                return []
            return _why(error)

    return read


def _read(client: Client, want: Want, most: int) -> list[Object] | str:
    resource = want.resource
    if want.request is not None:
        return [client.create(resource, want.request, want.namespace)]
    if want.container:
        return [{"line": _log(client, want)}]
    if want.name:
        found = client.get(resource, want.name, want.namespace)
        return [{"kind": resource.kind, "apiVersion": resource.api_version, **found}]
    return _some(client, want, most) if most else client.list(resource, want.namespace).items


def _some(client: Client, want: Want, most: int) -> list[Object] | str:
    resource = want.resource
    answer = client.request("GET", path_of(resource, want.namespace), query={"limit": most})
    page = msgspec.json.decode(answer.body)
    if (page.get("metadata") or {}).get("continue"):
        return f"there are more than {most}"
    return [{"kind": resource.kind, "apiVersion": resource.api_version, **item} for item in page.get("items") or ()]


def _log(client: Client, want: Want) -> str:
    query = {
        "container": want.container, "previous": want.previous, "tailLines": LOG_LINES, "limitBytes": LOG_BYTES,
    }  # fmt: skip
    path = path_of(want.resource, want.namespace, want.name, "log")
    return client.request("GET", path, query=query, headers={"Accept": "*/*"}).body.decode(errors="replace")


def _why(error: StatusError) -> str:
    if error.code == 403:
        return "you may not read them"
    if error.code == 404:
        return "not served here"
    return " ".join(str(error).split())[:200]
