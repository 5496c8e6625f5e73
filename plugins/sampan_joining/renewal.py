"""The component that keeps a joined node's certificates alive: each is requested again before it ends.

What uses them (clients, the agent's API) looks at the files and takes up what is new; nothing is restarted.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sampan.contracts.components import Running
from sampan.errors import ConfigError, SampanError, StatusError
from sampan_client import kubeconfig
from sampan_joining.certificates import Wanted, obtain, wait_on, write_identity, write_pair

log = logging.getLogger(__name__)

EARLIEST, SPREAD = 0.7, 0.2  # a certificate is renewed after 70 to 90 % of its life, as kubelet does
AGAIN = 30.0  # seconds after a failure
LONGEST = 3600.0  # seconds between two looks: clocks are set, machines sleep
ADMIN = "kubeconfig"


@dataclass(frozen=True)
class Held:
    """A certificate in the home: ``path`` is a kubeconfig, or a pair without its endings."""

    path: Path
    wanted: Wanted
    begins: float
    ends: float
    serving: bool = False


def due(begins: float, ends: float, chance: float) -> float:
    """When to renew, in seconds since the epoch. ``chance``: from 0 to 1; nodes that joined together ask apart."""
    return begins + (ends - begins) * (EARLIEST + SPREAD * chance)


def held(home: Path) -> list[Held]:
    """Of all components, and the serving one. What cannot be read is left out, and the log says so."""
    found = []
    for path in sorted((home / "kubeconfigs").iterdir()):
        try:
            found.append(_held(path, kubeconfig.load(path).certificate))
        except (ConfigError, ValueError) as error:
            if not path.name.startswith("."):  # a draft of one that is being written
                log.warning("%s is not renewed: %s", path, error)
    try:
        found.append(_held(home / "pki" / "kubelet", (home / "pki" / "kubelet.crt").read_bytes(), serving=True))
    except (OSError, ValueError) as error:
        log.warning("the serving certificate of this node is not renewed: %s", error)
    return found


def _held(path: Path, certificate: bytes, *, serving: bool = False) -> Held:
    from sampan_pki.issuing import identity_of

    user, groups, names, begins, ends = identity_of(certificate)
    return Held(path, Wanted(user, groups, names if serving else ()), begins, ends, serving)


class Renewal:
    """``look`` renews what is due and says when to look again."""

    def __init__(
        self, running: Running, clock: Callable[[], float] = time.time, chance: Callable[[], float] = random.random
    ) -> None:
        self._running, self._clock = running, clock
        self._home = Path(running.options.home)
        self._chance = chance()
        self.renewed = 0

    def look(self) -> float:
        """Seconds until the next look."""
        now, nexts, failed = self._clock(), [LONGEST], ""
        for each in held(self._home):
            when = due(each.begins, each.ends, self._chance)
            if when > now:
                nexts.append(when - now)
                continue
            try:
                self._renew(each)
                nexts.append(0.0)  # the new one may be short
            except (SampanError, StatusError, ConnectionError, OSError) as error:
                log.warning("the certificate of %s is not renewed, trying again: %s", each.wanted.user, error)
                left = max(0.0, each.ends - now)
                failed = (
                    f"the certificate of {each.wanted.user} ends in {left / 3600:.1f} h and is not renewed: {error}"
                )
                nexts.append(AGAIN)
        if failed:
            self._running.failing(failed)
        else:
            self._running.ready("certificates are renewed before they end")
        return min(nexts)

    def _renew(self, each: Held) -> None:
        issued = obtain(self._running.client, each.wanted, wait=wait_on(self._running.stop))
        if each.serving:
            write_pair(each.path, issued)
        else:
            config = kubeconfig.load(each.path)
            also = [self._home / ADMIN] if each.path.name == "node" else []
            write_identity([each.path, *also], config.server, config.ca, each.wanted.user, issued)
        self.renewed += 1
        log.info("renewed the certificate of %s%s", each.wanted.user, " that it serves with" if each.serving else "")


def run(running: Running) -> None:
    """Run until stopped."""
    renewal = Renewal(running)
    while not running.stop.wait(max(1.0, renewal.look())):
        pass
