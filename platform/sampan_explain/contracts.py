"""What a plugin brings to explain objects of its kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sampan.contracts.resources import Object
    from sampan_explain.causes import Cause
    from sampan_explain.objects import Objects


@dataclass(frozen=True, kw_only=True)
class Explainer:
    """Says why objects of one kind are as they are."""

    group: str  # "" for the core group
    kind: str
    #: (object, objects) → causes, the first one to mend first; nothing where all is well. Pure: whatever else it has to
    #: know it asks of ``objects``, whose ``now`` is the time. It is called again when what it asked for was read.
    explain: Callable[[Object, Objects], Iterable[Cause]]
