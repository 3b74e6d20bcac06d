"""Whether Terraform would pin the certificate that AWS will see.

Where `discovery.endpoint` stands for the issuer, Terraform's `tls_certificate` asks it for the
certificate of its own name and cannot ask for another (it has no server name argument); AWS is
presented the one for the issuer's name. `check` compares the two over the network.
"""

from __future__ import annotations

from federation.model.config import ClusterConfig
from federation.rules.advice import ENDPOINT_THUMBPRINT, Advice, pins_for_another_name

TIMEOUT = 3.0
"""Seconds to wait for one answer."""


def endpoint_advice(config: ClusterConfig) -> tuple[Advice, ...]:
    """What is wrong with taking the thumbprint from the endpoint; empty where nothing is.

    What counts is the top of each chain: it is what Terraform pins, and two leaves of one authority
    have the same. An endpoint that cannot be reached is a warning too.
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
        return (_advice(_unknown(config, f"{host}:{port}", quoted(reason))),)
    if pinned == seen:
        return ()
    return (
        _advice(
            f"Terraform would pin {pinned}, which {host}:{port} presents for its own name; for "
            f"{config.issuer_host!r} it presents {seen}: list that one, or write 'omit'."
        ),
    )


def _advice(text: str) -> Advice:
    return Advice(ENDPOINT_THUMBPRINT, "discovery.thumbprint", text)


def _unknown(config: ClusterConfig, address: str, reason: str) -> str:
    return (
        f"whether {address} presents the same certificate for its own name, which Terraform would "
        f"pin, and for {config.issuer_host!r} cannot be told from here ({reason}): where they "
        "differ, list the thumbprints or write 'omit'."
    )
