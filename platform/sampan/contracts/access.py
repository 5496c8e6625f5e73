"""Who is asking, and may they: the records of authentication and authorization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol


@dataclass(frozen=True)
class User:
    """An authenticated caller. Source: authentication.k8s.io/v1 UserInfo."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))


class Credentials(NamedTuple):
    """What a request shows. ``certificate`` is the verified client certificate in DER, or None."""

    headers: Mapping[str, str]  # lower-case names
    certificate: bytes | None
    peer: str  # address of the connection, "" for a unix socket or in process
    fronted: bool = False  # the connection is from the trusted front proxy


class Authenticator(Protocol):
    """One way of knowing a caller. Must be fast: cache what is costly (a token's signature) within its validity."""

    name: str
    # May also have:
    #   waits = True   it may wait for another server: a request that reaches it goes on on a thread of the pool
    #   admits_anonymous(path) -> bool   decides, in place of the server's own short list of paths, where callers whom
    #       no authenticator knows go on as system:anonymous; the authorizers still judge them

    def authenticate(self, credentials: Credentials) -> User | None:
        """The user, or None where these credentials are not of my sort; raises Unauthorized for bad ones. Then the
        others are asked all the same, and if none knows the caller the request is refused with this error."""


class Attributes(NamedTuple):
    """What is asked for. Source: authorization.k8s.io/v1 ResourceAttributes and NonResourceAttributes."""

    user: User
    verb: str
    group: str = ""
    version: str = ""
    resource: str = ""  # plural
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""  # set for non-resource requests
    fields: str = ""  # field selector of a list, watch or deletecollection, as sent


class Decision(Enum):
    ALLOW = "allow"
    DENY = "deny"
    NO_OPINION = "no opinion"


class Authorizer(Protocol):
    """One opinion about a request; the first that is not NO_OPINION counts, and no opinion at all is a no."""

    name: str  # may also have ``waits``, as an Authenticator

    def authorize(self, asked: Attributes) -> tuple[Decision, str]:
        """The decision and the reason, in words for the log."""
