"""Requests made by chance; the same seed makes the same. Kinds are known by discovery, types by the table of fields."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import protobufs
from oddities import (
    ACCEPTS,
    DOCUMENTS,
    INTEGERS,
    MEDIA,
    NAMES,
    ODD,
    OPTIONS,
    OUTSIDE,
    PATCHES,
    QUANTITIES,
    STRINGS,
)
from values import WORDS

from sampan.errors import BadRequest
from sampan_machinery.schema import load
from sampan_machinery.schema.nodes import TypeNode


@dataclass(frozen=True)
class Resource:
    """One line of discovery."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    verbs: frozenset[str]
    subresources: tuple[str, ...]

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "default") -> str:
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{root}/namespaces/{namespace}/{self.plural}" if self.namespaced else f"{root}/{self.plural}"


@dataclass(frozen=True)
class Input:
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path} {dict(self.headers)} {self.body!r}"


class Inputs:
    """Makes requests about these resources; ``samples`` are valid bodies by kind, which are changed here and there."""

    def __init__(self, seed: int, resources: Sequence[Resource], samples: Mapping[str, Sequence[Any]]) -> None:
        self._random = random.Random(seed)
        self._resources = [each for each in resources if each.verbs]
        self._samples = samples

    def next(self) -> Input:
        resource = self._random.choice(self._resources)
        makers: tuple[Callable[[Resource], Input], ...] = (
            self._create, self._create, self._create, self._update, self._patch, self._patch, self._read, self._list,
            self._delete, self._elsewhere,
        )  # fmt: skip
        return self._random.choice(makers)(resource)

    # The kinds of request

    def _create(self, resource: Resource) -> Input:
        below = [sub for sub in resource.subresources if sub not in OUTSIDE]
        path = self._where(resource)
        if below and self._chance(10):
            path += f"/{self._name()}/{self._random.choice(below)}"
        return self._written("POST", path, self._object(resource))

    def _update(self, resource: Resource) -> Input:
        return self._written("PUT", self._one(resource), self._object(resource))

    def _patch(self, resource: Resource) -> Input:
        form = self._random.choice(PATCHES)
        if form == "json-patch+json":
            change: Any = [self._operation(resource) for _ in range(self._random.randrange(4))]
        else:
            change = self._object(resource)
            if form == "strategic-merge-patch+json":
                self._direct(change)
        headers = {"Content-Type": f"application/{form}", "Accept": self._accept()}
        return Input("PATCH", self._one(resource) + self._query(), headers, self._spoiled(_encoded(change)))

    def _read(self, resource: Resource) -> Input:
        return Input("GET", self._one(resource) + self._query(), {"Accept": self._accept()})

    def _list(self, resource: Resource) -> Input:
        return Input("GET", self._where(resource) + self._query(), {"Accept": self._accept()})

    def _delete(self, resource: Resource) -> Input:
        whole = self._chance(20) and resource.plural != "namespaces"
        path = self._where(resource) if whole else self._one(resource)
        if not self._chance(3):
            return Input("DELETE", path + self._query())
        options = {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "gracePeriodSeconds": self._pick((0, 5, -1, "x", 2**40)),
        }
        options["preconditions"] = self._pick(({}, {"uid": "x"}, {"resourceVersion": "1"}, {"uid": 1}, []))
        options["propagationPolicy"] = self._pick(("Orphan", "Foreground", "Background", "x", 1))
        return self._written("DELETE", path, options)

    def _elsewhere(self, resource: Resource) -> Input:
        """A path that was cut, lengthened or changed by a letter."""
        path = self._one(resource)
        how = self._random.randrange(4)
        if how == 0:
            path = path[: self._random.randrange(1, len(path))]
        elif how == 1:
            path += "/" + quote(self._string(), safe=self._pick(("", "/")), errors="surrogatepass")
        elif how == 2:
            at = self._random.randrange(1, len(path))
            path = path[:at] + self._pick(("/", "%", "%00", ".", "é", "//", "?", "#", "\\")) + path[at:]
        else:
            path = self._pick(
                ("/apis", "/api", "/openapi/v2", "/openapi/v3", "/version", "/healthz", "/metrics", "/foo")
            )
        method = self._pick(("GET", "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "FOO"))
        return Input(method, path + self._query(), {"Accept": self._accept()}, self._pick((None, b"{}", b"[")))

    # Their parts

    def _where(self, resource: Resource) -> str:
        if resource.namespaced and self._chance(12):
            return resource.path(
                self._pick(("other", "kube-system", "é", "a b")).replace("é", "%C3%A9").replace(" ", "%20")
            )
        return resource.path()

    def _one(self, resource: Resource) -> str:
        path = f"{self._where(resource)}/{self._name()}"
        below = [sub for sub in resource.subresources if sub not in OUTSIDE]
        return f"{path}/{self._random.choice(below)}" if below and self._chance(4) else path

    def _name(self) -> str:
        return (
            self._pick(NAMES) if not self._chance(10) else quote(self._string(), safe="", errors="surrogatepass") or "a"
        )

    def _query(self) -> str:
        if not self._chance(3):
            return ""
        chosen = self._random.sample(sorted(OPTIONS), self._random.randrange(1, 4))
        return "?" + "&".join(f"{name}={quote(self._pick(OPTIONS[name]), safe='=!,()')}" for name in chosen)

    def _accept(self) -> str:
        return self._pick(ACCEPTS) if self._chance(3) else "application/json"

    def _written(self, method: str, path: str, body: Any) -> Input:
        media = self._pick(MEDIA) if self._chance(5) else "application/json"
        data = _encoded(body)
        if "protobuf" in media and isinstance(body, dict):
            try:
                data = protobufs.encode(body)
            except (protobufs.Unencodable, BadRequest, KeyError, RecursionError, UnicodeError):
                media = "application/json"
        headers = {"Content-Type": media, "Accept": self._accept()}
        return Input(method, path + self._query(), headers, self._spoiled(data))

    def _spoiled(self, data: bytes) -> bytes:
        """The bytes, now and then with some of them changed, left out or doubled, or others altogether."""
        if not self._chance(12):
            return data
        if self._chance(3):
            return self._pick(DOCUMENTS)
        found = bytearray(data)
        for _ in range(self._random.randrange(1, 4)):
            at = self._random.randrange(len(found) + 1)
            how = self._random.randrange(3)
            if how == 0:
                found[at:at] = self._random.randbytes(self._random.randrange(1, 3))
            elif how == 1:
                del found[at : at + self._random.randrange(1, 20)]
            else:
                found[at:at] = found[at : at + 40]
        return bytes(found)

    # Bodies

    def _object(self, resource: Resource) -> Any:
        known = self._samples.get(resource.kind, ())
        if known and not self._chance(3):
            obj = copy.deepcopy(self._random.choice(known))
            for _ in range(self._random.randrange(4)):
                self._change(obj, resource)
        else:
            obj = self._by_type(resource)
        if isinstance(obj, dict) and not self._chance(15):
            obj["apiVersion"], obj["kind"] = resource.api_version, resource.kind
            meta = obj.setdefault("metadata", {})
            if isinstance(meta, dict) and not self._chance(15):
                meta["name"] = self._pick(NAMES)
        return obj

    def _by_type(self, resource: Resource) -> Any:
        node = _node(resource)
        return self._value(node, "", 0) if node is not None else {"spec": self._pick(ODD)}

    def _change(self, obj: Any, resource: Resource) -> None:
        """One value somewhere in the object becomes another of its type, or of none."""
        node = _node(resource)
        place, name = obj, ""
        while isinstance(place, dict | list) and place:
            key: Any = (
                self._random.choice(list(place)) if isinstance(place, dict) else self._random.randrange(len(place))
            )
            if isinstance(place, dict):
                name = key
                node = node.field(key) if node is not None and node.shape in ("struct", "map") else None
            else:
                node = node.item() if node is not None and node.shape == "list" else None
            if not isinstance(place[key], dict | list) or not place[key] or self._chance(5):
                if self._chance(6) and isinstance(place, dict):
                    del place[key]
                else:
                    place[key] = self._value(node, name, 2) if node is not None else copy.deepcopy(self._pick(ODD))
                return
            place = place[key]

    def _value(self, node: TypeNode, name: str, depth: int) -> Any:
        if self._chance(30):
            return copy.deepcopy(self._pick(ODD))
        if node.shape == "struct":
            return self._struct(node, depth)
        if node.shape == "list":
            return (
                [self._value(node.item(), name, depth + 1) for _ in range(self._random.randrange(3))]
                if depth < 7
                else []
            )
        if node.shape == "map":
            keys = self._random.sample(STRINGS, self._random.randrange(3))
            return {key: self._value(node.item(), "", depth + 1) for key in keys} if depth < 7 else {}
        if node.shape == "any":
            return copy.deepcopy(self._pick(ODD))
        return self._scalar(node.scalar, name)

    def _struct(self, node: TypeNode, depth: int) -> dict[str, Any]:
        names = [each for each in node.required() if not self._chance(10)]
        others = list(node.fields())
        if others and depth < 6:
            names += self._random.sample(others, min(len(others), self._random.randrange(4)))
        fields = {each: node.field(each) for each in dict.fromkeys(names)}
        return {
            each: self._value(below, each, depth + 1)
            for each, below in fields.items()
            if below is not None and depth < 8
        }

    def _scalar(self, scalar: str, name: str) -> Any:
        if scalar in ("integer", "int32", "number"):
            return self._pick(INTEGERS)
        if scalar == "boolean":
            return self._chance(2)
        if scalar == "quantity":
            return self._pick(QUANTITIES)
        if scalar == "int-or-string":
            return self._pick((*INTEGERS, *STRINGS, "25%", "101%"))
        if scalar == "bytes":
            return self._pick(("aGk=", "", "!", "aGk"))
        return self._pick(WORDS[name]) if name in WORDS and not self._chance(8) else self._string()

    # Patches

    def _operation(self, resource: Resource) -> Any:
        op = self._pick(("add", "remove", "replace", "move", "copy", "test", "x"))
        found = {"op": op, "path": self._pointer(resource), "value": self._pick(ODD)}
        if op in ("move", "copy"):
            found["from"] = self._pointer(resource)
        if self._chance(15):
            del found[self._pick(tuple(found))]
        return found if not self._chance(20) else self._pick(ODD)

    def _pointer(self, resource: Resource) -> str:
        known = self._samples.get(resource.kind, ())
        place: Any = self._random.choice(known) if known else {"metadata": {"name": "a"}}
        steps: list[str] = []
        while isinstance(place, dict | list) and place and not self._chance(4):
            key: Any = (
                self._random.choice(list(place)) if isinstance(place, dict) else self._random.randrange(len(place))
            )
            steps.append(str(key).replace("~", "~0").replace("/", "~1"))
            place = place[key]
        if self._chance(4):
            steps.append(self._pick(("-", "0", "99", "", "~2", "x", "-1", "00")))
        return "".join(f"/{step}" for step in steps) if not self._chance(20) else self._string()

    def _direct(self, change: Any) -> None:
        """Put a directive of strategic merge patches somewhere."""
        place = change
        while isinstance(place, dict) and place and not self._chance(3):
            place = place[self._random.choice(list(place))]
            if isinstance(place, list) and place:
                place = place[0]
        if isinstance(place, dict):
            name = self._pick(
                ("$patch", "$retainKeys", "$setElementOrder/containers", "$deleteFromPrimitiveList/finalizers")
            )
            place[name] = self._pick(("delete", "replace", "merge", "x", ["name"], [{"name": "a"}], 1, None, [1, {}]))

    def _chance(self, of: int) -> bool:
        return self._random.randrange(of) == 0

    def _pick(self, values: Sequence[Any]) -> Any:
        return self._random.choice(values)

    def _string(self) -> str:
        return self._random.choice(STRINGS)


def _node(resource: Resource) -> TypeNode | None:
    """The type of a kind of Kubernetes' own."""
    try:
        return load().node(resource.group, resource.version, resource.kind)
    except BadRequest:
        return None


def _encoded(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")
