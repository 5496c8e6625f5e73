import os

import pytest

from sampan_node.volumes.ephemeral import excess, is_limited, memory_size, used

MIB = 1 << 20


def pod(*, limit="", storage="", memory="", medium=""):
    source = {key: value for key, value in (("sizeLimit", limit), ("medium", medium)) if value}
    limits = {key: value for key, value in (("ephemeral-storage", storage), ("memory", memory)) if value}
    container = {"name": "a", "resources": {"limits": limits}}
    return {"spec": {"containers": [container], "volumes": [{"name": "v", "emptyDir": source}]}}


def sized(**fields):
    wanted = pod(medium="Memory", **fields)
    return memory_size(wanted, wanted["spec"]["volumes"][0]["emptyDir"], {"memory": "1Gi"})


def test_a_volume_in_memory_is_as_large_as_its_pod_and_node_allow():
    assert sized() == 1024 * MIB
    assert sized(memory="64Mi") == 64 * MIB
    assert sized(memory="64Mi", limit="16Mi") == 16 * MIB
    assert sized(limit="2Gi") == 1024 * MIB


def test_only_pods_with_limits_are_looked_at():
    assert not is_limited(pod())
    assert not is_limited(pod(limit="1Mi", medium="Memory"))
    assert is_limited(pod(limit="1Mi"))
    assert is_limited(pod(storage="1Mi"))


@pytest.fixture
def volumes(tmp_path):
    (tmp_path / "v" / "sub").mkdir(parents=True)
    (tmp_path / "v" / "sub" / "file").write_bytes(os.urandom(2 * MIB))
    os.symlink("/", tmp_path / "v" / "all")
    return tmp_path


def test_what_is_on_disk_is_counted_and_no_link_is_followed(volumes):
    assert 2 * MIB <= used(volumes / "v") < 3 * MIB
    assert used(volumes / "none") == 0


def test_a_volume_larger_than_its_limit_costs_the_pod_its_place(volumes):
    assert excess(pod(limit="1Mi"), volumes) == 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". '
    assert excess(pod(limit="4Mi"), volumes) == ""


def test_so_does_more_than_all_containers_may_store(volumes):
    assert "exceeds the total limit of containers 1048576" in excess(pod(storage="1Mi"), volumes)
    assert excess(pod(storage="4Mi"), volumes) == ""
