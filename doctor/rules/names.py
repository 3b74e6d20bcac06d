"""The rules of the layer `names`: the issuer's name in the DNS."""

from doctor.finding import Rule

_LAYER = "names"

RESOLVES = Rule(
    "names-resolves",
    _LAYER,
    "The issuer's name resolves",
    "AWS connects to the host of the issuer on port 443, so that its name stands in the public "
    "DNS.",
    "The record is missing, or is in a private zone that this machine does not ask.",
    "Add an A or AAAA record for the issuer's host to its public zone.",
)
PUBLIC = Rule(
    "names-public",
    _LAYER,
    "The issuer's addresses can be reached from the internet",
    "'Reachable from here' is not 'reachable by AWS': it connects from the internet. A private "
    "address (RFC 1918, RFC 4193) leads it nowhere, nor does one of carrier-grade NAT (RFC 6598), "
    "of loopback or of the link.",
    "The name resolves to an internal load balancer or to the control plane's own address; or "
    "this machine sees another answer than the internet does (split DNS).",
    "Serve the two documents at a public address: a public load balancer for the two paths, or "
    "a bucket.",
)

ALL = (RESOLVES, PUBLIC)
