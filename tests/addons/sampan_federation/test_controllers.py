from __future__ import annotations

from types import SimpleNamespace

from sampan_federation.controllers import Controllers


class Counting:
    """Handles each key, and wants it again after some seconds the first time."""

    name, workers = "counting", 1

    def __init__(self) -> None:
        self.handled: list[object] = []
        self.closed = False

    def start(self, enqueue) -> None:
        self.enqueue = enqueue

    def handle(self, key):
        self.handled.append(key)
        if key == "broken" and self.handled.count(key) < 3:
            raise ConnectionError("away")
        return 10.0 if key == "again" and self.handled.count(key) == 1 else None

    def close(self) -> None:
        self.closed = True


def made(*, synced: bool = True):
    now, controller = [0.0], Counting()
    caches = SimpleNamespace(synced=synced)
    controllers = Controllers([controller], caches, lambda: now[0])
    controllers.start()
    return controllers, controller, caches, now


def work(controllers) -> None:
    while controllers.turn():
        pass


def test_nothing_is_handled_before_all_caches_are_complete():
    controllers, controller, caches, _ = made(synced=False)
    controller.enqueue("a")
    work(controllers)
    assert controller.handled == []

    caches.synced = True
    work(controllers)
    assert controller.handled == ["a"]


def test_a_key_comes_again_when_it_wants_to():
    controllers, controller, _, now = made()
    controller.enqueue("again")
    work(controllers)
    assert controllers.due() == 10.0

    now[0] = 10.0
    work(controllers)
    assert controller.handled == ["again", "again"]


def test_what_fails_is_tried_again_and_harms_no_other():
    controllers, controller, _, now = made()
    controller.enqueue("broken")
    controller.enqueue("fine")
    work(controllers)
    assert controller.handled[:2] == ["broken", "fine"]

    for _ in range(3):
        now[0] += 1
        work(controllers)
    assert controller.handled.count("broken") == 3
    controllers.close()
    assert controller.closed
