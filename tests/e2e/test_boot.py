"""What `sampan up` does where it must not start, with the real command, and what a running cluster survives."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import urllib.request
from pathlib import Path

import pytest
from clusters import WHICH_PYTHON, free_port, until

SAMPAN = str(Path(WHICH_PYTHON).parent / "sampan")
MISSPELT = "from sampan.hookspecs import hookimpl\n\n\n@hookimpl\ndef contribute_admiters():\n    return []\n"
UNSERVED = """
from sampan.hookspecs import hookimpl


class Guard:
    name, operations, mutates, priority, resources = "guard", {"CREATE"}, False, 500, {"deployments"}

    def admit(self, review):
        pass


@hookimpl
def contribute_admitters():
    return [Guard()]
"""


class Place:
    """A home with an API server alone, and a folder in which packages are installed."""

    def __init__(self, folder: Path) -> None:
        self.home, self.site, self.port = folder / "home", folder / "site", free_port()
        self.home.mkdir()
        self.site.mkdir()
        self.configure("")

    def configure(self, more: str) -> None:
        own = f"api: {{port: {self.port}}}\nnode: {{enabled: false, runtime: exec}}\naddons: []\n"
        (self.home / "sampan.yaml").write_text(own + more)

    def install(self, name: str, source: str) -> None:
        """As pip does it: the code, and the distribution's entry point."""
        (self.site / f"{name}_code.py").write_text(source)
        info = self.site / f"{name}-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[sampan.plugins]\n{name} = {name}_code\n")

    def sampan(self, *words: str) -> tuple[int, str]:
        env = {**os.environ, "SAMPAN_HOME": str(self.home), "PYTHONPATH": str(self.site)}
        done = subprocess.run([SAMPAN, *words], env=env, capture_output=True, text=True, timeout=400, check=False)
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        return done.returncode, said

    def ready(self) -> bool:
        context = ssl.create_default_context(cafile=str(self.home / "pki" / "ca.crt"))
        try:
            with urllib.request.urlopen(f"https://127.0.0.1:{self.port}/readyz", context=context) as answer:
                return answer.status == 200
        except OSError:
            return False


@pytest.fixture
def place(tmp_path):
    found = Place(tmp_path)
    yield found
    found.configure("")
    found.sampan("down")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (MISSPELT, "did you mean 'contribute_admitters'?"), ("import no_such_module_at_all", "no_such_module_at_all"),
        (UNSERVED, "did you mean 'deployments.apps'?"),
    ],
    ids=["misspelt", "not importable", "unserved resource"],
)  # fmt: skip
def test_up_does_not_start_without_what_may_guard_the_api(source, words, place):
    place.install("guard", source)

    code, said = place.sampan("up")

    assert code == 2 and "guard" in said and words in said and "disable: [guard]" in said
    assert "not running" in place.sampan("status")[1]
    place.configure("disable: [guard]\n")
    assert place.sampan("up")[0] == 0


def test_a_plugin_that_is_left_out_is_named_by_up_status_and_doctor(place):
    place.install("kinds", MISSPELT.replace("contribute_admiters", "contribute_kinds").replace("[]", "[3]"))

    code, said = place.sampan("up")

    assert code == 0 and "kinds failed in contribute_kinds and is left out: TypeError: a Kind is wanted" in said
    code, said = place.sampan("status")
    assert code == 1 and "kinds failed in contribute_kinds and is left out" in said
    code, said = place.sampan("doctor")
    assert code == 1 and "kinds failed in contribute_kinds and is left out" in said


def test_a_broken_plugin_that_is_installed_meanwhile_does_not_disturb_a_running_cluster(place):
    assert place.sampan("up")[0] == 0
    place.install("guard", "import no_such_module_at_all")

    state = json.loads((place.home / "run" / "state.json").read_text())
    os.kill(state["processes"][0]["pid"], signal.SIGKILL)
    until(lambda: json.loads((place.home / "run" / "state.json").read_text())["processes"][0]["restarts"] >= 1)
    until(place.ready)

    os.kill(state["pid"], signal.SIGHUP)

    until(lambda: "the last change was not applied" in place.sampan("status")[1])
    until(place.ready)
    assert "guard does not load" in place.sampan("doctor")[1]
