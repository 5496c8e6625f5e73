"""What a query says beside selectors, checked as upstream checks it: numbers first, then what may not go together.

Source: apimachinery meta/v1 ListOptions, meta/internalversion/validation (meaning and wording).
"""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Problem
from sampan.errors import BadRequest
from sampan_machinery.problems import as_error, forbidden, required, unsupported_in_order
from sampan_machinery.validation import validate_field_manager
from sampan_server.request.bodies import media_of
from sampan_server.request.request import Request

EXACT, NOT_OLDER = "Exact", "NotOlderThan"
STRICTNESS = ("", "Ignore", "Strict", "Warn")
_KINDS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}
_NUMBERS = ("timeoutSeconds", "limit")


def integer(request: Request, name: str) -> int | None:
    """A whole number of the query, None where it is not named; raises BadRequest, for an empty one too."""
    found = request.query.get(name)
    if not found:
        return None
    text = found[0]
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not (digits.isascii() and digits.isdigit()):
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    number = int(text)
    if not -(1 << 63) <= number < 1 << 63:
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": value out of range')
    return number


def is_set(request: Request, name: str) -> bool:
    """A boolean as Go's converters read it: what is not 0 or false is true."""
    found = request.query.get(name)
    return found is not None and bool(found) and found[0].lower() not in ("0", "false")


def check_numbers(request: Request) -> None:
    """Raises BadRequest for what is no number in the options of a list or watch."""
    for name in _NUMBERS:
        integer(request, name)


def check_list(request: Request) -> None:
    """Raises Invalid for options of a list that do not go together."""
    match, revision = request.value("resourceVersionMatch"), request.value("resourceVersion")
    field, found = "resourceVersionMatch", []
    if match:
        if not revision:
            found.append(forbidden(field, f"{field} is forbidden unless resourceVersion is provided"))
        if request.value("continue"):
            found.append(forbidden(field, f"{field} is forbidden when continue is provided"))
        if match not in (EXACT, NOT_OLDER):
            found.append(unsupported_in_order(field, match, (EXACT, NOT_OLDER, "")))
        if match == EXACT and revision == "0":
            found.append(forbidden(field, f'{field} "exact" is forbidden for resourceVersion "0"'))
    if "sendInitialEvents" in request.query:
        found.append(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    refuse("ListOptions", found)


def check_watch(request: Request) -> None:
    """Raises Invalid for options of a watch that do not go together."""
    match, send = request.value("resourceVersionMatch"), "sendInitialEvents" in request.query
    field, found = "resourceVersionMatch", []
    if send and match != NOT_OLDER:
        found.append(forbidden(field, f"sendInitialEvents requires setting {field} to {NOT_OLDER}"))
    if match:
        if not send:
            found.append(forbidden(field, f"{field} is forbidden for watch unless sendInitialEvents is provided"))
        if match != NOT_OLDER:
            found.append(unsupported_in_order(field, match, (NOT_OLDER,)))
        if request.value("continue"):
            found.append(forbidden(field, f"{field} is forbidden when continue is provided"))
    refuse("ListOptions", found)


def check_write(request: Request) -> None:
    """Raises Invalid for options of a create, update or patch; all that is wrong at once."""
    query, found = request.query, []
    manager = request.value("fieldManager")
    if request.method == "PATCH":
        if is_apply(request):
            if not manager:
                found.append(required("fieldManager", "is required for apply patch"))
        elif "force" in query:
            found.append(forbidden("force", "may not be specified for non-apply patch"))
    found += validate_field_manager(manager)
    found += dry_run_problems(query.get("dryRun") or ())
    strict = request.value("fieldValidation")
    if strict not in STRICTNESS:
        found.append(unsupported_in_order("fieldValidation", strict, STRICTNESS))
    refuse(_KINDS[request.method], found)


def is_apply(request: Request) -> bool:
    return media_of(request) == "application/apply-patch+yaml"


def dry_run_problems(values: Any) -> list[Problem]:
    """What is wrong with dryRun: only All may be said, as often as one likes."""
    given = list(values)
    return [] if all(value == "All" for value in given) else [unsupported_in_order("dryRun", given, ("All",))]


def refuse(kind: str, found: list[Problem]) -> None:
    """Raises the Invalid that names all of them; nothing where there are none."""
    if found:
        raise as_error(found, group="meta.k8s.io", kind=kind, name="")
