"""A real Elasticsearch for tests: upstream's minimal distribution from Maven Central, on a free port, gone afterwards.

It refuses to run as root, so it runs as another user there. It is fetched once and kept in a cache folder of the user.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import free_port
from once import once

VERSION = "8.19.3"
ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
USER = "nobody"
PATIENCE = 400  # seconds until it answers
#: Unique for each line; ``_doc`` would not do, for it changes between two pages.
ORDER = ["@timestamp", "order", "kubernetes.pod.uid", "kubernetes.container.name"]
JAVA = "-Xms256m -Xmx256m -XX:TieredStopAtLevel=1"  # it does not live long enough for the second compiler
SETTINGS = """\
cluster.name: sampan-test
node.name: one
discovery.type: single-node
http.host: 127.0.0.1
transport.host: 127.0.0.1
xpack.security.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
bootstrap.memory_lock: false
"""


def archive() -> Path:
    """The distribution's zip; fetched where it is not there yet (before pytest starts, by needs.py)."""
    return once((f"elasticsearch-{VERSION}.zip",), _fetch)[0]


def _fetch(folder: Path) -> None:
    """Maven's own store is in the folder too: what is left in the user's is left alone."""
    if shutil.which("mvn") is None or shutil.which("java") is None:
        raise RuntimeError("a real Elasticsearch needs mvn and java (tools/install-test-needs installs them)")
    done = subprocess.run(
        [
            "mvn", "-q", "-B", f"-Dmaven.repo.local={folder}/m2", "dependency:copy", f"-Dartifact={ARTIFACT}",
            f"-DoutputDirectory={folder}",
        ],
        capture_output=True, text=True, timeout=540, check=False, cwd="/",
    )  # fmt: skip
    if done.returncode or not (folder / f"elasticsearch-{VERSION}.zip").exists():
        raise RuntimeError(f"Maven Central gives no {ARTIFACT}: {' '.join(done.stdout.split())[:500]}")


class Elastic:
    """One server; ``stop`` and ``start`` keep its data and its port."""

    def __init__(self, folder: Path) -> None:
        self.port, self.transport = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen | None = None
        with zipfile.ZipFile(archive()) as bundle:
            bundle.extractall(folder)
        self._home = next(path for path in folder.iterdir() if path.name.startswith("elasticsearch-"))
        for path in [*(self._home / "bin").iterdir(), *self._home.glob("modules/**/bin/*")]:
            path.chmod(0o755)  # zipfile forgets what may be run
        (self._home / "config" / "elasticsearch.yml").write_text(
            f"{SETTINGS}http.port: {self.port}\ntransport.port: {self.transport}\n"
        )
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", USER, str(folder)], check=True)

    def start(self) -> None:
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Begin to start; ``wait`` for it later."""
        user = pwd.getpwnam(USER) if os.geteuid() == 0 else None
        java = str(Path(shutil.which("java") or "/usr/bin/java").resolve().parents[1])
        env = {
            "PATH": os.environ["PATH"], "ES_JAVA_HOME": java, "JAVA_HOME": java, "HOME": str(self._folder),
            "ES_JAVA_OPTS": JAVA, "CLI_JAVA_OPTS": "-XX:TieredStopAtLevel=1", "LANG": "C.UTF-8",
        }  # fmt: skip
        with open(self._folder / "output", "ab") as output:
            self._process = subprocess.Popen(
                [str(self._home / "bin" / "elasticsearch")], stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                env=env, cwd=self._folder, start_new_session=True, user=user.pw_uid if user else None,
                group=user.pw_gid if user else None, extra_groups=[] if user else None,
            )  # fmt: skip

    def wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.ask("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s")
                return
            except OSError:
                assert self._process is not None and self._process.poll() is None, self._said()
                assert time.monotonic() < deadline, f"no answer within {PATIENCE} s: {self._said()}"
                time.sleep(0.2)

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(90)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(90)

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        request = urllib.request.Request(
            self.url + path, method=method, data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=90) as answer:
            return json.loads(answer.read() or b"{}")

    def documents(self, index: str, query: dict | None = None) -> list[dict]:
        """Every document, oldest first."""
        found: list[dict] = []
        after: list | None = None
        body = {"size": 5000, "query": query or {"match_all": {}}, "sort": ORDER}
        try:
            self.ask("POST", f"/{index}/_refresh")
            while hits := self.ask("POST", f"/{index}/_search", body | ({"search_after": after} if after else {}))[
                "hits"
            ]["hits"]:
                found += [hit["_source"] for hit in hits]
                after = hits[-1]["sort"]
        except urllib.error.HTTPError:
            return []  # no index yet, or its shards are just being made
        return found

    def count(self, index: str) -> int:
        try:
            self.ask("POST", f"/{index}/_refresh")
            return int(self.ask("GET", f"/{index}/_count")["count"])
        except urllib.error.HTTPError:
            return 0

    def _said(self) -> str:
        logs = [self._folder / "output", *(self._home / "logs").glob("sampan-test.log")]
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in logs if path.exists())


@pytest.fixture(scope="session")
def launched() -> Iterator[Elastic]:
    """On its way; other things can start meanwhile."""
    folder = Path(tempfile.mkdtemp(prefix="sampan-elastic-"))  # not pytest's: another user has to get there
    folder.chmod(0o755)
    try:
        server = Elastic(folder)
        try:
            server.launch()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def elastic(launched: Elastic) -> Elastic:
    launched.wait()
    return launched
