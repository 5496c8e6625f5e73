"""Credentials for an image from the programs that the node's administrator has configured, and how long they are kept.

Source: kubelet's pluginProvider for matching, cache keys and service-account tokens.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan.errors import ConfigError, SampanError
from sampan_node.credentials import exchange
from sampan_node.credentials.config import TOKEN, Provider, TokenAttributes
from sampan_node.credentials.exchange import Answer
from sampan_node.pod.registries import Credential, fits, fitting, repository

log = logging.getLogger(__name__)

Key = tuple[Any, ...]
Ask = Callable[[Provider, Path, str, str, Mapping[str, str]], Answer]


class Identity(NamedTuple):
    """The service account that a program gets a token of; empty where it gets none."""

    token: str = ""
    annotations: tuple[tuple[str, str], ...] = ()
    key: Key = ()  # what answers are kept by, beside the image


class Accounts(NamedTuple):
    """How service accounts and their tokens are got; both raise SampanError."""

    account: Callable[[str, str], Object]  # (namespace, name) -> ServiceAccount
    token: Callable[[Object, str], str]  # (pod, audience) -> a token that is bound to the pod


class CredentialProviders:
    """Asked by several threads at once; the same question is put to a program once."""

    def __init__(
        self, providers: Sequence[Provider], folder: Path, accounts: Accounts, *, ask: Ask = exchange.ask,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._providers, self._folder, self._accounts, self._ask, self._clock = providers, folder, accounts, ask, clock
        self._lock = threading.Lock()
        self._kept: dict[Key, tuple[float, Mapping[str, Any]]] = {}  # -> (until, auth)
        self._asked: dict[Key, Future[Answer]] = {}

    def check(self) -> None:
        """Raises ConfigError for a program that is not there."""
        for one in self._providers:
            program = self._folder / one.name
            if not (program.is_file() and os.access(program, os.X_OK)):
                raise ConfigError(f"imageCredentialProviderBinDir: {program} is not a program that can be run")

    def credentials(self, pod: Object, image: str) -> list[Credential]:
        """For the runtime, as ``registries.fitting`` gives them; a program that fails is logged and passed over."""
        named = repository(image)
        found: list[Credential] = []
        for provider in self._providers:
            if not any(fits(pattern, named) for pattern in provider.matchImages):
                continue
            try:
                identity = self._identity(provider.tokens, pod)
                if identity is not None:
                    fits_image = fitting(self._auth(provider, named, identity), named)
                    found += [{**one, "serveraddress": named.partition("/")[0]} for one in fits_image]
            except SampanError as error:
                log.error("node: no credentials for image %s from %s: %s", image, provider.name, error)
        return found

    def _identity(self, wanted: TokenAttributes | None, pod: Object) -> Identity | None:
        """None where the program is not to be asked for this pod."""
        if wanted is None:
            return Identity()
        meta, name = pod["metadata"], pod["spec"].get("serviceAccountName") or ""
        if not name:
            return None if wanted.requireServiceAccount else Identity()
        account = self._accounts.account(meta["namespace"], name)
        there = account["metadata"].get("annotations") or {}
        if any(key not in there for key in wanted.requiredServiceAccountAnnotationKeys):
            return None  # the annotation is how a workload says that it wants this
        keys = (*wanted.requiredServiceAccountAnnotationKeys, *wanted.optionalServiceAccountAnnotationKeys)
        annotations = tuple(sorted((key, there[key]) for key in keys if key in there))
        token = self._accounts.token(pod, wanted.serviceAccountTokenAudience)
        digest = hashlib.sha256(token.encode()).hexdigest() if wanted.cacheType == TOKEN else ""
        return Identity(
            token, annotations, (meta["namespace"], name, account["metadata"].get("uid"), annotations, digest)
        )

    def _auth(self, provider: Provider, image: str, identity: Identity) -> Mapping[str, Any]:
        now, registry = self._clock(), image.partition("/")[0]
        bases = {"Image": ("Image", image), "Registry": ("Registry", registry), "Global": ("Global", "")}
        with self._lock:
            self._kept = {key: one for key, one in self._kept.items() if now <= one[0]}
            for base in bases.values():
                if known := self._kept.get((provider.name, base, identity.key)):
                    return known[1]
        answer = self._once(provider, image, identity)
        may_be_token = not identity.token or bool(provider.tokens and provider.tokens.cacheType == TOKEN)
        if not may_be_token and any(one.get("password") == identity.token for one in answer.auth.values()):
            raise exchange.PluginFailure("the answer holds the token itself; that wants cacheType Token")
        seconds = provider.cache_seconds if answer.seconds is None else answer.seconds
        if seconds > 0:
            with self._lock:
                self._kept[provider.name, bases[answer.cache_key], identity.key] = self._clock() + seconds, answer.auth
        return answer.auth

    def _once(self, provider: Provider, image: str, identity: Identity) -> Answer:
        """Ask the program, or wait for the answer to the same question."""
        key = provider.name, image, identity.token, identity.annotations
        with self._lock:
            future = self._asked.get(key)
            is_first = future is None
            if future is None:
                future = self._asked[key] = Future()
        if is_first:
            try:
                future.set_result(self._ask(provider, self._folder, image, identity.token, dict(identity.annotations)))
            except BaseException as error:
                future.set_exception(error)
            finally:
                with self._lock:
                    del self._asked[key]
        return future.result()
