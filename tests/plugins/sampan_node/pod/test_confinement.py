import os

import pytest

from sampan_node.pod.confinement import apparmor, profile_of, seccomp
from sampan_node.pod.environment import ConfigProblem


def local(name):
    return {"type": "Localhost", "localhostProfile": name}


def test_a_containers_own_profile_comes_before_the_pods():
    pod = {"spec": {"securityContext": {"seccompProfile": {"type": "Unconfined"}}}}
    own = {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}

    assert profile_of(pod, own, "seccompProfile") == {"type": "RuntimeDefault"}
    assert profile_of(pod, {}, "seccompProfile") == {"type": "Unconfined"}
    assert profile_of(pod, {}, "appArmorProfile") == {}


def test_seccomp_is_the_runtimes_own_unless_the_pod_says_otherwise(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "strict.json").write_text('{"defaultAction": "SCMP_ACT_ERRNO"}')

    assert [seccomp(one, tmp_path) for one in ({}, {"type": "RuntimeDefault"}, {"type": "Unconfined"})] == [
        "", "", "unconfined",
    ]  # fmt: skip
    assert "SCMP_ACT_ERRNO" in seccomp(local("sub/strict.json"), tmp_path)


@pytest.mark.parametrize("name", ["missing.json", "../out.json", "/etc/passwd", "link.json", "text.json", "list.json"])
def test_a_profile_that_cannot_be_loaded_keeps_the_container_from_starting(tmp_path, name):
    folder = tmp_path / "seccomp"
    folder.mkdir()
    (tmp_path / "out.json").write_text("{}")
    os.symlink(tmp_path / "out.json", folder / "link.json")
    (folder / "text.json").write_text("allow")
    (folder / "list.json").write_text("[]")

    with pytest.raises(ConfigProblem, match="cannot load seccomp profile"):
        seccomp(local(name), folder)


def test_a_kind_of_profile_that_is_not_known_is_refused(tmp_path):
    with pytest.raises(ConfigProblem):
        seccomp({"type": "Other"}, tmp_path)
    with pytest.raises(ConfigProblem):
        apparmor({"type": "Other"})


def test_apparmor_is_kept_only_where_the_kernel_has_the_profile(tmp_path):
    on, loaded = tmp_path / "enabled", tmp_path / "profiles"
    assert apparmor({"type": "RuntimeDefault"}, enabled=on) == ""
    with pytest.raises(ConfigProblem, match="not enabled on the host"):
        apparmor(local("web"), enabled=on, loaded=loaded)
    on.write_text("Y\n")
    loaded.write_text("docker-default (enforce)\nweb (complain)\n")

    assert apparmor(local("web"), enabled=on, loaded=loaded) == "web"
    with pytest.raises(ConfigProblem, match="not loaded"):
        apparmor(local("other"), enabled=on, loaded=loaded)
