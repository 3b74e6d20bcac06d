"""The rules of the layer `tls`: how the issuer proves who it is."""

from doctor.finding import Rule

_LAYER = "tls"

CONNECT = Rule(
    "tls-connect",
    _LAYER,
    "The issuer's address answers with TLS",
    "AWS connects to port 443 of the issuer's host; the doctor to discovery.endpoint, where that "
    "is configured.",
    "Nothing listens there, a firewall drops the connection, or what listens speaks no TLS.",
    "Check the load balancer and the security groups in front of the API server: port 443 must "
    "lead to it.",
)
CHAIN = Rule(
    "tls-chain",
    _LAYER,
    "The issuer's certificate can be verified",
    "AWS verifies the certificate against its own list of public authorities first; where that "
    "fails, against the thumbprints of the OIDC provider (IAM user guide, 'Obtain the thumbprint "
    "for an OpenID Connect identity provider').",
    "The certificate is of a private authority, such as the cluster's own, that this machine does "
    "not know.",
    "Give the authority's certificate with --ca-file (that of a kubeadm cluster is "
    "/etc/kubernetes/pki/ca.crt).",
)

ALL = (CONNECT, CHAIN)
