"""Which strategy a definition has."""

from crd_samples import complete, definition

from sampan_crds.converting import rename
from sampan_crds.strategies import Strategies
from sampan_testing.shelves import Shelf


def test_without_a_webhook_objects_are_renamed():
    assert Strategies(Shelf())(complete(definition())) == (rename, False)


def test_a_webhook_may_wait():
    conversion = {
        "strategy": "Webhook",
        "webhook": {"clientConfig": {"url": "https://a.b"}, "conversionReviewVersions": ["v1"]},
    }

    found = Strategies(Shelf())
    strategy, blocks = found(complete(definition(conversion=conversion)))
    found.close()

    assert strategy is not rename
    assert blocks
