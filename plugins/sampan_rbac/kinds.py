"""Role, RoleBinding, ClusterRole and ClusterRoleBinding: defaults, validation, columns.

Source: API reference rbac.authorization.k8s.io/v1; the words are those kubectl users know.
"""

from __future__ import annotations

from collections.abc import Iterable

from sampan.contracts.kinds import Column, Kind, Object, Problem
from sampan_machinery import names, problems, validation
from sampan_machinery.columns import AGE, CREATED_AT, NAME
from sampan_rbac.resources import GROUP
from sampan_rbac.restoring import restored

_SUBJECTS = ("ServiceAccount", "User", "Group")


def default_binding(binding: Object) -> None:
    role = binding.get("roleRef")
    if isinstance(role, dict) and not role.get("apiGroup"):
        role["apiGroup"] = GROUP
    for subject in binding.get("subjects") or ():
        if subject.get("kind") in ("User", "Group") and not subject.get("apiGroup"):
            subject["apiGroup"] = GROUP


def validate_role(role: Object, old: Object | None) -> Iterable[Problem]:
    for at, rule in enumerate(role.get("rules") or ()):
        yield from _rule(f"rules[{at}]", rule, namespaced=True)


def validate_cluster_role(role: Object, old: Object | None) -> Iterable[Problem]:
    for at, rule in enumerate(role.get("rules") or ()):
        yield from _rule(f"rules[{at}]", rule, namespaced=False)
    aggregation = role.get("aggregationRule")
    if aggregation is not None and not aggregation.get("clusterRoleSelectors"):
        yield problems.required(
            "aggregationRule.clusterRoleSelectors",
            "at least one clusterRoleSelector required if aggregationRule is non-nil",
        )
    for at, selector in enumerate((aggregation or {}).get("clusterRoleSelectors") or ()):
        yield from validation.validate_label_selector(f"aggregationRule.clusterRoleSelectors[{at}]", selector)


def _rule(path: str, rule: Object, *, namespaced: bool) -> Iterable[Problem]:
    if not rule.get("verbs"):
        yield problems.required(f"{path}.verbs", "verbs must contain at least one value")
    if urls := rule.get("nonResourceURLs"):
        if namespaced:
            yield problems.invalid(
                f"{path}.nonResourceURLs", urls, "namespaced rules cannot apply to non-resource URLs"
            )
        if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
            yield problems.invalid(
                f"{path}.nonResourceURLs", urls, "rules cannot apply to both regular resources and non-resource URLs"
            )
        return
    if not rule.get("apiGroups"):
        yield problems.required(f"{path}.apiGroups", "resource rules must supply at least one api group")
    if not rule.get("resources"):
        yield problems.required(f"{path}.resources", "resource rules must supply at least one resource")


def validate_binding(binding: Object, old: Object | None) -> Iterable[Problem]:
    yield from _binding(binding, old, roles=("Role", "ClusterRole"))


def validate_cluster_binding(binding: Object, old: Object | None) -> Iterable[Problem]:
    yield from _binding(binding, old, roles=("ClusterRole",))


def _binding(binding: Object, old: Object | None, *, roles: tuple[str, ...]) -> Iterable[Problem]:
    role = binding.get("roleRef") or {}
    if role.get("apiGroup") != GROUP:
        yield problems.unsupported("roleRef.apiGroup", role.get("apiGroup", ""), [GROUP])
    if role.get("kind") not in roles:
        yield problems.unsupported_in_order("roleRef.kind", role.get("kind", ""), roles)
    name = role.get("name", "")
    if not name:
        yield problems.required("roleRef.name")
    elif name in (".", "..") or "/" in name or "%" in name:
        yield problems.invalid("roleRef.name", name, "may not be '.' or '..' nor contain '/' or '%'")
    for at, subject in enumerate(binding.get("subjects") or ()):
        yield from _subject(f"subjects[{at}]", subject, namespaced="Role" in roles)
    if old is not None and old.get("roleRef") != binding.get("roleRef"):
        yield problems.invalid("roleRef", role, "cannot change roleRef")


def _subject(path: str, subject: Object, *, namespaced: bool) -> Iterable[Problem]:
    """A ServiceAccount without a namespace is of the RoleBinding's own; a ClusterRoleBinding has none."""
    kind, group = subject.get("kind", ""), subject.get("apiGroup", "")
    if not subject.get("name"):
        yield problems.required(f"{path}.name")
    elif kind == "ServiceAccount":
        yield from validation.by_rule(f"{path}.name", subject["name"], names.dns_subdomain)
    if kind not in _SUBJECTS:
        yield problems.unsupported_in_order(f"{path}.kind", kind, _SUBJECTS)
    elif kind == "ServiceAccount":
        if group:
            yield problems.unsupported(f"{path}.apiGroup", group, [""])
        if not namespaced and not subject.get("namespace"):
            yield problems.required(f"{path}.namespace")
    elif group != GROUP:
        yield problems.unsupported(f"{path}.apiGroup", group, [GROUP])


def _named(binding: Object, kind: str) -> str:
    subjects = [subject for subject in binding.get("subjects") or () if subject.get("kind") == kind]
    if kind == "ServiceAccount":
        return ", ".join(f"{subject.get('namespace', '')}/{subject['name']}" for subject in subjects)
    return ", ".join(subject["name"] for subject in subjects)


_ROLE_COLUMNS = (NAME, CREATED_AT)
_BINDING_COLUMNS = (
    NAME,
    Column("Role", lambda binding: f"{binding['roleRef'].get('kind', '')}/{binding['roleRef'].get('name', '')}"),
    AGE,
    Column("Users", lambda binding: _named(binding, "User"), priority=1),
    Column("Groups", lambda binding: _named(binding, "Group"), priority=1),
    Column("ServiceAccounts", lambda binding: _named(binding, "ServiceAccount"), priority=1),
)

ROLE = Kind(
    group=GROUP, version="v1", kind="Role", plural="roles", create_on_update=True,
    columns=_ROLE_COLUMNS, validate=validate_role, name_rule="path", restore=restored,
)  # fmt: skip
CLUSTER_ROLE = Kind(
    group=GROUP, version="v1", kind="ClusterRole", plural="clusterroles", create_on_update=True, namespaced=False,
    columns=_ROLE_COLUMNS, validate=validate_cluster_role, name_rule="path",
    restore=restored,
)  # fmt: skip
ROLE_BINDING = Kind(
    group=GROUP, version="v1", kind="RoleBinding", plural="rolebindings", create_on_update=True,
    columns=_BINDING_COLUMNS, default=default_binding, validate=validate_binding, name_rule="path",
    restore=restored,
)  # fmt: skip
CLUSTER_ROLE_BINDING = Kind(
    group=GROUP, version="v1", kind="ClusterRoleBinding", plural="clusterrolebindings", create_on_update=True,
    namespaced=False,
    columns=_BINDING_COLUMNS, default=default_binding, validate=validate_cluster_binding, name_rule="path",
    restore=restored,
)  # fmt: skip

STORED = (ROLE, CLUSTER_ROLE, ROLE_BINDING, CLUSTER_ROLE_BINDING)
