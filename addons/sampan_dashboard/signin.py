"""Signing in and out, and what a user prefers."""

from __future__ import annotations

import json
from collections.abc import Callable

import falcon

from sampan.errors import BadRequest, StatusError, Unauthorized
from sampan_dashboard import connecting, cookies
from sampan_dashboard.accounts import Account
from sampan_dashboard.navigation import is_local
from sampan_dashboard.sessions import Session, Sessions
from sampan_dashboard.web import THEMES, YEAR, Pages, account_of, form_field, session_of
from sampan_dashboard.words import LANGUAGES

LINK_PATH = "/-/link"
LARGEST = 256 * 1024  # bytes of handed over credentials


class SignIn:
    """By a token: of a ServiceAccount, or of an OpenID Connect provider that the cluster trusts."""

    def __init__(self, pages: Pages, place: connecting.Place, sessions: Sessions[Account], oidc: str = "") -> None:
        """``oidc``: where the sign-in at a provider begins, "" where there is none."""
        self._pages, self._place, self._sessions, self._oidc = pages, place, sessions, oidc

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        words = "The session has expired: sign in again." if req.get_param("expired") else ""
        self._show(req, resp, words)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        try:
            account = connecting.by_token(self._place, form_field(req, "token").strip())
        except (BadRequest, Unauthorized) as error:
            resp.status = falcon.HTTP_401
            self._show(req, resp, error.message)
            return
        set_cookie(req, resp, self._sessions, self._sessions.begin(account))
        goal = form_field(req, "next")
        raise falcon.HTTPSeeOther(goal if is_local(goal) else "/")

    def _show(self, req: falcon.Request, resp: falcon.Response, words: str) -> None:
        goal = req.get_param("next") or "/"
        self._pages.show(
            req, resp, "signin.html", words=words, next=goal if is_local(goal) else "/", server=self._place.server,
            oidc=self._oidc,
        )  # fmt: skip


class OneTimeSignIn:
    """The link that `sampan dashboard` prints."""

    def __init__(self, pages: Pages, sessions: Sessions[Account]) -> None:
        self._pages, self._sessions = pages, sessions

    def on_get(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        try:
            session = self._sessions.redeem(code)
        except StatusError as error:
            raise falcon.HTTPForbidden(title="Forbidden", description=error.message) from error
        if session is None:
            raise falcon.HTTPForbidden(
                title="Forbidden",
                description="the link was used already or is too old: `sampan dashboard` makes another",
            )
        set_cookie(req, resp, self._sessions, session)
        raise falcon.HTTPSeeOther("/")


class SignOut:
    def __init__(self, sessions: Sessions[Account]) -> None:
        self._sessions = sessions

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._sessions.end(session_of(req).id)
        req.context.session = None
        cookies.forget(req, resp)
        raise falcon.HTTPSeeOther("/signin")


class LinkMaker:
    """Answers `sampan dashboard` over the socket of this machine, and no other caller."""

    def __init__(self, sessions: Sessions[Account], links: Callable[[], str]) -> None:
        self._sessions, self._links = sessions, links

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        if not req.env.get("sampan.fronted"):
            raise falcon.HTTPNotFound(description="there is no such page")
        body = req.bounded_stream.read(LARGEST)
        try:
            config = connecting.from_wire(json.loads(body))
        except (ValueError, TypeError) as error:
            raise BadRequest("these are no credentials") from error
        try:
            account = connecting.by_config(config)
        except (StatusError, OSError) as error:
            resp.status = falcon.HTTP_403
            resp.media = {"message": str(error)}
            return
        account.close()
        code = self._sessions.link(lambda: connecting.by_config(config))
        resp.media = {"link": f"{self._links()}/signin/{code}", "user": account.who.name}


class Preferences:
    """Theme and language, as cookies; nothing secret."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        theme, language, back = (form_field(req, name) for name in ("theme", "language", "back"))
        for name, value, allowed in (("theme", theme, THEMES), ("language", language, LANGUAGES)):
            if value in allowed:
                resp.set_cookie(
                    f"sampan_{name}", value, max_age=YEAR, path="/", secure=True, http_only=True, same_site="Strict"
                )
        raise falcon.HTTPSeeOther(back if is_local(back) else "/")


class AccessPage:
    """Who the user is, and which rules the cluster applies in a namespace."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        account, namespace = account_of(req), req.get_param("namespace") or "default"
        rules = account.rules(namespace)
        self._pages.show(req, resp, "access.html", rules=rules.rules, complete=rules.complete, namespace=namespace)


def set_cookie(
    req: falcon.Request, resp: falcon.Response, sessions: Sessions[Account], session: Session[Account]
) -> None:
    """Raises BadRequest for credentials that do not fit, where cookies hold them."""
    req.context.session = None  # the one before, whose cookie is not written again
    try:
        cookies.write(resp, sessions.cookie(session))
    except BadRequest:
        sessions.end(session.id)
        raise
