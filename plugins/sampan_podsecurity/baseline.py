"""The checks of the level baseline: known ways from a pod to its node. Each gets a pod's metadata and spec and returns
what is wrong, or None. Pure. Source: Kubernetes docs, "Pod Security Standards"; pod-security-admission (wording)."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection

from sampan.contracts.kinds import Object
from sampan_podsecurity.containers import (
    Violation,
    containers,
    counted,
    names_where,
    plural,
    quoted,
    security,
    setters,
    uses,
)

Check = Callable[[Object, Object], Violation | None]

_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
PROFILES = ("RuntimeDefault", "Localhost")
_CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
SYSCTLS_1_0 = frozenset({
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
})  # fmt: skip
SYSCTLS_1_27 = SYSCTLS_1_0 | {"net.ipv4.ip_local_reserved_ports"}
SYSCTLS_1_29 = SYSCTLS_1_27 | {
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}  # fmt: skip
SYSCTLS_1_32 = SYSCTLS_1_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}
SELINUX_1_0 = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
SELINUX_1_31 = SELINUX_1_0 | {"container_engine_t"}


def app_armor(metadata: Object, spec: Object) -> Violation | None:
    values: set[str] = set()

    def is_bad(holder: Object) -> bool:
        profile = security(holder).get("appArmorProfile")
        if profile is None or profile.get("type") in PROFILES:
            return False
        values.add(profile.get("type") or "")
        return True

    who = [text] if (text := setters(is_bad(spec), names_where(spec, is_bad))) else []
    annotations = sorted(
        f"{key}={json.dumps(value)}"
        for key, value in (metadata.get("annotations") or {}).items()
        if key.startswith(_APP_ARMOR) and value not in ("", "runtime/default") and not value.startswith("localhost/")
    )
    if annotations:
        who.append(plural("annotation", len(annotations)))
    if not who:
        return None
    shown = [*sorted(values), *annotations]
    detail = f"{' and '.join(who)} must not set AppArmor profile type to {quoted(shown)}"
    return Violation(plural("forbidden AppArmor profile", len(shown)), detail)


def capabilities(metadata: Object, spec: Object) -> Violation | None:
    found: set[str] = set()

    def is_bad(container: Object) -> bool:
        added = set((security(container).get("capabilities") or {}).get("add") or ()) - _CAPABILITIES
        found.update(added)
        return bool(added)

    if not (names := names_where(spec, is_bad)):
        return None
    detail = (
        f"{counted('container', names)} must not include {quoted(sorted(found))} in securityContext.capabilities.add"
    )
    return Violation("non-default capabilities", detail)


def host_namespaces(metadata: Object, spec: Object) -> Violation | None:
    found = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    return Violation("host namespaces", ", ".join(found)) if found else None


def host_path_volumes(metadata: Object, spec: Object) -> Violation | None:
    names = [each.get("name") or "" for each in spec.get("volumes") or () if each.get("hostPath") is not None]
    return Violation("hostPath volumes", counted("volume", names)) if names else None


def host_ports(metadata: Object, spec: Object) -> Violation | None:
    ports: set[str] = set()

    def is_bad(container: Object) -> bool:
        found = {str(port["hostPort"]) for port in container.get("ports") or () if port.get("hostPort")}
        ports.update(found)
        return bool(found)

    if not (names := names_where(spec, is_bad)):
        return None
    shown = f"{plural('hostPort', len(ports))} {', '.join(sorted(ports))}"
    return Violation("hostPort", f"{counted('container', names)} {uses(len(names))} {shown}")


def host_probes(metadata: Object, spec: Object) -> Violation | None:
    """Since 1.34: probes and hooks that name a host reach what only the node may."""
    hosts: set[str] = set()
    names: set[str] = set()
    for container in containers(spec):
        lifecycle = container.get("lifecycle") or {}
        handlers = [container.get(probe) for probe in ("livenessProbe", "readinessProbe", "startupProbe")]
        for handler in (*handlers, lifecycle.get("postStart"), lifecycle.get("preStop")):
            for way in ("httpGet", "tcpSocket"):
                if host := ((handler or {}).get(way) or {}).get("host"):
                    hosts.add(host)
                    names.add(container.get("name") or "")
    if not names:
        return None
    shown = counted("probe or lifecycle host", sorted(hosts))
    return Violation("probe or lifecycle host", f"{counted('container', sorted(names))} {uses(len(names))} {shown}")


def privileged(metadata: Object, spec: Object) -> Violation | None:
    names = names_where(spec, lambda container: security(container).get("privileged"))
    if not names:
        return None
    return Violation("privileged", f"{counted('container', names)} must not set securityContext.privileged=true")


def proc_mount(metadata: Object, spec: Object) -> Violation | None:
    types: set[str] = set()

    def is_bad(container: Object) -> bool:
        found = security(container).get("procMount")
        if found is None or found == "Default":
            return False
        types.add(found)
        return True

    if not (names := names_where(spec, is_bad)):
        return None
    detail = f"{counted('container', names)} must not set securityContext.procMount to {quoted(sorted(types))}"
    return Violation("procMount", detail)


def unless_user_namespace(check: Check) -> Check:
    """The check, but not of pods with a user namespace of their own: their root is no root on the node."""
    return lambda metadata, spec: None if spec.get("hostUsers") is False else check(metadata, spec)


def selinux(allowed: Collection[str]) -> Check:
    def check(metadata: Object, spec: Object) -> Violation | None:
        types: set[str] = set()
        wrong: set[str] = set()

        def is_bad(holder: Object) -> bool:
            options = security(holder).get("seLinuxOptions") or {}
            bad_type = (options.get("type") or "") not in allowed
            if bad_type:
                types.add(options["type"])
            fields = [field for field in ("user", "role") if options.get(field)]
            wrong.update(fields)
            return bad_type or bool(fields)

        who = setters(is_bad(spec), names_where(spec, is_bad))
        if not who:
            return None
        data = [counted("type", sorted(types))] if types else []
        data += [f"{field} may not be set" for field in ("user", "role") if field in wrong]
        return Violation("seLinuxOptions", f"{who} set forbidden securityContext.seLinuxOptions: {'; '.join(data)}")

    return check


def seccomp_annotations(metadata: Object, spec: Object) -> Violation | None:
    """Until 1.18: profiles by annotation."""
    said = metadata.get("annotations") or {}
    keys = {_SECCOMP_POD, *(f"{_SECCOMP_CONTAINER}{each.get('name') or ''}" for each in containers(spec))}
    allowed = ("runtime/default", "docker/default")
    found = sorted(
        f"{key}={json.dumps(said[key])}"
        for key in keys
        if key in said and said[key] not in allowed and not said[key].startswith("localhost/")
    )
    if not found:
        return None
    return Violation("seccompProfile", f"forbidden {plural('annotation', len(found))} {', '.join(found)}")


def seccomp(metadata: Object, spec: Object) -> Violation | None:
    """Since 1.19: profiles by field."""
    types: set[str] = set()

    def is_bad(holder: Object) -> bool:
        profile = security(holder).get("seccompProfile")
        if profile is None or profile.get("type") in PROFILES:
            return False
        types.add(profile.get("type") or "")
        return True

    who = setters(is_bad(spec), names_where(spec, is_bad))
    if not who:
        return None
    detail = f"{who} must not set securityContext.seccompProfile.type to {quoted(sorted(types))}"
    return Violation("seccompProfile", detail)


def sysctls(allowed: Collection[str]) -> Check:
    def check(metadata: Object, spec: Object) -> Violation | None:
        names = [each.get("name") or "" for each in security(spec).get("sysctls") or ()]
        found = [name for name in names if name not in allowed]
        return Violation("forbidden sysctls", ", ".join(found)) if found else None

    return check


def windows_host_process(metadata: Object, spec: Object) -> Violation | None:
    def is_bad(holder: Object) -> bool:
        return bool((security(holder).get("windowsOptions") or {}).get("hostProcess"))

    who = setters(is_bad(spec), names_where(spec, is_bad))
    if not who:
        return None
    return Violation("hostProcess", f"{who} must not set securityContext.windowsOptions.hostProcess=true")
