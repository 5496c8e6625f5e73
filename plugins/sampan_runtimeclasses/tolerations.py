"""Joining tolerations: those that another covers are left out. Source: upstream's merge (meaning only)."""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.kinds import Object


def merged(first: Sequence[Object], second: Sequence[Object]) -> list[Object]:
    """All of both; of equal ones the first, and none that another one covers."""
    everything = [*first, *second]
    kept: list[Object] = []
    for index, each in enumerate(everything):
        later = (other for other in everything[index + 1 :] if other != each)
        if not any(covers(other, each) for other in kept) and not any(covers(other, each) for other in later):
            kept.append(each)
    return kept


def covers(wide: Object, narrow: Object) -> bool:
    """Whether ``wide`` tolerates all that ``narrow`` does, for as long."""
    if wide == narrow:
        return True
    exists = wide.get("operator") == "Exists"
    key, effect = wide.get("key") or "", wide.get("effect") or ""
    if key != (narrow.get("key") or "") and (key or not exists):
        return False
    if effect and effect != (narrow.get("effect") or ""):
        return False
    seconds = wide.get("tolerationSeconds")
    if effect == "NoExecute" and seconds is not None:
        least = narrow.get("tolerationSeconds")
        if least is None or least > seconds:
            return False
    return exists or (_operator(wide) == _operator(narrow) and (wide.get("value") or "") == (narrow.get("value") or ""))


def _operator(toleration: Object) -> str:
    return toleration.get("operator") or "Equal"
