"""What the server offers, in the old form (one document a group version) and the aggregated one (KEP-3352).

Made from the registry's tables and the delegations, kept as bytes until either changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sampan.contracts.serving import Answer, Delegated, Subresource
from sampan_machinery.protobuf import encoding as protobuf
from sampan_machinery.protobuf.table import MEDIA_TYPE
from sampan_server.extension.delegations import Delegations
from sampan_server.registry import Registry, Served, Tables
from sampan_server.request import negotiation
from sampan_server.request.aside import Aside
from sampan_server.request.encoding import encode_json
from sampan_server.request.negotiation import ranges
from sampan_server.request.otheranswers import in_protobuf
from sampan_server.request.request import Request
from sampan_server.request.statuses import no_such_path
from sampan_server.subresources.subresources import METHODS

#: Versions of the aggregated form.
AGGREGATED = ("v2", "v2beta1")
#: Kinds whose documents are made on a thread: each takes some 100 microseconds.
MANY_KINDS = 120


class Discovery:
    """Answers /api, /apis and what is below them, down to a group version."""

    def __init__(self, registry: Registry, address: str = "", delegations: Delegations | None = None) -> None:
        self._registry = registry
        self._address = address
        self._delegations = delegations or Delegations(registry)
        self._now: Offered | None = None

    def __call__(self, request: Request) -> Answer:
        now = self._current()
        parts = request.path.strip("/").split("/")
        if len(parts) == 1:
            wanted = aggregated_form(request.environ.get("HTTP_ACCEPT", ""))
            if wanted is not None:
                return _aggregated(now, request, parts[0], wanted)
        negotiation.check_plain(request.environ.get("HTTP_ACCEPT", "*/*"))
        body = now.made.get(request.path)
        if body is None:
            leave_with_many(request, now.tables)
            body = now.made[request.path] = encode_json(self._document(now, parts))
        return in_protobuf(request, Answer(200, body, headers=[("Vary", "Accept")]))

    def paths(self) -> list[str]:
        """Of every document: ``/apis/apps/v1``."""
        now = self._current()
        core = ["/api", *(f"/api/{version}" for version in now.tables.versions.get("", ["v1"]))]
        groups = {group: now.group(group)["versions"] for group in now.groups()}
        return [
            *core,
            "/apis",
            *(f"/apis/{group}" for group in groups),
            *(f"/apis/{each['groupVersion']}" for versions in groups.values() for each in versions),
        ]

    def _current(self) -> Offered:
        tables = self._registry.now
        generation = self._delegations.generation()
        now = self._now
        if now is None or now.tables is not tables or now.generation != generation:
            now = self._now = Offered(tables, generation, self._delegations.all())
        return now

    def _document(self, now: Offered, parts: list[str]) -> dict[str, Any]:
        if parts == ["api"]:
            servers = [{"clientCIDR": "0.0.0.0/0", "serverAddress": self._address}]
            versions = now.tables.versions.get("", ["v1"])
            return {"kind": "APIVersions", "versions": versions, "serverAddressByClientCIDRs": servers}
        if parts == ["apis"]:
            groups = [now.group(group) for group in now.groups()]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        if parts[0] == "api" and len(parts) == 2:
            return now.version("", parts[1])
        if parts[0] == "apis" and len(parts) == 2 and parts[1] in now.groups():
            return {"kind": "APIGroup", "apiVersion": "v1", **now.group(parts[1])}
        if parts[0] == "apis" and len(parts) == 3:
            return now.version(parts[1], parts[2])
        raise no_such_path()


def leave_with_many(request: Request, tables: Tables) -> None:
    """Before a document of all kinds is made on the event loop. Raises Aside where that would take long."""
    if not request.may_wait and len(tables.served) > MANY_KINDS:
        raise Aside(heavy=True)


class Offered:
    """What is offered at one time, with the documents made of it: a thread that is late cannot mix them with others."""

    def __init__(self, tables: Tables, generation: tuple[int, ...], delegated: Sequence[Delegated]) -> None:
        self.tables, self.generation = tables, generation
        self.made: dict[Any, bytes] = {}
        self._elsewhere: dict[str, list[Delegated]] = {}  # group versions of other servers, by group
        for found in delegated:
            self._elsewhere.setdefault(found.group, []).append(found)

    def groups(self) -> list[str]:
        """All but the core: our own, then those that only others serve."""
        own = [group for group in self.tables.groups() if group]
        return own + [group for group in self._elsewhere if group not in self.tables.versions]

    def group(self, group: str) -> dict[str, Any]:
        names = [*self.tables.versions.get(group, ()), *(found.version for found in self._others(group))]
        versions = [{"groupVersion": f"{group}/{version}", "version": version} for version in names]
        return {"name": group, "versions": versions, "preferredVersion": versions[0]}

    def version(self, group: str, version: str) -> dict[str, Any]:
        found = self.tables.of_version(group, version)
        if not found and (group or version != "v1"):  # /api names v1 even where it has no kinds
            raise no_such_path()
        resources = [entry for served in found for entry in _resources(served)]
        name = f"{group}/{version}" if group else version
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": resources}

    def aggregated_group(self, group: str) -> dict[str, Any]:
        versions = [
            {
                "version": version,
                "resources": [_aggregated_resource(served) for served in self.tables.of_version(group, version)],
                "freshness": "Current",
            }
            for version in self.tables.versions.get(group, ())
        ] + [
            {
                "version": found.version,
                **({"resources": list(found.resources)} if found.resources else {}),
                "freshness": "Stale" if found.stale or found.resources is None else "Current",
            }
            for found in self._others(group)
        ]
        return {"metadata": {"name": group} if group else {}, "versions": versions}

    def _others(self, group: str) -> Sequence[Delegated]:
        return self._elsewhere.get(group, ())


def _aggregated(now: Offered, request: Request, root: str, form: negotiation.Form) -> Answer:
    version, name = form.version, (root, form)
    body = now.made.get(name)
    if body is None:
        leave_with_many(request, now.tables)
        groups = [""] if root == "api" else now.groups()
        items = [now.aggregated_group(group) for group in groups if group or "" in now.tables.versions]
        document = {
            "kind": "APIGroupDiscoveryList",
            "apiVersion": f"apidiscovery.k8s.io/{version}",
            "metadata": {},
            "items": items,
        }
        body = now.made[name] = (protobuf.encode(document) if form.protobuf else None) or encode_json(document)
    media = f"{form.media};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
    tag = f'"{hashlib.sha256(body).hexdigest().upper()}"'
    headers = [("ETag", tag), ("Vary", "Accept")]
    if request.environ.get("HTTP_IF_NONE_MATCH") == tag:
        return Answer(304, b"", media, headers)
    return Answer(200, body, media, headers)


def aggregated_form(accept: str) -> negotiation.Form | None:
    """The version and encoding of the aggregated form, None for the old form: whichever the client prefers."""
    for wanted in ranges(accept):
        coded = wanted.media == MEDIA_TYPE
        if not coded and wanted.media not in ("application/json", "*/*", "application/*"):
            continue
        asked = wanted.parameters
        if asked.get("as") == "APIGroupDiscoveryList" and asked.get("g") == "apidiscovery.k8s.io":
            if asked.get("v") in AGGREGATED:
                return negotiation.Form("discovery", asked["v"], coded)
        elif "as" not in asked:
            return None
    return None


def _resources(served: Served) -> list[dict[str, Any]]:
    kind = served.kind
    main: dict[str, Any] = {
        "name": kind.plural,
        "singularName": kind.singular or kind.kind.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": ["create"] if kind.answer else sorted(kind.verbs),
    }
    if kind.short_names:
        main["shortNames"] = list(kind.short_names)
    if kind.categories:
        main["categories"] = list(kind.categories)
    if served.collection is not None:
        main["storageVersionHash"] = (
            hashlib.sha256(f"{served.stored.group}/{served.stored.version}/{served.stored.kind}".encode()).hexdigest()[
                :11
            ]
            + "="
        )
    entries = [main]
    for name, group, version, sub_kind, verbs in _subresources(served):
        entry: dict[str, Any] = {
            "name": f"{kind.plural}/{name}",
            "singularName": "",
            "namespaced": kind.namespaced,
            "kind": sub_kind,
            "verbs": verbs,
        }
        if (group, version) != (kind.group, kind.version):
            entry["group"], entry["version"] = group, version
        entries.append(entry)
    return entries


def _aggregated_resource(served: Served) -> dict[str, Any]:
    kind = served.kind
    found: dict[str, Any] = {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular or kind.kind.lower(),
        "verbs": ["create"] if kind.answer else sorted(kind.verbs),
    }
    if kind.short_names:
        found["shortNames"] = list(kind.short_names)
    if kind.categories:
        found["categories"] = list(kind.categories)
    subresources = [
        {
            "subresource": name,
            "responseKind": {"group": group, "version": version, "kind": sub_kind},
            "verbs": verbs,
        }
        for name, group, version, sub_kind, verbs in _subresources(served)
    ]
    if subresources:
        found["subresources"] = subresources
    return found


def _subresources(served: Served) -> list[tuple[str, str, str, str, list[str]]]:
    """(name, group, version, kind, verbs) of each."""
    kind = served.kind
    found = [(sub.name, sub.group, sub.version, sub.kind, _verbs_of(sub)) for sub in kind.subresources]
    if kind.scale:
        found.append(("scale", "autoscaling", "v1", "Scale", ["get", "patch", "update"]))
    if kind.status:
        found.append(("status", kind.group, kind.version, kind.kind, ["get", "patch", "update"]))
    return sorted(found)


def _verbs_of(sub: Subresource) -> list[str]:
    """As declared; of a connection, what its methods amount to."""
    return list(sub.verbs) or sorted({_VERBS[method] for method in sub.methods if method in _VERBS})


_VERBS = {method: verb for verb, method in METHODS.items()}
