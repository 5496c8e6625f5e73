"""The `sampan` command of the machine that the dashboard runs on, for pages that switch and configure add-ons.

Each call is a process of its own: argv lists, never a shell, and its memory goes with it. It acts as the operating
system's user who runs the cluster, so only a user who may do everything in the cluster gets here (``require_all``).
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from sampan.errors import BadGateway, BadRequest, Forbidden
from sampan_dashboard.accounts import Account
from sampan_dashboard.permissions import everything

log = logging.getLogger(__name__)

SECONDS = 120.0  # that a command may take: enabling waits until the add-on works
MAIN = "from sampan_operate.cli import main; main()"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")  # of an add-on: no path and no option


class Done(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """What it said, for people."""
        return "\n".join(filter(None, (self.out.strip(), self.err.strip().removeprefix("sampan: "))))


class Runs(Protocol):
    """Raises OSError, or TimeoutError where it takes too long."""

    def __call__(self, argv: Sequence[str]) -> Done: ...


def run(argv: Sequence[str]) -> Done:
    environ = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
    try:
        found = subprocess.run(
            [sys.executable, "-c", MAIN, *argv], capture_output=True, text=True, errors="replace", timeout=SECONDS,
            stdin=subprocess.DEVNULL, env=environ, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"`sampan {' '.join(argv)}` has not ended after {SECONDS:g} s") from error
    return Done(found.returncode, found.stdout, found.stderr)


class Operator:
    """Of one home."""

    def __init__(self, home: str, runs: Runs = run) -> None:
        self._home, self._runs = home, runs

    def addons(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._read("addons", "list", "-o", "json")
        return found

    def plugins(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._read("plugins", "list", "-o", "json")
        return found

    def settings(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._read("addons", "configure", checked(name), "-o", "json")
        return found

    def diff(self, name: str) -> tuple[str, str]:
        """Users' edits of what it ships, and why that is not known."""
        done = self._call("addons", "diff", checked(name))
        return (done.out, "") if done.code in (0, 1) and not done.err else ("", done.words)

    def change(self, user: str, verb: str, name: str, *words: str) -> Done:
        """``verb``: enable, disable, configure or reset; ``words``: KEY=VALUE or KEY-."""
        given = ("--", *words) if words else ()
        log.info("dashboard: %s does `sampan addons %s %s`", user, verb, " ".join((name, *map(_key, words))))
        return self._call("addons", verb, *(("--yes",) if verb == "reset" else ()), checked(name), *given)

    def _read(self, *argv: str) -> Any:
        done = self._call(*argv)
        try:
            return json.loads(done.out)
        except ValueError as error:
            raise BadGateway(f"`sampan {' '.join(argv)}`: {done.words or 'it said nothing'}") from error

    def _call(self, *argv: str) -> Done:
        return self._runs(["--home", self._home, *argv])


def _key(word: str) -> str:
    """A setting without its value, which may be a secret."""
    return word.partition("=")[0]


def checked(name: str) -> str:
    """Raises BadRequest for what cannot be the name of an add-on."""
    if not NAME.fullmatch(name):
        raise BadRequest(f"{name!r} is no name of an add-on")
    return name


def may_operate(account: Account) -> bool:
    return everything(account.client)


def require_all(account: Account) -> None:
    """Raises Forbidden."""
    if not may_operate(account):
        raise Forbidden(
            "add-ons act on the machine that the cluster runs on: only a user who may do everything in the cluster "
            "(ClusterRole cluster-admin) may switch them here"
        )
