"""A directory of sockets, and registrars that answer without gRPC."""

import socket

import pytest

from sampan.errors import SampanError
from sampan_grpc.registration import Missing, Registry


class World:
    def __init__(self, folder):
        self.folder, self.info, self.told, self.left, self.failures = folder, {}, [], [], []
        self.accepted, self.refusal, self.missing = [], "", False

    def connect(self, path):
        if self.missing:
            raise Missing("no library")
        return Channel(self, path)

    def accept(self, path, info):
        if self.failures:
            raise SampanError(self.failures.pop())
        self.accepted.append(path.name)
        return self.refusal

    def add(self, name, kind="CSIPlugin", driver="d.test"):
        self.info[name] = {"type": kind, "name": driver, "endpoint": "", "supported_versions": ["1.0.0"]}
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(self.folder / name))


class Channel:
    def __init__(self, world, path):
        self.world, self.name = world, path.rpartition("/")[2]

    def call(self, service, method, **fields):
        assert service == "pluginregistration.Registration"
        if method == "GetInfo":
            return self.world.info[self.name]
        self.world.told.append((self.name, fields["plugin_registered"], fields["error"]))
        return {}

    def close(self):
        pass


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def registry(world, monkeypatch):
    monkeypatch.setattr("sampan_grpc.registration.AGAIN", 0.01)
    found = Registry(
        world.folder, "CSIPlugin", connect=world.connect, accept=world.accept,
        leave=lambda path: world.left.append(path.name),
    )  # fmt: skip
    found.start()
    yield found
    found.close()


def test_a_driver_comes_once_and_leaves_with_its_socket(registry, world, until):
    world.add("a.sock")
    until(lambda: world.told == [("a.sock", True, "")])
    world.add("b.sock", driver="e.test")
    until(lambda: len(world.told) == 2)
    assert world.accepted == ["a.sock", "b.sock"]

    (world.folder / "a.sock").unlink()

    until(lambda: world.left == ["a.sock"])


def test_a_driver_that_comes_back_is_taken_again(registry, world, until):
    for times in (1, 2):
        world.add("a.sock")
        until(lambda times=times: len(world.accepted) == times)
        (world.folder / "a.sock").unlink()
        until(lambda times=times: len(world.left) == times)


def test_a_refusal_is_told_and_not_repeated(registry, world, until):
    world.refusal = "no"
    world.add("a.sock")
    until(lambda: world.told == [("a.sock", False, "no")])

    world.add("b.sock", kind="SomethingElse")
    until(lambda: len(world.told) == 2)

    assert world.told[1] == ("b.sock", False, "plugins of type 'SomethingElse' are not known to this node agent")
    assert world.accepted == ["a.sock"]


def test_a_driver_of_a_type_that_is_another_s_is_left_to_it(registry, world, until):
    world.add("a.sock", kind="DRAPlugin")
    world.add("b.sock")

    until(lambda: world.accepted)

    assert world.accepted == ["b.sock"] and [name for name, *_ in world.told] == ["b.sock"]


def test_what_fails_is_tried_again(registry, world, until):
    world.failures = ["later", "later"]
    world.add("a.sock")

    until(lambda: world.told == [("a.sock", True, "")])


def test_without_the_library_nothing_is_tried_again(registry, world, until, caplog):
    world.missing = True
    world.add("a.sock")

    until(lambda: "a.sock: no library" in caplog.text)
    assert not world.told
