import json
import os
import stat
from dataclasses import replace

import csidriver
import grpc
import pytest

from sampan_csi.drivers import Drivers
from sampan_csi.mounter import CsiMounter
from sampan_csi.mounts import is_mounted
from sampan_csi.requests import attachment_name, ephemeral_handle
from sampan_csi.tokens import KEY
from sampan_machinery.resources import CSI_DRIVERS, NODES, SECRETS, VOLUME_ATTACHMENTS
from sampan_volumes.contracts import ExpansionFailure, VolumeFailure, VolumeUsage, VolumeUse

pytestmark = pytest.mark.root


@pytest.fixture
def driver(tmp_path):
    found = csidriver.Driver("d.test", tmp_path / "registry", tmp_path / "data")
    found.start()
    yield found
    found.stop()


@pytest.fixture
def mounter(tmp_path, api, driver, until):
    api.objects[CSI_DRIVERS, "d.test"] = {"spec": {"attachRequired": False, "podInfoOnMount": True}}
    drivers = Drivers(tmp_path / "registry", api, "n")
    drivers.start()
    until(api.drivers)
    found = CsiMounter(drivers, api, tmp_path / "home", "n")
    yield found
    for folder in (tmp_path / "home").glob("pods/*/volumes/csi/*"):
        found.unmount(folder)
    found.close()


def pod(name="web"):
    return {"metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}"}, "spec": {}}


def use(name="web", handle="vol-1", **more):
    source = {"driver": "d.test", "volumeHandle": handle, "volumeAttributes": {"k": "v"}, **more}
    volume = {"metadata": {"name": "pv"}, "spec": {"accessModes": ["ReadWriteMany"], "mountOptions": ["noatime"]}}
    return VolumeUse(pod=pod(name), source=source, volume=volume)


def folder(tmp_path, name="web"):
    return tmp_path / "home" / "pods" / f"uid-{name}" / "volumes" / "csi" / "data"


def test_a_volume_is_staged_once_and_published_for_each_pod(mounter, driver, tmp_path):
    first = mounter.mount(use(), folder(tmp_path)).path
    (first / "file").write_text("kept")
    second = mounter.mount(use("other"), folder(tmp_path, "other")).path

    assert (second / "file").read_text() == "kept"
    stage, *_ = driver.calls("NodeStageVolume")
    assert stage["volume_id"] == "vol-1" and stage["volume_context"] == {"k": "v"}
    assert stage["volume_capability"]["mount"]["mount_flags"] == ["noatime"]
    assert stage["volume_capability"]["access_mode"] == {"mode": 5}
    publish, *_ = driver.calls("NodePublishVolume")
    assert publish["staging_target_path"] == stage["staging_target_path"]
    assert publish["volume_context"]["csi.storage.k8s.io/pod.name"] == "web"

    mounter.unmount(folder(tmp_path))
    assert not driver.calls("NodeUnstageVolume")
    mounter.unmount(folder(tmp_path, "other"))
    assert len(driver.calls("NodeUnstageVolume")) == 1
    assert not os.path.exists(stage["staging_target_path"])


def test_nothing_is_called_twice_for_a_pod_whose_container_starts_again(mounter, driver, tmp_path):
    mounter.mount(use(), folder(tmp_path))
    mounter.mount(use(), folder(tmp_path))

    assert len(driver.calls("NodePublishVolume")) == 1


def test_what_was_mounted_is_taken_back_by_another_agent(mounter, driver, tmp_path, api, until):
    mounter.mount(use(), folder(tmp_path))
    drivers = Drivers(tmp_path / "registry", api, "n")
    drivers.start()
    again = CsiMounter(drivers, api, tmp_path / "home", "n")
    try:
        until(lambda: drivers._drivers)
        again.unmount(folder(tmp_path))
        again.unmount(folder(tmp_path))
    finally:
        again.close()

    assert len(driver.calls("NodeUnpublishVolume")) == len(driver.calls("NodeUnstageVolume")) == 1


def test_a_refusal_is_told_in_the_driver_s_words_and_tried_again(mounter, driver, tmp_path):
    driver.fail["NodePublishVolume"] = grpc.StatusCode.INTERNAL, "disk on fire"
    with pytest.raises(VolumeFailure) as raised:
        mounter.mount(use(), folder(tmp_path))
    assert str(raised.value) == "rpc error: code = Internal desc = disk on fire"

    driver.fail.clear()
    assert is_mounted(mounter.mount(use(), folder(tmp_path)).path)


def test_a_half_mounted_volume_is_taken_back(mounter, driver, tmp_path):
    driver.fail["NodePublishVolume"] = grpc.StatusCode.INTERNAL, "oh"
    with pytest.raises(VolumeFailure):
        mounter.mount(use(), folder(tmp_path))

    mounter.unmount(folder(tmp_path))

    assert driver.calls("NodeUnstageVolume")


def test_a_volume_waits_until_it_is_attached(mounter, driver, tmp_path, api):
    api.objects[CSI_DRIVERS, "d.test"]["spec"]["attachRequired"] = True
    name = attachment_name("vol-1", "d.test", "n")
    with pytest.raises(VolumeFailure, match="has GET error for volume attachment"):
        mounter.mount(use(), folder(tmp_path))
    api.objects[VOLUME_ATTACHMENTS, name] = {"status": {"attached": False, "attachError": {"message": "no slot"}}}
    with pytest.raises(VolumeFailure, match="no slot"):
        mounter.mount(use(), folder(tmp_path))

    api.objects[VOLUME_ATTACHMENTS, name] = {"status": {"attached": True, "attachmentMetadata": {"lun": "3"}}}
    mounter.mount(use(), folder(tmp_path))

    assert driver.calls("NodePublishVolume")[-1]["publish_context"] == {"lun": "3"}
    assert api.objects[NODES, "n"]["status"]["volumesInUse"] == ["kubernetes.io/csi/d.test^vol-1"]
    mounter.unmount(folder(tmp_path))
    assert not api.objects[NODES, "n"]["status"]["volumesInUse"]


def test_a_pod_s_own_volume_is_published_only(mounter, driver, tmp_path, api):
    inline = VolumeUse(pod=pod(), source={"driver": "d.test"}, read_only=True)
    with pytest.raises(VolumeFailure, match=r"volume mode 'Ephemeral' not supported by driver \(only supports Pers"):
        mounter.mount(inline, folder(tmp_path))

    api.objects[CSI_DRIVERS, "d.test"]["spec"]["volumeLifecycleModes"] = ["Ephemeral"]
    mounter.mount(inline, folder(tmp_path))

    (publish,) = driver.calls("NodePublishVolume")
    assert publish["volume_id"] == ephemeral_handle(pod(), "data") and publish["readonly"] is True
    assert publish["volume_context"]["csi.storage.k8s.io/ephemeral"] == "true"
    assert not driver.calls("NodeStageVolume")


def test_an_unknown_driver_is_told(mounter, tmp_path):
    with pytest.raises(VolumeFailure, match=r"driver name x\.test not found in the list of registered CSI drivers"):
        mounter.mount(VolumeUse(pod=pod(), source={"driver": "x.test"}), folder(tmp_path))


def test_secrets_are_what_the_volume_names(mounter, driver, tmp_path, api):
    reference = {"namespace": "vault", "name": "key"}
    wanted = use(nodePublishSecretRef=reference)
    with pytest.raises(VolumeFailure, match="failed to get secret vault/key"):
        mounter.mount(wanted, folder(tmp_path))

    api.objects[SECRETS, "key"] = {"data": {"user": "bWU="}}
    mounter.mount(wanted, folder(tmp_path))

    assert driver.calls("NodePublishVolume")[-1]["secrets"] == {"user": "me"}


def test_a_driver_that_asks_for_tokens_gets_them_where_it_wants_them(mounter, driver, tmp_path, api):
    about = api.objects[CSI_DRIVERS, "d.test"]["spec"]
    about["tokenRequests"] = [{"audience": "a"}]
    mounter.mount(use(), folder(tmp_path))

    (publish,) = driver.calls("NodePublishVolume")
    tokens = json.loads(publish["volume_context"][KEY])
    assert tokens["a"]["token"] == "token-for-a" and tokens["a"]["expirationTimestamp"]
    assert not driver.calls("NodeStageVolume")[0]["volume_context"].get(KEY)

    about["serviceAccountTokenInSecrets"] = True
    mounter.mount(use("other"), folder(tmp_path, "other"))

    publish = driver.calls("NodePublishVolume")[-1]
    assert json.loads(publish["secrets"][KEY]) == tokens and KEY not in publish["volume_context"]


def test_a_driver_is_called_again_only_where_it_asks_for_it(mounter, driver, tmp_path, api):
    mounter.mount(use(), folder(tmp_path))
    mounter.refresh(use(), folder(tmp_path))
    assert len(driver.calls("NodePublishVolume")) == 1

    api.objects[CSI_DRIVERS, "d.test"]["spec"]["requiresRepublish"] = True
    mounter.refresh(use(), folder(tmp_path))

    first, second = driver.calls("NodePublishVolume")
    assert first == second and len(driver.calls("NodeStageVolume")) == 1


def block(name="web"):
    found = use(name)
    return replace(found, volume={**found.volume, "spec": {**found.volume["spec"], "volumeMode": "Block"}})


def test_a_block_volume_is_a_device_in_the_pod_s_folder(mounter, driver, tmp_path):
    mounted = mounter.mount(block(), folder(tmp_path))

    assert stat.S_ISBLK(os.stat(mounted.path).st_mode) and not mounted.give_to_group
    for method in ("NodeStageVolume", "NodePublishVolume"):
        (call,) = driver.calls(method)
        assert call["volume_capability"]["block"] == {} and call["volume_capability"]["mount"] is None

    mounter.unmount(folder(tmp_path))
    assert not mounted.path.exists() and len(driver.calls("NodeUnstageVolume")) == 1


def test_a_volume_grows_on_the_node(mounter, driver, tmp_path):
    mounter.mount(use(), folder(tmp_path))

    mounter.expand(use(), folder(tmp_path), 2 << 30)

    (call,) = driver.calls("NodeExpandVolume")
    assert call["capacity_range"]["required_bytes"] == 2 << 30
    assert call["volume_path"] == str(folder(tmp_path) / "mount")
    assert call["staging_target_path"] == driver.calls("NodeStageVolume")[0]["staging_target_path"]


@pytest.mark.parametrize(
    ("code", "infeasible", "in_use"),
    [("OUT_OF_RANGE", True, False), ("FAILED_PRECONDITION", False, True), ("INTERNAL", False, False)],
)
def test_why_a_volume_does_not_grow_is_told_apart(mounter, driver, tmp_path, code, infeasible, in_use):
    mounter.mount(use(), folder(tmp_path))
    driver.fail["NodeExpandVolume"] = grpc.StatusCode[code], "no"

    with pytest.raises(ExpansionFailure) as raised:
        mounter.expand(use(), folder(tmp_path), 2 << 30)

    assert (raised.value.infeasible, raised.value.in_use) == (infeasible, in_use)


def test_what_a_volume_uses_is_the_driver_s_to_say(mounter, driver, tmp_path):
    assert mounter.usage(folder(tmp_path)) is None
    mounter.mount(use(), folder(tmp_path))

    assert mounter.usage(folder(tmp_path)) == VolumeUsage(1000, 400, 600, 10, 4, 6)


def test_a_volume_that_could_not_be_unstaged_is_tried_again(mounter, driver, tmp_path):
    mounter.mount(use(), folder(tmp_path))
    driver.fail["NodeUnstageVolume"] = grpc.StatusCode.INTERNAL, "busy"
    with pytest.raises(VolumeFailure, match="busy"):
        mounter.unmount(folder(tmp_path))

    driver.fail.clear()
    mounter.unmount(folder(tmp_path))

    assert not list((tmp_path / "home" / "csi").rglob("globalmount"))
