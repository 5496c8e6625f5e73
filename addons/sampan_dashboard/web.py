"""What all pages share: who asks, security headers, CSRF, templates, refusals. The only module that knows Jinja2.

Source of the headers: OWASP, "HTTP Security Response Headers" and "Cross-Site Request Forgery Prevention".
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import falcon
import jinja2
from markupsafe import Markup

from sampan.errors import StatusError, Unauthorized
from sampan_dashboard import cookies, navigation, words
from sampan_dashboard.accounts import Account
from sampan_dashboard.sessions import Session, Sessions

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
VENDOR = HERE / "static" / "vendor"  # scripts of others, where the wheel was built with them
FORM = falcon.MEDIA_URLENCODED
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with "no-referrer" a browser sends its own forms with "Origin: null"
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
STATIC = "/static/"  # the same for all, and kept by browsers: no session is looked for
OPEN = ("/signin", STATIC, "/healthz", "/-/")  # paths without a session
INSIDE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")  # where a name of several words may break
THEMES = ("auto", "light", "dark")
YEAR = 365 * 86400


class Guard:
    """Middleware: finds the session, and refuses what another site has sent."""

    def __init__(self, sessions: Sessions[Account]) -> None:
        self._sessions = sessions

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        for name, value in HEADERS.items():
            resp.set_header(name, value)
        cookie = req.context.cookie = "" if req.path.startswith(STATIC) else cookies.read(req)
        session = req.context.session = self._sessions.find(cookie)
        is_open = req.path.startswith(OPEN)
        if session is None and not is_open:
            back = f"?next={quote(req.relative_uri, safe='')}" if req.method == "GET" and req.path != "/" else ""
            raise falcon.HTTPSeeOther(f"/signin{back}")
        if req.method not in ("GET", "HEAD"):
            self._check(req, session)

    def process_response(self, req: falcon.Request, resp: falcon.Response, resource: object, succeeded: bool) -> None:
        session: Session[Account] | None = getattr(req.context, "session", None)
        if session is not None and (renewed := self._sessions.renewed(session, req.context.cookie)):
            cookies.write(resp, renewed)

    def _check(self, req: falcon.Request, session: Session[Account] | None) -> None:
        if req.env.get("sampan.fronted"):
            return  # the socket of this machine: no browser
        if not is_same_origin(req.get_header("Origin"), req.host, req.get_header("Sec-Fetch-Site")):
            raise falcon.HTTPForbidden(title="Forbidden", description="another site has sent this request")
        req.context.form = form = form_of(req)
        if session is not None and not secrets.compare_digest(form.get("csrf", "").encode(), session.csrf.encode()):
            raise falcon.HTTPForbidden(title="Forbidden", description="the form is too old: go back and load it again")


def is_same_origin(origin: str | None, host: str, site: str | None) -> bool:
    """A browser says at least one of the two; a client that says neither has no cookies of another's to abuse."""
    if site is not None and site not in ("same-origin", "none"):
        return False
    return origin is None or (origin != "null" and urlsplit(origin).hostname == host)


def form_of(req: falcon.Request) -> dict[str, str]:
    """The last value of each field; {} for anything but a form."""
    if not (req.content_type or "").startswith(FORM):
        return {}
    found = req.get_media(default_when_empty={})
    return {str(key): str(value[-1] if isinstance(value, list) else value) for key, value in found.items()}


class Pages:
    """Renders templates for a request."""

    def __init__(self, added: Sequence[tuple[str, str]] = ()) -> None:
        """``added``: (name, title) of the pages of other plugins."""
        self._added = added
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
            undefined=jinja2.StrictUndefined, auto_reload=False,
        )  # fmt: skip
        self._environment.globals.update(link=navigation.link, object_link=navigation.object_link)
        self._environment.filters["breakable"] = breakable
        self._environment.filters["q"] = lambda value: quote(str(value), safe="")

    def show(self, req: falcon.Request, resp: falcon.Response, template: str, **context: Any) -> None:
        resp.content_type = falcon.MEDIA_HTML
        resp.text = self._environment.get_template(template).render(**self._around(req), **context)

    def rows(self, rows: Any, columns: Any, resource: Any, many: bool, added: Any) -> str:
        """The lines of a list alone, for a live page."""
        template = self._environment.get_template("rows.html")
        return template.render(rows=rows, columns=columns, resource=resource, many=many, columns_added=added)

    def _around(self, req: falcon.Request) -> dict[str, Any]:
        session: Session[Account] | None = getattr(req.context, "session", None)
        language = language_of(req)
        translate = words.catalogue(language)
        account = session.account if session else None
        return {
            "_": translate, "language": language, "theme": theme_of(req), "csrf": session.csrf if session else "",
            "who": account.who if account else None, "here": req.relative_uri, "path": req.path,
            "groups": menu(account), "added": self._added,
        }  # fmt: skip


def breakable(text: str) -> Markup:
    """PersistentVolumeClaim, which a narrow column breaks between its words and not inside one."""
    return Markup("<wbr>").join(INSIDE.split(text))


def menu(account: Account | None) -> list[navigation.Group]:
    if account is None:
        return []
    try:
        return navigation.groups(account.kinds())
    except (StatusError, OSError):
        return []  # the page itself says what is wrong


def theme_of(req: falcon.Request) -> str:
    found = (req.get_cookie_values("sampan_theme") or ["auto"])[0]
    return found if found in THEMES else "auto"


def language_of(req: falcon.Request) -> str:
    chosen = (req.get_cookie_values("sampan_language") or [""])[0]
    return chosen if chosen in words.LANGUAGES else words.preferred(req.get_header("Accept-Language") or "")


def session_of(req: falcon.Request) -> Session[Account]:
    session: Session[Account] = req.context.session
    return session


def account_of(req: falcon.Request) -> Account:
    return session_of(req).account


def form_field(req: falcon.Request, name: str) -> str:
    form: Mapping[str, str] = req.context.form
    return form.get(name, "")


class Refusals:
    """Errors as pages. What the API server says is shown in its own words."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def of_status(self, req: falcon.Request, resp: falcon.Response, error: StatusError, params: Any) -> None:
        if isinstance(error, Unauthorized) and getattr(req.context, "session", None) is not None:
            raise falcon.HTTPSeeOther("/signin?expired=1")
        resp.status = falcon.code_to_http_status(error.code)
        self._pages.show(
            req, resp, "error.html", code=error.code, reason=error.reason, message=error.message,
            rule=getattr(req.context, "rule", ""), past=getattr(req.context, "past", ""),
        )  # fmt: skip

    def of_http(self, req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, params: Any) -> None:
        resp.status = error.status
        resp.set_headers(error.headers or {})
        self._show(req, resp, int(error.status_code), str(error.title or ""), str(error.description or ""))

    def of_connection(self, req: falcon.Request, resp: falcon.Response, error: OSError, params: Any) -> None:
        resp.status = falcon.HTTP_502
        self._show(req, resp, 502, "Bad Gateway", str(error))

    def of_all(self, req: falcon.Request, resp: falcon.Response, error: Exception, params: Any) -> None:
        log.exception("dashboard: %s %s failed", req.method, req.path)
        resp.status = falcon.HTTP_500
        self._show(req, resp, 500, "Internal error", "the dashboard's log has the details")

    def _show(self, req: falcon.Request, resp: falcon.Response, code: int, reason: str, message: str) -> None:
        self._pages.show(req, resp, "error.html", code=code, reason=reason, message=message, rule="", past="")
