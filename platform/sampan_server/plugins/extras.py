"""Libraries that one plugin alone needs: the extra of its distribution that is named after the plugin.

Read from the distribution's metadata, so that it is known before the plugin is imported, and what the sentence says is
what pip takes. Nothing is imported here.
"""

from __future__ import annotations

import functools
import re
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution

#: ``docker>=7.1; extra == "docker"``. With a further marker (python_version …) a requirement is not looked at: the
#: import tells, and evaluating markers would cost every process the import of ``packaging``.
_REQUIREMENT = re.compile(r"""^([A-Za-z0-9][A-Za-z0-9._-]*)[^;]*;\s*extra\s*==\s*["']([^"']+)["']\s*$""")


def lacking(point: EntryPoint) -> str:
    """What the plugin's extra names and is not installed, as a sentence with the way out; "" where nothing is."""
    if point.dist is None:
        return ""
    wanted = _extras(point.dist).get(_normal(point.name), ())
    missing = [name for name in wanted if not _is_installed(name)]
    if not missing:
        return ""
    verb = "is" if len(missing) == 1 else "are"
    return (
        f"needs {' and '.join(missing)}, which {verb} not installed: pip install '{point.dist.name}[{point.name}]' "
        "and start again"
    )


@functools.lru_cache(maxsize=16)
def _extras(dist: Distribution) -> dict[str, tuple[str, ...]]:
    """The distributions that each extra names."""
    found: dict[str, tuple[str, ...]] = {}
    for line in dist.requires or ():
        if match := _REQUIREMENT.match(line):
            extra = _normal(match[2])
            found[extra] = (*found.get(extra, ()), match[1])
    return found


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
