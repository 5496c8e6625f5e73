"""A kind for sampan and its controller: a Website becomes a ConfigMap, a Deployment, a Service and an Ingress."""
