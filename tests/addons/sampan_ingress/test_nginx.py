from __future__ import annotations

import threading

import pytest

from sampan_ingress.nginx import BadConfiguration, Nginx, NginxMissing, ask, find, sweep, wait_for


def test_a_missing_nginx_is_said_with_the_way_out():
    with pytest.raises(
        NginxMissing, match="no nginx is found at /nowhere/nginx; on Debian: apt-get install nginx-light"
    ):
        find("/nowhere/nginx")


def test_it_is_found_where_path_does_not_look(program, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")

    assert find().endswith("/nginx")


def test_nginx_says_what_is_wrong_with_a_file(program, tmp_path):
    conf = tmp_path / "nginx.conf"
    conf.write_text(f"pid {tmp_path}/pid; events {{}} http {{ nonsense on; }}")

    with pytest.raises(BadConfiguration, match="nonsense"):
        Nginx(program, tmp_path, lambda: None).test(conf)


def test_what_does_not_run_is_no_trouble(program, tmp_path):
    nginx = Nginx(program, tmp_path, lambda: None)

    assert not nginx.alive
    nginx.reload()
    nginx.stop()
    assert nginx.pid == sweep(tmp_path) == 0


def test_no_answer(tmp_path):
    path = str(tmp_path / "sock")
    with pytest.raises(OSError):
        ask(path, "/generation")

    assert not wait_for(path, "/generation", "x", seconds=0.0, stop=threading.Event())
