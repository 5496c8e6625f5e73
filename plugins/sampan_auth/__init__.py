"""Authentication: client certificates, service-account tokens, front-proxy headers."""
