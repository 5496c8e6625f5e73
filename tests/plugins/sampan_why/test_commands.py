import json

import pytest
from click.testing import CliRunner

from sampan.contracts.commands import Place
from sampan.contracts.components import Contributed
from sampan_explain import Cause, Explainer
from sampan_machinery.resources import CONFIG_MAPS, PODS, SERVICES
from sampan_testing.cluster import start
from sampan_why import commands


@pytest.fixture(scope="module")
def cluster():
    with start(control=False) as cluster:
        cluster.client.create(
            SERVICES,
            {"metadata": {"name": "web"}, "spec": {"selector": {"a": "b"}, "ports": [{"port": 80}]}},
            "default",
        )
        spec = {"containers": [{"name": "app", "image": "x"}], "schedulingGates": [{"name": "x.io/wait"}]}
        cluster.client.create(PODS, {"metadata": {"name": "waits"}, "spec": spec}, "default")
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "plain"}}, "default")
        yield cluster


@pytest.fixture
def run(cluster, monkeypatch, tmp_path):
    monkeypatch.setattr(commands, "_client", lambda place: cluster.client)

    def type_in(*words, hooks=None):
        place = Place(str(tmp_path), str(tmp_path / "kubeconfig"), hooks=hooks)
        return CliRunner().invoke(commands.why, words, obj=place)

    return type_in


@pytest.mark.parametrize("words", [["waits"], ["pod/waits"], ["pods", "waits"], ["po/waits", "-n", "default"]])
def test_an_object_is_named_as_kubectl_names_it(run, words):
    done = run(*words)

    assert done.exit_code == 0
    assert done.output.startswith("pod/waits in namespace default is Pending. It is not scheduled until")


def test_json_is_one_document(run):
    found = json.loads(run("svc/web", "-o", "json").output)

    assert (found["object"], found["causes"][0]["reason"], found["healthy"]) == ("service/web", "NoPodMatches", False)


def test_an_object_of_any_kind_may_be_asked_for(run):
    assert run("configmap/plain").output == "configmap/plain in namespace default: nothing wrong was found.\n"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["absent"], "there is no pod absent in namespace default"),
        (["node/absent"], "there is no node absent\n"),
        (["waits", "-n", "other"], "there is no pod waits in namespace other"),
        (["boat/x"], "the server has no kind called boat"),
        (["a", "b", "c"], "name one object"),
        (["--as", "ann", "get"], "with --as: VERB RESOURCE [NAME]"),
    ],
)
def test_what_cannot_be_answered_is_said(run, words, problem):
    done = run(*words)

    assert done.exit_code
    assert problem in done.output


def test_a_refused_request_ends_with_1_and_offers_a_binding(run):
    done = run("--as", "ann", "list", "pods", "-n", "default")

    assert done.exit_code == 1
    assert done.output.startswith(
        "user/ann is forbidden to list pods in namespace default. No role that is bound to ann"
    )
    assert "kubectl create rolebinding" in done.output


@pytest.mark.parametrize(
    "words",
    [
        ["--as", "ann", "--as-group", "system:masters", "delete", "nodes", "-A"],
        ["--as", "system:serviceaccount:default:default", "create", "selfsubjectaccessreviews"],
    ],
)
def test_an_allowed_request_ends_with_0(run, words):
    done = run(*words)

    assert (done.exit_code, " is allowed to " in done.output) == (0, True), done.output


def test_a_subresource_and_an_object_are_told_apart(run):
    assert "get pods/log in namespace default" in run("--as", "ann", "get", "pods/log").output
    assert "get pods web in namespace default" in run("--as", "ann", "get", "pods/web").output
    assert "get pods/log web in namespace default" in run("--as", "ann", "get", "pods/log", "web").output


def test_plugins_explain_their_kinds(run):
    class Hooks:
        def ask(self, hook):
            mine = Explainer(
                group="", kind="ConfigMap", explain=lambda obj, objects: [Cause(reason="Mine", text="Mine.")]
            )
            return [Contributed("mine", [mine])]

    assert "Mine." in run("cm/plain", hooks=Hooks()).output
