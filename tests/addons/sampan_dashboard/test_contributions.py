from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import falcon.testing
import pytest

from sampan.contracts.components import Contributed
from sampan_dashboard import connecting, contributions
from sampan_dashboard.app import new_app
from sampan_dashboard.contributions import Contributions
from sampan_machinery.resources import CONFIG_MAPS


class Panel:
    title = "Cost"
    kinds = ("nodes",)

    def facts(self, client, obj):
        return [("a day", f"<b>{obj['metadata']['name']}</b>")]


class BrokenPanel(Panel):
    title = "Broken"

    def facts(self, client, obj):
        raise ValueError("no price")


class Column:
    title, kinds = "A <day>", ("nodes",)

    def cells(self, client, rows):
        return {("", "node-1"): "<b>5</b>", ("", "gone"): "6"}


class BrokenColumn(Column):
    title, wide = "Broken", True

    def cells(self, client, rows):
        return None


class Form:
    name, title, columns, kinds = "prices", "Prices", ("what",), ("nodes",)
    fields = (("name", "Node"),)

    def rows(self, client, asked):
        if asked["name"] == "bad":
            raise KeyError("no <such> price")
        return [(f"of {asked['name']}",)]


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
        answers = {
            "contribute_dashboard_panels": [Panel(), BrokenPanel()],
            "contribute_dashboard_columns": [Column(), BrokenColumn()],
            "contribute_dashboard_pages": [Page(), Form()],
        }
        return [Contributed("costs", answers.get(hook, []), self.isolation)]


@pytest.fixture
def get(site):
    return getting(site, Contributions.ask(Hooks()))


def getting(site, added):
    app = new_app(connecting.Place("https://x"), site.sessions, links=lambda: "", added=added)
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


def test_a_column_of_a_plugin_is_text_in_the_lists_of_its_kinds(get):
    html = get("/l/nodes").text

    assert '<th scope="col">A &lt;day&gt;</th>' in html
    assert html.count('<td class="added-cell">&lt;b&gt;5&lt;/b&gt;</td>') == 1 and "Broken" not in html
    assert "added-cell" not in get("/l/namespaces").text


def test_a_column_that_fails_says_so(get):
    assert "costs: " in get("/l/nodes?wide=1").text


def test_a_page_with_a_form_is_given_its_values(get):
    assert '<td class="short">of a&lt;b</td>' in get("/p/prices?name=a%3Cb").text
    failed = get("/p/prices?name=bad")
    assert failed.status_code == 200 and "no &lt;such&gt; price" in failed.text


def test_objects_lead_to_the_pages_about_them(get):
    assert 'href="/p/prices?name=node-1"' in get("/o/nodes/-/node-1").text


def test_the_example_of_the_manual_page_works(site, make, shop):
    text = (Path(contributions.__file__).parent / "README.md").read_text()
    example: dict[str, object] = {}
    exec(text.split("```python")[1].split("```")[0], example)
    hooks = SimpleNamespace(
        ask=lambda hook, **facts: [Contributed("teams", example[hook]() if hook in example else [])]
    )
    get = getting(site, Contributions.ask(hooks))
    team = {"metadata": {"name": "blue", "labels": {"kind": "team"}}, "data": {"oncall": "ann"}}
    make(CONFIG_MAPS, team, shop)

    assert "owned by" in get(f"/o/deployments.apps/{shop}/web").text
    assert '<td class="added-cell">blue</td>' in get(f"/l/deployments.apps?namespace={shop}").text
    assert "ann" in get(f"/p/teams?namespace={shop}").text


def test_third_party_code_is_called_under_its_deadline(get):
    before = Hooks.isolation.called

    get("/p/costs")

    assert Hooks.isolation.called == before + 1


def test_where_no_plugin_can_be_asked_there_is_nothing():
    assert Contributions.ask(None).entries() == []
    assert Contributions().shown(SimpleNamespace(), "pods", {}) == []
