import pytest

from sampan.errors import ConfigError
from sampan_auth.resources import AUTHENTICATED
from sampan_auth.static import digest, read_tokens


@pytest.fixture
def read(tmp_path):
    def write_and_read(text):
        path = tmp_path / "tokens.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_tokens(path)

    return write_and_read


def test_a_line_is_a_user_with_groups(read):
    found = read('s3cret,load-tool,,"system:masters"\n\nother,jane,42,"a, b"\n')

    user = found[digest("s3cret")]
    assert (user.name, user.uid, user.groups) == ("load-tool", "", ("system:masters", AUTHENTICATED))
    assert found[digest("other")].groups == ("a", "b", AUTHENTICATED)


def test_tokens_themselves_are_not_kept(read):
    assert b"s3cret" not in b"".join(read("s3cret,jane,1\n"))


@pytest.mark.parametrize("line", ["only-a-token", "token,user", ",user,1", "token,,1"])
def test_a_line_that_is_no_token_is_named(read, line):
    with pytest.raises(ConfigError, match=r"tokens\.csv:2: a line must be token,user,uid"):
        read(f"good,jane,1\n{line}\n")


def test_a_file_that_cannot_be_read_is_named_with_the_setting(read, tmp_path):
    with pytest.raises(ConfigError, match=r"plugins\.auth\.token_file: .*No such file"):
        read_tokens(tmp_path / "absent.csv")
    with pytest.raises(ConfigError, match="it is not a text file of tokens"):
        read(b"\xff\xfe\x00")
