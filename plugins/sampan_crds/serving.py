"""The kinds that a definition describes: one for each version."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Column, Draft, Kind, Object, Problem, Scale
from sampan.errors import MethodNotAllowed
from sampan_crds.columns import columns_of
from sampan_crds.converting import Converter, Form, Strategy
from sampan_crds.definitions import group_of, is_deleting, is_namespaced, schema_of, storage_of, versions_of
from sampan_machinery import problems
from sampan_machinery.metadata import get_path
from sampan_machinery.scaling import go_text, go_type
from sampan_machinery.structural import checking

OPEN: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def kinds_of(crd: Object, names: Mapping[str, Any], strategy: Strategy, *, blocks: bool) -> list[Kind]:
    """``names``: those that it has been given. ``blocks``: the strategy may wait for another server."""
    made: list[Kind] = []
    group, storage = group_of(crd), storage_of(crd)
    forms = {f"{group}/{each['name']}": _form_of(made, str(each["name"])) for each in versions_of(crd)}
    converter = Converter(strategy, forms)
    several = len(versions_of(crd)) > 1
    for version in versions_of(crd):
        made.append(_kind(crd, version, names, converter if several else None, blocks=blocks and several))
    return made if any(kind.version == storage for kind in made) else []


def _form_of(kinds: Sequence[Kind], version: str) -> Callable[[], Form]:
    """Its schema, once the kinds are made."""

    def make() -> Form:
        from sampan_machinery.kindschema import schema_of as kind_schema

        return kind_schema(next(kind for kind in kinds if kind.version == version))

    return make


def _kind(crd: Object, version: Object, names: Mapping[str, Any], converter: Converter | None, *, blocks: bool) -> Kind:
    group, name, storage = group_of(crd), str(version["name"]), storage_of(crd)
    subresources = version.get("subresources") or {}
    schema = schema_of(version) or OPEN
    api_version = f"{group}/{name}"
    return Kind(
        group=group, version=name, kind=str(names["kind"]), plural=str(names["plural"]),
        singular=str(names.get("singular") or ""), list_kind=str(names.get("listKind") or ""),
        schema=schema, short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()), namespaced=is_namespaced(crd),
        columns=_columns(version), status=subresources.get("status") is not None, generation=True,
        scale=_scale(subresources.get("scale")), fields=_fields(version), unconditional_update=False,
        prepare=_refuse if is_deleting(crd) else _accept,
        validate=functools.partial(_validate, subresources.get("scale"), _metadata_of(schema)),
        deprecated=_warning(crd, version, str(names["kind"])), hidden=not version.get("served"),
        stored_as=None if name == storage else (group, storage),
        to_stored=converter.to(f"{group}/{storage}") if converter else None,
        from_stored=converter.to(api_version) if converter else None,
        from_stored_many=converter.many_to(api_version) if converter else None, conversions_block=blocks,
    )  # fmt: skip


def _accept(draft: Draft) -> None:
    return None


def _refuse(draft: Draft) -> None:
    """Nothing new is made of a definition that is being deleted."""
    if draft.old is None:
        raise MethodNotAllowed("create not allowed while custom resource definition is terminating")


def _columns(version: Object) -> tuple[Column, ...]:
    return columns_of(version.get("additionalPrinterColumns") or ())


def steps_of(path: str) -> tuple[str, ...]:
    """A simple JSON path, in steps."""
    return tuple(path.removeprefix(".").split("."))


def _scale(found: Object | None) -> Scale | None:
    if found is None:
        return None
    selector = str(found.get("labelSelectorPath") or "")
    place = steps_of(selector)

    def text(obj: Object) -> str:
        value = get_path(obj, *place) if selector else ""
        return value if isinstance(value, str) else ""

    return Scale(steps_of(str(found["specReplicasPath"])), steps_of(str(found["statusReplicasPath"])), text)


def _fields(version: Object) -> dict[str, Callable[[Object], str]]:
    paths = [str(each["jsonPath"]) for each in version.get("selectableFields") or ()]
    return {path.removeprefix("."): functools.partial(_field, steps_of(path)) for path in paths}


def _field(steps: tuple[str, ...], obj: Object) -> str:
    value = get_path(obj, *steps)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _warning(crd: Object, version: Object, kind: str) -> str:
    """What requests to a deprecated version are warned of."""
    if not version.get("deprecated"):
        return ""
    if version.get("deprecationWarning") is not None:
        return str(version["deprecationWarning"])
    group = group_of(crd)
    text = f"{group}/{version['name']} {kind} is deprecated"
    better = [each for each in versions_of(crd) if each.get("served") and not each.get("deprecated")]
    return f"{text}; use {group}/{better[0]['name']} {kind}" if better else text


def _metadata_of(schema: Object) -> Object | None:
    """What the schema says of name and generateName."""
    found: Object = ((schema.get("properties") or {}).get("metadata") or {}).get("properties") or {}
    return {"type": "object", "properties": found} if found else None


def _validate(scale: Object | None, metadata: Object | None, new: Object, old: Object | None) -> Iterator[Problem]:
    if metadata is not None and old is None:
        yield from checking.check(new["metadata"], metadata, "metadata")
    if scale is None:
        return
    if path := str(scale.get("labelSelectorPath") or ""):
        value = get_path(new, *steps_of(path))
        if value is not None and not isinstance(value, str):
            yield problems.invalid(
                path, "", f"{path} accessor error: {go_text(value)} is of the type {go_type(value)}, expected string"
            )
