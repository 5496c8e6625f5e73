"""/livez, /readyz, /healthz and /version. Source: Kubernetes API health endpoints."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable

from sampan import KUBERNETES_MINOR, KUBERNETES_VERSION, __version__
from sampan.contracts.serving import Answer
from sampan_server.request.encoding import encode_json
from sampan_server.request.request import Request
from sampan_server.request.statuses import no_such_path

log = logging.getLogger(__name__)

WITHHELD = "reason withheld"  # as upstream says it to everybody

#: Says whether something is well, or in words why not ("" is well); raising means it is not.
Check = Callable[[], bool | str]


class Health:
    """Named checks; readiness has more of them than liveness."""

    def __init__(self, live: dict[str, Check], ready: dict[str, Check]) -> None:
        everything = {**live, **ready}
        self._failing: dict[str, str] = {}  # what was logged of each check: anybody may ask, and again and again
        self._checks = {"/livez": live, "/readyz": everything, "/healthz": everything}

    def __call__(self, request: Request) -> Answer:
        root, _, single = request.path.strip("/").partition("/")
        checks = self._checks[f"/{root}"]
        if single:
            if single not in checks:
                raise no_such_path()
            checks = {single: checks[single]}
        excluded = set(request.query.get("exclude", ()))
        results = {name: "" if name in excluded else self._asked(name, check) for name, check in checks.items()}
        well = not any(results.values())
        if well and "verbose" not in request.query:
            return _text(200, "ok")
        lines = [f"[-]{name} failed: {why}" if why else f"[+]{name} ok" for name, why in results.items()]
        lines.append(f"{root} check {'passed' if well else 'failed'}")
        return _text(200 if well else 500, "\n".join(lines) + "\n")

    def paths(self) -> list[str]:
        """All of them, those of single checks too."""
        return [
            path for root, checks in self._checks.items() for path in (root, *(f"{root}/{name}" for name in checks))
        ]

    def _asked(self, name: str, check: Check) -> str:
        """Why it fails, "" where it does not; logged when that changes."""
        try:
            answer = check()
            why = answer if isinstance(answer, str) else "" if answer else WITHHELD
            known = why
        except Exception as error:
            why, known = WITHHELD, f"{type(error).__name__}: {error}"
        if known != self._failing.get(name, ""):
            self._failing[name] = known
            log.log(logging.WARNING if why else logging.INFO, "health check %s %s", name, known or "is well again")
        return why


def version(request: Request) -> Answer:
    commit = "0" * 40
    return Answer(
        200,
        encode_json(
            {
                "major": "1",
                "minor": str(KUBERNETES_MINOR),
                "gitVersion": f"{KUBERNETES_VERSION}+sampan-{__version__}",
                "gitCommit": commit,
                "gitTreeState": "clean",
                "buildDate": "1970-01-01T00:00:00Z",
                "goVersion": f"python{platform.python_version()}",
                "compiler": platform.python_implementation().lower(),
                "platform": f"linux/{_architecture()}",
            }
        ),
    )


def _architecture() -> str:
    machine = platform.machine()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def _text(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), "text/plain; charset=utf-8", [("X-Content-Type-Options", "nosniff")])
