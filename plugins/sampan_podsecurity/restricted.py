"""The checks that the level restricted has beyond those of baseline: a hardened pod. Pure. Source: Kubernetes docs,
"Pod Security Standards"; pod-security-admission policy (wording)."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_podsecurity.baseline import PROFILES, Check, seccomp
from sampan_podsecurity.containers import Violation, counted, names_where, quoted, security, setters, uses

_VOLUMES = frozenset({
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
})  # fmt: skip


def not_of_windows(check: Check) -> Check:
    """The check, but not of pods for Windows, which have none of these fields."""
    return lambda metadata, spec: None if (spec.get("os") or {}).get("name") == "windows" else check(metadata, spec)


def privilege_escalation(metadata: Object, spec: Object) -> Violation | None:
    names = names_where(spec, lambda container: security(container).get("allowPrivilegeEscalation") is not False)
    if not names:
        return None
    detail = f"{counted('container', names)} must set securityContext.allowPrivilegeEscalation=false"
    return Violation("allowPrivilegeEscalation != false", detail)


def capabilities(metadata: Object, spec: Object) -> Violation | None:
    found: set[str] = set()

    def adds(container: Object) -> bool:
        added = set((security(container).get("capabilities") or {}).get("add") or ()) - {"NET_BIND_SERVICE"}
        found.update(added)
        return bool(added)

    def keeps(container: Object) -> bool:
        return "ALL" not in ((security(container).get("capabilities") or {}).get("drop") or ())

    keeping, adding = names_where(spec, keeps), names_where(spec, adds)
    details = []
    if keeping:
        details.append(f'{counted("container", keeping)} must set securityContext.capabilities.drop=["ALL"]')
    if adding:
        capabilities = quoted(sorted(found))
        details.append(
            f"{counted('container', adding)} must not include {capabilities} in securityContext.capabilities.add"
        )
    return Violation("unrestricted capabilities", "; ".join(details)) if details else None


def volumes(metadata: Object, spec: Object) -> Violation | None:
    found = [each for each in spec.get("volumes") or () if not any(each.get(kind) is not None for kind in _VOLUMES)]
    if not found:
        return None
    types = {
        next((key for key, value in each.items() if key != "name" and value is not None), "unknown") for each in found
    }
    shown = counted("restricted volume type", sorted(types))
    names = counted("volume", [each.get("name") or "" for each in found])
    return Violation("restricted volume types", f"{names} {uses(len(found))} {shown}")


def run_as_non_root(metadata: Object, spec: Object) -> Violation | None:
    of_pod = security(spec).get("runAsNonRoot")
    bad = names_where(spec, lambda container: security(container).get("runAsNonRoot") is False)
    if who := setters(of_pod is False, bad):
        return Violation("runAsNonRoot != true", f"{who} must not set securityContext.runAsNonRoot=false")
    silent = names_where(spec, lambda container: security(container).get("runAsNonRoot") is None)
    if of_pod or not silent:
        return None
    return Violation(
        "runAsNonRoot != true", f"pod or {counted('container', silent)} must set securityContext.runAsNonRoot=true"
    )


def run_as_user(metadata: Object, spec: Object) -> Violation | None:
    def is_root(holder: Object) -> bool:
        return security(holder).get("runAsUser") == 0

    who = setters(is_root(spec), names_where(spec, is_root))
    return Violation("runAsUser=0", f"{who} must not set runAsUser=0") if who else None


def seccomp_is_set(metadata: Object, spec: Object) -> Violation | None:
    if found := seccomp(metadata, spec):
        return found
    if (security(spec).get("seccompProfile") or {}).get("type") in PROFILES:
        return None
    silent = names_where(spec, lambda container: security(container).get("seccompProfile") is None)
    if not silent:
        return None
    detail = (
        f"pod or {counted('container', silent)} must set securityContext.seccompProfile.type to "
        f'"RuntimeDefault" or "Localhost"'
    )
    return Violation("seccompProfile", detail)
