import json

import pytest
from click.testing import CliRunner

from sampan.contracts.commands import Place
from sampan.errors import NotFound
from sampan_scheduler import commands
from sampan_scheduler.settings import Settings


class Listing:
    def __init__(self, items):
        self.items = items


class Api:
    """Reads only: anything else is an AttributeError."""

    namespace = "default"

    def __init__(self, **objects):
        self.objects = objects

    def list(self, resource):
        return Listing(self.objects.get(resource.plural, []))

    def get(self, resource, name, namespace):
        for obj in self.objects[resource.plural]:
            if (obj["metadata"]["name"], obj["metadata"]["namespace"]) == (name, namespace):
                return obj
        raise NotFound(name)


@pytest.fixture
def run(build, monkeypatch, tmp_path):
    pods = [build.pod("there", on="a", cpu="1"), build.pod("waits", cpu="9")]
    api = Api(nodes=[build.node("a"), build.node("b")], pods=pods)
    monkeypatch.setattr(commands, "_client", lambda place: api)

    def type_in(command, *words, **more):
        place = Place(str(tmp_path), str(tmp_path / "kubeconfig"), Settings())
        return CliRunner().invoke(command, words, obj=place, **more)

    return type_in


def test_whatif_places_manifests_and_ends_with_1_if_one_does_not_fit(run, build):
    manifest = json.dumps({**build.pod("p", cpu="2"), "kind": "Pod"})

    good = run(commands.whatif, "-f", "-", input=manifest)
    bad = run(commands.whatif, "-f", "-", input=f"{manifest}\n---\n{manifest.replace(chr(34) + '2' + chr(34), '99')}")

    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "1 of 1 pods would have a node." in good.output
    assert "1 of 2 pods would have a node." in bad.output


def test_whatif_moves_the_pods_of_a_node(run):
    found = json.loads(run(commands.whatif, "--without-node", "a", "-o", "json").output)

    assert [(each["pod"], each["from"], each["node"]) for each in found["pods"]] == [("default/there", "a", "b")]
    assert "there is no node z" in run(commands.whatif, "--without-node", "z").output
    assert run(commands.whatif).exit_code == 2


def test_manifests_are_read_from_files_and_folders(run, build, tmp_path):
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "p.yaml").write_text(json.dumps(build.pod("p")))
    (folder / "notes.txt").write_text("no manifest")

    for path in (folder, folder / "p.yaml"):
        assert "1 of 1 pods" in run(commands.whatif, "-f", str(path)).output
    assert run(commands.whatif, "-f", str(tmp_path / "absent.yaml")).exit_code == 1


def test_without_a_cluster_the_kubeconfig_is_named(tmp_path, build):
    place = Place(str(tmp_path), str(tmp_path / "kubeconfig"), Settings())

    done = CliRunner().invoke(commands.whatif, ["--without-node", "a"], obj=place)

    assert f"there is no kubeconfig {tmp_path}/kubeconfig" in done.output
