from __future__ import annotations

import pytest

from sampan_dashboard import web

NODES = "/o/nodes/-/node-1/do/cordon"


@pytest.mark.parametrize("csrf", ["", "wrong", "ü"])
def test_a_form_without_the_token_of_the_session_is_refused(admin, csrf):
    answer = admin.post(NODES, csrf=csrf, value="true")

    assert answer.status_code == 403
    assert "too old" in answer.text


def test_the_token_of_another_session_is_refused(site, admin):
    assert admin.post(NODES, csrf=site.sign_in().session.csrf, value="true").status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(admin, headers):
    answer = admin.post(NODES, headers=headers, value="true")

    assert answer.status_code == 403
    assert "another site" in answer.text


@pytest.mark.parametrize(
    ("origin", "site", "same"),
    [
        ("http://here:7443", "same-origin", True),
        ("http://here", None, True),
        (None, "none", True),
        (None, None, True),
        ("http://there", None, False),
        ("http://here", "cross-site", False),
    ],
)
def test_one_of_two_headers_tells_where_a_request_comes_from(origin, site, same):
    assert web.is_same_origin(origin, "here", site) is same


def test_the_language_and_theme_are_those_of_the_cookies(site):
    browser = site.sign_in()
    browser._headers["Cookie"] += "; sampan_language=zh; sampan_theme=dark"

    html = browser.text("/")

    assert '<html lang="zh" data-theme="dark">' in html and "概览" in html
    browser._headers["Cookie"] += '; sampan_theme="><script>'
    assert "<script>" not in browser.text("/")


def test_a_failure_of_the_dashboard_is_answered_without_details(site, monkeypatch):
    browser = site.sign_in()
    monkeypatch.setattr(browser.session.account, "kind", lambda name: 1 / 0)

    answer = browser.get("/l/pods")

    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text


def test_a_cluster_that_does_not_answer_is_named(site, monkeypatch):
    browser = site.sign_in()

    def broken():
        raise ConnectionError("the API server cannot be reached")

    monkeypatch.setattr(browser.session.account, "kinds", broken)

    assert browser.get("/l/pods").status_code == 502
    assert "cannot be reached" in browser.get("/l/pods").text


def test_long_names_break_between_their_words_and_stay_text():
    assert web.breakable("PersistentVolumeClaim") == "Persistent<wbr>Volume<wbr>Claim"
    assert web.breakable("a<B>") == "a&lt;B&gt;"
