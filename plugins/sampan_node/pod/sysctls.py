"""Which sysctls a pod may set: the safe ones, those that the setting allows, none of a namespace that is the host's.

Source: the documentation on sysctls; kubelet's words.
"""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.kinds import Object

REASON = "SysctlForbidden"
SAFE = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
    }
)


def names(pod: Object) -> dict[str, str]:
    """Name -> value, the names with dots."""
    found = (pod["spec"].get("securityContext") or {}).get("sysctls") or ()
    return {one["name"].replace("/", "."): one.get("value", "") for one in found}


def forbidden(pod: Object, allowed: Sequence[str] = ()) -> str:
    """Why the pod may not set what it sets; "" where it may. ``allowed`` has names, or beginnings that end with *."""
    spec = pod["spec"]
    for name in names(pod):
        if name not in SAFE and not any(_fits(name, pattern) for pattern in allowed):
            return f'forbidden sysctl: "{name}" not allowlisted'
        if name.startswith("net.") and spec.get("hostNetwork"):
            return f'forbidden sysctl: "{name}" not allowed with host net enabled'
        if not name.startswith("net.") and spec.get("hostIPC"):
            return f'forbidden sysctl: "{name}" not allowed with host ipc enabled'
    return ""


def _fits(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
