"""What plugins want in place before a pod's containers start: asked once for each sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sampan.contracts.components import Contributed
from sampan.contracts.kinds import Object
from sampan_runtime.contracts import RuntimeFailure, Sandbox, SandboxGuard

SECONDS = 30.0  # that a third party's guard may take


class SandboxGuards:
    """Remembers for which sandbox of a pod all guards have agreed."""

    def __init__(self, answers: Iterable[Contributed[Sequence[SandboxGuard]]] = ()) -> None:
        self._guards: list[tuple[str, Callable[[Object, Sandbox], None]]] = [
            (guard.name, _isolated(found, guard)) for found in answers for guard in found.answer
        ]
        self._agreed: dict[str, str] = {}  # pod's uid → sandbox's id

    def prepare(self, pod: Object, sandbox: Sandbox) -> None:
        """Raises RuntimeFailure where one of them holds the containers back."""
        if self._agreed.get(sandbox.uid) == sandbox.id:
            return
        for name, prepare in self._guards:
            try:
                prepare(pod, sandbox)
            except RuntimeFailure:
                raise
            except Exception as error:
                raise RuntimeFailure("CreateContainerError", f"guard {name}: {error}") from error
        self._agreed[sandbox.uid] = sandbox.id

    def forget(self, uid: str) -> None:
        self._agreed.pop(uid, None)


def _isolated(found: Contributed[Sequence[SandboxGuard]], guard: SandboxGuard) -> Callable[[Object, Sandbox], None]:
    isolation = found.isolation
    if isolation is None:
        return guard.prepare

    def prepare(pod: Object, sandbox: Sandbox) -> None:
        isolation.call("sandbox guard", lambda: guard.prepare(pod, sandbox), seconds=SECONDS, passes=(RuntimeFailure,))

    return prepare
