"""Which of the credentials that a pod names fit an image's registry.

Source: the documentation on pulling from a private registry (globs per part of the host, ports, path prefixes).
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import json
from collections.abc import Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Object

HUB = "docker.io"
HUB_NAMES = ("index.docker.io", "registry-1.docker.io")
LARGEST = 64  # entries that are tried for one image

Credential = Mapping[str, str]


def of_secret(secret: Object | None, image: str) -> list[Credential]:
    """Those of a Secret of type kubernetes.io/dockerconfigjson or dockercfg, the most specific first; none of one that
    cannot be read."""
    data = (secret or {}).get("data") or {}
    try:
        if raw := data.get(".dockerconfigjson"):
            entries = json.loads(base64.b64decode(raw)).get("auths")
        else:
            entries = json.loads(base64.b64decode(data.get(".dockercfg") or "e30="))
    except (ValueError, AttributeError):  # binascii.Error is a ValueError
        return []
    return fitting(entries, image) if isinstance(entries, dict) else []


def fitting(entries: Mapping[str, Any], image: str) -> list[Credential]:
    """The entries of a docker config.json for the image's registry, as {username, password, serveraddress}."""
    found = [(len(server), server, entry) for server, entry in entries.items() if fits(server, image)]
    found.sort(key=lambda one: (-one[0], one[1]))
    return [one for _, server, entry in found[:LARGEST] for one in _credential(server, entry)]


def _credential(server: str, entry: Any) -> Iterator[Credential]:
    if not isinstance(entry, dict):
        return
    user, password = str(entry.get("username") or ""), str(entry.get("password") or "")
    if not user and entry.get("auth"):
        try:
            user, _, password = base64.b64decode(str(entry["auth"])).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return
    if user or password:
        yield {"username": user, "password": password, "serveraddress": server}


def fits(server: str, image: str) -> bool:
    """Whether an entry's name, with or without scheme and path, is for this image."""
    host, path = _split(_plain(server))
    there, name = _split(_named(image))
    host_name, _, port = host.partition(":")
    there_name, _, there_port = there.partition(":")
    parts, others = host_name.split("."), there_name.split(".")
    return (
        port == there_port
        and len(parts) == len(others)
        and name.startswith(path)
        and all(fnmatch.fnmatchcase(other, part) for part, other in zip(parts, others, strict=True))
    )


def _plain(server: str) -> str:
    for scheme in ("https://", "http://"):
        server = server.removeprefix(scheme)
    server = server.rstrip("/")
    for version in ("/v1", "/v2"):  # addresses of the registry's API, as docker login writes them
        server = server.removesuffix(version)
    host, slash, path = server.partition("/")
    return f"{HUB if host in HUB_NAMES else host}{slash}{path}"


def _named(image: str) -> str:
    """The image with its registry, which may be left out of a name."""
    first = image.partition("/")[0]
    is_host = "/" in image and ("." in first or ":" in first or first == "localhost")
    host, _, rest = (image if is_host else f"{HUB}/{image}").partition("/")
    return f"{HUB if host in HUB_NAMES else host}/{rest}"


def repository(image: str) -> str:
    """The image with its registry, without tag and digest, as credential provider plugins are told it."""
    host, _, path = _named(image.partition("@")[0]).partition("/")
    if host == HUB and "/" not in path:
        path = f"library/{path}"
    return f"{host}/{path.partition(':')[0]}"


def _split(text: str) -> tuple[str, str]:
    host, slash, path = text.partition("/")
    return host, slash + path
