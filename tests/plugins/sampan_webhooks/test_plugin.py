"""What the plugin brings."""

from sampan.contracts.serving import ServerContext
from sampan_testing.shelves import Shelf
from sampan_webhooks import plugin


def test_it_brings_both_kinds_and_an_admitter_for_each():
    admitters = plugin.contribute_admitters(ServerContext("", None, Shelf()))

    assert [kind.kind for kind in plugin.contribute_kinds()] == [
        "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
    ]  # fmt: skip
    assert [(each.name, each.mutates, each.blocking) for each in admitters] == [
        ("MutatingAdmissionWebhook", True, True), ("ValidatingAdmissionWebhook", False, True),
    ]  # fmt: skip
