"""The settings' bounds."""

from __future__ import annotations

import pytest

from sampan.errors import ConfigError
from sampan_scheduler.settings import Settings


def test_without_any_the_usual_pods_are_scheduled() -> None:
    assert Settings() == Settings(names=("default-scheduler",), config="")


@pytest.mark.parametrize("given", [{"names": ()}, {"names": ("Not A Name",)}, {"config": "scheduler.yaml"}])
def test_what_cannot_be_is_refused_by_name(given: dict[str, object]) -> None:
    with pytest.raises((ConfigError, ValueError), match=next(iter(given))):
        Settings(**given)  # type: ignore[arg-type]
