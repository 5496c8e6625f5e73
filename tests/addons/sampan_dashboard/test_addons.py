from __future__ import annotations

import json

import pytest

from sampan_dashboard import connecting
from sampan_dashboard.addons import is_remote
from sampan_dashboard.app import new_app
from sampan_dashboard.operating import Done, Operator
from sampan_machinery.resources import CONFIG_MAPS


def test_an_add_on_is_known_by_the_label_of_what_it_ships(admin, cluster, shop):
    cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "m", "labels": {"sampan.dev/addon": "metrics"}}}, shop)

    html = admin.text("/addons")

    assert "<summary>metrics" in html and "/o/configmaps/shop/m" in html


def test_a_user_who_may_see_nothing_is_told_so(site):
    assert "None that you may see." in site.sign_in("another").text("/addons")


def test_an_api_service_of_the_server_itself_is_no_extension():
    assert is_remote({"spec": {"service": {"name": "x"}}})
    assert not is_remote({"spec": {}})


SCHEMA = {"properties": {"port": {"type": "integer", "default": 1, "description": "Where <it> listens."}}}
PLUGIN = {"name": "rbac", "state": "on", "from": "sampan 1", "module": "m", "hooks": ["h"], "change": "", "error": "",
          "failures": ["authorization: late 3 times"]}  # fmt: skip
DIFF = "--- shipped\n+++ live\n@@ -1 +1 @@\n-a: 1\n+a: <b>\n"


class Command:
    """`sampan`, as far as the pages call it."""

    def __init__(self):
        self.calls, self.refusal = [], ""

    def __call__(self, argv):
        assert argv[:2] == ["--home", "/home"]
        self.calls.append(argv[2:])
        match argv[2:]:
            case ["addons", "list", *_]:
                found = [
                    {"name": name, "enabled": state != "off", "state": state, "version": "1", "message": "<i>"}
                    for name, state in (("dns", "runs"), ("dashboard", "runs"), ("metrics", "off"))
                ]
                return Done(0, json.dumps(found), "")
            case ["plugins", "list", *_]:
                return Done(0, json.dumps([PLUGIN]), "")
            case ["addons", "configure", name, "-o", "json"]:
                return Done(
                    0, json.dumps({"name": name, "schema": SCHEMA, "values": {"port": 53}, "set": ["port"]}), ""
                )
            case ["addons", "diff", _]:
                return Done(1, DIFF, "")
        return Done(2, "", f"sampan: {self.refusal}") if self.refusal else Done(0, "done <so>\n", "")


@pytest.fixture
def command():
    return Command()


@pytest.fixture
def beside(site, command):
    """``beside(name, *groups)``: a browser of a dashboard that runs beside its cluster."""
    app = new_app(
        connecting.Place("https://x"), site.sessions, links=lambda: "", operator=Operator("/home", command)
    )  # fmt: skip

    def sign_in(*who):
        browser = site.sign_in(*who)
        return type(browser)(app, browser.session)

    return sign_in


def test_add_ons_are_listed_with_their_state(beside):
    html = beside().text("/addons")

    assert 'href="/addons/dns"' in html and "&lt;i&gt;" in html
    assert html.count('value="disable"') == 1  # not the dashboard itself
    assert html.count('value="enable"') == 1


def test_elsewhere_and_for_others_it_is_said_in_words(beside, admin, reader, site, command):
    assert "does not run beside it" in admin.text("/addons")
    assert admin.get("/addons/dns").status_code == 404
    other = beside("reader")
    assert "ClusterRole cluster-admin" in other.text("/addons")
    assert other.get("/addons/dns").status_code == 403 and other.get("/plugins").status_code == 403
    assert other.post("/addons/dns", step="disable").status_code == 403
    assert command.calls == []


def test_settings_are_a_form_with_help_and_edits_are_a_diff(beside):
    html = beside().text("/addons/dns")

    assert 'name="set.port" value="53" type="number"' in html
    assert "Where &lt;it&gt; listens." in html and "<code>1</code>" in html
    assert '<span class="added">+a: &lt;b&gt;' in html and 'value="reset"' in html


def test_a_changed_setting_is_written(beside, command):
    answer = beside().post("/addons/dns", **{"step": "configure", "set.port": "54"})

    assert command.calls[-1] == ["addons", "configure", "dns", "--", "port=54"]
    assert answer.headers["location"] == "/addons/dns?done=done+%3Cso%3E"


def test_nothing_changed_is_nothing_written(beside, command):
    assert beside().post("/addons/dns", **{"step": "configure", "set.port": "53"}).status_code == 303
    assert not any("--" in call for call in command.calls)


def test_what_is_wrong_is_said_beside_the_field(beside, command):
    command.refusal = "plugins.dns.port must be 0 to 65535, not 99999"

    answer = beside().post("/addons/dns", **{"step": "configure", "set.port": "99999"})

    assert answer.status_code == 422
    assert 'value="99999"' in answer.text and 'aria-invalid="true"' in answer.text
    assert "must be 0 to 65535" in answer.text.split('id="help-port"')[1]


def test_another_failure_is_said_above(beside, command):
    command.refusal = "the running cluster reads another file"

    answer = beside().post("/addons/dns", step="disable")

    assert answer.status_code == 422 and "reads another file" in answer.text


@pytest.mark.parametrize(("step", "call"), [("enable", []), ("disable", []), ("reset", ["--yes"])])
def test_an_add_on_is_switched_and_put_back(beside, command, step, call):
    assert beside().post("/addons/metrics", step=step).status_code == 303
    assert command.calls[-1] == ["addons", step, *call, "metrics"]


def test_the_dashboard_does_not_end_itself(beside, command):
    assert beside().post("/addons/dashboard", step="disable").status_code == 400
    assert command.calls == []


@pytest.mark.parametrize("name", ["--help", "..", "a%20b", "none"])
def test_what_is_no_add_on_is_refused(beside, name):
    assert beside().get(f"/addons/{name}").status_code in (400, 404)


def test_an_action_that_is_none_is_refused(beside):
    assert beside().post("/addons/dns", step="run").status_code == 400


def test_plugins_are_shown_with_their_failures(beside):
    html = beside().text("/plugins")

    assert "rbac" in html and "authorization: late 3 times" in html
