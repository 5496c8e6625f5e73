"""The cluster's own certificates and keys, made once and renewed in time. Knows files, no server and no client."""

from sampan_pki.authority import client_certificate, ensure

__all__ = ["client_certificate", "ensure"]
