"""What is wrong with the keys and certificates of a directory, without changing any: for `sampan doctor`.

Says of each trust root what ``authority.ensure`` would refuse to start with, in the same words. A leaf that is damaged
is issued again by the next start. Nothing is taken from the record of verified files: a look is a whole one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sampan.errors import ConfigError
from sampan_pki import authority, reading, soundness

AUTHORITIES = (("ca", "server"), ("front-proxy-ca", "front-proxy-client"))  # each with the first leaf that it signed
_OF_FRONT_PROXY = ("front-proxy-client", "nginx-client")


class Damage(NamedTuple):
    """A sentence with the file and the way out. ``heals``: the next start puts it right by itself."""

    sentence: str
    heals: bool


def damages(directory: str | Path) -> Iterator[Damage]:
    """Everything that is wrong with the files there; nothing of a directory that no start has filled."""
    root = Path(directory)
    if not root.is_dir():
        return
    roots = True
    for name, leaf in AUTHORITIES:
        for damage in _of_authority(root, name, leaf):
            roots = False
            yield damage
    yield from _of_signing_keys(root)
    if roots:  # else each leaf would be told to be signed by another
        yield from _of_leaves(root)


def _of_authority(root: Path, name: str, leaf: str) -> Iterator[Damage]:
    files = root / f"{name}.crt", root / f"{name}.key"
    try:
        there = soundness.present(files)
    except ConfigError as error:
        yield Damage(str(error), heals=False)
        return
    if len(there) == 2:
        problem = soundness.problem_of_authority(*files)
    elif (root / f"{leaf}.crt").exists():
        missing = next(file for file in files if file not in there)
        problem = (missing, f"it is missing, though {leaf}.crt was signed with it")
    elif there == [files[0]]:  # a machine that has joined another's cluster has no key of the authority
        problem = soundness.problem_of_certificate(files[0])
    else:
        return
    if problem is not None:
        yield Damage(str(authority.refusal_of(*problem, root)), heals=False)
    elif reading.certificate(files[0]).not_after <= time.time():
        yield Damage(f"{files[0]} has expired; the next start replaces it, and clients need the new kubeconfig", True)


def _of_signing_keys(root: Path) -> Iterator[Damage]:
    private, public = root / "sa.key", root / "sa.pub"
    try:
        there = soundness.present((private, public))
    except ConfigError as error:
        yield Damage(str(error), heals=False)
        return
    if there == [public]:
        yield Damage(str(soundness.refusal_of_missing_key(private, public)), heals=False)
    elif not there and (root / "server.crt").exists():
        yield Damage(f"{private}: it is missing; the next start makes another, and every token stops working", True)
    elif there == [private] and (problem := soundness.problem_of_private_key(private)) is not None:
        yield Damage(str(authority.refusal_of(*problem, root)), heals=False)
    elif len(there) == 2 and (problem := soundness.problem_of_signing_keys(private, public)) is not None:
        file, why = problem
        refusal = authority.refusal_of(file, why, root)
        if file == public:
            refusal = soundness.refusal(file, why, soundness.MADE_FROM_PRIVATE)
        yield Damage(str(refusal), heals=False)


def _of_leaves(root: Path) -> Iterator[Damage]:
    """Those that were issued here; the serving certificate of a machine that has joined is verified all the same."""
    pairs = sorted({path.with_suffix("") for pattern in ("*.crt", "clients/*.crt") for path in root.glob(pattern)})
    for pair in pairs:
        name, files = pair.name, (pair.with_name(f"{pair.name}.crt"), pair.with_name(f"{pair.name}.key"))
        if name in ("client-ca", *(each for each, _ in AUTHORITIES)) or name.startswith("."):
            continue
        issuer = root / ("front-proxy-ca.crt" if name in _OF_FRONT_PROXY else "ca.crt")
        try:
            there = soundness.present((*files, issuer))
        except ConfigError as error:
            yield Damage(str(error), heals=False)
            continue
        problem = None if len(there) < 3 else soundness.problem_of_leaf(*files, issuer)
        if files[1] not in there:
            problem = (files[1], "it is missing")
        if problem is not None:
            can = (root / "ca.key").exists()
            way = "the next start issues it again" if can else "remove both, and join the cluster again"
            yield Damage(f"{problem[0]}: {problem[1]}; {way}", heals=can)
