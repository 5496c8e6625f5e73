import pytest

from sampan_podsecurity import restricted

SECCOMP = {"type": "RuntimeDefault"}


def pod(*containers, **spec):
    return {"containers": list(containers) or [{"name": "c"}], **spec}


def container(name="c", **security):
    return {"name": name, "securityContext": security}


def of_pod(**security):
    return pod(securityContext=security)


@pytest.mark.parametrize(
    "check, spec, said",
    [
        (
            restricted.privilege_escalation,
            pod(container("a"), container("b", allowPrivilegeEscalation=True)),
            'allowPrivilegeEscalation != false (containers "a", "b" must set '
            "securityContext.allowPrivilegeEscalation=false)",
        ),
        (
            restricted.capabilities,
            pod(container("a"), container("b", capabilities={"drop": ["ALL"], "add": ["CHOWN", "NET_BIND_SERVICE"]})),
            'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; container '
            '"b" must not include "CHOWN" in securityContext.capabilities.add)',
        ),
        (
            restricted.volumes,
            pod(volumes=[{"name": "a", "nfs": {}}, {"name": "b", "hostPath": {}}, {"name": "d", "secret": {}}]),
            'restricted volume types (volumes "a", "b" use restricted volume types "hostPath", "nfs")',
        ),
        (
            restricted.run_as_non_root,
            pod(),
            'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)',
        ),
        (
            restricted.run_as_non_root,
            pod(container(runAsNonRoot=False), securityContext={"runAsNonRoot": False}),
            'runAsNonRoot != true (pod and container "c" must not set securityContext.runAsNonRoot=false)',
        ),
        (restricted.run_as_user, of_pod(runAsUser=0), "runAsUser=0 (pod must not set runAsUser=0)"),
        (
            restricted.seccomp_is_set,
            pod(),
            'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or '
            '"Localhost")',
        ),
        (
            restricted.seccomp_is_set,
            of_pod(seccompProfile={"type": "Unconfined"}),
            'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
        ),
    ],
)
def test_what_is_refused(check, spec, said):
    assert str(check({}, spec)) == said


@pytest.mark.parametrize(
    "check, spec",
    [
        (restricted.privilege_escalation, pod(container(allowPrivilegeEscalation=False))),
        (restricted.capabilities, pod(container(capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}))),
        (restricted.volumes, pod(volumes=[{"name": "a", "configMap": {}}, {"name": "b", "csi": {}}])),
        (restricted.run_as_non_root, of_pod(runAsNonRoot=True)),
        (restricted.run_as_non_root, pod(container(runAsNonRoot=True))),
        (restricted.run_as_user, of_pod(runAsUser=1)),
        (restricted.seccomp_is_set, of_pod(seccompProfile=SECCOMP)),
        (restricted.seccomp_is_set, pod(container(seccompProfile=SECCOMP))),
    ],
)
def test_what_is_allowed(check, spec):
    assert check({}, spec) is None


def test_pods_for_windows_are_not_asked():
    check = restricted.not_of_windows(restricted.privilege_escalation)

    assert check({}, pod(os={"name": "windows"})) is None
    assert check({}, pod(os={"name": "linux"})) is not None
