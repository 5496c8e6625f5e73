"""The application: everything put together, and the only place that knows routes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import falcon

from sampan.errors import StatusError
from sampan_dashboard.accounts import Account
from sampan_dashboard.actions import Action
from sampan_dashboard.addons import AddonPage, AddonsPage, PluginsPage
from sampan_dashboard.connecting import Place
from sampan_dashboard.contributions import ContributedPage, Contributions
from sampan_dashboard.creating import CreatePage
from sampan_dashboard.editing import EditPage
from sampan_dashboard.formediting import FormPage
from sampan_dashboard.front import Front
from sampan_dashboard.lists import ListPage
from sampan_dashboard.live import LiveLogs, LiveRows
from sampan_dashboard.logs import LogPage
from sampan_dashboard.maps import MapPage
from sampan_dashboard.objects import EventsPage, ObjectPage, RolloutPage, YamlPage
from sampan_dashboard.oidc import Flow
from sampan_dashboard.operating import Operator
from sampan_dashboard.past import HistoryPage
from sampan_dashboard.reasons import WhyPage, panel
from sampan_dashboard.redirects import BACK, START, ComeBack, GoThere
from sampan_dashboard.searching import SearchPage
from sampan_dashboard.sessions import Sessions
from sampan_dashboard.signin import LINK_PATH, AccessPage, LinkMaker, OneTimeSignIn, Preferences, SignIn, SignOut
from sampan_dashboard.terminals import LiveTerminal, TerminalPage
from sampan_dashboard.web import VENDOR, Guard, Pages, Refusals

STATIC = Path(__file__).parent / "static"
SCRIPT = "text/javascript; charset=utf-8"
TYPES = {".css": "text/css; charset=utf-8", ".js": SCRIPT, ".mjs": SCRIPT, ".svg": "image/svg+xml"}
OBJECT = "/o/{kind}/{namespace}/{name}"


def new_app(
    place: Place, sessions: Sessions[Account], *, links: Callable[[], str], added: Contributions | None = None,
    operator: Operator | None = None, flow: Flow | None = None,
) -> Any:  # fmt: skip
    """A WSGI application. ``links()`` is the address of one-time links, known once it is served; ``operator`` is None
    where the dashboard does not run beside a cluster of sampan, ``flow`` where there is no OpenID Connect provider."""
    added = added or Contributions()
    pages = Pages(added.entries())
    app: Any = falcon.App(middleware=[Guard(sessions)])
    app.req_options.strip_url_path_trailing_slash = False
    refusals = Refusals(pages)
    app.add_error_handler(Exception, refusals.of_all)
    app.add_error_handler(falcon.HTTPError, refusals.of_http)
    app.add_error_handler(OSError, refusals.of_connection)
    app.add_error_handler(StatusError, refusals.of_status)
    app.add_route("/healthz", Healthy())
    app.add_route("/static/{name}", Static())
    app.add_route("/static/vendor/{name}", Vendor())
    app.add_route("/signin", SignIn(pages, place, sessions, START if flow else ""))
    if flow is not None:
        app.add_route(START, GoThere(flow, links))
        app.add_route(BACK, ComeBack(pages, flow, place, sessions, links))
    app.add_route("/signin/{code}", OneTimeSignIn(pages, sessions))
    app.add_route("/signout", SignOut(sessions))
    app.add_route("/preferences", Preferences())
    app.add_route(LINK_PATH, LinkMaker(sessions, links))
    app.add_route("/", Front(pages))
    app.add_route("/access", AccessPage(pages))
    app.add_route("/search", SearchPage(pages))
    app.add_route("/map", MapPage(pages))
    app.add_route("/addons", AddonsPage(pages, operator))
    app.add_route("/addons/{name}", AddonPage(pages, operator))
    app.add_route("/plugins", PluginsPage(pages, operator))
    app.add_route("/p/{name}", ContributedPage(pages, added))
    app.add_route("/new", CreatePage(pages))
    app.add_route("/l/{kind}", ListPage(pages, added))
    app.add_route("/live/l/{kind}", LiveRows(pages, added))
    app.add_route(OBJECT, ObjectPage(pages, added, panel))
    app.add_route(f"{OBJECT}/why", WhyPage(pages, added))
    app.add_route(f"{OBJECT}/history", HistoryPage(pages))
    app.add_route(f"{OBJECT}/yaml", YamlPage(pages))
    app.add_route(f"{OBJECT}/events", EventsPage(pages))
    app.add_route(f"{OBJECT}/edit", EditPage(pages))
    app.add_route(f"{OBJECT}/form", FormPage(pages))
    app.add_route(f"{OBJECT}/rollout", RolloutPage(pages))
    app.add_route(f"{OBJECT}/logs", LogPage(pages))
    app.add_route(f"/live{OBJECT}/logs", LiveLogs())
    app.add_route(f"{OBJECT}/exec", TerminalPage(pages))
    app.add_route("/live/exec/{id}", LiveTerminal())
    app.add_route(f"{OBJECT}/do/{{action}}", Action(pages))
    return app


class Healthy:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.text, resp.content_type = "ok", "text/plain"


class Static:
    """Files of the wheel, by exact name; a browser keeps them for an hour."""

    def __init__(self) -> None:
        self._files = {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in TYPES}

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        if name not in self._files:
            raise falcon.HTTPNotFound(description="there is no such file")
        resp.data = self._files[name]
        resp.content_type = TYPES[Path(name).suffix]
        resp.set_header("Cache-Control", "public, max-age=3600")


class Vendor:
    """Scripts of others; large, rarely wanted, and so read when they are asked for."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        found = {path.name: path for path in VENDOR.iterdir()} if VENDOR.exists() else {}
        if name not in found or found[name].suffix not in TYPES:
            raise falcon.HTTPNotFound(description="there is no such file")
        resp.data = found[name].read_bytes()
        resp.content_type = TYPES[found[name].suffix]
        resp.set_header("Cache-Control", "public, max-age=3600")
