"""What the side-cars' part may do. Pure. Source: the roles of upstream's external provisioner, attacher and resizer."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_machinery.roles import granted, rule

_ROLE = "sampan:csi"


def objects(user: str) -> list[Object]:
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
    return granted(user, rules, name=_ROLE)
