"""The page of a terminal, and the two ways that a script on it speaks to its process."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

import falcon

from sampan.errors import BadRequest, NotFound, StatusError
from sampan_client.paths import path_of
from sampan_dashboard import execs
from sampan_dashboard.live import stream
from sampan_dashboard.logs import containers
from sampan_dashboard.objects import around, read_for
from sampan_dashboard.permissions import missing_rule
from sampan_dashboard.web import POLICY, VENDOR, Pages, account_of, form_field


class TerminalPage:
    """GET shows it, POST starts a shell and answers with the address of its stream."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target = read_for(req, kind, namespace, name)
        obj = target.get()
        if obj["kind"] != "Pod":
            raise NotFound("only a pod has a terminal")
        nonce = secrets.token_urlsafe(16)
        if (
            has_xterm()
        ):  # it makes style elements, for which the nonce is, and sets attributes for programs' own colours
            styles = f"style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'"
            resp.set_header("Content-Security-Policy", POLICY.replace("style-src 'self'", styles))
        self._pages.show(
            req, resp, "terminal.html", containers=containers(obj), nonce=nonce if has_xterm() else "",
            **around(target, obj, "exec"),
        )  # fmt: skip

    def on_post(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target = read_for(req, kind, namespace, name)
        req.context.rule = missing_rule("create", target.resource, target.namespace, "exec")
        try:
            if target.account.config is None or target.resource.kind != "Pod":
                raise BadRequest("a terminal needs a pod, and a connection to the API server")
            full = form_field(req, "full") == "1"
            shell = execs.FULL_SHELL if full else execs.SHELL
            query = [("container", form_field(req, "container")), *(("command", each) for each in shell)]
            query += [(each, "true") for each in ("stdin", "stdout", "tty")]
            path = f"{path_of(target.resource, target.namespace, target.name, 'exec')}?{encoded(query)}"
            config = target.account.config
            terminal = target.account.terminals.add(lambda: execs.connect(config, path, full=full))
        except StatusError as error:
            resp.status = falcon.code_to_http_status(error.code)
            resp.media = {"message": error.message}
            return
        resp.media = {"stream": f"/live/exec/{terminal.id}"}


class LiveTerminal:
    """GET streams the output, POST takes input, or the size of the terminal."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        stream(req, resp, self._find(req, id).listen)

    def on_post(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        terminal = self._find(req, id)
        columns, rows = form_field(req, "columns"), form_field(req, "rows")
        try:
            if _is_size(columns) and _is_size(rows):
                terminal.resize(int(columns), int(rows))
            else:
                terminal.write(form_field(req, "text"))
        except (OSError, ValueError) as error:  # ValueError: the socket is closed
            raise NotFound("the terminal has ended") from error
        resp.status = falcon.HTTP_204

    def _find(self, req: falcon.Request, id: str) -> execs.Terminal:
        """Only among those of this session."""
        found = account_of(req).terminals.find(id)
        if found is None:
            raise NotFound("there is no such terminal")
        return found


def has_xterm() -> bool:
    """Whether the wheel was built with it (`make wheel`)."""
    return (VENDOR / "xterm.mjs").exists()


def _is_size(text: str) -> bool:
    return text.isdecimal() and len(text) < 6


def encoded(query: list[tuple[str, str]]) -> str:
    return urlencode([(name, value) for name, value in query if value])
