from types import SimpleNamespace

import pytest

from sampan.contracts.components import Contributed
from sampan.contracts.options import ClusterOptions
from sampan.errors import ConfigError, SampanError
from sampan_node import runtimes
from sampan_runtime.contracts import RuntimeFailure, RuntimeOffer


class Offered:
    """Plugins of which those named are enabled."""

    def __init__(self, *names, answers=True):
        self.names, self.answers = names, answers

    def ask(self, hook):
        assert hook == "contribute_runtimes"
        trouble = "" if self.answers else "it does not answer"
        offers = {
            "docker": RuntimeOffer(name="docker", pods="", priority=1, unavailable=lambda: trouble),
            "exec": RuntimeOffer(name="exec", pods=""),
        }
        return [Contributed(name, [offers[name]]) for name in self.names]

    def first(self, hook, *, name, home, options):
        assert hook == "provide_runtime"
        return f"{name} in {home}" if name in self.names else None


def test_the_runtime_wanted_is_opened_in_a_folder_of_its_own(tmp_path):
    assert runtimes.choose("exec", tmp_path, ClusterOptions(), Offered("exec", "docker")) == f"exec in {tmp_path}/exec"
    assert (tmp_path / "exec").is_dir()


def test_a_disabled_runtime_is_named_and_not_used(tmp_path):
    with pytest.raises(ConfigError, match="no enabled plugin provides a container runtime called 'docker'"):
        runtimes.choose("docker", tmp_path, ClusterOptions(), Offered("exec"))


@pytest.mark.parametrize(
    ("answers", "enabled", "chosen"),
    [(True, ("docker", "exec"), "docker"), (False, ("docker", "exec"), "exec"), (True, ("exec",), "exec")],
)
def test_auto_is_docker_where_it_answers_and_is_enabled(tmp_path, answers, enabled, chosen):
    offered = Offered(*enabled, answers=answers)

    assert runtimes.choose("auto", tmp_path, ClusterOptions(), offered).split()[0] == chosen


def test_a_runtime_that_is_not_there_leaves_no_folder_to_clean_up_after(tmp_path):
    with pytest.raises(ConfigError):
        runtimes.choose("docker", tmp_path, ClusterOptions(), Offered("exec"))

    assert list(tmp_path.iterdir()) == []


def test_what_another_runtime_left_is_removed_at_the_start_and_its_own_kept(tmp_path):
    for name in ("exec", "docker"):
        (tmp_path / name / "sandboxes").mkdir(parents=True)

    runtimes.remove_others("docker", str(tmp_path), ClusterOptions())

    assert [path.name for path in tmp_path.iterdir()] == ["docker"]


def test_what_a_disabled_runtime_left_is_removed_all_the_same(tmp_path):
    (tmp_path / "exec").mkdir()

    runtimes.clean_up(str(tmp_path), ClusterOptions())  # asks what is installed, not what is enabled

    assert (tmp_path / "exec" / "sandboxes").is_dir()


class PartlyFailing:
    """A runtime some of whose containers cannot be removed."""

    name = "exec"

    def __init__(self):
        self.removed, self.closed = [], False

    def sandboxes(self):
        return [SimpleNamespace(id=name) for name in ("s1", "bad", "s2")]

    def containers(self):
        return [SimpleNamespace(id=name) for name in ("bad", "c1")]

    def remove_sandbox(self, identifier):
        if identifier == "bad":
            raise RuntimeFailure("KillContainerError", "does not end")
        self.removed.append(identifier)

    remove_container = remove_sandbox

    def close(self):
        self.closed = True


def test_what_cannot_be_removed_keeps_nothing_else_here(tmp_path, monkeypatch):
    (tmp_path / "exec").mkdir()
    runtime, unmounted = PartlyFailing(), []
    monkeypatch.setattr(runtimes, "_ask", lambda *_: runtime)
    monkeypatch.setattr("sampan_node.volumes.volumes.unmount_all", unmounted.append)

    with pytest.raises(SampanError, match="2 could not be removed: does not end"):
        runtimes.clean_up(str(tmp_path), ClusterOptions())

    assert runtime.removed == ["s1", "s2", "c1"]
    assert runtime.closed
    assert unmounted == [tmp_path]


def test_a_folder_that_is_no_runtimes_is_left_alone(tmp_path, monkeypatch):
    (tmp_path / "notes").mkdir()
    runtime = PartlyFailing()  # of a plugin that answers whatever it is asked for
    monkeypatch.setattr(runtimes, "_ask", lambda *_: runtime)

    runtimes.remove_others("docker", str(tmp_path), ClusterOptions())

    assert (tmp_path / "notes").is_dir() and runtime.removed == []


def test_no_plugin_is_asked_for_a_runtime_called_as_the_nodes_own_folder(tmp_path, monkeypatch):
    (tmp_path / "pods").mkdir()
    monkeypatch.setattr(runtimes, "_ask", lambda *_: pytest.fail("disabled plugins are not to be imported for this"))

    runtimes.remove_others("exec", str(tmp_path), ClusterOptions())


def test_a_runtime_may_show_another_name_than_its_own():
    assert runtimes.shown_name(SimpleNamespace(name="cri", engine="containerd")) == "containerd"
    assert runtimes.shown_name(SimpleNamespace(name="docker")) == "docker"


def test_an_installed_runtime_is_given_what_it_names_and_no_settings(monkeypatch):
    def provide(name, context):
        given.append((name, context.settings))
        return "opened"

    given = []
    point = SimpleNamespace(name="x", load=lambda: SimpleNamespace(provide_runtime=provide))
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point])

    found = runtimes.Installed().first("provide_runtime", name="x", home="/h", options=ClusterOptions())

    assert (found, given) == ("opened", [("x", None)])


def test_where_no_runtime_can_be_used_the_setting_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"node\.runtime: no enabled plugin provides a container runtime"):
        runtimes.choose("auto", tmp_path, ClusterOptions(), Offered("docker", answers=False))
