"""Which checks make up a level in a version. Source: pod-security-admission policy, its versions and its order."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_podsecurity import baseline, restricted
from sampan_podsecurity.baseline import Check, unless_user_namespace
from sampan_podsecurity.containers import Violation
from sampan_podsecurity.policy import BASELINE, PRIVILEGED, Standard
from sampan_podsecurity.restricted import not_of_windows


class _Versioned(NamedTuple):
    """A check by the minor versions from which it is so; ``replaces`` a check of baseline."""

    name: str
    since: tuple[tuple[int, Check], ...]
    replaces: str = ""

    def at(self, minor: int) -> Check | None:
        return next((check for first, check in reversed(self.since) if first <= minor), None)


#: In the order in which violations are told.
_BASELINE = (
    _Versioned("appArmorProfile", ((0, baseline.app_armor),)),
    _Versioned("capabilities", ((0, baseline.capabilities),)),
    _Versioned("hostNamespaces", ((0, baseline.host_namespaces),)),
    _Versioned("hostPathVolumes", ((0, baseline.host_path_volumes),)),
    _Versioned("hostPorts", ((0, baseline.host_ports),)),
    _Versioned("hostProbes", ((34, baseline.host_probes),)),
    _Versioned("privileged", ((0, baseline.privileged),)),
    _Versioned("procMount", ((0, baseline.proc_mount), (35, unless_user_namespace(baseline.proc_mount)))),
    _Versioned(
        "seLinuxOptions", ((0, baseline.selinux(baseline.SELINUX_1_0)), (31, baseline.selinux(baseline.SELINUX_1_31)))
    ),
    _Versioned("seccompProfile", ((0, baseline.seccomp_annotations), (19, baseline.seccomp))),
    _Versioned(
        "sysctls",
        (
            (0, baseline.sysctls(baseline.SYSCTLS_1_0)),
            (27, baseline.sysctls(baseline.SYSCTLS_1_27)),
            (29, baseline.sysctls(baseline.SYSCTLS_1_29)),
            (32, baseline.sysctls(baseline.SYSCTLS_1_32)),
        ),
    ),
    _Versioned("windowsHostProcess", ((0, baseline.windows_host_process),)),
)
_RESTRICTED = (
    _Versioned(
        "allowPrivilegeEscalation",
        ((8, restricted.privilege_escalation), (25, not_of_windows(restricted.privilege_escalation))),
    ),
    _Versioned(
        "capabilities_restricted",
        ((22, restricted.capabilities), (25, not_of_windows(restricted.capabilities))),
        replaces="capabilities",
    ),
    _Versioned("procMount_restricted", ((35, baseline.proc_mount),), replaces="procMount"),
    _Versioned("restrictedVolumes", ((0, restricted.volumes),), replaces="hostPathVolumes"),
    _Versioned(
        "runAsNonRoot", ((0, restricted.run_as_non_root), (35, unless_user_namespace(restricted.run_as_non_root)))
    ),
    _Versioned("runAsUser", ((23, restricted.run_as_user), (35, unless_user_namespace(restricted.run_as_user)))),
    _Versioned(
        "seccompProfile_restricted",
        ((19, restricted.seccomp_is_set), (25, not_of_windows(restricted.seccomp_is_set))),
        replaces="seccompProfile",
    ),
)
#: The last version that changed a check; later ones are the same.
NEWEST = max(minor for versioned in (*_BASELINE, *_RESTRICTED) for minor, _ in versioned.since)


def violations(standard: Standard, metadata: Object, spec: Object) -> list[Violation]:
    """All that a pod does which the level does not allow."""
    found = (check(metadata, spec) for check in _checks(standard.level, min(standard.minor, NEWEST)))
    return [violation for violation in found if violation is not None]


def told(found: list[Violation], *, details: bool = True) -> str:
    return ", ".join(str(each) if details else each.reason for each in found)


@cache
def _checks(level: str, minor: int) -> tuple[Check, ...]:
    if level == PRIVILEGED:
        return ()
    strict = [] if level == BASELINE else [each for each in _RESTRICTED if each.at(minor) is not None]
    replaced = {each.replaces for each in strict}
    chosen = [*(each for each in _BASELINE if each.name not in replaced), *strict]
    return tuple(check for each in chosen if (check := each.at(minor)) is not None)
