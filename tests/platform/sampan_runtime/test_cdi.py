import json

import pytest

from sampan_runtime import cdi
from sampan_runtime.contracts import ContainerSpec, Device, Mount


def specification(folder, name="gpu.json", kind="test.example/gpu", device="a", shared=None, **edits):
    folder.mkdir(exist_ok=True)
    found = {
        "cdiVersion": "0.6.0", "kind": kind, "containerEdits": shared or {},
        "devices": [{"name": device, "containerEdits": edits}],
    }  # fmt: skip
    (folder / name).write_text(json.dumps(found))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cdi"


def spec(**more):
    return ContainerSpec(name="c", attempt=0, image="i", **more)


def test_a_container_gets_what_its_devices_say(folder):
    specification(
        folder, shared={"env": ["ALL=1"]}, env=["GPU=a=b"], deviceNodes=[{"path": "/dev/null", "permissions": "r"}],
        mounts=[{"hostPath": "/usr/lib", "containerPath": "/lib/gpu", "options": ["ro", "bind"]}], additionalGids=[44],
    )  # fmt: skip

    found = cdi.applied(spec(env={"GPU": "none"}, groups=[7]), ["test.example/gpu=a"], [folder])

    assert found.env == {"ALL": "1", "GPU": "a=b"} and found.groups == [7, 44]
    assert found.devices == [Device("/dev/null", "/dev/null", read_only=True)]
    assert found.mounts == [Mount("/usr/lib", "/lib/gpu", read_only=True)]


def test_what_a_specification_gives_to_all_its_devices_is_given_once(folder):
    one = {"name": "a", "containerEdits": {}}
    folder.mkdir()
    mount = {"hostPath": "/usr/lib", "containerPath": "/lib/gpu"}
    found = {"kind": "test.example/gpu", "containerEdits": {"mounts": [mount]}, "devices": [one, {**one, "name": "b"}]}
    (folder / "gpu.json").write_text(json.dumps(found))

    assert len(cdi.resolve(["test.example/gpu=a", "test.example/gpu=b"], [folder]).mounts) == 1


def test_specifications_may_be_yaml_and_later_directories_win(folder, tmp_path):
    specification(folder, env=["FROM=first"])
    later = tmp_path / "run"
    later.mkdir()
    text = "kind: test.example/gpu\ndevices: [{name: a, containerEdits: {env: ['FROM=later']}}]\n"
    (later / "gpu.yaml").write_text(text)

    assert cdi.resolve(["test.example/gpu=a"], [folder, later]).env == (("FROM", "later"),)


def test_a_pod_s_own_mount_is_not_covered(folder):
    specification(folder, mounts=[{"hostPath": "/usr/lib", "containerPath": "/data"}])
    own = Mount("/mine", "/data")

    assert cdi.applied(spec(mounts=[own]), ["test.example/gpu=a"], [folder]).mounts == [own]


@pytest.mark.parametrize(
    ("edits", "why"),
    [
        ({"hooks": [{"hookName": "createContainer", "path": "/x"}]}, "asks for hooks, which this container runtime"),
        ({"deviceNodes": [{"path": "/dev/none-of-this-name"}]}, "No such file or directory"),
        ({"deviceNodes": [{"path": "/dev/x", "hostPath": "/etc"}]}, "/etc is not a device"),
    ],
)
def test_what_cannot_be_given_keeps_the_container_from_starting(folder, edits, why):
    specification(folder, **edits)

    with pytest.raises(cdi.CdiProblem, match=why) as raised:
        cdi.resolve(["test.example/gpu=a"], [folder])
    assert raised.value.reason == "CreateContainerError"


def test_a_device_that_no_specification_has_is_named(folder):
    specification(folder)
    (folder / "broken.json").write_text("{")
    (folder / "list.yaml").write_text("[]")
    (folder / "notes.txt").write_text("x")

    assert cdi.resolve(["test.example/gpu=a"], [folder]) == cdi.Edits()
    with pytest.raises(cdi.CdiProblem, match=r"unresolvable CDI devices test\.example/gpu=b"):
        cdi.resolve(["test.example/gpu=b"], [folder])


def test_a_container_without_devices_reads_nothing(tmp_path):
    asked = spec()

    assert cdi.applied(asked, [], [tmp_path / "none"]) is asked
