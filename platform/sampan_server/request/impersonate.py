"""Acting as another user: the Impersonate-* headers. Source: Kubernetes authentication, "User impersonation"."""

from __future__ import annotations

from urllib.parse import unquote

from sampan.contracts.access import ANONYMOUS, Attributes, User
from sampan.errors import BadRequest
from sampan_machinery.headers import first, values
from sampan_server.request.authorize import Authorize
from sampan_server.request.request import Request

ACCOUNT = "system:serviceaccount:"
AUTHENTICATED, UNAUTHENTICATED = "system:authenticated", "system:unauthenticated"
EXTRA = "impersonate-extra-"


class Impersonate:
    """A step of the chain: replaces ``request.user`` where the caller may; raises Forbidden or BadRequest."""

    def __init__(self, authorize: Authorize) -> None:
        self._authorize = authorize

    def __call__(self, request: Request) -> None:
        environ = request.environ
        name = environ.get("HTTP_IMPERSONATE_USER")
        if name is None:
            for key in environ:
                if key.startswith("HTTP_IMPERSONATE_"):
                    raise BadRequest("requested extra, group or uid impersonation without impersonating a user")
            return
        name = first(request.headers, "impersonate-user")  # of several lines the first counts, as upstream
        if not name:
            raise BadRequest("Impersonate-User must not be empty")
        groups = tuple(filter(None, values(request.headers, "impersonate-group")))
        uid = first(request.headers, "impersonate-uid")
        extra = _extra(request)
        for asked in _attributes(request.user, name, groups, uid, extra):
            self._authorize.require(asked, may_wait=request.may_wait)
        request.impersonator = request.user
        request.user = User(name, _with_usual(name, groups), uid, extra)


def _attributes(
    user: User, name: str, groups: tuple[str, ...], uid: str, extra: dict[str, tuple[str, ...]]
) -> list[Attributes]:
    account = name.removeprefix(ACCOUNT).split(":") if name.startswith(ACCOUNT) else []
    if len(account) == 2:
        asked = [
            Attributes(user, "impersonate", "", "v1", "serviceaccounts", "", account[0], account[1]),
        ]
    else:
        asked = [Attributes(user, "impersonate", "", "v1", "users", "", "", name)]
    asked += [Attributes(user, "impersonate", "", "v1", "groups", "", "", group) for group in groups]
    access = "authentication.k8s.io"
    if uid:
        asked.append(Attributes(user, "impersonate", access, "v1", "uids", "", "", uid))
    for key, said in extra.items():
        asked += [Attributes(user, "impersonate", access, "v1", "userextras", key, "", value) for value in said]
    return asked


def _extra(request: Request) -> dict[str, tuple[str, ...]]:
    """Percent-decoded extra keys with their values, one from each line."""
    return {
        unquote(header[len(EXTRA) :]): tuple(values(request.headers, header))
        for header in request.headers
        if header.startswith(EXTRA)
    }


def _with_usual(name: str, groups: tuple[str, ...]) -> tuple[str, ...]:
    """The groups such a user would have had by itself."""
    if not groups and name.startswith(ACCOUNT) and name.count(":") == 3:
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{name.split(':')[2]}")
    if name == ANONYMOUS.name:
        return groups if UNAUTHENTICATED in groups else (*groups, UNAUTHENTICATED)
    if AUTHENTICATED not in groups and UNAUTHENTICATED not in groups:
        return (*groups, AUTHENTICATED)
    return groups
