import json

import pytest
from containerds import BUSYBOX, containerd, plugins
from spaces import entered

from sampan.contracts.options import ClusterOptions
from sampan_cri.opening import open_runtime
from sampan_cri.settings import Settings
from sampan_testing.runtime import RuntimeContract


@pytest.fixture(scope="module")
def engine():
    with containerd() as found, entered(found.space):
        bridge = {
            "type": "bridge", "bridge": "cni0", "isGateway": True,
            "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.99.0.0/24"}]], "dataDir": f"{found.folder}/ipam"},
        }  # fmt: skip
        portmap = {"type": "bandwidth", "capabilities": {"bandwidth": True}}
        conflist = {"cniVersion": "1.0.0", "name": "test", "plugins": [bridge, portmap]}
        assert plugins()
        (found.conf / "10-test.conflist").write_text(json.dumps(conflist))
        yield found


@pytest.fixture
def runtime(engine, tmp_path):
    runtime = open_runtime(str(tmp_path), ClusterOptions(), Settings(endpoint=f"unix://{engine.socket}"))
    while runtime.problem():  # containerd has not seen the configuration of the network yet
        pass
    yield runtime
    for sandbox in runtime.sandboxes():
        runtime.remove_sandbox(sandbox.id)
    runtime.close()


@pytest.mark.root
class TestCriRuntime(RuntimeContract):
    @pytest.fixture
    def runtime(self, runtime):
        return runtime

    @pytest.fixture
    def image(self):
        return BUSYBOX
