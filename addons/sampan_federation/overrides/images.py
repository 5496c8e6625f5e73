"""Image references, in the parts that an imageOverrider names: Registry, Repository, Tag.

Source: the grammar of the OCI distribution reference (registry/repository:tag@digest); Karmada's documentation,
"Override Policy". Pure functions.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sampan_federation.overrides.refusals import OverrideFailed

_TAG = re.compile(r"[\w][\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}", re.ASCII)


class Image(NamedTuple):
    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        name = (
            f"{self.registry}/{self.repository}"
            if self.registry and self.repository
            else self.registry + self.repository
        )
        return name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def parse(text: str) -> Image:
    """The first part is a registry if it holds a dot or a colon, or is localhost."""
    name, _, digest = text.partition("@")
    first, slash, rest = name.partition("/")
    registry = first if slash and (first == "localhost" or "." in first or ":" in first) else ""
    path = rest if registry else name
    repository, _, tag = path.partition(":")
    if not repository or (tag and not _TAG.fullmatch(tag)) or (digest and not _DIGEST.fullmatch(digest)):
        raise OverrideFailed(f"the image {text[:200]!r} is no image reference")
    return Image(registry, repository, tag, digest)


def overridden(text: str, component: str, operator: str, value: str) -> str:
    """The image with one component changed. ``add`` appends to what is there, ``replace`` sets, ``remove`` removes.

    A new tag removes a digest, which would pin the former image; where only registry or repository change, both stay.
    """
    image = parse(text)
    if operator not in ("add", "replace", "remove"):
        raise OverrideFailed(f"operator: {operator!r} is none of add, replace, remove")
    if component == "Registry":
        return str(image._replace(registry=_changed(image.registry, operator, value)))
    if component == "Repository":
        repository = _changed(image.repository, operator, value)
        if not repository:
            raise OverrideFailed(f"without its repository nothing is left of the image {text!r}")
        return str(image._replace(repository=repository))
    if component == "Tag":
        new = _changed(image.digest or image.tag, operator, value)
        if not new or _TAG.fullmatch(new):
            return str(image._replace(tag=new, digest=""))
        if _DIGEST.fullmatch(new):
            return str(image._replace(tag="", digest=new))
        raise OverrideFailed(f"value: {new[:200]!r} is neither a tag nor a digest")
    raise OverrideFailed(f"component: {component!r} is none of Registry, Repository, Tag")


def _changed(present: str, operator: str, value: str) -> str:
    return "" if operator == "remove" else present + value if operator == "add" else value
