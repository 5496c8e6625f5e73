import pytest

from sampan_podsecurity.plugin import Settings
from sampan_podsecurity.policy import Policy, Standard


def test_the_settings_are_the_policy_of_namespaces_without_labels():
    settings = Settings(enforce="baseline", enforce_version="v1.30", warn="restricted")

    assert settings.policy() == Policy(Standard("baseline", 30), Standard(), Standard("restricted"))
    assert Settings().policy().allows_all
    assert Settings(enforce="restricted", enforce_version="v1.0").policy().enforce == Standard("restricted", 0)


@pytest.mark.parametrize(
    "wrong",
    [{"enforce_version": "1.30"}, {"exempt_namespaces": ("A",)}, {"exempt_users": ("",)}, {"warn_version": "v2.0"}],
)
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**wrong)
