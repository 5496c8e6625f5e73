from __future__ import annotations

from sampan_federation.caches import Caches
from sampan_machinery.resources import CONFIG_MAPS, NAMESPACES


def test_one_watch_a_kind_however_many_read_it(fleet):
    synced = []
    caches = Caches(fleet.client, lambda: synced.append(1))
    first = caches.of(NAMESPACES)
    assert caches.of(NAMESPACES) is first
    fleet.until(lambda: caches.synced)

    seen = []
    first.on_change(lambda old, new: seen.append((new or old)["metadata"]["name"]))
    assert "default" in seen  # what is there is told of
    fleet.client.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}})
    fleet.until(lambda: "new" in seen)
    assert first.get("new")["metadata"]["name"] == "new"
    assert synced

    caches.drop(NAMESPACES)
    assert caches.of(NAMESPACES) is not first
    caches.of(CONFIG_MAPS)
    caches.close()
    assert caches.synced
