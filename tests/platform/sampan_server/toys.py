"""A kind source for tests: each object of the stored kind Toy describes a kind, like a very small CRD.

    {"metadata": {"name": "boats"}, "spec": {
        "kind": "Boat", "versions": ["v1", "v2"], "stored": "v2", "hidden": [], "crew": {"type": "integer"},
        "blocks": true, "removed": false}}

is the kind Boat of the group toys.example in two versions, stored as v2. What v1 calls crew, v2 calls sailors.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hanging import hangs

from sampan.contracts.kind_sources import Refused
from sampan.contracts.kinds import Column, Kind, Object, Resource
from sampan.contracts.serving import Cluster, ServerContext
from sampan.hookspecs import hookimpl

GROUP = "toys.example"
TOYS = Resource("meta.toys.example", "v1", "toys", "Toy", False)
NAMES = {"v1": "crew", "v2": "sailors", "v3": "hands"}
OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}

TOY = Kind(
    group=TOYS.group, version="v1", kind="Toy", plural="toys", namespaced=False, status=True,
    schema={"type": "object", "properties": {"spec": OPEN, "status": OPEN}},
)  # fmt: skip


class Conversions:
    """What the conversions of a test do: count, wait, fail."""

    def __init__(self) -> None:
        self.calls = 0
        self.objects = 0
        self.threads: set[str] = set()
        self.open = threading.Event()
        self.open.set()
        self.failure: Exception | None = None
        self.hanging = False  # what waits is late

    def to(self, version: str) -> Callable[[Object], Object]:
        return lambda obj: self.many(version)([obj])[0]

    def many(self, version: str) -> Callable[[Sequence[Object]], Sequence[Object]]:
        def convert(objects: Sequence[Object]) -> Sequence[Object]:
            self.calls += 1
            self.objects += len(objects)
            self.threads.add(threading.current_thread().name)
            if self.hanging:
                hangs()
            assert self.open.wait(300)
            if self.failure is not None:
                raise self.failure
            return [self._converted(obj, version) for obj in objects]

        return convert

    def _converted(self, obj: Object, version: str) -> Object:
        before = NAMES[obj["apiVersion"].rpartition("/")[2]]
        spec = dict(obj.get("spec") or {})
        if before in spec:
            spec[NAMES[version]] = spec.pop(before)
        return {**obj, "apiVersion": f"{GROUP}/{version}", "spec": spec}


class ToySource:
    """The kinds that the Toys describe."""

    name = "toys"
    watches = (TOYS,)

    def __init__(self, cluster: Cluster, conversions: Conversions) -> None:
        self._cluster, self._conversions = cluster, conversions
        self._made: dict[str, tuple[str, list[Kind]]] = {}  # by name: a spec and what was made of it
        self.served: list[str] = []
        self.refused: dict[str, str] = {}
        self.refusals: list[dict[str, str]] = []  # all that was ``refused``
        self.settled_as: dict[str, Any] = {}  # by name: the spec that is served or refused now
        self.failing = False
        self.tells = False  # write to a Toy's status which versions are served
        self.asked = 0

    def kinds(self) -> list[Kind]:
        self.asked += 1
        if self.failing:
            raise RuntimeError("toys are broken")
        made = {}
        for toy in self._cluster.list(TOYS):
            name, text = toy["metadata"]["name"], json.dumps(toy["spec"])
            known = self._made.get(name)
            same = known is not None and known[0] == text
            made[name] = known if known is not None and same else (text, self._kinds(name, toy["spec"]))
        self._made = made
        return [kind for _, kinds in made.values() for kind in kinds]

    def settled(self, served: Sequence[Kind], refused: Sequence[Refused]) -> None:
        self.served = [f"{kind.plural}/{kind.version}" for kind in served]
        self.refused = {f"{kind.plural}/{kind.version}": why for kind, why in refused}
        self.refusals.append(self.refused)
        self.settled_as = {name: json.loads(text) for name, (text, _) in self._made.items()}
        if self.tells:
            for toy in self._cluster.list(TOYS):
                self._tell(toy, sorted(kind.version for kind in served if kind.plural == toy["metadata"]["name"]))

    def _tell(self, toy: Object, versions: list[str]) -> None:
        def change(now: Object) -> Object | None:
            return None if now.get("status") == {"served": versions} else {**now, "status": {"served": versions}}

        self._cluster.update(TOYS, toy["metadata"]["name"], "", change, subresource="status")

    def removes(self, kind: Kind) -> bool:
        return kind.short_names == ("removed",)

    def _kinds(self, plural: str, spec: Mapping[str, Any]) -> list[Kind]:
        group, stored = spec.get("group", GROUP), spec.get("stored", "v1")
        return [
            Kind(
                group=group, version=version, kind=spec["kind"], plural=plural,
                schema=_schema(version, spec.get("crew", {"type": "integer"})), status=True, generation=True,
                namespaced=spec.get("namespaced", True),
                short_names=("removed",) if spec.get("removed") else (),
                columns=(Column("Name", lambda obj: obj["metadata"]["name"], format="name"),),
                fields={"spec.crew": lambda obj, name=NAMES[version]: str((obj.get("spec") or {}).get(name, ""))},
                stored_as=None if version == stored else (group, stored),
                to_stored=self._conversions.to(stored), from_stored=self._conversions.to(version),
                from_stored_many=self._conversions.many(version) if spec.get("many") else None,
                conversions_block=spec.get("blocks", False), hidden=version in spec.get("hidden", ()),
            )
            for version in spec.get("versions", ["v1"])
        ]  # fmt: skip


def _schema(version: str, crew: Any) -> dict[str, Any]:
    spec = {"type": "object", "properties": {NAMES[version]: crew}}
    return {"type": "object", "properties": {"spec": spec, "status": OPEN}}


class Toys:
    """The plugin. ``first_party``: it is called as sampan's own are, without isolation."""

    def __init__(self, *, first_party: bool = True) -> None:
        self.conversions = Conversions()
        self.source: ToySource | None = None
        self.__name__ = "sampan_config.toys" if first_party else "toys"

    @hookimpl
    def contribute_kinds(self) -> list[Kind]:
        return [TOY]

    @hookimpl
    def contribute_kind_sources(self, context: ServerContext) -> list[ToySource]:
        self.source = ToySource(context.cluster, self.conversions)
        return [self.source]


def toy(plural: str = "boats", kind: str = "Boat", **spec: Any) -> Object:
    return {"metadata": {"name": plural}, "spec": {"kind": kind, **spec}}


def boat(name: str = "a", **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": spec}
