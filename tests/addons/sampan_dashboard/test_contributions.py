from __future__ import annotations

from types import SimpleNamespace

import falcon.testing
import pytest

from sampan.contracts.components import Contributed
from sampan_dashboard import connecting
from sampan_dashboard.app import new_app
from sampan_dashboard.contributions import Contributions


class Panel:
    title = "Cost"
    kinds = ("nodes",)

    def facts(self, client, obj):
        return [("a day", f"<b>{obj['metadata']['name']}</b>")]


class BrokenPanel(Panel):
    title = "Broken"

    def facts(self, client, obj):
        raise ValueError("no price")


class Page:
    name, title, columns = "costs", "Costs", ("what", "how much")

    def rows(self, client):
        return [("<i>all</i>", 5, "too many")]


class Isolation:
    called = 0

    def call(self, hook, function):
        self.called += 1
        return function()


class Hooks:
    """Of one third-party plugin."""

    isolation = Isolation()

    def ask(self, hook, **facts):
        answers = {"contribute_dashboard_panels": [Panel(), BrokenPanel()], "contribute_dashboard_pages": [Page()]}
        return [Contributed("costs", answers.get(hook, []), self.isolation)]


@pytest.fixture
def get(site):
    app = new_app(
        connecting.Place("https://x"), site.sessions, links=lambda: "", added=Contributions.ask(Hooks())
    )  # fmt: skip
    client, session = falcon.testing.TestClient(app), site.sign_in().session
    return lambda path: client.simulate_get(path, headers={"Cookie": f"sampan_dashboard={session.id}"})


def test_a_panel_of_a_plugin_is_text_on_the_pages_of_its_kinds(get):
    html = get("/o/nodes/-/node-1").text

    assert "<h2>Cost</h2>" in html and "&lt;b&gt;node-1&lt;/b&gt;" in html
    assert "costs: no price" in html
    assert "<h2>Cost</h2>" not in get("/o/namespaces/-/default").text


def test_a_page_of_a_plugin_stands_in_the_menu(get):
    assert '<a href="/p/costs">Costs</a>' in get("/").text
    html = get("/p/costs").text
    assert "&lt;i&gt;all&lt;/i&gt;" in html and "too many" not in html
    assert get("/p/none").status_code == 404


def test_third_party_code_is_called_under_its_deadline(get):
    before = Hooks.isolation.called

    get("/p/costs")

    assert Hooks.isolation.called == before + 1


def test_where_no_plugin_can_be_asked_there_is_nothing():
    assert Contributions.ask(None).entries() == []
    assert Contributions().shown(SimpleNamespace(), "pods", {}) == []
