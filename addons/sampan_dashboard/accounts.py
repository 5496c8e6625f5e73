"""One user's view of the cluster: a client with that user's own credentials, and what it has discovered with them.

An account belongs to one session. Nothing of it is shared with another, for what a user may see is RBAC's decision.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object, Resource
from sampan.errors import StatusError, Unauthorized
from sampan_client import Client
from sampan_client.discovery import Discovered, discover
from sampan_client.kubeconfig import Config
from sampan_dashboard.execs import Terminals
from sampan_dashboard.feeds import Feeds
from sampan_dashboard.permissions import Rules

KNOWN_FOR = 30.0  # seconds that discovery and rules are kept
REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"


class Who(NamedTuple):
    """As the API server knows the user."""

    name: str
    groups: tuple[str, ...]


class Account:
    """Thread-safe. Raises StatusError and ConnectionError as the client does."""

    def __init__(
        self, client: Client, who: Who, *, config: Config | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.client = client
        self.config = config  # for connections of its own, which terminals are; None in process
        self.terminals = Terminals()
        self.who = who
        self.feeds = Feeds(client)
        self._clock = clock
        self._lock = threading.Lock()
        self._kinds: tuple[float, list[Discovered]] | None = None
        self._rules: dict[str, tuple[float, Rules]] = {}

    @classmethod
    def of(cls, client: Client, config: Config | None = None) -> Account:
        """Raises Unauthorized if the server does not know the credentials."""
        return cls(client, who_is(client), config=config)

    def kinds(self) -> list[Discovered]:
        """Every kind that can be listed."""
        now = self._clock()
        with self._lock:
            if self._kinds is not None and now - self._kinds[0] < KNOWN_FOR:
                return self._kinds[1]
        found = [kind for kind in discover(self.client) if "list" in kind.verbs]
        with self._lock:
            self._kinds = now, found
        return found

    def kind(self, group_resource: str) -> Discovered | None:
        """By ``pods`` or ``deployments.apps``."""
        return next((kind for kind in self.kinds() if kind.resource.group_resource == group_resource), None)

    def resource_of(self, api_version: str, kind: str) -> Resource | None:
        """By an owner reference; another version of the same group will do."""
        group = api_version.rpartition("/")[0]
        found = (each.resource for each in self.kinds() if each.resource.kind == kind)
        return next((resource for resource in found if resource.group == group), None)

    def rules(self, namespace: str) -> Rules:
        """What the user may do in a namespace, and in all where that is ""."""
        now, where = self._clock(), namespace or "default"
        with self._lock:
            known = self._rules.get(where)
            if known is not None and now - known[0] < KNOWN_FOR:
                return known[1]
        try:
            body: Any = {"spec": {"namespace": where}}
            found = Rules.read(_json(self.client, RULES, body))
        except StatusError:
            found = Rules.unknown()
        with self._lock:
            self._rules[where] = now, found
        return found

    def close(self) -> None:
        self.terminals.close()
        self.feeds.close()
        self.client.close()


def who_is(client: Client) -> Who:
    """Raises Unauthorized for credentials that the server does not know."""
    body: Any = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    info = (_json(client, REVIEWS, body).get("status") or {}).get("userInfo") or {}
    name = str(info.get("username") or "")
    if not name or name == "system:anonymous":
        raise Unauthorized("the cluster does not know these credentials")
    return Who(name, tuple(info.get("groups") or ()))


def _json(client: Client, path: str, body: Object) -> Object:
    import msgspec

    found: Object = msgspec.json.decode(client.request("POST", path, body=body).body)
    return found
