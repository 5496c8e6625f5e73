"""The three example plugins, installed by pip from their own folders, in a running cluster driven by real kubectl."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import urllib.request
from pathlib import Path

import pytest
from clusters import ROOT, WHICH_PYTHON, Cluster, free_port, until

from sampan_operate.scaffold import write

pytestmark = pytest.mark.kubectl

EXAMPLES = ROOT / "examples" / "plugins"
PREFERRED = "example.org/preferred"
ROOM = {"cpu": "64", "memory": "64Gi", "pods": "110"}


def install(place, *names):
    """As a user would with pip, but into a folder, so that nothing else sees them."""
    command = [WHICH_PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", "--target", str(place)]
    done = subprocess.run([*command, *names], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """Copies: building leaves files beside the sources."""
    place = tmp_path_factory.mktemp("third_party")
    subprocess.run(["cp", "-r", str(EXAMPLES), str(place / "source")], check=True)
    write_a_slow_one(place / "source")
    install(place / "installed", *(str(path) for path in sorted((place / "source").iterdir()) if path.is_dir()))
    return place / "installed"


SLOW = """
        if review.name == "hang":
            while True:
                pass
"""


def write_a_slow_one(place):
    """A plugin as `sampan plugins new` begins it, spoilt: its admitter never ends for a certain name."""
    write("slow", "admission", place)
    rule = place / "slow" / "slow" / "rule.py"
    text = rule.read_text().replace('{"DELETE"}', '{"CREATE"}')
    rule.write_text(text.replace("        labels = ", SLOW.lstrip("\n") + "        labels = ", 1))


@pytest.fixture(scope="module")
def third_party(tmp_path_factory, tools, examples):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(examples))
        cluster = Cluster(tmp_path_factory.mktemp("home") / "home", "exec", free_port(), "busybox:1", tools)
        cluster.home.mkdir()
        settings = {
            "api": {"port": cluster.port},
            "node": {"runtime": "exec", "name": "node-exec"},
            "plugins": {"registries": {"allowed": ["docker.io/library/busybox"]}, "preferred": {"weight": 50}},
        }
        (cluster.home / "sampan.yaml").write_text(json.dumps(settings))
        cluster.sampan("up")
        yield cluster
        cluster.sampan("down")


def test_they_are_listed_with_where_they_come_from(third_party):
    lines = {line.split()[0]: line for line in third_party.sampan("plugins", "list").splitlines()}

    assert "sampan-allowed-registries 0.1.0" in lines["registries"]
    assert "sampan-preferred-nodes 0.1.0" in lines["preferred"]
    assert "sampan-website 0.1.0" in lines["website"]
    assert {lines[name].split()[1] for name in ("registries", "preferred", "website")} == {"on"}


def test_one_that_never_ends_is_named_while_the_cluster_serves_on(third_party):
    hanging = third_party.popen("create", "configmap", "hang", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    fine = ("create", "configmap", "fine")  # it passes the same plugin, which has a second for it
    until(lambda: "configmap/fine created" in third_party.kubectl(*fine, check=False))
    said = hanging.communicate(timeout=150)[0]

    assert "plugin slow failed in admission: no answer within 1 s" in said
    until(lambda: "admission: late" in third_party.sampan("plugins", "show", "slow"))
    third_party.kubectl("delete", "configmap", "fine")


def test_an_image_from_elsewhere_is_refused(third_party):
    said = third_party.kubectl("run", "bad", "--image=elsewhere.example.net/tool", check=False)

    assert "(Forbidden)" in said
    assert "containers bad has the image elsewhere.example.net/tool from elsewhere.example.net" in said
    assert "images may come from docker.io/library/busybox" in said


def node_of(cluster, name):
    return until(lambda: cluster.get("pod", name)["spec"].get("nodeName"))


def test_the_preferred_node_is_taken(third_party):
    other = {
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "other"},
        "status": {"capacity": ROOM, "allocatable": ROOM, "conditions": [{"type": "Ready", "status": "True"}]},
    }  # fmt: skip
    third_party.kubectl("create", "-f", "-", input=json.dumps(other))
    names = (f"chosen-{number}" for number in itertools.count())

    def placed() -> str:
        made = third_party.pod(next(names), "sleep 60")
        made["metadata"]["labels"]["chosen"] = "yes"
        third_party.apply(made)
        return node_of(third_party, made["metadata"]["name"])

    try:
        for wanted in ("other", "node-exec"):  # no heartbeat comes from the first, so it will be lost
            third_party.kubectl("label", "node", "--all", f"{PREFERRED}-")
            third_party.kubectl("label", "node", wanted, f"{PREFERRED}=true")
            until(lambda wanted=wanted: placed() == wanted, why="the scheduler has seen the label")
            assert [placed() for _ in range(3)] == [wanted] * 3
    finally:
        third_party.kubectl("delete", "pod", "-l", "chosen=yes", "--now", "--wait=false")
        third_party.kubectl("delete", "node", "other")


def fetch(address):
    try:
        with urllib.request.urlopen(f"http://{address}/", timeout=3) as answer:
            return answer.read().decode()
    except OSError:
        return ""


def test_a_website_is_served_shown_explained_and_goes_with_all_its_parts(third_party):
    third_party.kubectl("apply", "-f", str(EXAMPLES / "website" / "hello.yaml"))
    third_party.kubectl("wait", "--for=condition=Available", "website/hello", "--timeout=120s")

    address = third_party.get("service", "hello")["spec"]["clusterIP"]
    until(lambda: "<h1>Hello</h1>" in fetch(address))
    head, row = third_party.kubectl("get", "websites").splitlines()
    assert head.split() == ["NAME", "AVAILABLE", "READY", "URL", "AGE"]
    assert row.split()[:4] == ["hello", "True", "1/1", "http://hello.example.org/"]
    assert third_party.get("ingress", "hello")["spec"]["rules"][0]["host"] == "hello.example.org"

    third_party.kubectl("patch", "site", "hello", "--type=merge", "-p", '{"spec":{"pages":{"index.html":"new"}}}')
    until(lambda: fetch(address) == "new", 240)
    third_party.kubectl("delete", "website", "hello")
    until(lambda: third_party.kubectl("get", "deploy,cm,svc,ing", "-o", "name").split() == KEPT, why="the parts stay")


KEPT = ["configmap/kube-root-ca.crt", "service/kubernetes"]


def test_kubectl_knows_its_fields(third_party):
    explained = third_party.kubectl("explain", "website.spec")
    assert "pages\t<map[string]string> -required-" in explained
    assert "How many pods serve it." in explained

    wrong = {
        "apiVersion": "web.example.org/v1", "kind": "Website", "metadata": {"name": "wrong"},
        "spec": {"pages": {"index.html": ""}, "replicas": "many", "odd": 1},
    }  # fmt: skip
    said = third_party.kubectl("apply", "-f", "-", input=json.dumps(wrong), check=False)
    assert 'strict decoding error: unknown field "spec.odd"' in said
    del wrong["spec"]["odd"]
    said = third_party.kubectl("apply", "-f", "-", input=json.dumps(wrong), check=False)
    assert (
        'The Website "wrong" is invalid: spec.replicas: Invalid value: "string": spec.replicas in body must be of type '
        'integer: "string"' in said
    )
    said = third_party.kubectl(
        "apply", "-f", "-", "--validate=ignore", "--server-side", input=json.dumps(wrong), check=False
    )
    assert "spec.replicas in body must be of type integer" in said or "expected numeric" in said


def run_page(cluster, path):
    """The commands on a page that it says are run here, in order, as a user would type them."""
    marked = re.findall(
        r"<!-- run by tests/e2e/test_third_party_plugins.py -->\n```console\n(.*?)```", path.read_text(), re.S
    )
    for block in marked:
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = step.splitlines()
            done = subprocess.run(
                ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=400, check=False,
                env={**cluster.env, "PATH": f"{Path(WHICH_PYTHON).parent}:{cluster.env['PATH']}"},
            )  # fmt: skip
            said = " ".join((done.stdout + done.stderr).split())
            assert (done.returncode != 0) == any(line.startswith("Error") for line in shown), f"{command}: {said}"
            for line in shown:
                assert " ".join(line.split()) in said, f"{command}: {said}"
    assert marked


def test_the_commands_of_the_page_about_writing_plugins(third_party):
    run_page(third_party, ROOT / "docs" / "writing-a-plugin.md")
