import pytest

from sampan_machinery.resources import CSI_DRIVERS, CSI_NODES, STORAGE_CLASSES
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_storage.scheduling.objects import VolumeObjects
from sampan_storage.scheduling.reservations import ClaimKey


class Watch:
    def __init__(self, client, resource, *, on_change, on_synced):
        self.resource, self.tell, self.on_synced = resource, on_change, on_synced
        self.synced, self.running, self.objects = False, False, {}

    def start(self):
        self.running = True

    def stop(self):
        self.running = False

    def wait_synced(self, timeout):
        return self.synced

    def get(self, name, namespace=""):
        return self.objects.get((namespace, name))

    def put(self, obj):
        key = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
        old, self.objects[key] = self.objects.get(key), obj
        self.tell(old, obj)


@pytest.fixture
def watches():
    return {}


@pytest.fixture
def objects(watches):
    def informer(client, resource, **handlers):
        watches[resource] = Watch(client, resource, **handlers)
        return watches[resource]

    found = VolumeObjects(informer=informer)
    found.start("client")
    return found


def volume(name, phase="Available", **spec):
    return {"metadata": {"name": name}, "spec": {"storageClassName": "c", **spec}, "status": {"phase": phase}}


def test_nothing_is_watched_before_the_first_pod_with_a_claim(objects, watches):
    assert watches == {}

    assert not objects.ready()
    assert set(watches) == {CLAIMS, VOLUMES, STORAGE_CLASSES, CSI_DRIVERS}
    for watch in watches.values():
        watch.synced = True
    assert objects.ready()
    objects.stop()
    assert not any(watch.running for watch in watches.values())


def test_what_csi_drivers_bring_is_watched_from_the_first_one_on(objects, watches):
    objects.ready()
    watches[VOLUMES].put(volume("a"))
    assert CSI_NODES not in watches

    watches[VOLUMES].put(volume("b", csi={"driver": "d"}))

    assert watches[CSI_NODES].running


def test_free_volumes_are_found_by_their_class(objects, watches):
    objects.ready()
    watches[VOLUMES].put(volume("a"))
    watches[VOLUMES].put(volume("b"))
    watches[VOLUMES].put(volume("b", "Bound"))

    assert [one["metadata"]["name"] for one in objects.unbound_volumes("c")] == ["a"]
    assert objects.volume("b")["status"] == {"phase": "Bound"}


def test_changes_are_told(objects, watches):
    claims, others = [], []
    objects.on_claim, objects.on_other = claims.append, lambda: others.append(1)
    objects.ready()
    watches[VOLUMES].put(volume("a"))
    assert others == []  # the first complete state is told when it is complete

    watches[VOLUMES].synced = True
    watches[VOLUMES].put(volume("a", "Bound"))
    watches[CLAIMS].put({"metadata": {"name": "data", "namespace": "default"}})
    assert claims == []
    watches[CLAIMS].synced = True
    watches[CLAIMS].put({"metadata": {"name": "data", "namespace": "default"}})

    assert (claims, others) == ([ClaimKey("default", "data")], [1])


def test_a_driver_that_is_there_from_the_start_does_not_disturb_the_first_wait(watches):
    class Eager(Watch):
        def wait_synced(self, timeout):
            self.synced = True
            if self.resource == CSI_DRIVERS:
                self.put({"metadata": {"name": "d"}, "spec": {}})
            return True

    def informer(client, resource, **handlers):
        watches[resource] = Eager(client, resource, **handlers)
        return watches[resource]

    objects = VolumeObjects(informer=informer)
    objects.start("client")

    assert objects.ready()
    assert watches[CSI_NODES].synced
