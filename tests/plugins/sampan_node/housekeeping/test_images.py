from types import SimpleNamespace

import pytest

from sampan_node.housekeeping.images import LEAST_AGE, PulledImages
from sampan_runtime.contracts import RuntimeFailure


class Runtime:
    def __init__(self, *busy):
        self.busy, self.removed, self.kept = busy, [], set()

    def containers(self):
        return [SimpleNamespace(image=name) for name in self.busy]

    def image(self, name):
        return name

    def remove_image(self, name):
        if name in self.kept:
            raise RuntimeFailure("ImageRemoveError", "in use")
        self.removed.append(name)


@pytest.fixture
def clock():
    return SimpleNamespace(now=1000.0)


@pytest.fixture
def images(tmp_path, clock):
    return PulledImages(tmp_path / "pulled.json", lambda: clock.now)


def test_images_that_nothing_uses_go_from_the_oldest_until_there_is_room(images, clock):
    for name in ("a", "b", "c"):
        images.pulled(name)
        clock.now += 1
    clock.now += LEAST_AGE
    images.used("a")
    clock.now += LEAST_AGE
    runtime = Runtime("c")

    assert images.collect(runtime, lambda: len(runtime.removed) == 1) == ["b"]
    assert images.collect(runtime, lambda: False) == ["a"]
    assert images.collect(runtime, lambda: False) == []


def test_an_image_that_was_used_just_now_stays(images):
    images.pulled("a")

    assert images.collect(Runtime(), lambda: False) == []


def test_what_the_agent_did_not_pull_is_never_removed(images, clock):
    images.used("somebody-elses")
    clock.now += LEAST_AGE

    assert images.collect(Runtime(), lambda: False) == []


def test_an_image_that_others_use_stays_and_is_tried_again(images, clock):
    images.pulled("a")
    clock.now += LEAST_AGE
    runtime = Runtime()
    runtime.kept = {"a"}
    assert images.collect(runtime, lambda: False) == []
    runtime.kept = set()

    assert images.collect(runtime, lambda: False) == ["a"]


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"a": "x"}'])
def test_a_damaged_file_counts_as_none(tmp_path, text):
    file = tmp_path / "pulled.json"
    file.write_text(text)

    assert PulledImages(file).unused(()) == []


def test_a_later_agent_knows_what_was_pulled(tmp_path, images, clock):
    images.pulled("a")
    clock.now += LEAST_AGE

    assert PulledImages(tmp_path / "pulled.json", lambda: clock.now).unused(()) == ["a"]
