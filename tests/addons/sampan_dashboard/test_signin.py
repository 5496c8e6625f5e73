from __future__ import annotations

import pytest

from sampan.errors import Unauthorized
from sampan_dashboard import connecting
from sampan_dashboard.accounts import Account


@pytest.fixture
def tokens(cluster, monkeypatch):
    """Tokens are known here without sockets: that of ann, and no other."""

    def by_token(place, token):
        if token != "good":
            raise Unauthorized("the cluster does not know these credentials")
        return Account.of(cluster.client_as("ann", "readers"))

    monkeypatch.setattr(connecting, "by_token", by_token)


def test_a_token_signs_in_with_a_safe_cookie(site, tokens):
    answer = site.anonymous().post("/signin", token=" good ", next="/l/pods")
    cookie = answer.headers["set-cookie"]

    assert (answer.status_code, answer.headers["location"]) == (303, "/l/pods")
    assert {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert site.sessions.find(answer.cookies["sampan_dashboard"].value).account.who.name == "ann"


def test_an_unknown_token_is_refused_in_words(site, tokens):
    answer = site.anonymous().post("/signin", token="bad")

    assert answer.status_code == 401
    assert "does not know" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("goal", ["//evil.example", "https://evil.example", "/\\evil"])
def test_signing_in_leads_to_no_other_site(site, tokens, goal):
    assert site.anonymous().post("/signin", token="good", next=goal).headers["location"] == "/"
    assert "evil" not in site.anonymous().get(f"/signin?next={goal}").text


def test_a_one_time_link_signs_in_once(site, cluster):
    code = site.sessions.link(lambda: Account.of(cluster.client_as("ann")))

    first, second = site.anonymous().get(f"/signin/{code}"), site.anonymous().get(f"/signin/{code}")

    assert (first.status_code, first.headers["location"]) == (303, "/")
    assert "sampan_dashboard" in first.cookies
    assert (second.status_code, "set-cookie" in second.headers) == (403, False)


def test_signing_out_ends_the_session(site):
    browser = site.sign_in()

    assert browser.post("/signout").headers["location"] == "/signin"
    assert browser.get("/").status_code == 303


def test_links_are_made_over_the_socket_of_this_machine_alone(site):
    assert site.anonymous().post("/-/link").status_code == 404


def test_preferences_are_kept_and_lead_back(site):
    answer = site.sign_in().post("/preferences", theme="dark", language="zh", back="/l/pods")

    assert answer.headers["location"] == "/l/pods"
    assert (answer.cookies["sampan_theme"].value, answer.cookies["sampan_language"].value) == ("dark", "zh")
    assert site.sign_in().post("/preferences", theme="x", back="//evil").headers["location"] == "/"


def test_a_user_sees_what_the_rules_allow(site):
    assert "system:masters" in site.sign_in().text("/access")
    assert "ann" in site.sign_in("ann").text("/access?namespace=shop")
