"""Applies a configuration: writes it, tests it, puts it in place, reloads nginx, and checks that nginx serves it.

Where the whole does not pass nginx's own test, the Ingresses it is because of are found and left out, and remembered
until they change. Runs on one thread; must not know where Ingresses come from.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sampan_ingress.building import BuildResult, Fallbacks, IngressWarning, ParsedIngress, lay_over
from sampan_ingress.certificates import write_private
from sampan_ingress.directives import written
from sampan_ingress.model import Certificate, Configuration
from sampan_ingress.nginx import BadConfiguration, Nginx, wait_for
from sampan_ingress.observed import Key
from sampan_ingress.rendering import GENERATION, NginxPlace, rendered

log = logging.getLogger(__name__)

TAKES = 60.0  # seconds that nginx has to take a configuration over: thousands of certificates take their time
_MARK = "generation-of-this-file"
_LONGEST_REASON = 300
_BEFORE = re.compile(r"^.*?\[emerg\] (?:\d+#\d+: )?")
_AFTER = re.compile(r" in candidate\.conf:\d+$")


@dataclass(frozen=True)
class ApplyResult:
    """What came of it."""

    configuration: Configuration
    complaints: tuple[IngressWarning, ...]
    changed: bool  # nginx was told something new
    in_force: bool  # and says that it does it


@dataclass
class Applier:
    """``reloaded`` is told whether nginx took it over, each time it was told something new."""

    nginx: Nginx
    place: NginxPlace
    stop: threading.Event
    reloaded: Callable[[bool], None] = lambda taken: None
    most_draining: int = 0  # workers that only finish old connections; 0: any number
    _refused: dict[Key, tuple[ParsedIngress, str]] = field(default_factory=dict)
    _text: str = ""  # in place

    def resume(self) -> bool:
        """Start with what was in place when this add-on ran last, if it is for the same place; whether it was."""
        try:
            text = self.nginx.conf.read_text()
        except OSError:
            return False
        if text.partition("\n")[0] != _head(self.place):
            return False
        try:
            self.nginx.test(self.nginx.conf)
        except BadConfiguration as error:
            log.info("what was in force before cannot be used again: %s", error)
            return False
        self._text = text
        self.restart()
        return True

    def apply(self, parts: Sequence[ParsedIngress], fallbacks: Fallbacks) -> ApplyResult:
        """Raises BadConfiguration when not even a configuration without Ingresses is taken."""
        current = {part.key: part for part in parts}
        self._refused = {key: known for key, known in self._refused.items() if current.get(key) == known[0]}
        built = lay_over(parts, fallbacks, without=self._refused)
        text = self._text_of(built)
        changed = text != self._text
        if changed:
            try:
                self._test(built, text)
            except BadConfiguration:
                built = self._without_the_bad(parts, fallbacks)
                text = self._text_of(built)
                changed = text != self._text
        complaints = (*built.complaints, *self._complaints())
        if self.stop.is_set():  # perhaps in the midst of finding the bad ones: what is in place is better
            return ApplyResult(built.configuration, complaints, False, False)
        if not changed:
            return ApplyResult(built.configuration, complaints, False, self.nginx.alive)
        self._put_in_place(text)
        taken = self._take_over()
        self.reloaded(taken)
        if taken:
            self._forget_certificates(built.configuration.certificates)
        return ApplyResult(built.configuration, complaints, True, taken)

    def restart(self) -> bool:
        """Start nginx with what is in place; whether it answers."""
        Path(self.place.socket).unlink(
            missing_ok=True
        )  # a master that was killed leaves it, and could not listen again
        self.nginx.start()
        return self._wait(self._text)

    def _take_over(self) -> bool:
        if not self.nginx.alive:
            return self.restart()
        before = self.nginx.accepting()
        self.nginx.reload()
        return self._wait(self._text) and self._left(before)

    def _left(self, workers: set[int]) -> bool:
        """Wait until those take nothing new: nginx lets old and new ones work side by side for a moment."""
        deadline = time.monotonic() + TAKES
        while workers & self.nginx.accepting():
            if time.monotonic() > deadline or self.stop.is_set():
                return False
            self.stop.wait(0.01)
        if self.most_draining and (ended := self.nginx.trim(self.most_draining)):
            log.warning("%d old workers are ended with the connections they had: more than most_draining", ended)
        return True

    def _wait(self, text: str) -> bool:
        began = time.monotonic()
        taken = wait_for(self.place.socket, GENERATION, _generation(text), seconds=TAKES, stop=self.stop)
        log.debug("nginx took %.0f ms to take over", (time.monotonic() - began) * 1000)
        return taken

    def _text_of(self, built: BuildResult) -> str:
        body = written(rendered(built.configuration, self.place, _MARK))
        return f"{_head(self.place)}\n{body.replace(_MARK, _digest(body), 1)}"

    def _test(self, built: BuildResult, text: str) -> None:
        self._write_certificates(built.configuration.certificates)
        candidate = self.nginx.conf.with_name("candidate.conf")
        write_private(candidate, text.encode())
        self.nginx.test(candidate)

    def _without_the_bad(self, parts: Sequence[ParsedIngress], fallbacks: Fallbacks) -> BuildResult:
        """Add them in halves of halves; what does not pass alone on top of the good ones is refused."""
        everyone = {part.key for part in parts}
        built = lay_over(parts, fallbacks, without=everyone)
        self._test(built, self._text_of(built))  # raises where no Ingress is the reason
        good: set[Key] = set()

        def add(batch: Sequence[ParsedIngress]) -> None:
            if self.stop.is_set() or not batch:
                return
            wanted = good | {part.key for part in batch}
            attempt = lay_over(parts, fallbacks, without=everyone - wanted)
            try:
                self._test(attempt, self._text_of(attempt))
            except BadConfiguration as error:
                if len(batch) > 1:
                    middle = len(batch) // 2
                    add(batch[:middle])
                    add(batch[middle:])
                else:
                    self._refused[batch[0].key] = (batch[0], self._shortened(str(error)))
            else:
                good.update(wanted)

        add([part for part in parts if part.key not in self._refused])
        return lay_over(parts, fallbacks, without=everyone - good)

    def _complaints(self) -> Iterable[IngressWarning]:
        return [
            IngressWarning(key, "Rejected", f"not served: nginx refuses it: {reason}")
            for key, (_, reason) in self._refused.items()
        ]

    def _shortened(self, text: str) -> str:
        """The first sentence of nginx's complaint, without time, process and our paths: the same again for the same."""
        first = text.partition("\n")[0].replace(f"{self.place.folder}/", "")
        return _BEFORE.sub("", _AFTER.sub("", first))[:_LONGEST_REASON]

    def _put_in_place(self, text: str) -> None:
        write_private(self.nginx.conf, text.encode())
        self._text = text

    def _write_certificates(self, certificates: Iterable[Certificate]) -> None:
        for one in certificates:
            path = Path(self.place.certificate(one.name))
            if not path.exists():
                write_private(path, one.pem)

    def _forget_certificates(self, kept: Collection[Certificate]) -> None:
        """Files of keys that are not used any more."""
        names = {f"{one.name}.pem" for one in kept}
        for entry in os.scandir(Path(self.place.folder) / "certificates"):
            if entry.name not in names:
                Path(entry.path).unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _head(place: NginxPlace) -> str:
    """The first line: a file for another place, or of another version of these rules, is not used again."""
    return f"# made by sampan for {_digest(repr(place))}"


def _generation(text: str) -> str:
    """What a file answers when it is asked which one it is."""
    _, found, rest = text.partition(f"location = {GENERATION} {{")
    return rest.split("return 200 ", 1)[1].split(";", 1)[0] if found else ""
