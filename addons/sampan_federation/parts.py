"""Which controllers the add-on runs: a line each. Each is made of the ``Context``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sampan_federation.controllers import Context, Controller
from sampan_federation.cronscaling.controller import CronScaling
from sampan_federation.execution.controller import Execution
from sampan_federation.failover.controller import Evicting
from sampan_federation.failover.tainting import Tainting
from sampan_federation.interpreter.controller import Customizations
from sampan_federation.members.controller import Membership
from sampan_federation.placement.controller import Placing
from sampan_federation.policies.attaching import Attaching
from sampan_federation.policies.controller import Propagating
from sampan_federation.quotas.controller import Quotas
from sampan_federation.rebalancing.controller import Rebalancing
from sampan_federation.scaling.controller import Autoscaling
from sampan_federation.services.controller import Services
from sampan_federation.services.ingress_controller import MultiClusterIngresses
from sampan_federation.services.multicluster_controller import MultiClusterServices
from sampan_federation.status.controller import Statuses
from sampan_federation.works.controller import Works

#: Members, policies, placement and failover.
PLACING: Sequence[Callable[[Context], Controller]] = (
    Membership,
    Tainting,
    Propagating,
    Attaching,
    Placing,
    Evicting,
    Rebalancing,
)
#: Works, overrides, status, services.
WORKING: Sequence[Callable[[Context], Controller]] = (
    Customizations,
    Works,
    Execution,
    Statuses,
    Services,
    MultiClusterServices,
    MultiClusterIngresses,
    Quotas,
    Autoscaling,
    CronScaling,
)

MAKERS: Sequence[Callable[[Context], Controller]] = (*PLACING, *WORKING)
