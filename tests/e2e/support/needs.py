"""Everything that tests fetch or build and then share, made before pytest starts.

tools/install-test-needs runs it. What cannot be had is one line each, with the way out; the tests that want it fail.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable

import clusters
import elastic

#: Modules that tests import and that come with the extra dev, as (module, package).
MODULES = (("kubernetes", "kubernetes"), ("grpc", "grpcio"), ("psycopg", "psycopg[binary]"), ("xdist", "pytest-xdist"))


def images() -> None:
    """The image of busybox, where a Docker daemon answers."""
    if clusters.docker_answers():
        clusters.import_busybox()
    elif os.geteuid() == 0:
        raise RuntimeError("no Docker daemon answers; start dockerd, and see /tmp/sampan-dockerd.log where that fails")


def modules() -> None:
    if missing := [package for name, package in MODULES if importlib.util.find_spec(name) is None]:
        raise RuntimeError(f"{', '.join(missing)}: rm .venv/dev && make .venv/dev")


def commands() -> None:
    """Those that a test cannot do without and that tools/install-test-needs could not install."""
    wanted = {
        "nginx": "nginx-light",
        "curl": "curl",
        "etcd": "etcd-server",
        "busybox": "busybox-static",
        "dig": "dnsutils",
    }
    path = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
    if missing := [package for name, package in wanted.items() if shutil.which(name, path=path) is None]:
        raise RuntimeError(f"apt-get install {' '.join(missing)}")


#: What a person would call it, and how it is had.
NEEDS: tuple[tuple[str, Callable[[], object]], ...] = (
    ("kubectl and helm", clusters.fetched_tools),
    ("Elasticsearch", elastic.archive),
    ("the busybox image", images),
    ("Python packages", modules),
    ("commands", commands),
)


def missing(needs: tuple[tuple[str, Callable[[], object]], ...] = NEEDS) -> list[str]:
    """A line for each thing that cannot be had."""
    found = []
    for name, make in needs:
        try:
            make()
        except Exception as error:
            found.append(f"missing: {name}: {(str(error).strip() or type(error).__name__).splitlines()[-1]}")
    return found


if __name__ == "__main__":
    for line in missing():
        print(line, file=sys.stderr)
