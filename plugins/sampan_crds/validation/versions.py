"""One version of a definition: schema, subresources, columns, selectable fields, deprecation."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_crds.definitions import schema_of
from sampan_crds.validation.paths import BadPath, check_simple, field_at
from sampan_crds.validation.schemas import check_schema
from sampan_machinery import problems

MOST_SELECTABLE = 8
_TYPES = ("boolean", "date", "integer", "number", "string")
_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_SELECTABLE = (
    "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."
)


#: What upstream's internal type has once for all versions, where it is the same in each, and calls there.
SHARED = {
    "schema": "spec.validation", "subresources": "spec.subresources",
    "additionalPrinterColumns": "spec.additionalPrinterColumns", "selectableFields": "spec.selectableFields",
}  # fmt: skip


def divided(versions: Sequence[Object]) -> tuple[Object, list[Object]]:
    """What all versions have alike, and the versions without it."""
    first = versions[0] if versions else {}
    alike = {name for name in SHARED if all(each.get(name) == first.get(name) for each in versions)}
    shared = {name: first[name] for name in sorted(alike) if first.get(name) is not None}
    return shared, [{name: value for name, value in each.items() if name not in alike} for each in versions]


def check_version(version: Object, path: str, former: Object | None, *, has_status: bool) -> Iterator[Problem]:
    """Of what a version has for itself alone."""
    yield from _check_warning(version, path)
    paths = {name: f"{path}.{name}" for name in SHARED}
    yield from _check_parts(version, former, paths, has_status=has_status)
    if version.get("selectableFields") and schema_of(version) is None:
        detail = "may only be set when `version.schema.openAPIV3Schema` is not included"
        yield problems.invalid(paths["selectableFields"], "", detail)


def check_shared(shared: Object, former: Object | None, *, has_status: bool) -> Iterator[Problem]:
    """Of what all versions have alike. ``former``: the first version as it was."""
    yield from _check_parts(shared, former, SHARED, has_status=has_status)
    if shared.get("selectableFields") and "schema" not in shared:
        yield problems.invalid(SHARED["selectableFields"], "", "may only be set when validations.schema is included")


def _check_parts(
    version: Object, former: Object | None, paths: Mapping[str, str], *, has_status: bool
) -> Iterator[Problem]:
    schema = schema_of(version)
    if schema is not None:
        unchanged = former is not None and schema_of(former) == schema
        yield from check_schema(schema, paths["schema"], has_status=has_status, is_known=unchanged)
    yield from _check_scale((version.get("subresources") or {}).get("scale"), paths["subresources"])
    for index, column in enumerate(version.get("additionalPrinterColumns") or ()):
        yield from _check_column(column, f"{paths['additionalPrinterColumns']}[{index}]")
    fields = version.get("selectableFields")
    if fields and (schema is not None or (paths is SHARED and "schema" in version)):
        kept = former is not None and former.get("selectableFields") == fields
        yield from _check_selectable(fields, schema or {}, paths["selectableFields"], is_known=kept)


def _check_warning(version: Object, path: str) -> Iterator[Problem]:
    text = version.get("deprecationWarning")
    if text is None:
        return
    path = f"{path}.deprecationWarning"
    if not version.get("deprecated"):
        yield problems.invalid(path, text, "can only be set for deprecated versions")
        return
    if len(text.encode()) > 256:
        yield problems.invalid(path, text, "must be <= 256 characters long")
    if not text:
        yield problems.invalid(path, text, "must not be an empty string")
    at = 0
    for letter in text:
        if not letter.isprintable() and (letter != " " or unicodedata.category(letter) != "Zs"):
            detail = f"must only contain printable UTF-8 characters; non-printable character found at index {at}"
            yield problems.invalid(path, text, detail)
            break
        at += len(letter.encode())


def _check_scale(scale: Any, path: str) -> Iterator[Problem]:
    if scale is None:
        return
    for name, start in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        at, text = f"{path}.scale.{name}", str(scale.get(name) or "")
        if not text:
            yield problems.required(at)
            continue
        wrong = list(check_simple(text, at))
        yield from wrong
        if not wrong and not text.startswith(start):
            yield problems.invalid(at, text, f"should be a json path under {start[:-1]}")
    if text := str(scale.get("labelSelectorPath") or ""):
        at = f"{path}.scale.labelSelectorPath"
        wrong = list(check_simple(text, at))
        yield from wrong
        if not wrong and not text.startswith((".spec.", ".status.")):
            yield problems.invalid(at, text, "should be a json path under either .spec or .status")


def _check_column(column: Object, path: str) -> Iterator[Problem]:
    if not column.get("name"):
        yield problems.required(f"{path}.name")
    kind, form, text = column.get("type") or "", column.get("format") or "", column.get("jsonPath") or ""
    known = f"must be one of {','.join(_TYPES)}"
    if not kind:
        yield problems.required(f"{path}.type", known)
    elif kind not in _TYPES:
        yield problems.invalid(f"{path}.type", kind, known)
    if form and form not in _FORMATS:
        yield problems.invalid(f"{path}.format", form, f"must be one of {','.join(_FORMATS)}")
    if not text:
        yield problems.required(f"{path}.JSONPath")
    else:
        yield from check_simple(text, f"{path}.JSONPath")


def _check_selectable(fields: Sequence[Object], schema: Object, path: str, *, is_known: bool) -> Iterator[Problem]:
    seen: set[tuple[str, ...]] = set()
    for index, field in enumerate(fields):
        at, text = f"{path}[{index}].jsonPath", str(field.get("jsonPath") or "")
        if not text:
            yield problems.required(at)
            continue
        try:
            steps, found = field_at(text, schema, brackets=False)
        except BadPath as error:
            yield problems.invalid(at, text, f"is an invalid path: {error}")
            continue
        if steps[0] == "metadata":
            yield problems.invalid(at, text, "must not point to fields in metadata")
        if found.get("type") not in ("string", "boolean", "integer"):
            yield problems.invalid(at, text, _SELECTABLE)
        if steps in seen:
            yield problems.duplicate(at, text)
        seen.add(steps)
    if len(seen) > MOST_SELECTABLE and not is_known:
        detail = f"Too many: {len(seen)}: must have at most {MOST_SELECTABLE} items"
        yield Problem(path, "FieldValueTooMany", detail)
