"""What a pod for Linux and one for Windows may not set."""

import pytest

from sampan_podspec.validation.systems import pod_system


def paths(name, **spec):
    return [problem.path for problem in pod_system("spec", {"os": {"name": name}, **spec})]


@pytest.mark.parametrize(("name", "path"), [("", "spec.os.name"), ("plan9", "spec.os")])
def test_only_two_systems_are_known(name, path):
    assert paths(name) == [path]


def test_windows_options_are_none_of_linux():
    options = {"securityContext": {"windowsOptions": {}}}

    assert paths("linux", **options, initContainers=[{}, options]) == [
        "spec.securityContext.windowsOptions", "spec.initContainers[1].securityContext.windowsOptions",
    ]  # fmt: skip
    assert paths("windows", **options, containers=[options]) == []


def test_what_linux_alone_has_is_none_of_windows():
    context = {"runAsUser": 0, "sysctls": [{"name": "a"}], "seccompProfile": {}}
    container = {"securityContext": {"privileged": False, "runAsGroup": 1, "runAsNonRoot": True}}

    assert paths("windows", securityContext=context, hostUsers=False, hostPID=True, containers=[container]) == [
        "spec.hostUsers", "spec.hostPID", "spec.securityContext.seccompProfile", "spec.securityContext.sysctls",
        "spec.securityContext.runAsUser", "spec.containers[0].securityContext.privileged",
        "spec.containers[0].securityContext.runAsGroup",
    ]  # fmt: skip
    assert paths("windows", hostPID=False, securityContext={"sysctls": []}) == []
    assert paths("linux", securityContext=context, containers=[container]) == []
