import pytest

from sampan_localpath.plugin import Settings, contribute_components


def test_the_provisioner_is_part_of_the_node_s_process():
    (component,) = contribute_components()

    assert (component.process, component.user) == ("node", "sampan:localpath")


@pytest.mark.parametrize("wrong", ["volumes", "/a/../b"])
def test_a_directory_that_is_not_absolute_is_refused(wrong):
    with pytest.raises(ValueError, match="directory must be an absolute path"):
        Settings(directory=wrong)
