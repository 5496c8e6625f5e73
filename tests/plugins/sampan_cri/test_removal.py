from __future__ import annotations

import pytest

from sampan_cri import removal
from sampan_cri.client import CriFailure

EARLY = 'failed to set removing state for container "a": container is still running, to stop first'


class Runtime:
    """Notices the end of a container at a time of its clock, which moves while others sleep."""

    def __init__(self, notices_at, words=EARLY):
        self.now, self.notices_at, self.words = 0.0, notices_at, words
        self.asked = []

    def stop(self):
        self.asked.append("stop")

    def remove(self):
        self.asked.append("remove")
        if self.now < self.notices_at:
            raise CriFailure("RemoveContainerError", self.words, "UNKNOWN")

    def sleep(self, seconds):
        self.now += seconds

    def try_it(self):
        removal.remove(self.stop, self.remove, clock=lambda: self.now, sleep=self.sleep)


def test_a_container_is_removed_at_once_or_when_its_end_is_noticed():
    quick, slow = Runtime(0), Runtime(1.0)
    quick.try_it()
    slow.try_it()

    assert quick.asked == ["stop", "remove"]
    assert slow.now >= 1.0 and slow.asked == ["stop", "remove"] * (len(slow.asked) // 2)


def test_a_runtime_that_never_notices_and_other_refusals_are_told():
    never, other = Runtime(removal.PATIENCE * 2), Runtime(1.0, "permission denied")
    with pytest.raises(CriFailure, match="still running"):
        never.try_it()
    with pytest.raises(CriFailure, match="permission denied"):
        other.try_it()

    assert removal.PATIENCE <= never.now < removal.PATIENCE + 1 and other.now == 0
