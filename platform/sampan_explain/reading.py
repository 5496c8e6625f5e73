"""Reads what explanations want, through the API, with the rights of the client's user."""

from __future__ import annotations

from sampan.contracts.resources import Object
from sampan.errors import StatusError
from sampan_client import Client
from sampan_client.paths import path_of
from sampan_explain.objects import Read, Want

LOG_LINES = 20
LOG_BYTES = 8 << 10


def reader_of(client: Client) -> Read:
    """Each read is a request, and none is made twice by one explanation. Raises OSError where no server answers."""

    def read(want: Want) -> list[Object] | str:
        try:
            return _read(client, want)
        except StatusError as error:
            if error.code == 404 and want.name and not want.container:
                return []
            return _why(error)

    return read


def _read(client: Client, want: Want) -> list[Object]:
    resource = want.resource
    if want.request is not None:
        return [client.create(resource, want.request, want.namespace)]
    if want.container:
        return [{"line": _log(client, want)}]
    if want.name:
        found = client.get(resource, want.name, want.namespace)
        return [{"kind": resource.kind, "apiVersion": resource.api_version, **found}]
    return client.list(resource, want.namespace).items


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
