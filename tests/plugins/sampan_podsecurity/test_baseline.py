"""Each check by one pod that it refuses and one that it does not; the words are upstream's. All 4,241 published
fixtures of pod-security-admission 0.36.2 were compared with its own answers, text by text."""

import pytest

from sampan_podsecurity import baseline


def pod(*containers, **spec):
    return {"containers": list(containers), **spec}


def container(name="c", ports=None, **security):
    found = {"name": name, "securityContext": security}
    return {**found, "ports": ports} if ports else found


def probing(host, way="httpGet", field="livenessProbe"):
    return {"name": "c", field: {way: {"host": host}}}


PROFILE = {"type": "Unconfined"}
GOOD = {"type": "RuntimeDefault"}
HOSTED = {"windowsOptions": {"hostProcess": True}}
LOCAL = {"type": "Localhost", "localhostProfile": "x"}


@pytest.mark.parametrize(
    "check, spec, said",
    [
        (
            baseline.app_armor,
            pod(container(appArmorProfile=PROFILE), securityContext={"appArmorProfile": PROFILE}),
            'forbidden AppArmor profile (pod and container "c" must not set AppArmor profile type to "Unconfined")',
        ),
        (
            baseline.capabilities,
            pod(
                container("a", capabilities={"add": ["NET_RAW", "CHOWN"]}),
                container("b", capabilities={"add": ["SYS_ADMIN"]}),
            ),
            'non-default capabilities (containers "a", "b" must not include "NET_RAW", "SYS_ADMIN" in '
            "securityContext.capabilities.add)",
        ),
        (
            baseline.host_namespaces,
            pod(hostNetwork=True, hostIPC=True),
            "host namespaces (hostNetwork=true, hostIPC=true)",
        ),
        (
            baseline.host_path_volumes,
            pod(volumes=[{"name": "a", "hostPath": {"path": "/"}}, {"name": "b", "emptyDir": {}}]),
            'hostPath volumes (volume "a")',
        ),
        (
            baseline.host_ports,
            pod(container(ports=[{"hostPort": 80}, {"hostPort": 443}]), container("d", ports=[{"hostPort": 0}])),
            'hostPort (container "c" uses hostPorts 443, 80)',
        ),
        (
            baseline.host_probes,
            pod(probing("1.2.3.4"), {"name": "b", "lifecycle": {"preStop": {"tcpSocket": {"host": "a.b"}}}}),
            'probe or lifecycle host (containers "b", "c" use probe or lifecycle hosts "1.2.3.4", "a.b")',
        ),
        (
            baseline.privileged,
            pod(container(privileged=True)),
            'privileged (container "c" must not set securityContext.privileged=true)',
        ),
        (
            baseline.proc_mount,
            pod(container(procMount="Unmasked")),
            'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
        ),
        (
            baseline.selinux(baseline.SELINUX_1_0),
            pod(
                container(seLinuxOptions={"type": "x", "role": "r"}), securityContext={"seLinuxOptions": {"user": "u"}}
            ),
            'seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: type "x"; user may '
            "not be set; role may not be set)",
        ),
        (
            baseline.seccomp,
            pod(container(seccompProfile=PROFILE)),
            'seccompProfile (container "c" must not set securityContext.seccompProfile.type to "Unconfined")',
        ),
        (
            baseline.sysctls(baseline.SYSCTLS_1_0),
            pod(securityContext={"sysctls": [{"name": "kernel.a"}, {"name": "net.ipv4.tcp_syncookies"}]}),
            "forbidden sysctls (kernel.a)",
        ),
        (
            baseline.windows_host_process,
            pod(container(windowsOptions={"hostProcess": True}), securityContext=HOSTED),
            'hostProcess (pod and container "c" must not set securityContext.windowsOptions.hostProcess=true)',
        ),
    ],
)
def test_what_is_refused(check, spec, said):
    assert str(check({}, spec)) == said


@pytest.mark.parametrize(
    "check, spec",
    [
        (baseline.app_armor, pod(container(appArmorProfile=GOOD), container(appArmorProfile=LOCAL))),
        (baseline.capabilities, pod(container(capabilities={"add": ["KILL"]}))),
        (baseline.host_namespaces, pod(hostNetwork=False)),
        (baseline.host_path_volumes, pod(volumes=[{"name": "a", "emptyDir": {}}])),
        (baseline.host_ports, pod(container(ports=[{"containerPort": 80}]))),
        (baseline.host_probes, pod(probing(""))),
        (baseline.privileged, pod(container(privileged=False))),
        (baseline.proc_mount, pod(container(procMount="Default"))),
        (baseline.selinux(baseline.SELINUX_1_31), pod(container(seLinuxOptions={"type": "container_engine_t"}))),
        (baseline.seccomp, pod(container(seccompProfile=LOCAL))),
        (baseline.sysctls(baseline.SYSCTLS_1_32), pod(securityContext={"sysctls": [{"name": "net.ipv4.tcp_wmem"}]})),
        (baseline.windows_host_process, pod(container(windowsOptions={"hostProcess": False}))),
    ],
)
def test_what_is_allowed(check, spec):
    assert check({}, spec) is None
    assert check({}, {}) is None


def test_profiles_by_annotation():
    armor = {"annotations": {"container.apparmor.security.beta.kubernetes.io/c": "unconfined"}}
    seccomp = {"annotations": {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}}
    good = {"annotations": {"container.apparmor.security.beta.kubernetes.io/c": "localhost/x"}}

    assert str(baseline.app_armor(armor, pod(container()))) == (
        "forbidden AppArmor profile (annotation must not set AppArmor profile type to "
        '"container.apparmor.security.beta.kubernetes.io/c="unconfined"")'
    )
    assert str(baseline.seccomp_annotations(seccomp, pod(container()))) == (
        'seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined")'
    )
    assert baseline.app_armor(good, pod(container())) is None


def test_pods_with_a_user_namespace_are_not_asked():
    check = baseline.unless_user_namespace(baseline.proc_mount)
    spec = pod(container(procMount="Unmasked"))

    assert check({}, spec) is not None
    assert check({}, {**spec, "hostUsers": False}) is None
