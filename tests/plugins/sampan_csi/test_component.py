import threading
from types import SimpleNamespace

from sampan.contracts.components import Running
from sampan_csi import component
from sampan_csi.settings import Settings


def test_without_a_driver_in_the_settings_nothing_is_watched(tmp_path):
    said, stop = [], threading.Event()
    running = Running(
        client=None, settings=Settings(), home=str(tmp_path), stop=stop, options=SimpleNamespace(node_name="n"),
        ready=lambda text: (said.append(text), stop.set()),
    )  # fmt: skip

    component.run(running)

    assert said == ["no driver is named in plugins.csi.sidecar_of"]
