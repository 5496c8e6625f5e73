"""docs/start.md, walked as a newcomer would walk it: every command, in order, on a fresh checkout."""

from __future__ import annotations

import guide
import pytest
from clusters import free_port
from elastic import elastic, launched

__all__ = ["elastic", "launched"]

pytestmark = pytest.mark.kubectl


@pytest.fixture
def walked(tmp_path, tools, elastic):
    """What the newcomer saw."""
    home = tmp_path / "home"
    (home / ".sampan").mkdir(parents=True)
    api = free_port()
    (home / ".sampan" / "sampan.yaml").write_text(f"api: {{port: {api}}}\nnode: {{runtime: exec, name: start}}\n")
    http, etcd = free_port(), free_port()
    peer = f"--listen-peer-urls http://127.0.0.1:{free_port()}"
    address = f"http://127.0.0.1:{etcd}"
    ports = {
        "http://127.0.0.1:9200": elastic.url,
        "http_port=8080 https_port=8443": f"http_port={http} https_port={free_port()}",
        "http://127.0.0.1:8080/": f"http://127.0.0.1:{http}/",
        "etcd --data-dir": f"etcd {peer} --listen-client-urls {address} --advertise-client-urls {address} --data-dir",
        "etcd://127.0.0.1:2379": f"etcd://127.0.0.1:{etcd}",
        "examples/nginx/$file": f"-e 's/ 6443 / {api} /' -e 's/6444/{free_port()}/' examples/nginx/$file",
    }
    checkout = guide.checkout(tmp_path / "sampan")
    page = (checkout / "docs" / "start.md").read_text()
    try:
        yield guide.run(guide.script(page, ports), checkout, home, tools)
    finally:
        guide.run("sampan down", checkout, home, tools)


def test_every_command_of_the_start_page_works(walked):
    said = walked.splitlines()

    assert any("answer   guestbook: hello from" in line for line in said)
    assert "refused, as it should be" in said
    assert "through nginx" in said
    assert any(line.split()[:2] == ["keeper", "on"] for line in said)
