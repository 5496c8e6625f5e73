"""UserInfo: what is empty is left out, but for the name."""

from sampan.contracts.access import User
from sampan_machinery.users import user_info


def test_a_whole_user_and_one_of_whom_only_the_name_is_known():
    assert user_info(User("jane", ("a", "b"), "uid-1", {"k": ("v",)})) == {
        "username": "jane", "uid": "uid-1", "groups": ["a", "b"], "extra": {"k": ["v"]},
    }  # fmt: skip
    assert user_info(User("", ())) == {"username": ""}
