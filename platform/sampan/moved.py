"""Former module names of sampan 0.1: imports of them lead to where the module is now, with a DeprecationWarning.

For plugins and deployments that were written before the platform's parts became packages of their own.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

#: Former name: new name, each for the module and all below it. The longest that fits counts.
MOVED = {
    "sampan.apiserver": "sampan_server",
    "sampan.apiserver.worker": "sampan_http",
    "sampan.client": "sampan_client",
    "sampan.client.forwarding": "sampan_forwarding.forwarding",
    "sampan.client.shipping": "sampan_shipping",
    "sampan.client.splicing": "sampan_forwarding.splicing",
    "sampan.contracts.runtime": "sampan_runtime.contracts",
    "sampan.contracts.scheduling": "sampan_scheduling.contracts",
    "sampan.objects": "sampan_machinery",
    "sampan.objects.pods": "sampan_podspec",
    "sampan.pki": "sampan_pki",
    "sampan.testing": "sampan_testing",
}


def new_name(name: str) -> str:
    """Where a module is now; "" for a name that was never one of these."""
    for former in sorted(MOVED, key=len, reverse=True):
        if name == former or name.startswith(former + "."):
            return MOVED[former] + name[len(former) :]
    return ""


class _Alias(Loader):
    """Gives the module of another name, untouched."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # the import system has just set the alias's


class FormerNames(MetaPathFinder):
    """Asked after all other finders: costs nothing where a module is found."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        name = new_name(fullname)
        if not name:
            return None
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            return None
        warnings.warn(f"{fullname} is {name} now", DeprecationWarning, stacklevel=2)
        return importlib.util.spec_from_loader(fullname, _Alias(module), is_package=hasattr(module, "__path__"))


def install() -> None:
    """Let imports of the former names work in this process."""
    if not any(isinstance(finder, FormerNames) for finder in sys.meta_path):
        sys.meta_path.append(FormerNames())
