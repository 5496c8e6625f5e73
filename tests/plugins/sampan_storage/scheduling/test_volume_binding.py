from types import SimpleNamespace

import pytest

from sampan_storage.binding import BIND_COMPLETED
from sampan_storage.claim_binder import SELECTED_NODE
from sampan_storage.scheduling.reservations import ClaimKey
from sampan_storage.scheduling.volume_binding import BIND_TIMEOUT, VolumeBinding, uses_volumes

KEY = ClaimKey("default", "data")


class Api:
    """Writes are kept, and shown to the plugin only once ``show`` is called."""

    def __init__(self, known):
        self.known, self.later, self.writes = known, [], []
        self.woken, self.asked = [], []
        self.client = self

    def patch(self, resource, name, patch, namespace=""):
        self.writes.append((name, patch["metadata"]["annotations"]))
        claim = self.known.claims[ClaimKey(namespace, name)]
        changed = {**claim, "metadata": {**claim["metadata"], "resourceVersion": "100"}}
        changed["metadata"]["annotations"] = {**claim["metadata"]["annotations"], **patch["metadata"]["annotations"]}
        self.later.append(lambda: self.known.claims.update({ClaimKey(namespace, name): changed}))
        return changed

    def update(self, resource, obj):
        changed = {**obj, "metadata": {**obj["metadata"], "resourceVersion": "100"}}
        self.writes.append((obj["metadata"]["name"], obj["spec"]["claimRef"]["name"]))
        self.later.append(lambda: self.known.volumes.update({obj["metadata"]["name"]: changed}))
        return changed

    def show(self):
        for change in self.later:
            change()

    def wake(self, may_help):
        self.woken.append(may_help)

    def ask_again(self, uid):
        self.asked.append(uid)


@pytest.fixture
def api(known):
    return Api(known)


@pytest.fixture
def binding(known, api):
    clock = SimpleNamespace(now=0.0)
    found = VolumeBinding(known, clock=lambda: clock.now)
    found.time = clock
    found.start(api)
    return found


def chosen(binding, pod, node):
    state = {}
    assert binding.pre_filter(state, pod, None) is None
    assert binding.filter(state, pod, node) is None
    binding.reserve(state, pod, node)
    return state


def bind(claim, volume="pv"):
    claim["spec"]["volumeName"] = volume
    claim["metadata"]["annotations"][BIND_COMPLETED] = "yes"


def test_a_pod_without_claims_is_left_alone(build):
    assert not uses_volumes(build.pod(emptyDir={}))
    assert uses_volumes(build.pod("data")) and uses_volumes(build.pod(ephemeral={})) and uses_volumes(build.pod(rbd={}))


def test_pods_wait_until_the_state_of_volumes_is_known(build, binding, known, ask):
    build.claim()
    known.synced = False

    assert ask(binding, build.pod("data"), build.node()).startswith("waiting for the state")


def test_the_node_is_written_and_the_pod_waits_until_its_claim_is_bound(build, binding, api, known):
    build.claim()
    pod, node = build.pod("data"), build.node()
    state = chosen(binding, pod, node)

    assert binding.pre_bind(state, pod, node) == BIND_TIMEOUT
    assert api.writes == [("data", {SELECTED_NODE: "n"})]
    assert binding.pre_bind(state, pod, node) == BIND_TIMEOUT  # not seen yet, and not written twice
    api.show()
    assert binding.pre_bind(state, pod, node) == BIND_TIMEOUT
    build.volume(on="n")
    bind(known.claims[KEY])

    assert binding.pre_bind(state, pod, node) == 0
    assert len(api.writes) == 1


def test_an_existing_volume_is_reserved_for_the_claim(build, binding, api, known):
    claim = build.claim(storage_class="static")
    build.volume(storage_class="static", on="n")
    pod, node = build.pod("data"), build.node()
    state = chosen(binding, pod, node)

    assert binding.pre_bind(state, pod, node) == BIND_TIMEOUT
    assert api.writes == [("pv", "data")]
    api.show()
    bind(claim)
    assert binding.pre_bind(state, pod, node) == 0


def test_a_provisioner_that_gives_up_sends_the_pod_back(build, binding, api, known):
    build.claim()
    pod, node = build.pod("data"), build.node()
    state = chosen(binding, pod, node)
    binding.pre_bind(state, pod, node)
    api.show()
    del known.claims[KEY]["metadata"]["annotations"][SELECTED_NODE]

    with pytest.raises(LookupError, match='provisioning failed for PVC "data"'):
        binding.pre_bind(state, pod, node)


def test_a_volume_that_is_taken_away_sends_the_pod_back(build, binding, api, known):
    build.claim(storage_class="static")
    build.volume(storage_class="static")
    pod, node = build.pod("data"), build.node()
    state = chosen(binding, pod, node)
    binding.pre_bind(state, pod, node)
    api.show()
    del known.volumes["pv"]["spec"]["claimRef"]

    with pytest.raises(LookupError, match="ClaimRef got reset"):
        binding.pre_bind(state, pod, node)


def test_waiting_ends(build, binding, api):
    build.claim()
    pod, node = build.pod("data"), build.node()
    state = chosen(binding, pod, node)
    binding.pre_bind(state, pod, node)
    binding.time.now = BIND_TIMEOUT

    with pytest.raises(TimeoutError, match="binding volumes: context deadline exceeded"):
        binding.pre_bind(state, pod, node)


def test_a_bound_pod_waits_for_nothing(build, binding):
    build.claim(volume="pv")
    build.volume()
    pod, node = build.pod("data"), build.node()

    assert binding.pre_bind(chosen(binding, pod, node), pod, node) == 0


def test_a_changed_claim_asks_for_the_pod_that_waits_for_it_and_wakes_its_users(build, binding, api, known):
    build.claim()
    pod, node = build.pod("data"), build.node()
    state = chosen(binding, pod, node)

    known.on_claim(KEY)
    assert api.asked == ["uid-web"]
    assert api.woken[-1](build.pod("data", name="other"))
    assert not api.woken[-1](build.pod("else"))

    binding.unreserve(state, pod, node)
    known.on_claim(KEY)
    assert api.asked == ["uid-web"]
