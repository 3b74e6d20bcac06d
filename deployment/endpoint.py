"""Whether Terraform would pin the certificate that AWS will see.

Where `discovery.endpoint` stands for the issuer, Terraform's `tls_certificate` asks it for the
certificate of its own name and cannot ask for another (it has no server name argument); AWS is
presented the one for the issuer's name. `check` compares the two over the network.
"""

from __future__ import annotations

from federation.model.config import ClusterConfig
from federation.rules.configuration import Observation, pins_for_another_name

TIMEOUT = 3.0
"""Seconds to wait for one answer."""


def endpoint_thumbprint(config: ClusterConfig) -> tuple[Observation, ...]:
    """What is wrong with taking the thumbprint from the endpoint; empty if nothing is.

    The tops of the chains are compared: Terraform pins the top, and two leaves of one authority
    have the same. An endpoint that cannot be reached is reported too.
    """
    if not pins_for_another_name(config):
        return ()
    host, port = config.discovery_address
    from doctor.live.https import ServerAddress, present
    from federation.keys.certificates import parse_der
    from formats.escaping import quoted

    try:
        pinned, seen = (
            parse_der(present(ServerAddress(host, port, name), TIMEOUT).chain).top.thumbprint
            for name in (host, config.issuer_host)
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return _seen(
            f"the certificates that {host}:{port} presents for its own name and for "
            f"{config.issuer_host!r} could not be compared ({quoted(reason)})."
        )
    if pinned == seen:
        return ()
    return _seen(
        f"Terraform would pin {pinned}, which {host}:{port} presents for its own name; for "
        f"{config.issuer_host!r} it presents {seen}."
    )


def _seen(text: str) -> tuple[Observation, ...]:
    return (Observation(("discovery", "thumbprint"), text),)
