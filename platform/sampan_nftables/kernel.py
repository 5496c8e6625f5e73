"""Applies nftables scripts: by its library in this process (0.2 ms a change), or by the nft command (20 ms)."""

from __future__ import annotations

import ctypes
import logging
import shutil
import subprocess
from typing import Protocol

from sampan.errors import SampanError

log = logging.getLogger(__name__)

LIBRARY = "libnftables.so.1"


class ScriptRefused(SampanError):
    """nftables refused a script; nothing of it was applied."""


class Kernel(Protocol):
    def run(self, script: str) -> None:
        """Apply all of the script or nothing; raises ScriptRefused."""


class NftLibrary:
    """libnftables through ctypes."""

    def __init__(self) -> None:
        library = ctypes.CDLL(LIBRARY)
        library.nft_ctx_new.restype = ctypes.c_void_p
        library.nft_ctx_get_error_buffer.restype = ctypes.c_char_p
        for function in (library.nft_ctx_buffer_error, library.nft_ctx_get_error_buffer, library.nft_ctx_free):
            function.argtypes = [ctypes.c_void_p]
        library.nft_run_cmd_from_buffer.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        self._library = library

    def run(self, script: str) -> None:
        # A context keeps a cache of the ruleset that others may have changed since: a fresh one each time is right.
        context = self._library.nft_ctx_new(0)
        try:
            self._library.nft_ctx_buffer_error(context)
            if self._library.nft_run_cmd_from_buffer(context, script.encode()) != 0:
                raise ScriptRefused(self._library.nft_ctx_get_error_buffer(context).decode(errors="replace")[:500])
        finally:
            self._library.nft_ctx_free(context)


class NftCommand:
    """The nft command."""

    def run(self, script: str) -> None:
        done = subprocess.run(["nft", "-f", "-"], input=script, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ScriptRefused(done.stderr[:500])


def open_kernel() -> Kernel | None:
    """The best way in that works here, None without the right or the tool."""
    try:
        candidates: list[Kernel] = [NftLibrary()]
    except OSError:
        candidates = []
    if shutil.which("nft"):
        candidates.append(NftCommand())
    for kernel in candidates:
        try:
            kernel.run("add table ip sampan_probe\ndelete table ip sampan_probe\n")
        except ScriptRefused as error:
            log.debug("nftables cannot be used through %s: %s", type(kernel).__name__, error)
        else:
            return kernel
    return None
