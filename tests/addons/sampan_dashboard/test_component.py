from __future__ import annotations

import json
import threading
from types import SimpleNamespace

import pytest

from sampan.contracts.options import ClusterOptions
from sampan.errors import ConfigError
from sampan_client.kubeconfig import load
from sampan_dashboard import component
from sampan_dashboard.commands import UnixConnection, handed_over
from sampan_dashboard.plugin import Settings
from sampan_testing.serving import ApiPort


@pytest.fixture(scope="module")
def port(cluster):
    from sampan.contracts.access import User

    found = ApiPort(cluster.app.wsgi, User("admin", ("system:masters", "system:authenticated")))
    yield found
    found.close()


@pytest.fixture
def running(port, tmp_path):
    """The component as it runs, its kubeconfig, and what it said."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(port.kubeconfig())
    said, stop = [], threading.Event()
    ready = threading.Event()
    given = SimpleNamespace(
        settings=Settings(port=0), home=str(tmp_path), stop=stop, options=ClusterOptions(kubeconfig=str(kubeconfig)),
        hooks=None, ready=lambda words: (said.append(words), ready.set()),
    )  # fmt: skip
    thread = threading.Thread(target=component.run, args=(given,))
    thread.start()
    try:
        assert ready.wait(60)
        yield SimpleNamespace(kubeconfig=str(kubeconfig), said=said, socket=tmp_path / component.SOCKET)
    finally:
        stop.set()
        thread.join(60)


def test_the_command_gets_a_link_that_signs_in_as_the_kubeconfigs_user(running):
    import http.client
    from urllib.parse import urlsplit

    link = urlsplit(handed_over(running.socket, load(running.kubeconfig)))
    connection = http.client.HTTPConnection(link.hostname, link.port, timeout=60)
    connection.request("GET", link.path)
    answer = connection.getresponse()
    answer.read()
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    connection.request("GET", "/", headers={"Cookie": cookie})
    page = connection.getresponse().read().decode()
    connection.close()

    assert f"{link.scheme}://{link.netloc}" in running.said[0]
    assert answer.status == 303
    assert "<summary>admin</summary>" in page


def test_credentials_that_the_cluster_does_not_know_get_no_link(running):
    config = load(running.kubeconfig)
    config.token = "wrong"

    with pytest.raises(ConfigError):
        handed_over(running.socket, config)


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"{", json.dumps({"server": 5}).encode()])
def test_odd_credentials_are_refused(running, body):
    connection = UnixConnection(str(running.socket))
    connection.request("POST", "/-/link", body, {"Content-Type": "application/json"})

    assert connection.getresponse().status == 400
    connection.close()


def test_without_a_running_add_on_there_is_no_link(tmp_path, port):
    file = tmp_path / "kubeconfig"
    file.write_text(port.kubeconfig())

    assert handed_over(tmp_path / "none.sock", load(file)) == ""


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [
        (Settings(), True),
        (Settings(address="::1"), True),
        (Settings(address="localhost"), True),
        (Settings(address="0.0.0.0"), False),
        (Settings(address="10.0.0.1"), False),
        (Settings(address="0.0.0.0", plain=True), True),
        (Settings(address="0.0.0.0", certificate="a.crt", key="a.key"), True),
    ],
)
def test_credentials_do_not_travel_unencrypted(settings, allowed):
    if allowed:
        component.check(settings)
    else:
        with pytest.raises(ConfigError, match="not loopback"):
            component.check(settings)


def test_an_address_is_shown_as_a_browser_takes_it():
    assert [component.shown(each) for each in ("0.0.0.0", "::1", "10.0.0.1")] == ["127.0.0.1", "[::1]", "10.0.0.1"]
    assert not component.is_loopback("example.com")


def test_add_ons_are_switched_beside_a_cluster_of_sampan_alone():
    def of(**options):
        return component.operator_of(SimpleNamespace(options=ClusterOptions(home="/home", **options)))

    assert of(pki="/home/pki") is not None
    assert of() is None
    assert of(pki="/home/pki", joined=True) is None
