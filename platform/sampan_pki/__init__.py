"""The cluster's certificates and keys: created once and renewed in time. Knows files, but no server and no client."""

from sampan_pki.authority import client_certificate, ensure

__all__ = ["client_certificate", "ensure"]
