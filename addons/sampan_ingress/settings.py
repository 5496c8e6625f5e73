"""Settings of the add-on: the section ``plugins.ingress`` of sampan.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from sampan_machinery import bounds


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.ingress``."""

    ingress_class: str = "sampan"
    """Name of the IngressClass that is shipped."""
    default_class: bool = False
    """Whether the shipped class is marked as the default when it is made: for Ingresses that name none."""
    controller: str = "sampan.dev/ingress"
    """Ingresses of all classes with this controller are served; another name keeps a second controller apart."""
    address: str = ""
    """Address to listen on; empty: all, of IPv6 too."""
    http_port: int = 0
    """Port for HTTP; 0: 80 where this process may listen there, else 8080."""
    https_port: int = 0
    """Port for HTTPS; 0: 443 where this process may listen there, else 8443."""
    public_https_port: int = 0
    """Port that clients know for HTTPS, where a Service or a balancer is before it; 0: https_port."""
    publish: tuple[str, ...] = ()
    """Addresses or host names for the status of Ingresses; empty: those of publish_service, else the node's."""
    publish_service: str = ""
    """Service (namespace/name) whose load balancer's addresses are written into the status of Ingresses."""
    default_backend: str = ""
    """Service (namespace/name:port) for hosts and paths that no Ingress names; empty: a page that says 404."""
    default_certificate: str = ""
    """Secret (namespace/name) for hosts without a certificate of their own; empty: a self-signed one."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks of proxies whose X-Forwarded-For, -Proto and -Host are believed; empty: no proxy's are."""
    ssl_redirect: bool = True
    """Whether requests without TLS are sent to https on hosts that have a certificate."""
    body_size: str = "1m"
    """Largest body of a request, such as 512k, 8m or 1g; 0: any."""
    read_timeout: int = 60
    """Seconds that a pod may be silent."""
    send_timeout: int = 60
    """Seconds that a pod may take nothing."""
    connect_timeout: int = 5
    """Seconds to connect to a pod before the next one is tried."""
    shutdown_seconds: int = 3600
    """Seconds that open connections (WebSockets, downloads) outlive a change of the configuration; 0: for ever."""
    most_draining: int = 16
    """Most workers that only finish such connections, each of some 20 MB; the oldest end first. 0: any number."""
    leave_seconds: float = 0.0
    """Seconds that new connections are taken once told to stop, 5 at most: for a Service that learns of it late."""
    reload_seconds: float = 1.0
    """Least seconds between two reloads of nginx."""
    workers: int = 0
    """nginx's worker processes; 0: one for each processor."""
    access_log: bool = False
    """Whether each request is written to the add-on's log."""
    nginx: str = ""
    """Path of the program; empty: nginx on PATH or in /usr/sbin."""

    def __post_init__(self) -> None:
        bounds.require(  # ``defaults`` checks what becomes nginx's configuration
            self,
            ingress_class=bounds.subdomain,
            controller=bounds.not_empty,
            address=bounds.optional(bounds.address),
            http_port=bounds.PORT,
            https_port=bounds.PORT,
            public_https_port=bounds.PORT,
            reload_seconds=bounds.number(0),
            workers=bounds.number(0, 1024),
        )
