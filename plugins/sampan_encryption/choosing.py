"""Makes the transformer that the settings, the key file and the key providers give."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sampan.contracts.transforming import KeyProvider, KeyProviderSource, ValueTransformer
from sampan.errors import ConfigError
from sampan_encryption.ciphers import Cipher, FileCipher
from sampan_encryption.envelopes import ProviderCipher
from sampan_encryption.settings import Settings
from sampan_encryption.transformer import Transformer
from sampan_pki.key_file import NAME, KeyFile

if TYPE_CHECKING:
    from sampan_encryption.configuration import Kms
    from sampan_encryption.configured import ConfiguredTransformer


def configured(
    path: Path,
    rest: ValueTransformer | None,
    sources: Sequence[KeyProviderSource],
    sensitive: Sequence[str],
) -> ConfiguredTransformer:
    """The transformer of an EncryptionConfiguration. Raises as ``chosen``."""
    from sampan_encryption.configured import ConfiguredTransformer  # with YAML, which other servers do not need

    by_name = {source.name: source for source in sources}

    def connect(kms: Kms) -> ProviderCipher:
        source = by_name.get("kms")
        if source is None:
            raise ConfigError(
                f"plugins.encryption.configuration: {path} names the KMS plugin {kms.name}, but the "
                "plugin kms, which calls it, is not there: pip install 'sampan[kms]', or enable it"
            )
        return ProviderCipher(source.connect(kms.name, kms.endpoint, kms.seconds))

    return ConfiguredTransformer(path, rest or Transformer([], None), sensitive, connect)


def chosen(pki: str, settings: Settings, providers: Sequence[KeyProvider]) -> Transformer | None:
    """Until there is a key file values are written in the clear. It is made with a new cluster's other keys, and by the
    first rotation; never here: this home may be gone tomorrow, and the store stays.

    Raises ConfigError, and Unavailable where the chosen provider cannot be reached.
    """
    if not pki:
        return None  # an API server without a place for keys
    file = KeyFile(Path(pki) / NAME)
    by_name = {provider.name: ProviderCipher(provider) for provider in providers}
    if settings.provider and settings.provider not in by_name:
        names = ", ".join(sorted(by_name)) or "none"
        raise ConfigError(
            f"plugins.encryption.provider is {settings.provider!r}, which no plugin offers; there are {names}"
        )
    from_file = FileCipher(file)
    writer: Cipher | None = None
    if settings.enabled and settings.provider:
        by_name[settings.provider].prepare()
        writer = by_name[settings.provider]
    elif settings.enabled:
        file.keys()  # a damaged file is refused now, not by the first Secret
        writer = from_file
    return Transformer([from_file, *by_name.values()], writer)
