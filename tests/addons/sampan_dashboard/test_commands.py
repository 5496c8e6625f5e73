from __future__ import annotations

import urllib.request

import pytest
from click.testing import CliRunner

from sampan.contracts.commands import Place
from sampan_dashboard import commands
from sampan_testing.serving import ApiPort


@pytest.fixture
def kubeconfig(cluster, tmp_path):
    from sampan.contracts.access import User

    port = ApiPort(cluster.app.wsgi, User("admin", ("system:masters", "system:authenticated")))
    file = tmp_path / "kubeconfig"
    file.write_text(port.kubeconfig())
    yield str(file)
    port.close()


def test_without_an_add_on_the_command_serves_the_pages_itself(kubeconfig, tmp_path, monkeypatch):
    pages, opened = [], []

    def look():
        with urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(opened[0], timeout=60) as answer:
            pages.append(answer.status)

    monkeypatch.setattr(commands, "_wait", look)
    monkeypatch.setattr(commands.webbrowser, "open", opened.append)
    monkeypatch.setenv("DISPLAY", ":0")
    place = Place(str(tmp_path / "none"), kubeconfig)

    result = CliRunner().invoke(commands.dashboard, [], obj=place)

    assert result.exit_code == 0, result.output
    assert opened[0] in result.output and "as admin" in result.output
    assert pages == [200]


def test_no_browser_is_opened_where_there_is_none(monkeypatch):
    opened = []
    for name in commands.DISPLAYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(commands.webbrowser, "open", opened.append)

    commands._show("http://here", False)
    monkeypatch.setenv("DISPLAY", ":0")
    commands._show("http://here", True)

    assert opened == []
