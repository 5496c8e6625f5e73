import pytest

from sampan.contracts.reconciling import Emit, Key, Update
from sampan.errors import NotFound
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_storage.binding import BOUND_BY_CONTROLLER
from sampan_storage.volume_phases import PROVISIONED_BY, decide, keys_of_claim, reconcile
from sampan_testing.shelves import Shelf

MINE = {"namespace": "default", "name": "data", "uid": "1"}


def volume(phase="Bound", policy="Retain", reference=MINE, annotations=None, **spec):
    given = {"persistentVolumeReclaimPolicy": policy, "csi": {}, **spec}
    if reference:
        given["claimRef"] = dict(reference)
    meta = {"name": "v", "uid": "2", "annotations": annotations or {}}
    return {"metadata": meta, "spec": given, "status": {"phase": phase}}


def claim(named="v", uid="1", **spec):
    meta = {"name": "data", "namespace": "default", "uid": uid}
    return {"metadata": meta, "spec": {"volumeName": named, **spec}}


def phases(actions):
    return [each.patch["status"]["phase"] for each in actions if getattr(each, "subresource", "") == "status"]


def events(actions):
    return [(each.type, each.reason, each.message) for each in actions if isinstance(each, Emit)]


class Api:
    """Only ``get`` of a claim is asked."""

    def __init__(self, *claims):
        self.asked = 0
        self._claims = {each["metadata"]["name"]: each for each in claims}

    def get(self, resource, name, namespace):
        self.asked += 1
        if name not in self._claims:
            raise NotFound(name)
        return self._claims[name]


@pytest.mark.parametrize("reference", [None, {"namespace": "default", "name": "data"}])
def test_a_volume_without_a_claim_is_available(reference):
    assert phases(decide(volume("Pending", reference=reference), None)) == ["Available"]
    assert phases(decide(volume("Released", reference=reference), None)) == ["Available"]
    assert list(decide(volume("Available", reference=reference), None)) == []


def test_a_volume_with_its_claim_is_bound():
    assert phases(decide(volume("Available"), claim())) == ["Bound"]
    assert list(decide(volume(), claim())) == []


def test_a_volume_without_its_claim_is_released():
    assert phases(decide(volume(), None)) == ["Released"]
    assert list(decide(volume("Released"), None)) == []
    assert list(decide(volume("Failed", "Recycle"), None)) == []


@pytest.mark.parametrize(
    "policy, spec, reason, text",
    [
        ("Recycle", {}, "VolumeFailedRecycle", "No recycler plugin found for the volume!"),
        (
            "Delete",
            {"csi": None, "hostPath": {}},
            "VolumeFailedDelete",
            'error getting deleter volume plugin for volume "v": no deletable volume plugin matched',
        ),
    ],
)
def test_what_nothing_here_can_do_fails(policy, spec, reason, text):
    found = list(decide(volume("Released", policy, **spec), None))

    assert phases(found) == ["Failed"]
    assert found[0].patch["status"]["message"] == text
    assert events(found) == [("Warning", reason, text)]


def test_a_driver_outside_deletes_its_volume():
    assert phases(decide(volume(policy="Delete"), None)) == ["Released"]
    made = volume(policy="Delete", annotations={PROVISIONED_BY: "a.example"}, csi=None)
    assert phases(decide(made, None)) == ["Released"]


def test_a_volume_whose_claim_got_another_one_is_free_again():
    [free, _] = decide(volume(annotations={BOUND_BY_CONTROLLER: "yes"}), claim("other"))

    assert isinstance(free, Update)
    assert "claimRef" not in free.object["spec"]


def test_a_volume_that_was_made_for_a_claim_which_got_another_one_is_released():
    made = volume(policy="Delete", annotations={PROVISIONED_BY: "a.example"})

    assert phases(decide(made, claim("other"))) == ["Released"]


def test_a_claim_that_names_no_volume_yet_is_the_binders():
    assert list(decide(volume(), claim(""))) == []
    told = events(decide(volume(volumeMode="Block"), claim("")))
    assert [reason for _, reason, _ in told] == ["VolumeMismatch", "VolumeMismatch"]
    assert told[0][2].startswith('Cannot bind PersistentVolume to requested PersistentVolumeClaim "data" due to')


def test_before_a_volume_is_released_the_api_is_asked():
    shelf, late = Shelf([(VOLUMES, volume())]), Api(claim())

    assert reconcile(Key("", "v"), late, shelf) == []
    assert phases(reconcile(Key("", "v"), Api(), shelf)) == ["Released"]
    assert phases(reconcile(Key("", "v"), Api(claim(uid="9")), shelf)) == ["Released"]


def test_the_api_is_not_asked_where_the_informer_knows():
    api = Api()

    assert reconcile(Key("", "v"), api, Shelf([(VOLUMES, volume()), (CLAIMS, claim())])) == []
    assert reconcile(Key("", "v"), api, Shelf([(VOLUMES, volume("Released"))])) == []
    assert reconcile(Key("", "v"), api, Shelf([(VOLUMES, volume("Available", reference=None))])) == []
    assert reconcile(Key("", "v"), api, Shelf()) == []
    assert api.asked == 0


def test_a_claim_concerns_its_volume_and_those_that_name_it():
    shelf = Shelf([(VOLUMES, volume())])

    assert keys_of_claim(claim(""), shelf) == [Key("", "v")]
    assert keys_of_claim(claim("w"), shelf) == [Key("", "v"), Key("", "w")]
