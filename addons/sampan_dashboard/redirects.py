"""Pages of the sign-in at an OpenID Connect provider: there, and back."""

from __future__ import annotations

from collections.abc import Callable

import falcon

from sampan.errors import BadRequest, StatusError
from sampan_dashboard import connecting, oidc
from sampan_dashboard.accounts import Account
from sampan_dashboard.navigation import is_local
from sampan_dashboard.sessions import Sessions
from sampan_dashboard.signin import set_cookie
from sampan_dashboard.web import Pages

START, BACK = "/signin/oidc", "/signin/oidc/callback"
#: Lax, for the provider sends the browser here from its own site; it holds nothing but the binding.
COOKIE = "sampan_dashboard_signin"
LONGEST = 1000  # characters of an address to go to after the sign-in: the cookie may hold it


class GoThere:
    def __init__(self, flow: oidc.Flow, address: Callable[[], str]) -> None:
        self._flow, self._address = flow, address

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        goal = req.get_param("next") or "/"
        there, binding = self._flow.begin(
            self._address() + BACK, goal if is_local(goal) and len(goal) <= LONGEST else "/"
        )
        resp.set_cookie(
            COOKIE, binding, max_age=int(oidc.PENDING_SECONDS), path=START, secure=True, http_only=True, same_site="Lax"
        )
        raise falcon.HTTPSeeOther(there)


class ComeBack:
    """Answers with a page that goes on by itself, not with a redirect: at the end of a redirect from the provider's
    site a browser does not send the session's cookie, which is SameSite=Strict."""

    def __init__(
        self, pages: Pages, flow: oidc.Flow, place: connecting.Place, sessions: Sessions[Account],
        address: Callable[[], str],
    ) -> None:  # fmt: skip
        self._pages, self._flow, self._place = pages, flow, place
        self._sessions, self._address = sessions, address

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = {name: req.get_param(name) or "" for name in ("state", "code", "error", "error_description", "iss")}
        if not query["iss"]:
            del query["iss"]
        binding = (req.get_cookie_values(COOKIE) or [""])[0]
        resp.unset_cookie(COOKIE, path=START, same_site="Lax")
        try:
            oidc.require_code(query)
            tokens, goal = self._flow.finish(self._address() + BACK, query, binding)
            account = connecting.by_config(oidc.RenewedConfig(self._place.config(), self._flow, tokens))
        except StatusError as error:
            resp.status = falcon.HTTP_400 if isinstance(error, BadRequest) else falcon.HTTP_401
            self._pages.show(
                req, resp, "signin.html", words=error.message, next="/", server=self._place.server, oidc=START
            )
            return
        set_cookie(req, resp, self._sessions, self._sessions.begin(account))
        self._pages.show(req, resp, "signedin.html", goal=goal)
