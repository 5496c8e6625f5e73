"""Ingress, IngressClass and NetworkPolicy: the kinds, and the class that an Ingress without one is given."""
