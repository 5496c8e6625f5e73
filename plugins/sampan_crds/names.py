"""Which names a definition gets: those that no other definition of its group has.

Pure: all definitions in, for each its accepted names and the condition NamesAccepted. Those that have no names yet are
taken in the order in which they were created. Source: apiextensions-apiserver, naming_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_crds.definitions import NAMES_ACCEPTED, accepted_of, condition, group_of, names_of

Names = Mapping[str, Any]
_RESOURCES, _KINDS = ("plural", "singular"), ("kind", "listKind")
_REASONS = {
    "plural": "PluralConflict", "singular": "SingularConflict", "kind": "KindConflict", "listKind": "ListKindConflict",
}  # fmt: skip
_FINE = {"status": "True", "reason": "NoConflicts", "message": "no conflicts found"}


class Naming(NamedTuple):
    accepted: Names
    condition: Object | None  # None: as it was

    @property
    def is_good(self) -> bool:
        return self.condition is None or self.condition["status"] == "True"


def namings(definitions: Iterable[Object]) -> dict[str, Naming]:
    """By the definitions' names."""
    crds = sorted(
        definitions, key=lambda crd: (crd["metadata"].get("creationTimestamp") or "", crd["metadata"]["name"])
    )
    taken = {crd["metadata"]["name"]: accepted_of(crd) for crd in crds}
    groups: dict[str, list[str]] = {}
    for crd in crds:
        groups.setdefault(group_of(crd), []).append(crd["metadata"]["name"])
    found: dict[str, Naming] = {}
    for crd in crds:
        name = crd["metadata"]["name"]
        if _plain(names_of(crd)) == _plain(accepted_of(crd)):
            known = condition(crd, NAMES_ACCEPTED)
            found[name] = Naming(accepted_of(crd), None if known else {"type": NAMES_ACCEPTED, **_FINE})
            continue
        found[name] = _naming(crd, [taken[each] for each in groups[group_of(crd)]])
        taken[name] = found[name].accepted
    return found


def _plain(names: Names) -> Names:
    return {word: value for word, value in names.items() if value}


def _naming(crd: Object, taken: Iterable[Names]) -> Naming:
    wanted, has = names_of(crd), accepted_of(crd)
    used = list(taken)
    resources = {name for names in used for name in (*map(names.get, _RESOURCES), *(names.get("shortNames") or ()))}
    kinds = {name for names in used for name in map(names.get, _KINDS)}
    accepted = dict(has)
    wrong: dict[str, str] = {}
    for word in (*_RESOURCES, "shortNames", *_KINDS):
        if word == "shortNames":
            mine = set(has.get(word) or ())
            clash = [name for name in wanted.get(word) or () if name not in mine and name in resources]
            text = _joined([f'"{name}" is already in use' for name in clash])
            reason = "ShortNamesConflict"
        else:
            name = wanted.get(word)
            busy = name != has.get(word) and name in (resources if word in _RESOURCES else kinds)
            text, reason = (f'"{name}" is already in use' if busy else ""), _REASONS[word]
        if text:
            wrong = {"status": "False", "reason": reason, "message": text}
        else:
            _take(accepted, wanted, word)
    _take(accepted, wanted, "categories")
    return Naming(accepted, {"type": NAMES_ACCEPTED, **(wrong or _FINE)})


def _take(accepted: dict[str, Any], wanted: Names, word: str) -> None:
    if wanted.get(word):
        accepted[word] = wanted[word]
    else:
        accepted.pop(word, None)


def _joined(errors: list[str]) -> str:
    return errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]" if errors else ""
