"""The bootstrap policy: the default roles and bindings that every cluster has."""
