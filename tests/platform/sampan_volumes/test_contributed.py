from types import SimpleNamespace

from sampan_volumes.contributed import volume_mounters


class Hooks:
    def __init__(self, *answers):
        self.answers, self.facts = answers, None

    def ask(self, hook, **facts):
        assert hook == "contribute_volume_mounters"
        self.facts = facts
        return [SimpleNamespace(answer=answer) for answer in self.answers]


def test_of_two_mounters_of_a_type_the_first_is_used():
    first, second, other = (SimpleNamespace(kind=kind) for kind in ("csi", "csi", "nfs"))
    hooks = Hooks([first], [second, other])

    assert volume_mounters(hooks, node="n") == {"csi": first, "nfs": other}
    assert hooks.facts == {"node": "n"}
    assert volume_mounters(None) == {}
