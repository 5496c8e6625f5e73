"""Who is asking. The first authenticator that knows the caller decides; none: anonymous, where that is allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sampan.contracts.access import ANONYMOUS, Authenticator, Credentials
from sampan.errors import Unauthorized
from sampan_isolation import Broken
from sampan_server.request.aside import Aside
from sampan_server.request.request import Request

#: What anonymous callers may see; public routes of plugins are added.
OPEN_PATHS = ("/livez", "/readyz", "/healthz", "/version")


def _certificate(environ: Mapping[str, Any]) -> bytes | None:
    """The client's verified certificate: our worker puts it there, stock gunicorn only the socket it came by."""
    if "sampan.peer_certificate" in environ:
        found: bytes | None = environ["sampan.peer_certificate"]
        return found
    ask = getattr(environ.get("gunicorn.socket"), "getpeercert", None)
    return ask(binary_form=True) if ask else None


class Authenticate:
    """A step of the chain: sets ``request.user``; raises Unauthorized."""

    def __init__(self, authenticators: Sequence[Authenticator], public: Sequence[str] = ()) -> None:
        self._authenticators = tuple(authenticators)
        self._waiting = [each for each in authenticators if getattr(each, "waits", False)]
        self._public = frozenset((*OPEN_PATHS, *public))
        rules = [each.admits_anonymous for each in authenticators if hasattr(each, "admits_anonymous")]
        self._admits_anonymous: Callable[[str], bool] = rules[0] if rules else self.is_public

    def __call__(self, request: Request) -> None:
        environ = request.environ
        trusted = environ.get("sampan.user")  # the in-process client; a socket cannot set this key
        if trusted is not None:
            request.user = trusted
            return
        credentials = Credentials(
            request.headers,
            _certificate(environ),
            environ.get("REMOTE_ADDR", ""),
            bool(environ.get("sampan.fronted")),
        )
        refused: Unauthorized | None = None
        broken: Broken | None = None
        for authenticator in self._authenticators:
            if authenticator in self._waiting and not request.may_wait:
                raise Aside
            try:
                user = authenticator.authenticate(credentials)
            except Broken as error:
                broken = error  # another may know the caller
                continue
            except Unauthorized as error:
                refused = refused or error  # another may know the token
                continue
            if user is not None:
                request.user = user
                return
        if refused is not None:
            raise refused  # credentials that nothing knows are never treated as none
        if not self._admits_anonymous(request.path):
            raise broken or Unauthorized("Unauthorized")
        request.user = ANONYMOUS

    def is_public(self, path: str) -> bool:
        if path in self._public:
            return True
        return any(path.startswith(f"{open_path}/") for open_path in OPEN_PATHS[:3])
