"""Ingress and IngressClass: the kinds."""
