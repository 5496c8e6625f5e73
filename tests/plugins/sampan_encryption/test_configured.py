import base64

import pytest

from sampan.contracts.store import Unavailable, Unusable
from sampan.contracts.transforming import WrappedKey
from sampan.errors import ConfigError
from sampan_encryption.configured import ConfiguredTransformer
from sampan_encryption.envelopes import ProviderCipher
from sampan_encryption.transformer import Transformer

VALUE = b'{"kind":"Secret"}'
SECRET, CONFIG, DEPLOYMENT = "/core/secrets/default/a", "/core/configmaps/default/a", "/apps/deployments/default/a"
IDENTITY = "{identity: {}}"


def keys(kind, *names):
    each = ", ".join(f"{{name: {name}, secret: {base64.b64encode(name[:1].encode() * 32).decode()}}}" for name in names)
    return f"{{{kind}: {{keys: [{each}]}}}}"


def kms(name, endpoint="unix:///run/a"):
    return f"{{kms: {{apiVersion: v2, name: {name}, endpoint: '{endpoint}'}}}}"


class Word:
    """A cipher that shows what it has sealed."""

    mark = b"sampan:word:"

    def current(self):
        return "word"

    def seal(self, key, value):
        return self.mark + value

    def open(self, key, sealed):
        return sealed.removeprefix(self.mark)

    def tag(self, sealed):
        return "word"


class Plugin:
    """A KMS plugin."""

    def __init__(self, name):
        self.name, self.broken = name, False

    def key_id(self):
        return "1"

    def encrypt(self, data_key):
        if self.broken:
            raise ConnectionError("down")
        return WrappedKey(data_key[::-1], "1")

    def decrypt(self, wrapped):
        return wrapped.ciphertext[::-1]


class File:
    """An EncryptionConfiguration, and a transformer of it."""

    def __init__(self, tmp_path):
        self.path = tmp_path / "enc.yaml"
        self.plugins, self.begun, self.times = {}, [], 0

    def write(self, **sections):
        entries = [f"- resources: ['{name}']\n  providers: [{each}]\n" for name, each in sections.items()]
        head = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n"
        self.times += 1
        fresh = self.path.with_suffix(".new")  # another file, as editors write it: its times may be equal
        fresh.write_text(f"{head}{''.join(entries)}#{'.' * self.times}\n")
        fresh.replace(self.path)

    def transformer(self):
        return ConfiguredTransformer(
            self.path, Transformer([Word()], Word()), ["/core/secrets/"], self._connect, self.begun.append
        )

    def _connect(self, kms):
        plugin = self.plugins.setdefault(kms.name, Plugin(kms.name))
        return ProviderCipher(plugin, clock=lambda: 0.0)


@pytest.fixture
def file(tmp_path):
    return File(tmp_path)


def test_each_resource_is_sealed_by_its_first_provider(file):
    file.write(secrets=keys("aescbc", "one"), **{"*.apps": keys("secretbox", "two"), "configmaps": IDENTITY})
    made = file.transformer()

    stored = {key: made.to_stored(key, VALUE) for key in (SECRET, CONFIG, DEPLOYMENT, "/core/pods/default/a")}

    assert stored[SECRET].startswith(b"k8s:enc:aescbc:v1:one:")
    assert stored[DEPLOYMENT].startswith(b"k8s:enc:secretbox:v1:two:")
    assert stored[CONFIG] == stored["/core/pods/default/a"] == VALUE
    assert all(made.from_stored(key, value) == VALUE for key, value in stored.items())
    assert {key: made.tag(value) == made.current(key) for key, value in stored.items()} == dict.fromkeys(stored, True)


def test_secrets_that_the_file_does_not_name_are_sealed_as_without_it(file):
    file.write(configmaps=IDENTITY)
    made = file.transformer()

    assert made.to_stored(SECRET, VALUE) == b"sampan:word:" + VALUE
    assert made.from_stored(SECRET, b"sampan:word:" + VALUE) == VALUE
    assert made.current(SECRET) == made.tag(b"sampan:word:" + VALUE) == "word"


def test_what_was_sealed_before_there_was_the_file_is_read_and_outdated(file):
    file.write(secrets=keys("aesgcm", "one"))
    made = file.transformer()

    assert made.from_stored(SECRET, b"sampan:word:" + VALUE) == VALUE
    assert made.tag(b"sampan:word:" + VALUE) != made.current(SECRET) == "aesgcm/one"


def test_everything_means_objects_and_not_the_notes_of_the_server(file):
    file.write(**{"*.*": keys("aesgcm", "one")})
    made = file.transformer()

    assert made.to_stored(DEPLOYMENT, VALUE).startswith(b"k8s:enc:")
    assert made.to_stored("/sampan.history/marks/1", b"12.5") == b"12.5"
    assert made.from_stored("/sampan.history/marks/1", b"12.5") == b"12.5"


def test_a_value_in_the_clear_needs_identity_and_the_way_is_told(file):
    file.write(secrets=keys("aesgcm", "one"))
    with pytest.raises(
        Unusable, match=r"add `- identity: \{\}` as the last of its providers, run `sampan secrets rotate`"
    ):
        file.transformer().from_stored(SECRET, VALUE)

    file.write(secrets=f"{keys('aesgcm', 'one')}, {IDENTITY}")

    assert file.transformer().from_stored(SECRET, VALUE) == VALUE


def test_a_value_whose_key_is_not_listed_is_told_with_its_key(file):
    file.write(secrets=keys("aescbc", "one"))
    sealed = file.transformer().to_stored(SECRET, VALUE)

    file.write(secrets=keys("aescbc", "two"))
    with pytest.raises(Unusable, match=r"encrypted by aescbc one, which .*enc\.yaml does not list"):
        file.transformer().from_stored(SECRET, sealed)
    file.write(configmaps=IDENTITY)
    with pytest.raises(Unusable, match="encrypted by aescbc one"):
        file.transformer().from_stored(SECRET, sealed)


def test_a_changed_file_counts_at_once(file):
    file.write(secrets=keys("aescbc", "one"))
    made = file.transformer()
    sealed = made.to_stored(SECRET, VALUE)

    file.write(secrets=keys("aescbc", "two", "one"))

    assert made.current(SECRET) == "aescbc/two" and made.tag(sealed) == "aescbc/one"
    assert made.from_stored(SECRET, sealed) == VALUE
    assert made.reloads == {"success": 1, "failure": 0}


def test_a_file_that_is_wrong_or_gone_changes_nothing(file, caplog):
    file.write(secrets=keys("aescbc", "one"))
    made = file.transformer()

    file.write(secrets="{rot13: {}}")
    assert made.current(SECRET) == "aescbc/one"
    file.path.unlink()
    assert made.current(SECRET) == made.current(SECRET) == "aescbc/one"

    assert made.reloads == {"success": 0, "failure": 2}
    assert "resources[0].providers[0].rot13" in caplog.text and "cannot be read" in caplog.text


def test_a_kms_plugin_seals_by_its_name(file):
    file.write(secrets=kms("vault"))
    made = file.transformer()

    sealed = made.to_stored(SECRET, VALUE)

    assert sealed.startswith(b"sampan:kms:v1:vault:")
    assert made.from_stored(SECRET, sealed) == VALUE
    assert made.tag(sealed) == made.current(SECRET) == "vault/1"


def test_a_new_kms_plugin_counts_once_it_has_answered(file):
    file.write(secrets=kms("vault"))
    made = file.transformer()
    sealed = made.to_stored(SECRET, VALUE)

    file.write(secrets=f"{kms('other', 'unix:///run/b')}, {kms('vault')}")
    assert made.current(SECRET) == "vault/1"
    (work,) = file.begun
    work()

    assert made.current(SECRET) == "other/1" and made.from_stored(SECRET, sealed) == VALUE
    file.write(secrets=f"{kms('vault')}, {kms('other', 'unix:///run/b')}")
    assert made.current(SECRET) == "vault/1" and len(file.begun) == 1  # both are known


def test_a_new_kms_plugin_that_is_down_changes_nothing(file):
    file.write(secrets=IDENTITY)
    made = file.transformer()
    file.plugins["vault"] = Plugin("vault")
    file.plugins["vault"].broken = True

    file.write(secrets=kms("vault"))
    assert made.current(SECRET) == ""
    file.begun[0]()

    assert made.current(SECRET) == "" and made.reloads == {"success": 0, "failure": 1}
    with pytest.raises(Unavailable, match="vault cannot be used"):
        file.transformer()


def test_a_file_that_is_missing_at_the_start_is_refused(file):
    with pytest.raises(ConfigError, match=r"plugins\.encryption\.configuration: .* cannot be read"):
        file.transformer()
