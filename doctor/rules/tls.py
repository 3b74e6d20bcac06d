"""The rules of the layer `tls`: how the issuer proves who it is."""

from doctor.finding import Rule

_LAYER = "tls"

CONNECT = Rule(
    "tls-connect",
    _LAYER,
    "The issuer's address answers with TLS",
    "AWS connects to port 443 of the issuer's host; the doctor to discovery.endpoint, where that "
    "is configured, and through the proxy that HTTPS_PROXY names, unless NO_PROXY names the host.",
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
    "not know; or a proxy in between opens TLS and presents one of its own.",
    "Give the authority's certificate with --ca-file (that of a kubeadm cluster is "
    "/etc/kubernetes/pki/ca.crt).",
)

NAME = Rule(
    "tls-name",
    _LAYER,
    "The certificate is for the issuer's host",
    "The host of the issuer stands among the DNS names of the certificate (RFC 6125).",
    "The API server's certificate was made for other names, or the address leads to another "
    "server.",
    "Add the issuer's host to the certificate (kubeadm: apiServer.certSANs, then 'kubeadm init "
    "phase certs apiserver' on each control plane node).",
)
EXPIRY = Rule(
    "tls-expiry",
    _LAYER,
    "No presented certificate is expired, or soon will be",
    "AWS refuses an expired certificate, and a renewed one may have another thumbprint.",
    "The certificate was not renewed: kubeadm's are valid for a year and are renewed with an "
    "upgrade.",
    "Renew it ('kubeadm certs renew apiserver') and restart what serves it.",
)
LEAF_ONLY = Rule(
    "tls-leaf-only",
    _LAYER,
    "The server presents its chain, and not its own certificate alone",
    "Terraform's tls_certificate, and IAM by itself, pin the top of what is presented. Where that "
    "is the leaf, the pin breaks when the certificate is renewed; and where an intermediate "
    "authority is missing, nobody can verify the leaf at all.",
    "The file that is served holds the server's certificate without those of its authorities, as "
    "kubeadm makes it.",
    "Append the authorities' certificates to the file that is served (--tls-cert-file), and "
    "deploy the identity stack anew.",
)
ORDER = Rule(
    "tls-order",
    _LAYER,
    "Each presented certificate is signed by the next one",
    "The server's own certificate comes first, and each following one certifies the one before it "
    "(RFC 5246, 7.4.2; TLS 1.3 is laxer). Terraform's tls_certificate, and IAM by itself, take the "
    "last one for the top.",
    "The certificates stand in another order in the file that is served, or one of them belongs to "
    "another chain.",
    "Write the file anew (--tls-cert-file): the server's certificate, the intermediate one that "
    "signed it, and so on; then deploy the identity stack anew.",
)
VERSION = Rule(
    "tls-version",
    _LAYER,
    "The server does not insist on TLS 1.3",
    "Where TLS 1.3 is required, AWS cannot verify the certificate by its own list and falls back "
    "to the thumbprints of the OIDC provider (IAM user guide, 'Obtain the thumbprint for an "
    "OpenID Connect identity provider').",
    "The smallest version is set to 1.3 (--tls-min-version=VersionTLS13, or at the load balancer).",
    "Allow TLS 1.2 too; or pin the thumbprint ('thumbprint: endpoint', or a list) and watch over "
    "renewals.",
)
THUMBPRINT = Rule(
    "tls-thumbprint",
    _LAYER,
    "The configured thumbprint fits what is presented",
    "A thumbprint is the SHA-1 of a presented certificate. Terraform's tls_certificate takes the "
    "top of what is presented, and so does IAM by itself ('thumbprint: omit'). AWS goes by it "
    "where the certificate is of no public authority, or where TLS 1.3 is required. A pin on an "
    "authority outlasts a renewal of the server's certificate; a pin on that one does not.",
    "The pinned list is older than the certificates that are served now.",
    "Pin the thumbprint of an authority in the presented chain, or write 'thumbprint: endpoint'.",
)

ALL = (CONNECT, VERSION, CHAIN, NAME, EXPIRY, LEAF_ONLY, ORDER, THUMBPRINT)
