"""Validation of metadata, and of single fields that many kinds have.

Every check returns Problems and never raises on invalid values; the schema has checked types before. Knows no kinds.
Source: apimachinery api/validation, apis/meta/v1/validation (meaning).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import names, quantities
from sampan_machinery.problems import duplicate, forbidden, invalid, required, shown, too_long, unsupported

#: Bytes of all annotations together, keys and values.
ANNOTATIONS_LIMIT = 256 * 1024
IMMUTABLE = "field is immutable"
_NEGATIVE = "must be greater than or equal to 0"
_PERIOD = "deletionGracePeriodSeconds"  # 0 differs from none
_UNCHANGEABLE = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", _PERIOD)
#: Names without a domain's slash that are known; the last one is set by the API server itself.
_STANDARD_FINALIZERS = (
    "kubernetes", "orphan", "foregroundDeletion", "customresourcecleanup.apiextensions.k8s.io",
)  # fmt: skip
_MANAGER_LENGTH = 128
_SUBRESOURCE_LENGTH = 256


def by_rule(path: str, value: str, rule: names.Rule) -> list[Problem]:
    """One Problem for each complaint of a rule of ``sampan_machinery.names``."""
    return [invalid(path, value, complaint) for complaint in rule(value)]


# Metadata


def validate_metadata(
    obj: Object, *, namespaced: bool, name_rule: str, old: Object | None = None, own: bool = False
) -> list[Problem]:
    """The problems of ``metadata``, of a created (old is None) or an updated object.

    ``name_rule`` is a key of ``names.RULES``. A generated name must be set before. ``own``: a kind of Kubernetes, whose
    finalizers must be known names or have a domain.
    """
    metadata = obj.get("metadata") or {}
    before = (old.get("metadata") or {}) if old is not None else {}
    if old is None:
        found = _validate_names(metadata, namespaced=namespaced, rule=names.RULES[name_rule])
        found += validate_finalizers(metadata.get("finalizers") or (), "metadata.finalizers")
    else:
        found = _validate_change(metadata, before)
    if (metadata.get("generation") or 0) < 0:
        found.append(invalid("metadata.generation", metadata["generation"], _NEGATIVE))
    if (labels := metadata.get("labels")) and labels != before.get("labels"):  # what is stored has been checked
        found += validate_labels(labels, "metadata.labels")
    if (annotations := metadata.get("annotations")) and annotations != before.get("annotations"):
        found += validate_annotations(annotations, "metadata.annotations")
    if (owners := metadata.get("ownerReferences")) and owners != before.get("ownerReferences"):
        found += validate_owner_references(owners, "metadata.ownerReferences")
    if managed := metadata.get("managedFields"):
        found += validate_managed_fields(managed, "metadata.managedFields")
    if own:
        for index, name in enumerate(metadata.get("finalizers") or ()):
            if "/" not in name and name not in _STANDARD_FINALIZERS:
                detail = "name is neither a standard finalizer name nor is it fully qualified"
                found.append(invalid(f"metadata.finalizers[{index}]", name, detail))
    return found


def _validate_names(metadata: Mapping[str, Any], *, namespaced: bool, rule: names.Rule) -> list[Problem]:
    found: list[Problem] = []
    if generate := metadata.get("generateName"):
        found += by_rule("metadata.generateName", generate, names.prefix_rule(rule))
    if name := metadata.get("name"):
        found += by_rule("metadata.name", name, rule)
    else:
        found.append(required("metadata.name", "name or generateName is required"))
    namespace = metadata.get("namespace")
    if namespaced and not namespace:
        found.append(required("metadata.namespace"))
    elif namespaced and namespace:
        found += by_rule("metadata.namespace", namespace, names.dns_label)
    elif namespace:
        found.append(forbidden("metadata.namespace", "not allowed on this type"))
    return found


def _validate_change(new: Mapping[str, Any], old: Mapping[str, Any]) -> list[Problem]:
    found: list[Problem] = []
    if old.get("deletionTimestamp"):
        added = sorted(set(new.get("finalizers") or ()) - set(old.get("finalizers") or ()))
        if added:
            listed = ", ".join(f'"{name}"' for name in added)
            detail = "no new finalizers can be added if the object is being deleted, found new finalizers "
            found.append(forbidden("metadata.finalizers", f"{detail}[]string{{{listed}}}"))
    if (new.get("generation") or 0) < (old.get("generation") or 0):
        found.append(invalid("metadata.generation", new.get("generation") or 0, "must not be decremented"))
    for name in _UNCHANGEABLE:
        if (new.get(name) or None) != (old.get(name) or None) or (name == _PERIOD and new.get(name) != old.get(name)):
            found.append(invalid(f"metadata.{name}", new.get(name), IMMUTABLE))
    if new.get("finalizers") != old.get("finalizers"):
        found += validate_finalizers(new.get("finalizers") or (), "metadata.finalizers")
    return found


def validate_labels(labels: Mapping[str, str], path: str) -> list[Problem]:
    found: list[Problem] = []
    for key, value in labels.items():
        if complaints := names.label_key(key):
            found += [invalid(path, key, complaint) for complaint in complaints]
        if complaints := names.label_value(value):
            found += [invalid(path, value, complaint) for complaint in complaints]
    return found


def validate_annotations(annotations: Mapping[str, str], path: str) -> list[Problem]:
    found = [invalid(path, key, complaint) for key in annotations for complaint in names.label_key(key.lower())]
    if sum(len(_bytes(key)) + len(_bytes(value)) for key, value in annotations.items()) > ANNOTATIONS_LIMIT:
        found.append(too_long(path, ANNOTATIONS_LIMIT))
    return found


def _bytes(text: str) -> str | bytes:
    return text if text.isascii() else text.encode("utf-8", "surrogatepass")


def validate_finalizers(finalizers: Iterable[str], path: str) -> list[Problem]:
    listed = list(finalizers)
    found = [problem for name in listed for problem in by_rule(path, name, names.label_key)]
    if {"orphan", "foregroundDeletion"} <= set(listed):
        found.append(invalid(path, listed, "finalizer orphan and foregroundDeletion cannot be both set"))
    return found


def validate_owner_references(owners: Iterable[Mapping[str, Any]], path: str) -> list[Problem]:
    found: list[Problem] = []
    controller = ""
    for owner in owners:
        found += _validate_owner(owner, path)
        if owner.get("controller"):
            this = f"{owner.get('kind')}/{owner.get('name')}"
            if controller:
                detail = 'Only one reference can have Controller set to true. Found "true" in references for '
                found.append(invalid(path, list(owners), f"{detail}{controller} and {this}"))
            controller = controller or this
    return found


def _validate_owner(owner: Mapping[str, Any], path: str) -> list[Problem]:
    version = owner.get("apiVersion") or ""
    found = []
    if not version or version.count("/") > 1 or version.endswith("/"):
        found.append(invalid(f"{path}.apiVersion", version, "version must not be empty"))
    for name in ("kind", "name", "uid"):
        if not owner.get(name):
            found.append(invalid(f"{path}.{name}", owner.get(name) or "", "must not be empty"))
    if (version, owner.get("kind")) == ("v1", "Event"):
        found.append(invalid(path, dict(owner), "/v1, Kind=Event is disallowed from being an owner"))
    return found


def validate_managed_fields(entries: Iterable[Mapping[str, Any]], path: str) -> list[Problem]:
    found: list[Problem] = []
    for index, entry in enumerate(entries):
        where = f"{path}[{index}]"
        operation = entry.get("operation") or ""
        if not operation:
            found.append(required(f"{where}.operation", "must not be empty"))
        elif operation not in ("Apply", "Update"):
            found.append(unsupported(f"{where}.operation", operation, ("Apply", "Update")))
        if (entry.get("fieldsType") or "FieldsV1") != "FieldsV1":
            found.append(invalid(f"{where}.fieldsType", entry["fieldsType"], "must be `FieldsV1`"))
        found += validate_field_manager(entry.get("manager") or "", f"{where}.manager")
        if len(entry.get("subresource") or "") > _SUBRESOURCE_LENGTH:
            found.append(too_long(f"{where}.subresource", _SUBRESOURCE_LENGTH))
    return found


def validate_field_manager(manager: str, path: str = "fieldManager") -> list[Problem]:
    """The fieldManager parameter, too."""
    if len(_bytes(manager)) > _MANAGER_LENGTH:
        return [too_long(path, _MANAGER_LENGTH)]
    if manager.isprintable():
        return []
    for position, char in enumerate(manager):
        if not char.isprintable():
            return [invalid(path, manager, f"invalid character U+{ord(char):04X} (at position {position})")]
    return []


# Single fields


def validate_immutable(path: str, new: Any, old: Any) -> list[Problem]:
    """Absent and null are equal; other values are compared as JSON."""
    return [] if new == old else [invalid(path, new, IMMUTABLE)]


def validate_non_negative(path: str, value: int | None) -> list[Problem]:
    return [invalid(path, value, _NEGATIVE)] if value is not None and value < 0 else []


def validate_positive(path: str, value: int | None) -> list[Problem]:
    return [invalid(path, value, "must be greater than 0")] if value is not None and value <= 0 else []


def validate_range(path: str, value: int, low: int, high: int) -> list[Problem]:
    return [] if low <= value <= high else [invalid(path, value, names.between(low, high))]


def validate_port(path: str, value: int) -> list[Problem]:
    return validate_range(path, value, 1, 65535)


def validate_port_or_name(path: str, value: int | str) -> list[Problem]:
    """A target port: a number, or the name of a container port."""
    return validate_port(path, value) if isinstance(value, int) else by_rule(path, value, names.port_name)


def validate_one_of(path: str, value: Any, supported: Iterable[Any]) -> list[Problem]:
    known = list(supported)
    return [] if value in known else [unsupported(path, value, known)]


def validate_required(path: str, value: Any, detail: str = "") -> list[Problem]:
    return [] if value not in (None, "", [], {}) else [required(path, detail)]


def validate_unique(path: str, values: Iterable[Any]) -> list[Problem]:
    """``path`` is the list's; the Problem names the index."""
    seen: set[Any] = set()
    found = []
    for index, value in enumerate(values):
        if value in seen:
            found.append(duplicate(f"{path}[{index}]", value))
        seen.add(value)
    return found


def validate_ip(path: str, value: str) -> list[Problem]:
    """An IPv4 or IPv6 address. Refuses leading zeros and IPv4-mapped IPv6; accepts any other spelling of IPv6."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        if names.without_leading_zeros(value) != value:
            return [invalid(path, value, "must not have leading 0s")]
        return [invalid(path, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return [invalid(path, value, "must not be an IPv4-mapped IPv6 address")]
        if address.scope_id is not None:
            return [invalid(path, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")]
    return []


def validate_cidr(path: str, value: str, *, known: Collection[str] = (), canonical: bool = False) -> list[Problem]:
    """A range of addresses, as strict as ``validate_ip``. What the old object had (``known``) may stay; new kinds want
    the ``canonical`` spelling of IPv6, too."""
    if value in known:
        return []
    address, slash, prefix = value.partition("/")
    plain = names.without_leading_zeros(address)
    try:
        if not slash or not prefix.isascii() or not prefix.isdigit():
            raise ValueError
        network = ipaddress.ip_network(f"{plain}/{int(prefix)}", strict=False)
    except ValueError:
        return [invalid(path, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")]
    if plain != address or prefix != str(int(prefix)):
        return [invalid(path, value, "must not have leading 0s in IP or prefix length")]
    first = ipaddress.ip_address(address)
    if isinstance(first, ipaddress.IPv6Address) and first.ipv4_mapped is not None:
        return [invalid(path, value, "must not have an IPv4-mapped IPv6 address")]
    if first != network.network_address:
        return [invalid(path, value, "must not have bits set beyond the prefix length")]
    if canonical and value != str(network):
        return [invalid(path, value, f"must be in canonical form ({shown(str(network))})")]
    return []


def validate_absolute_path(path: str, value: str) -> list[Problem]:
    return [] if value.startswith("/") else [invalid(path, value, "must be an absolute path")]


def validate_local_path(path: str, value: str) -> list[Problem]:
    """A path inside a volume: relative, without ".."."""
    if value.startswith("/"):
        return [invalid(path, value, "must be a relative path")]
    return [invalid(path, value, "must not contain '..'")] if ".." in value.split("/") else []


def validate_int_or_percent(path: str, value: int | str) -> list[Problem]:
    """maxSurge, minAvailable and their like: a number from 0, or a percentage."""
    if isinstance(value, int):
        return validate_non_negative(path, value)
    return by_rule(path, value, names.percent)


def validate_percent_at_most_100(path: str, value: int | str) -> list[Problem]:
    if isinstance(value, str) and not names.percent(value) and (len(value) > 12 or int(value[:-1]) > 100):
        return [invalid(path, value, "must not be greater than 100%")]
    return []


def validate_quantity(path: str, value: int | float | str, *, negative: bool = False) -> list[Problem]:
    if not quantities.is_quantity(value):
        return [invalid(path, value, "must be a quantity such as 500m, 1Gi or 2")]
    if not negative and quantities.nanos(value) < 0:
        return [invalid(path, value, _NEGATIVE)]
    return []


def validate_driver_name(path: str, value: str) -> list[Problem]:
    """The name of a driver: of CSI volumes, and of devices."""
    if not value:
        return [required(path)]
    found = [] if len(value) <= names.LABEL_LENGTH else [too_long(path, names.LABEL_LENGTH)]
    return found + [invalid(path, value, complaint) for complaint in names.dns_subdomain(value.lower())]


def validate_label_selector(path: str, selector: Mapping[str, Any] | None, *, any_value: bool = False) -> list[Problem]:
    """A meta/v1 LabelSelector. ``any_value``: values in its expressions need not be those of labels, as one that was
    stored had such values."""
    if selector is None:
        return []
    found = validate_labels(selector.get("matchLabels") or {}, f"{path}.matchLabels")
    for index, expression in enumerate(selector.get("matchExpressions") or ()):
        found += validate_label_requirement(f"{path}.matchExpressions[{index}]", expression, any_value=any_value)
    return found


def validate_label_requirement(
    path: str, expression: Mapping[str, Any], *, any_operator: bool = False, any_value: bool = False
) -> list[Problem]:
    """One meta/v1 LabelSelectorRequirement. ``any_operator``: an unknown operator may come from a newer client."""
    operator, values = expression.get("operator") or "", expression.get("values") or ()
    found: list[Problem] = []
    if operator in ("In", "NotIn"):
        if not values:
            found.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            found.append(forbidden(f"{path}.values", detail))
    elif not any_operator:
        found.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    found += by_rule(f"{path}.key", expression.get("key") or "", names.label_key)
    for index, value in enumerate(() if any_value else values):
        found += by_rule(f"{path}.values[{index}]", value, names.label_value)
    return found
