import pytest

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan.errors import Forbidden
from sampan_machinery.resources import SERVICES
from sampan_services.externalips import DenyServiceExternalIPs, external_ips
from sampan_testing.shelves import Shelf


def service(*ips):
    return {"metadata": {"name": "web"}, "spec": {"externalIPs": list(ips)} if ips else {}}


def admit(new, old=None):
    kind = Kind(**SERVICES._asdict())
    review = Review("CREATE" if old is None else "UPDATE", kind, "", "d", "web", new, old, ANONYMOUS, False, Shelf())
    DenyServiceExternalIPs().admit(review)


@pytest.mark.parametrize("new, old", [(service("1.2.3.4"), None), (service("1.2.3.4", "1.2.3.5"), service("1.2.3.4"))])
def test_new_addresses_are_refused(new, old):
    with pytest.raises(
        Forbidden, match='services "web" is forbidden: Use of external IPs is denied by admission control'
    ):
        admit(new, old)


@pytest.mark.parametrize("new, old", [(service(), None), (service("1.2.3.4"), service("1.2.3.4", "1.2.3.5"))])
def test_what_is_there_may_stay(new, old):
    admit(new, old)


def test_a_service_without_any():
    assert external_ips(None) == external_ips({"spec": {}}) == set()
