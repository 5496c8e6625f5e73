"""nginx and gunicorn as docs/behind-nginx.md has them: its code blocks, with other ports and paths."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from clusters import ROOT, WHICH_PYTHON, Cluster, free_port, until

PAGE = ROOT / "docs" / "behind-nginx.md"
NGINX = "/usr/sbin/nginx"
OWN_MAIN = """\
worker_processes 2;
daemon off;
{user}
pid {home}/nginx/pid;
error_log {home}/nginx/error.log info;
events {{ worker_connections 4096; }}
http {{
    access_log {home}/nginx/access.log;
    client_body_temp_path {home}/nginx/body; proxy_temp_path {home}/nginx/proxy;
    fastcgi_temp_path {home}/nginx/fastcgi; uwsgi_temp_path {home}/nginx/uwsgi; scgi_temp_path {home}/nginx/scgi;
    include {home}/nginx/conf.d/sampan.conf;
}}
"""


def blocks() -> dict[str, str]:
    """The page's code blocks by the path in their first line."""
    found = re.findall(
        r"^```(?:nginx|python|ini|yaml)\n# (/[^\n]*)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    return dict(found)


@dataclass
class Fronted:
    """API servers under gunicorn and an nginx before them; ``cluster`` speaks to nginx's port."""

    cluster: Cluster
    direct: int  # gunicorn's own port
    tls: bool = False  # nginx reaches gunicorn over TLS
    second: int = 0  # the port of another gunicorn on the same store, as if on another machine
    running: dict[str, subprocess.Popen] = field(default_factory=dict)
    arbiter: int = 0  # gunicorn's process; a successor of it is not a child of ours

    @property
    def home(self) -> Path:
        return self.cluster.home

    @property
    def socket(self) -> Path:
        return self.home / "run" / "api.sock"

    def places(self, text: str) -> str:
        """The page's text with this machine's paths and ports."""
        if not self.second:
            text = text.replace("    server 192.0.2.12:6444 fail_timeout=1s;\n", "")
        for there, here in (
            ("/var/lib/sampan", str(self.home)),
            ("/run/sampan/api.sock", str(self.socket)),
            ("/etc/nginx", str(self.home / "nginx")),
            ("listen 6443", f"listen {self.cluster.port}"),
            ("127.0.0.1:6444", f"127.0.0.1:{self.direct}"),
            ("192.0.2.11:6444", f"127.0.0.1:{self.direct}"),
            ("192.0.2.12:6444", f"127.0.0.1:{self.second}"),
        ):
            text = text.replace(there, here)
        return text

    def write(self) -> None:
        page = blocks()
        nginx = self.home / "nginx"
        (nginx / "conf.d").mkdir(parents=True)
        site, passing = page["/etc/nginx/conf.d/sampan.conf"], page["/etc/nginx/sampan-pass.conf"]
        if self.tls:
            site = re.sub(
                r"^upstream .*?^}\n", page["/etc/nginx/conf.d/sampan.conf: upstream"], site, flags=re.M | re.S
            )
            passing = passing.replace("proxy_pass http://sampan;\n", page["/etc/nginx/sampan-pass.conf: proxy_pass"])
        user = "user root;" if os.geteuid() == 0 else ""  # pytest's folders are closed to others
        (nginx / "nginx.conf").write_text(OWN_MAIN.format(home=self.home, user=user))
        (nginx / "conf.d" / "sampan.conf").write_text(self.places(site))
        (nginx / "sampan-pass.conf").write_text(self.places(passing))
        (self.home / "gunicorn.conf.py").write_text(self.places(page["/etc/sampan/gunicorn.conf.py"]))
        self.socket.parent.mkdir(exist_ok=True)

    def start(self, *options: str) -> None:
        self.cluster.sampan("prepare")
        self.write()
        gunicorn = Path(WHICH_PYTHON).parent / "gunicorn"
        self.begin("gunicorn", str(gunicorn), "-c", str(self.home / "gunicorn.conf.py"), *options)
        self.arbiter = self.running["gunicorn"].pid
        if self.second:
            config = (self.home / "gunicorn.conf.py").read_text().replace(f":{self.direct}", f":{self.second}")
            (self.home / "second.conf.py").write_text(config.replace("api.sock", "second.sock"))
            self.begin("second", str(gunicorn), "-c", str(self.home / "second.conf.py"), *options)
        if self.second:  # nginx asks none of two for a second after both have refused
            until(lambda: speaks_tls(self.direct) and speaks_tls(self.second))
        self.begin("nginx", NGINX, "-p", str(self.home / "nginx"), "-c", str(self.home / "nginx/nginx.conf"))
        until(lambda: "ok" in self.cluster.kubectl("get", "--raw", "/readyz", check=False), why=self.logs)

    def begin_nginx(self) -> None:
        if not Path(NGINX).exists():
            missing = "this test needs nginx (Debian: nginx-light); tools/install-test-needs installs it"
            (pytest.fail if os.geteuid() == 0 else pytest.skip)(missing)
        nginx = self.home / "nginx"
        self.begin("nginx", NGINX, "-p", str(nginx), "-c", str(nginx / "nginx.conf"))

    def begin(self, name: str, *argv: str) -> subprocess.Popen:
        with open(self.home / f"{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen(argv, env=self.cluster.env, cwd=ROOT, stdout=log, stderr=log)
        return self.running[name]

    def component(self, *names: str) -> None:
        self.begin("-".join(names), str(Path(WHICH_PYTHON).parent / "sampan"), "run", *names)

    def logs(self) -> str:
        """The last lines of all that runs here."""
        paths = [*self.home.glob("*.log"), *(self.home / "nginx").glob("error.log")]
        return "\n".join(f"== {path.name}\n{path.read_text(errors='replace')[-2000:]}" for path in paths)

    def children(self, pid: int) -> set[int]:
        """Process ids of an arbiter's workers (and of its successor); none where it has ended."""
        try:
            return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            return set()

    def stop(self) -> None:
        if self.arbiter and self.arbiter != self.running["gunicorn"].pid:
            os.kill(self.arbiter, signal.SIGTERM)
            until(lambda: not Path(f"/proc/{self.arbiter}").exists())
        for process in reversed(self.running.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self.running.values()):
            try:
                process.wait(90)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(90)
        self.running.clear()
        with suppress(AssertionError):
            self.cluster.sampan("down", check=False)


def new(home: Path, tools: Path, **kind: object) -> Fronted:
    """Not started."""
    home.mkdir(parents=True)
    cluster = Cluster(home, "exec", free_port(), "busybox:1", tools)
    (home / "sampan.yaml").write_text(
        f"api: {{port: {cluster.port}}}\nnode: {{runtime: exec, name: fronted}}\naddons: []\n"
        "plugins: {auth: {token_file: tokens.csv}}\n"
    )
    (home / "tokens.csv").write_text('e2e-token,e2e,,"system:masters"\nweak-token,weak,,"readers"\n')
    return Fronted(cluster, free_port(), **kind)


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def speaks_tls(port: int) -> bool:
    """A worker answers: the arbiter listens before it has one."""
    anyone = ssl.create_default_context()
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 20) as plain:
        anyone.wrap_socket(plain).close()
        return True
    return False


@pytest.fixture(scope="session")
def fronted(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[Fronted]:
    """A whole cluster behind nginx, its parts as processes of their own; pod ``talker`` says a line every 0.2 s."""
    front = new(tmp_path_factory.mktemp("nginx") / "home", tools)
    try:
        front.start()
        for name in ("reconciler", "scheduler", "node"):
            front.component(name)
        ready = ("wait", "--for=condition=Ready", "node/fronted", "--timeout=1s")
        until(lambda: "condition met" in front.cluster.kubectl(*ready, check=False))
        front.cluster.apply(front.cluster.pod("talker", "i=0; while sleep 0.2; do i=$((i+1)); echo line $i; done"))
        front.cluster.kubectl("wait", "--for=condition=Ready", "pod/talker", "--timeout=120s")
        yield front
    finally:
        front.stop()
