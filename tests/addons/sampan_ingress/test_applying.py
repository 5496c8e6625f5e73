"""A real nginx: what it answers, what it refuses, what it goes on with."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import threading
import time
from pathlib import Path

import pytest

from sampan_ingress.applying import Applier
from sampan_ingress.building import read_parts
from sampan_ingress.nginx import BadConfiguration, Nginx, ask

PREFIX = "ingress.sampan.dev/"


def local(made, pods, *names):
    """Services of these names with one pod each."""
    return {
        "services": [made.service(name) for name in names],
        "slices": [made.slice(name, "127.0.0.1", port=pods(name)) for name in names],
    }


def test_requests_find_their_pods(data_plane, made, pods):
    paths = [
        made.path("/", to=made.backend("root")), made.path("/a", to=made.backend("a")),
        made.path("/a/b", "Exact", to=made.backend("exact")), made.path("/a b", to=made.backend("space")),
    ]  # fmt: skip
    wild = made.rule("*.wild.org", made.path("/", to=made.backend("wild")))
    rewritten = made.ingress(
        "re", made.rule("re.org", made.path("/old(/|$)(.*)", "ImplementationSpecific", to=made.backend("a"))),
        annotations={PREFIX + "rewrite-target": "/new/$2"},
    )  # fmt: skip
    data_plane.serve(
        made.ingress("w", made.rule("web.example.com", *paths), wild), rewritten,
        **local(made, pods, "root", "a", "exact", "space", "wild"),
    )  # fmt: skip

    def pod(path, host="web.example.com"):
        status, body, _ = data_plane.ask(path, host)
        return body.split()[0] if status == 200 else status

    assert [pod(path) for path in ("/", "/x", "/a", "/a/", "/a/c", "/ab", "/a/b", "/a/b/", "/a%20b/x", "/x/../a")] == [
        "root", "root", "a", "a", "a", "root", "exact", "a", "space", "a",
    ]  # fmt: skip
    assert [pod("/", host) for host in ("x.wild.org", "X.WILD.ORG", "wild.org", "x.y.wild.org", "other.org")] == [
        "wild", "wild", 404, 404, 404,
    ]  # fmt: skip
    assert data_plane.ask("/old/x?q=1", "re.org")[1].startswith("a GET /new/x?q=1 ")


def test_headers_tell_of_the_client_and_not_what_it_says_itself(data_plane, made, pods):
    data_plane.serve(made.ingress("w", made.rule()), **local(made, pods, "web"))
    lies = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil", "Proxy": "evil"}

    _, body, _ = data_plane.ask("/", headers=lies)

    said = dict(line.split(": ", 1) for line in body.splitlines()[1:] if ": " in line)
    assert said["Host"] == said["X-Forwarded-Host"] == "web.example.com"
    assert (said["X-Forwarded-For"], said["X-Real-IP"], said["X-Forwarded-Proto"]) == ("127.0.0.1", "127.0.0.1", "http")
    assert "Proxy" not in said
    assert "Connection" not in said


def test_bodies_have_a_limit_and_clients_a_network(data_plane, made, pods):
    small = made.ingress("w", made.rule("small.org"), annotations={PREFIX + "proxy-body-size": "1k"})
    closed = made.ingress("c", made.rule("closed.org"), annotations={PREFIX + "whitelist-source-range": "10.9.0.0/16"})
    data_plane.serve(small, closed, made.ingress("big", made.rule()), **local(made, pods, "web"))

    assert data_plane.ask("/", "small.org", method="POST", body=b"x" * 1000)[0] == 200
    assert data_plane.ask("/", "small.org", method="POST", body=b"x" * 2000)[0] == 413
    assert data_plane.ask("/", "closed.org")[0] == 403
    # more than fits into memory goes through a file that the workers can write
    assert data_plane.ask("/", method="POST", body=b"x" * 500_000)[1].startswith("web POST / 500000")


def test_annotations_send_name_and_limit(data_plane, made, pods):
    def asked(name, **annotations):
        given = {PREFIX + key.replace("_", "-"): value for key, value in annotations.items()}
        return made.ingress(name, made.rule(f"{name}.org"), annotations=given)

    data_plane.serve(
        asked("moved", permanent_redirect="https://a.org/x"), asked("found", temporal_redirect="http://b.org"),
        asked("root", app_root="/start"), asked("vhost", upstream_vhost="inner.org"),
        asked("limited", limit_rps="1", limit_connections="5"), asked("denied", denylist_source_range="127.0.0.0/8"),
        **local(made, pods, "web"),
    )  # fmt: skip

    for host, path, status, location in (
        ("moved.org", "/", 301, "https://a.org/x"), ("found.org", "/y", 302, "http://b.org"),
        ("root.org", "/", 302, "/start"),
    ):  # fmt: skip
        answer = data_plane.ask(path, host)
        assert (answer[0], answer[2]["Location"]) == (status, location)
    assert data_plane.ask("/start", "root.org")[0] == 200
    told = data_plane.ask("/", "vhost.org")[1]
    assert "Host: inner.org\n" in told
    assert "X-Forwarded-Host: vhost.org\n" in told
    with socket.create_connection(("127.0.0.1", data_plane.place.http_port), 60) as client:
        asked = b"GET / HTTP/1.1\r\nHost: limited.org\r\n"
        client.sendall((asked + b"\r\n") * 30 + asked + b"Connection: close\r\n\r\n")  # as fast as nginx reads
        told = b"".join(iter(lambda: client.recv(65536), b""))
    assert set(re.findall(rb"^HTTP/1\.1 (\d+)", told, re.M)) == {b"200", b"429"}
    assert data_plane.ask("/", "denied.org")[0] == 403


def test_tls_is_chosen_by_name_and_plain_requests_are_sent_there(data_plane, made, pods):
    tls = [{"hosts": ["tls.org"], "secretName": "mine"}, {"hosts": ["*.wild.org"], "secretName": "wild"}]
    data_plane.serve(
        made.ingress("w", made.rule("tls.org"), made.rule("plain.org"), made.rule("*.wild.org"), tls=tls),
        secrets=[made.secret("mine", *made.pair("tls.org")), made.secret("wild", *made.pair("*.wild.org"))],
        **local(made, pods, "web"),
    )  # fmt: skip

    status, _, headers = data_plane.ask("/a?b=c", "tls.org")
    assert (status, headers["Location"]) == (308, f"https://tls.org:{data_plane.place.https_port}/a?b=c")
    assert data_plane.ask("/", "tls.org", tls=True)[0] == 200
    assert "X-Forwarded-Proto: https" in data_plane.ask("/", "tls.org", tls=True)[1]
    assert data_plane.ask("/", "plain.org")[0] == 200
    assert data_plane.certificate("tls.org") != data_plane.certificate("plain.org") == data_plane.certificate("x.org")
    wild = data_plane.certificate("a.wild.org")
    assert wild not in (data_plane.certificate("tls.org"), data_plane.certificate("x.org"))
    assert wild == data_plane.certificate("b.wild.org") != data_plane.certificate("a.b.wild.org")
    assert data_plane.ask("/", "a.wild.org", tls=True)[0] == 200
    files = list((Path(data_plane.place.folder) / "certificates").iterdir())
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600] * 3

    data_plane.serve(made.ingress("w", made.rule("plain.org")), **local(made, pods, "web"))
    assert len(list((Path(data_plane.place.folder) / "certificates").iterdir())) == 1


def test_no_pods_is_503_and_a_pod_that_is_gone_is_passed_over(data_plane, made, pods):
    data_plane.serve(made.ingress("w", made.rule()), slices=[])
    assert data_plane.ask("/")[0] == 503

    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        dead = made.slice("web", "127.0.0.1", port=gone.getsockname()[1])
        data_plane.serve(
            made.ingress("w", made.rule()), services=[made.service()],
            slices=[dead, made.slice("web", "127.0.0.1", port=pods("web"))],
        )  # fmt: skip
        assert [data_plane.ask("/", method="POST", body=b"x")[0] for _ in range(6)] == [200] * 6


def test_an_ingress_that_nginx_refuses_is_left_out_alone(data_plane, made, pods):
    def weird(name):
        """Python takes the expression, nginx' library does not."""
        paths = [made.path("/(?P<a>x)(?P<a1>(?a:y))", "ImplementationSpecific")]
        return made.ingress(name, made.rule(f"{name}.org", *paths), annotations={PREFIX + "use-regex": "true"})

    fine = [made.ingress(f"fine{number}", made.rule(f"fine{number}.org")) for number in range(5)]
    given = local(made, pods, "web")
    applied, _ = data_plane.serve(*fine[:3], weird("bad1"), *fine[3:], weird("bad2"), **given)

    assert sorted((one.ingress.name, one.reason) for one in applied.complaints) == [
        ("bad1", "Rejected"), ("bad2", "Rejected"),
    ]  # fmt: skip
    assert applied.complaints[0].message.startswith("not served: nginx refuses it: ")
    assert str(data_plane.place.folder) not in applied.complaints[0].message
    assert [data_plane.ask("/", f"fine{number}.org")[0] for number in range(5)] == [200] * 5
    assert data_plane.ask("/", "bad1.org")[0] == 404

    tested = []
    data_plane.nginx.test = tested.append
    again, _ = data_plane.serve(*fine[:3], weird("bad1"), *fine[3:], weird("bad2"), **given)
    assert (again.changed, len(again.complaints), tested) == (False, 2, [])

    applied, _ = data_plane.serve(*fine, weird("bad2"), **given)
    assert [one.ingress.name for one in applied.complaints] == ["bad2"]


def test_a_machine_that_refuses_everything_says_so(data_plane, made, fallbacks):
    def refuse(conf):
        raise BadConfiguration("no room")

    data_plane.nginx.test = refuse
    with pytest.raises(BadConfiguration, match="no room"):
        data_plane.applier.apply([], fallbacks)


def test_the_same_again_is_no_reload(data_plane, made, pods):
    given = local(made, pods, "web")
    first, _ = data_plane.serve(made.ingress("w", made.rule()), **given)
    second, _ = data_plane.serve(made.ingress("w", made.rule()), **given)

    assert (first.changed, second.changed, data_plane.reloads) == (True, False, [True])


def test_a_killed_master_is_followed_by_another_and_leaves_no_process(data_plane, made, pods):
    data_plane.serve(made.ingress("w", made.rule()), **local(made, pods, "web"))
    first = data_plane.nginx.pid

    os.kill(first, signal.SIGKILL)
    assert data_plane.ended.wait(30)
    assert not data_plane.nginx.alive
    assert data_plane.applier.restart()

    assert data_plane.nginx.pid != first
    assert data_plane.ask("/")[0] == 200


def test_what_was_in_force_is_served_again_before_anything_is_known(data_plane, made, pods, program):
    assert not data_plane.applier.resume()
    data_plane.serve(made.ingress("w", made.rule()), **local(made, pods, "web"))
    data_plane.nginx.stop()

    folder = Path(data_plane.place.folder)
    data_plane.nginx = Nginx(program, folder, lambda: None)
    data_plane.applier = Applier(data_plane.nginx, data_plane.place, threading.Event())

    assert data_plane.applier.resume()
    assert data_plane.ask("/")[0] == 200
    assert "Active connections" in ask(data_plane.place.socket, "/figures")
    data_plane.nginx.conf.write_text("# another place\n")
    assert not Applier(data_plane.nginx, data_plane.place, threading.Event()).resume()


def test_an_open_connection_outlives_a_change(data_plane, made, pods):
    """An upgraded one: bytes go both ways, before and after."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        given = {"services": [made.service()], "slices": [made.slice("web", "127.0.0.1", port=port)]}
        data_plane.serve(made.ingress("w", made.rule()), **given)
        head = b"GET / HTTP/1.1\r\nHost: web.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        with socket.create_connection(("127.0.0.1", data_plane.place.http_port), 60) as client:
            client.sendall(head)
            pod, _ = listener.accept()
            with pod:
                pod.settimeout(60)
                asked = pod.recv(65536)
                assert b"Upgrade: websocket\r\n" in asked
                assert b"Connection: upgrade\r\n" in asked
                pod.sendall(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
                assert client.recv(65536).startswith(b"HTTP/1.1 101 ")

                data_plane.serve(made.ingress("w", made.rule()), **local(made, pods, "web"))

                assert data_plane.ask("/")[1].startswith("web GET")
                client.sendall(b"still")
                assert pod.recv(100) == b"still"
                pod.sendall(b"there")
                assert client.recv(100) == b"there"


def test_what_is_found_half_way_to_the_end_is_not_put_in_place(data_plane, made, pods):
    data_plane.serve(made.ingress("w", made.rule()), **local(made, pods, "web"))
    before = data_plane.nginx.conf.read_text()
    data_plane.applier.stop.set()

    parts, _ = read_parts(made.seen(made.ingress("x", made.rule("x.org"))), data_plane.fallbacks)
    applied = data_plane.applier.apply(parts, data_plane.fallbacks)

    assert (applied.changed, data_plane.nginx.conf.read_text()) == (False, before)


class Upgraded:
    """A client's upgraded connection; the pod's end of it is accepted from the listener."""

    def __init__(self, data_plane, listener):
        self.client = socket.create_connection(("127.0.0.1", data_plane.place.http_port), 60)
        self.client.sendall(
            b"GET / HTTP/1.1\r\nHost: up.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        self.pod, _ = listener.accept()
        self.pod.recv(65536)
        self.pod.sendall(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        assert self.client.recv(65536).startswith(b"HTTP/1.1 101 ")

    def is_open(self):
        try:
            self.pod.sendall(b"there?")
            return self.client.recv(100) == b"there?"
        except ConnectionError:
            return False

    def ends(self):
        """Wait until nginx has closed it, which it does some time after it was told to end the worker."""
        self.client.settimeout(60)
        while self.is_open():
            time.sleep(0.05)

    def close(self):
        self.client.close()
        self.pod.close()


def test_old_workers_do_not_pile_up(data_plane, made, pods):
    data_plane.applier.most_draining = 1
    upgrades = made.ingress("up", made.rule("up.example.com", made.path("/", to=made.backend("up"))))
    opened = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        up = made.slice("up", "127.0.0.1", port=listener.getsockname()[1])
        for number in range(3):
            given = {"services": [made.service(), made.service("up")], "slices": [up]}
            data_plane.serve(upgrades, made.ingress("w", made.rule(f"{number}.org")), **given)
            opened.append(Upgraded(data_plane, listener))

    opened[0].ends()
    assert [one.is_open() for one in opened] == [False, True, True]
    for one in opened:
        one.close()
