"""Describe toy kinds to a server, and follow what it serves."""

from __future__ import annotations

import json
import threading

from toys import GROUP, TOYS, toy

from sampan.contracts.kinds import Resource
from sampan.errors import NotFound
from sampan_testing.cluster import until

FOLLOWS = 0.1  # seconds in which a server usually follows


SOON = 60.0


BOATS = Resource(GROUP, "v1", "boats", "Boat")


BOATS_2 = Resource(GROUP, "v2", "boats", "Boat")


AGGREGATED = {"Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}


UNKNOWN = "the server could not find the requested resource"


def add(client, **spec):
    """Describe the kind and wait until it is served."""
    client.create(TOYS, toy(**spec))
    version = spec.get("versions", ["v1"])[0]
    until(lambda: client.list(Resource(GROUP, version, "boats", "Boat")) or True, SOON)


def change(client, **spec):
    there = client.get(TOYS, "boats")
    client.update(TOYS, {**there, "spec": {"kind": "Boat", **spec}})


def is_unknown(client, resource=BOATS):
    try:
        client.list(resource)
    except NotFound as error:
        return error.message == UNKNOWN
    return False


def document(client, path, **headers):
    return json.loads(client.request("GET", path, headers=headers).body)


class Watched:
    """A watch on a thread: its events without bookmarks, and whether it has ended."""

    def __init__(self, client, resource, **more):
        self.events, self.ended = [], threading.Event()
        self._stream = client.open_watch(resource, **{"since": "", "timeout": 60, **more})
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while not self._stream.ended:
            events = [json.loads(line) for line in self._stream.read(0.05)]
            self.events += [event for event in events if event["type"] != "BOOKMARK"]
        self.ended.set()

    def seen(self):
        return [
            (event["type"], event["object"]["metadata"].get("name"), event["object"].get("spec"))
            for event in self.events
        ]

    def close(self):
        self._stream.close()
        self._thread.join(30)
