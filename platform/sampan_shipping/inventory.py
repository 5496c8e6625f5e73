"""The inventory: a ConfigMap that lists all objects an add-on has shipped, to find those a later version drops.

Knows the ConfigMap's format; knows nothing of merging.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from sampan.contracts.kinds import Object, Resource
from sampan.errors import AlreadyExists, NotFound
from sampan_client.client import Client
from sampan_machinery.resources import CONFIG_MAPS as CONFIGMAPS
from sampan_shipping.marks import NAME

NAMESPACE = "kube-system"


class Ref(NamedTuple):
    """A reference to one object; ``line`` is its line in the inventory."""

    api_version: str
    kind: str
    namespace: str  # "" for cluster-wide objects
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Ref:
        metadata = manifest["metadata"]
        return cls(manifest["apiVersion"], manifest["kind"], metadata.get("namespace") or "", metadata["name"])

    @classmethod
    def parse(cls, line: str) -> Ref | None:
        words = line.split()
        return cls(words[0], words[1], "" if words[2] == "-" else words[2], words[3]) if len(words) == 4 else None

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """The reference without the version of the group."""
        return self.api_version.rpartition("/")[0], self.kind, self.namespace, self.name

    def line(self) -> str:
        return f"{self.api_version} {self.kind} {self.namespace or '-'} {self.name}"

    def __str__(self) -> str:
        return "/".join(filter(None, (self.kind, self.namespace, self.name)))


class Inventory(NamedTuple):
    """The objects that one add-on has shipped."""

    version: str = ""
    refs: tuple[Ref, ...] = ()


def name_of(addon: str) -> str:
    """The ConfigMap's name, in kube-system."""
    return f"sampan-addon-{addon}"


def read(client: Client, addon: str) -> Inventory:
    """The stored inventory; empty if there is none."""
    try:
        data = client.get(CONFIGMAPS, name_of(addon), NAMESPACE).get("data") or {}
    except NotFound:
        return Inventory()
    refs = (Ref.parse(line) for line in data.get("objects", "").splitlines())
    return Inventory(data.get("version", ""), tuple(ref for ref in refs if ref is not None))


def write(client: Client, addon: str, inventory: Inventory) -> None:
    """Replace the stored inventory."""
    data = {"version": inventory.version, "objects": "\n".join(ref.line() for ref in inventory.refs)}
    metadata: Object = {"name": name_of(addon), "namespace": NAMESPACE, "labels": {NAME: addon}}
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    try:
        client.create(CONFIGMAPS, obj, NAMESPACE)
    except AlreadyExists:
        client.patch(CONFIGMAPS, name_of(addon), {"data": data}, NAMESPACE)


def erase(client: Client, addon: str) -> None:
    try:
        client.delete(CONFIGMAPS, name_of(addon), NAMESPACE)
    except NotFound:
        return


class Collections:
    """The resource of a manifest, by discovery; each group version is requested once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, list[Resource]] = {}

    def of(self, ref: Ref) -> Resource:
        """Raises NotFound if the server does not serve the kind."""
        for resource in self._of_version(ref.api_version):
            if resource.kind == ref.kind:
                return resource
        raise NotFound(f"the server knows no kind {ref.kind} in {ref.api_version}")

    def _of_version(self, api_version: str) -> list[Resource]:
        if api_version not in self._known:
            group, _, version = api_version.rpartition("/")
            path = f"/apis/{api_version}" if group else f"/api/{version}"
            found = msgspec.json.decode(self._client.request("GET", path).body)
            self._known[api_version] = [
                Resource(group, version, entry["name"], entry["kind"], bool(entry.get("namespaced")))
                for entry in found.get("resources") or ()
                if "/" not in entry["name"]
            ]
        return self._known[api_version]
