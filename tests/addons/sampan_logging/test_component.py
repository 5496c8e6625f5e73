from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan.contracts.components import Running
from sampan.contracts.options import ClusterOptions, ManifestOptions
from sampan_logging.component import PodWatcher, Shutdown
from sampan_logging.entries import Entry, Progress
from sampan_logging.journal import Journal
from sampan_logging.lines import LinePosition
from sampan_logging.manifests import manifests
from sampan_logging.settings import Settings

NOW = "2026-11-22T00:00:00Z"


class FakeReader:
    def __init__(self):
        self.seen, self.gaps = [], []

    def see(self, source, seen, progress, *, young):
        self.seen.append((source.key, seen, progress, young))

    def say_gap(self, source, progress, words):
        self.gaps.append((source.key, progress.forgotten, words))


class FakeWriter(list):
    offer = list.append


@pytest.fixture
def watch(tmp_path):
    """Makes a watcher over a journal that knows these entries."""

    def make(*entries, **settings):
        journal = Journal(tmp_path, segment_bytes=10_000)
        journal.record(entries) if entries else None
        running = Running(None, Settings(**settings), str(tmp_path), threading.Event(), ClusterOptions())
        watcher = PodWatcher(running, FakeReader(), journal, FakeWriter())
        journal.close()
        return watcher

    return make


def pod(name="web", namespace="default", created=NOW):
    return {
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}", "creationTimestamp": created},
        "spec": {"nodeName": "n", "containers": [{"name": "main"}]},
        "status": {"containerStatuses": [{"name": "main", "restartCount": 0, "state": {"running": {}}}]},
    }


def test_a_pod_is_followed_from_where_it_was_left(watch, source):
    progress = Progress(0, LinePosition(5, 0, "d"))
    watcher = watch(Entry(source(), progress))
    watcher._change(None, pod())
    watcher._change(pod(), None)

    (first, second) = watcher._reader.seen
    assert (first[0], first[1].gone, first[2]) == ("uid-web/main", False, progress)
    assert second[1].gone and second[2] is None  # the reader knows better by now


def test_a_pod_made_after_shipping_began_is_young(watch):
    watcher = watch()
    watcher._change(None, pod("old", created="2020-01-01T00:00:00Z"))
    watcher._change(None, pod("new", created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))))

    assert [young for *_, young in watcher._reader.seen] == [False, True]


def test_unwanted_namespaces_are_left_alone(watch):
    watcher = watch(exclude_namespaces=("kube-system",))
    watcher._change(None, pod(namespace="kube-system"))

    assert watcher._reader.seen == []


def test_pods_that_went_away_meanwhile_are_said_unless_they_were_read_to_the_end(watch, source):
    watcher = watch(Entry(source("lost"), Progress(2)), Entry(source("done"), Progress(0, ended=True)))
    watcher._synced()

    assert watcher._reader.gaps == [
        ("uid-lost/main", True, "the end of the log of run 2 may be missing: its pod went away while no log was read")
    ]
    assert [(one.source.pod, one.progress.forgotten) for one in watcher._writer] == [("done", True)]


def test_its_identity_may_do_no_more_than_it_needs():
    rules = {
        (resource, verb, tuple(rule.get("resourceNames", ())))
        for manifest in manifests(ManifestOptions())
        for rule in manifest.get("rules", ())
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }

    assert rules == {
        ("pods", "get", ()), ("pods", "list", ()), ("pods", "watch", ()), ("pods/log", "get", ()),
        ("secrets", "get", ("sampan-logging",)),
    }  # fmt: skip


def test_the_client_is_not_imported_before_it_is_needed():
    code = """
import sys
import sampan_logging.plugin as plugin
plugin.contribute_components(), plugin.contribute_commands()
import sampan_logging.component
print("elasticsearch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_a_part_that_fails_ends_the_whole_and_is_told():
    ending = Shutdown(threading.Event())

    def part():
        raise RuntimeError("broken")

    ending.guard(part)

    assert ending.event.is_set()
    with pytest.raises(RuntimeError, match="broken"):
        ending.tell()


def test_being_told_to_stop_is_no_failure():
    stop = threading.Event()
    ending = Shutdown(stop)
    stop.set()

    assert ending.event.wait(60)
    ending.tell()


@given(st.binary(max_size=200))
def test_any_bytes_can_be_a_line(text):
    from sampan_logging.documents import actions
    from sampan_logging.entries import Source, bodies, decode, encode

    one = Entry(Source("d", "p", "u", "n", "c"), Progress(0), [(1, 0, text)])
    (found,) = [decode(body) for _, body in bodies(encode(one))]

    assert found == one
    assert next(actions(found, prefix="p", stream=False, cluster="", flat=True))["_source"]["message"] is not None
