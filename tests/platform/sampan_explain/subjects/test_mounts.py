from sampan_explain import Objects
from sampan_explain.subjects import mounts
from sampan_machinery.resources import SECRETS


def test_a_pod_whose_configmap_does_not_exist(make, why):
    volumes = [{"name": "conf", "configMap": {"name": "app"}}]
    found = why(make.pod(phase="Pending", statuses=[make.waiting("ContainerCreating")], volumes=volumes), make.node())

    assert found.causes[0].text == "Its volume conf needs the ConfigMap app, which does not exist."
    assert found.causes[0].commands == ("kubectl create configmap app -n default --from-literal=KEY=VALUE",)


def test_a_secret_of_a_projected_volume_and_an_optional_one(make, why, reasons):
    sources = [{"secret": {"name": "token"}}, {"configMap": {"name": "maybe", "optional": True}}]
    found = why(make.pod(phase="Pending", volumes=[{"name": "all", "projected": {"sources": sources}}]), make.node())

    assert reasons(found) == ["SecretMissing"]


def test_a_volume_that_cannot_be_mounted(make, why):
    pod = make.pod(phase="Pending", statuses=[make.waiting("ContainerCreating")])
    found = why(pod, make.node(), make.event(pod, "FailedMount", "MountVolume.SetUp failed: timed out"))

    assert found.causes[0].text == "Its node cannot mount a volume: MountVolume.SetUp failed: timed out."


def test_a_network_that_cannot_be_made(make, why, reasons):
    pod = make.pod(phase="Pending")

    assert reasons(why(pod, make.node(), make.event(pod, "FailedCreatePodSandBox", "no addresses"))) == [
        "FailedCreatePodSandBox"
    ]


def test_a_node_that_does_not_begin_it(make, why, reasons):
    assert reasons(why(make.pod(phase="Pending"), make.node())) == ["NodeSilent"]
    assert reasons(why(make.pod(phase="Pending"))) == ["NodeGone"]


def test_a_missing_key_names_those_that_are_there(make):
    secret = make.obj("Secret", "db", data={"user": "", "password": ""})
    found = list(mounts.lacking(SECRETS, "db", "default", Objects.of([secret], make.now), "the variable X", "pass"))

    assert found[0].text == "The variable X needs the key pass of the Secret db, which has no such key."
    assert found[0].facts == ("keys of secret/db: password, user",)
