import json
import threading
from types import SimpleNamespace

import pytest

from sampan.contracts.components import Contributed, Running
from sampan.contracts.options import ClusterOptions
from sampan_cni import component
from sampan_cni.plugin import Settings
from sampan_machinery.resources import NODES
from sampan_runtime.contracts import RuntimeOffer
from sampan_testing.cluster import until

OFFERS = [
    RuntimeOffer(name="docker", pods="x", unavailable=lambda: "away"),
    RuntimeOffer(name="cri", pods="x", cni=True),
]


class Informer:
    """Tells the node that a test gives it."""

    made = None

    def __init__(self, client, resource, *, fields, on_change):
        assert (resource, fields) == (NODES, "metadata.name=n1")
        self.tell = lambda node: on_change(None, node)
        Informer.made = self

    def start(self): ...

    def stop(self): ...


@pytest.fixture(autouse=True)
def world(monkeypatch, tmp_path):
    monkeypatch.setattr(component, "Informer", Informer)
    monkeypatch.setattr(component, "FOLDERS", (str(tmp_path / "bin"),))
    scripts = []
    monkeypatch.setattr(component, "open_kernel", lambda: SimpleNamespace(run=scripts.append))
    (tmp_path / "bin").mkdir()
    for name in ("bridge", "host-local", "loopback", "bandwidth"):
        (tmp_path / "bin" / name).touch()
    return scripts


@pytest.fixture
def begin(tmp_path):
    """Run the component; returns what it says, a list that grows."""
    running = []

    def start(runtime="cri", **settings):
        (tmp_path / "home").mkdir(exist_ok=True)
        said, stop = [], threading.Event()
        hooks = SimpleNamespace(ask=lambda hook: [Contributed("x", OFFERS)])
        options = ClusterOptions(runtime=runtime, home_id="h", node_name="n1", pod_cidr="10.244.0.0/16")
        given = Running(
            None, Settings(conf_dir=str(tmp_path / "net.d"), **settings), str(tmp_path / "home"), stop, options,
            ready=said.append, hooks=hooks,
        )  # fmt: skip
        thread = threading.Thread(target=component.run, args=(given,))
        thread.start()
        running.append((thread, stop))
        return said

    yield start
    for thread, stop in running:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def test_the_configuration_is_written_with_the_nodes_range_once_it_has_one(begin, tmp_path, world):
    said = begin()
    until(lambda: said and "waiting" in said[-1])

    Informer.made.tell({"spec": {"podCIDR": "10.244.3.0/24"}})
    until(lambda: "10.244.3.0/24" in said[-1])

    (path,) = (tmp_path / "net.d").iterdir()
    plugins = json.loads(path.read_text())["plugins"]
    assert [one["type"] for one in plugins] == ["bridge", "bandwidth"], "portmap and firewall are not there"
    assert plugins[0]["ipam"]["ranges"] == [[{"subnet": "10.244.3.0/24"}]]
    assert "ip saddr 10.244.3.0/24" in world[-1]


def test_a_range_of_the_settings_is_not_waited_for(begin, tmp_path):
    said = begin(pod_cidr="10.9.0.0/24")

    until(lambda: said and "10.9.0.0/24" in said[-1])


def test_other_runtimes_bring_their_own_network(begin, tmp_path):
    said = begin("docker")

    until(lambda: said and "nothing to do" in said[-1])
    assert not (tmp_path / "net.d").exists()


def test_the_runtime_is_the_one_that_the_agent_takes():
    assert component.runs_cni("cri", OFFERS)
    assert not component.runs_cni("docker", OFFERS)
    assert component.runs_cni("auto", OFFERS), "docker is away"
    assert not component.runs_cni("", [RuntimeOffer(name="exec", pods="x"), *OFFERS])


def test_what_was_written_is_removed_at_the_end(begin, tmp_path, world):
    said = begin(pod_cidr="10.9.0.0/24")
    until(lambda: said and "10.9.0.0/24" in said[-1])

    component.cleanup(str(tmp_path / "home"), ClusterOptions(home_id="h"))
    component.cleanup(str(tmp_path / "home"), ClusterOptions(home_id="h"))

    assert list((tmp_path / "net.d").iterdir()) == []
    assert world[-1].startswith("add table ip sampancni_h\ndelete table ip sampancni_h\n")
