import pytest

from sampan_node.admission import PodAdmission
from sampan_node.pod.sysctls import forbidden


def pod(*names, **spec):
    context = {"sysctls": [{"name": name, "value": "1"} for name in names]}
    return {"metadata": {"uid": "u"}, "spec": {"containers": [], "securityContext": context, **spec}}


@pytest.mark.parametrize("name", ["kernel.shm_rmid_forced", "net/ipv4/tcp_syncookies", "net.core.somaxconn", "a.b"])
def test_what_is_safe_or_allowed_may_be_set(name):
    assert forbidden(pod(name), ["net.core.*", "a.b"]) == ""


@pytest.mark.parametrize(
    ("name", "spec", "words"),
    [
        ("kernel.msgmax", {}, '"kernel.msgmax" not allowlisted'),
        ("net.ipv4.tcp_syncookies", {"hostNetwork": True}, "not allowed with host net enabled"),
        ("kernel.shm_rmid_forced", {"hostIPC": True}, "not allowed with host ipc enabled"),
    ],
)
def test_what_is_neither_is_refused(name, spec, words):
    assert words in forbidden(pod(name, **spec))


def test_a_node_does_not_take_a_pod_with_a_sysctl_that_is_forbidden():
    assert PodAdmission({}).take(pod("kernel.msgmax")).reason == "SysctlForbidden"
    assert PodAdmission({}, ["kernel.msg*"]).take(pod("kernel.msgmax")) is None
