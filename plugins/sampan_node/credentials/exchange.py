"""One request to a credential provider plugin, and its answer. Knows nothing of pods or caches.

Source: credentialprovider.kubelet.k8s.io/v1; kubelet's execPlugin.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sampan.errors import SampanError
from sampan_machinery.durations import parse_duration
from sampan_node.credentials.config import Provider

TIMEOUT = 60.0  # seconds that a program has
MOST_SAID = 1000  # characters of its complaint that are logged
REQUEST, RESPONSE = "CredentialProviderRequest", "CredentialProviderResponse"
CACHE_KEYS = ("Image", "Registry", "Global")


class PluginFailure(SampanError):
    """The program could not be run, or its answer is none. Never holds what may be a credential."""


class Answer(NamedTuple):
    cache_key: str  # one of CACHE_KEYS
    seconds: float | None  # how long it may be kept; None: as long as the configuration says
    auth: Mapping[str, Any]  # image pattern -> {username, password}


def ask(provider: Provider, folder: Path, image: str, token: str, annotations: Mapping[str, str]) -> Answer:
    """Run the program once. Raises PluginFailure."""
    request: dict[str, Any] = {"kind": REQUEST, "apiVersion": provider.apiVersion, "image": image}
    if token:
        request |= {"serviceAccountToken": token, "serviceAccountAnnotations": dict(annotations)}
    environment = {**os.environ, **{one["name"]: one["value"] for one in provider.env}}
    what = f"credential provider plugin {provider.name} for image {image}"
    try:
        done = subprocess.run(
            [str(folder / provider.name), *provider.args], input=json.dumps(request).encode(), capture_output=True,
            env=environment, timeout=TIMEOUT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise PluginFailure(f"{what}: no answer within {TIMEOUT:g} s") from None
    except OSError as error:
        raise PluginFailure(f"{what}: {error.strerror}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[:MOST_SAID]
        raise PluginFailure(f"{what}: ended with code {done.returncode}: {said}")
    return answer_of(done.stdout, provider, what)


def answer_of(text: bytes, provider: Provider, what: str) -> Answer:
    """What the program has written. Raises PluginFailure."""
    try:
        found = json.loads(text)
        if found.get("apiVersion") != provider.apiVersion or found.get("kind") != RESPONSE:
            kind = f"{found.get('apiVersion')} {found.get('kind')}"
            raise PluginFailure(f"{what}: answered with {kind}, not {provider.apiVersion} {RESPONSE}")
        seconds = found.get("cacheDuration")
        answer = Answer(
            found.get("cacheKeyType"), None if seconds is None else parse_duration(seconds), found.get("auth") or {}
        )
        if not all(isinstance(one, dict) for one in answer.auth.values()):
            raise ValueError
    except (ValueError, AttributeError, TypeError):  # its text is not shown: it may hold credentials
        raise PluginFailure(f"{what}: its answer is no {RESPONSE}") from None
    if answer.cache_key not in CACHE_KEYS:
        raise PluginFailure(f"{what}: cacheKeyType must be one of {', '.join(CACHE_KEYS)}, not {answer.cache_key!r}")
    return answer
