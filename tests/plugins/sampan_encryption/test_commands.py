import pytest
from click.testing import CliRunner

from sampan.contracts.commands import Place
from sampan.errors import ConfigError, NotFound
from sampan_encryption.commands import next_key, rewrite, secrets
from sampan_encryption.settings import Settings
from sampan_pki.key_file import NAME, parse


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pki" / NAME


class Client:
    def __init__(self):
        self.patched = []

    def list(self, resource, *, metadata_only):
        names = ("a", "gone", "b")
        return type("Listing", (), {"items": [{"metadata": {"name": name, "namespace": "n"}} for name in names]})

    def patch(self, resource, name, change, namespace):
        if name == "gone":
            raise NotFound("gone")
        self.patched.append((resource.plural, name, namespace, change))


def test_the_first_rotation_makes_the_file(path):
    name = next_key(path, prepare=False)

    assert parse(path.read_text()).current.name == name


def test_a_prepared_key_becomes_current(path):
    first = next_key(path, prepare=False)
    second = next_key(path, prepare=True)
    assert parse(path.read_text()).current.name == first

    assert next_key(path, prepare=False) == second
    assert [(key.state, key.name) for key in parse(path.read_text()).all] == [("current", second), ("former", first)]


def test_nothing_is_prepared_without_a_file(path):
    with pytest.raises(ConfigError, match="rotate makes it"):
        next_key(path, prepare=True)


def test_every_secret_is_updated_without_a_change():
    client = Client()

    assert rewrite(client) == 2
    assert client.patched == [("secrets", "a", "n", {}), ("secrets", "b", "n", {})]


def test_preparing_needs_no_cluster(tmp_path, path):
    next_key(path, prepare=False)

    answer = CliRunner().invoke(secrets, ["rotate", "--prepare"], obj=Place(str(tmp_path), ""))

    assert answer.exit_code == 0 and "is added" in answer.output


def test_a_damaged_file_is_told_in_a_sentence(tmp_path, path):
    path.parent.mkdir()
    path.write_text("odd")

    answer = CliRunner().invoke(secrets, ["rotate"], obj=Place(str(tmp_path), ""))

    assert answer.exit_code == 1 and "line 1" in answer.output


def test_keys_of_a_configuration_are_not_made_by_a_command(tmp_path, path):
    (tmp_path / "enc.yaml").write_text(
        "{apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, "
        "resources: [{resources: [secrets], providers: [{identity: {}}]}]}"
    )
    place = Place(str(tmp_path), "", Settings(configuration="enc.yaml"))

    answer = CliRunner().invoke(secrets, ["rotate", "--prepare"], obj=place)

    assert answer.exit_code == 1 and "add the next one there" in answer.output
    assert not path.exists()


def test_a_configuration_that_is_wrong_is_told_in_a_sentence(tmp_path):
    answer = CliRunner().invoke(secrets, ["rotate"], obj=Place(str(tmp_path), "", Settings(configuration="enc.yaml")))

    assert answer.exit_code == 1 and "enc.yaml cannot be read" in answer.output
