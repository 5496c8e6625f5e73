"""The way in, and what every page has."""

from __future__ import annotations

import pytest

from sampan_dashboard import web


def test_a_page_without_a_session_leads_to_the_sign_in(site):
    answer = site.anonymous().get("/l/pods?namespace=a")

    assert (answer.status_code, answer.headers["location"]) == (303, "/signin?next=%2Fl%2Fpods%3Fnamespace%3Da")
    assert site.anonymous().get("/").headers["location"] == "/signin"


@pytest.mark.parametrize("path", ["/o/pods/default/web/do/delete", "/new", "/signout", "/preferences"])
def test_nothing_is_done_without_a_session(site, path):
    assert site.anonymous().post(path).status_code == 303


@pytest.mark.parametrize("path", ["/", "/l/pods", "/signin", "/no/such/page", "/static/app.js", "/l/gizmos"])
def test_every_answer_has_the_security_headers(admin, path):
    answer = admin.get(path)

    assert answer.headers["content-security-policy"] == web.POLICY
    assert "unsafe" not in web.POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


def test_pages_are_not_stored_by_a_browser(admin):
    assert admin.get("/l/secrets").headers["cache-control"] == "no-store"


def test_no_page_has_inline_scripts_or_styles(admin):
    for path in ("/", "/l/pods", "/map", "/new", "/signin", "/o/nodes/-/node-1"):
        html = admin.get(path).text
        assert "<style" not in html and " style=" not in html and " onclick=" not in html
        assert html.count("<script") == 1 and '<script type="module" src="/static/app.js"></script>' in html


def test_what_is_not_there_is_said_in_words(admin):
    assert "no kind" in admin.get("/l/gizmos").text
    assert admin.get("/l/gizmos").status_code == 404
    assert admin.get("/no/such/page").status_code == 404
    assert admin.get("/o/pods/default/none").status_code == 404
    assert admin.get("/static/..%2Fapp.py").status_code == 404


def test_it_says_that_it_lives(site):
    assert site.anonymous().get("/healthz").text == "ok"


def test_the_first_page_and_what_it_loads_are_small(admin):
    whole = sum(
        len(admin.get(path).content) for path in ("/", "/static/app.js", "/static/style.css", "/static/icon.svg")
    )

    assert whole < 150_000
