"""What the side-cars' part may do. Pure. Source: the roles of upstream's external provisioner, attacher and resizer."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_csi.snapshots.naming import CLASSES, CONTENTS, GROUP, SNAPSHOTS
from sampan_machinery.roles import granted, rule

_ROLE = "sampan:csi"


RECONCILERS = "system:kube-controller-manager"


def objects(user: str, *, snapshots: bool = False) -> list[Object]:
    rules = [
        rule("", "persistentvolumes", "create delete get list patch watch"),
        rule("", "persistentvolumeclaims", "get list patch watch"),
        rule("", "persistentvolumeclaims/status", "patch"),
        rule("", "nodes", "get"),
        rule("", "events", "create patch update"),
        rule("storage.k8s.io", "storageclasses", "get"),
        rule("storage.k8s.io", "csinodes", "get list"),
        rule("storage.k8s.io", "volumeattachments", "get list patch watch"),
        rule("storage.k8s.io", "volumeattachments/status", "patch"),
    ]
    if not snapshots:
        return granted(user, rules, name=_ROLE)
    rules += [
        rule(GROUP, CONTENTS.plural, "get list patch watch"), rule(GROUP, f"{CONTENTS.plural}/status", "patch"),
        rule(GROUP, f"{SNAPSHOTS.plural} {CLASSES.plural}", "get"),
    ]  # fmt: skip
    controller = granted(RECONCILERS, [rule(GROUP, CONTENTS.plural, "create")], name=f"{_ROLE}-snapshots")
    return [*granted(user, rules, name=_ROLE), *controller]
