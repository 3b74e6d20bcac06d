"""The rules of the layer `discovery`: the two documents that AWS reads."""

from doctor.finding import Rule

_LAYER = "discovery"
_BINDING = (
    "Bind the ClusterRole 'system:service-account-issuer-discovery' to the group "
    "'system:unauthenticated': deploy the discovery stack."
)

READABLE = Rule(
    "discovery-readable",
    _LAYER,
    "Anyone can read the discovery document and the keys",
    "AWS reads both documents without credentials, over https and on port 443 (IAM user guide, "
    "'Create an OpenID Connect identity provider in IAM'). The doctor does the same.",
    "Something between the doctor and the API server answers differently.",
    "Read the finding beside this one: it names the answer.",
)
UNAUTHORIZED = Rule(
    "discovery-unauthorized",
    _LAYER,
    "Requests without credentials are not answered with 401",
    "The API server answers 401 where it takes no anonymous request at all for the path. AWS "
    "brings no credentials, so it cannot read the keys.",
    "Anonymous authentication is off (--anonymous-auth=false, and the default of Talos and k3s), "
    "or the path is not among the 'anonymous.conditions' of the AuthenticationConfiguration "
    "(KEP-4633).",
    "Allow anonymous requests to exactly '/.well-known/openid-configuration' and "
    "'/openid/v1/jwks' in the AuthenticationConfiguration (Kubernetes 1.31 or newer), or serve "
    "the two documents from elsewhere.",
)
FORBIDDEN = Rule(
    "discovery-forbidden",
    _LAYER,
    "Requests without credentials are not answered with 403",
    "The API server answers 403 where it takes anonymous requests, but RBAC grants them nothing "
    "on the path.",
    "The ClusterRoleBinding for anonymous readers is missing: Kubernetes binds the role to "
    "service accounts alone.",
    _BINDING,
)
NOT_FOUND = Rule(
    "discovery-not-found",
    _LAYER,
    "The documents exist at the issuer's address",
    "The documents are at ISSUER/.well-known/openid-configuration and at the address that it "
    "names as 'jwks_uri'. The API server serves them at its root alone.",
    "The API server has an issuer that is no https URL, or none (it logs that and answers 404); "
    "or the issuer has a path, and no proxy or bucket serves it.",
    "Compare --service-account-issuer with the configured issuer. An issuer with a path needs a "
    "proxy or a bucket that serves the documents below it.",
)
STATUS = Rule(
    "discovery-status",
    _LAYER,
    "The documents are answered with 200",
    "Any other answer keeps AWS from reading the keys.",
    "What answers has a defect of its own, or is not the API server.",
    "Look into the log of what answers at this address.",
)
REDIRECT = Rule(
    "discovery-redirect",
    _LAYER,
    "The documents are answered in place, without a redirect",
    "The doctor follows no redirect: a federation must not depend on where another host, or "
    "plain http, leads to.",
    "A proxy or an ingress in front of the API server sends clients elsewhere.",
    "Let the issuer's host serve the documents itself.",
)
HTML = Rule(
    "discovery-html",
    _LAYER,
    "The documents are JSON, not a web page",
    "A page of HTML comes from a web server, a proxy or a captive portal, not from an issuer.",
    "The issuer's name or discovery.endpoint leads to something else than the API server.",
    "Let the issuer's host serve the two documents; compare the address with the API server's.",
)
CONTENT_TYPE = Rule(
    "discovery-content-type",
    _LAYER,
    "The documents say that they are JSON",
    "OpenID Connect Discovery 1.0 (4.2) wants 'application/json'; the API server sends "
    "'application/jwk-set+json' for the keys.",
    "A bucket or a web server guesses the type, since the file names have no extension.",
    "Set the Content-Type of both objects.",
)
ENCODING = Rule(
    "discovery-encoding",
    _LAYER,
    "The documents come uncompressed where that is asked for",
    "The doctor asks for no compression and unpacks nothing: what unpacks without limit can fill "
    "the memory of whoever reads it.",
    "A proxy compresses every answer, or something hostile answers.",
    "Switch compression off for the two paths.",
)
SIZE = Rule(
    "discovery-size",
    _LAYER,
    "The documents are small",
    "Both documents together are a few kilobytes. The doctor reads one megabyte of each at most.",
    "What answers is not an issuer.",
    "Compare the address with the API server's.",
)
SLOW = Rule(
    "discovery-slow",
    _LAYER,
    "The documents come within seconds",
    "AWS waits a few seconds at most and then answers IDPCommunicationError.",
    "What answers is overloaded, or holds the connection without answering.",
    "Look at the load of what serves the documents; a bucket serves them at any load.",
)
UNREACHABLE = Rule(
    "discovery-unreachable",
    _LAYER,
    "The connection lasts until the documents are read",
    "TLS is established, but no whole HTTP answer comes.",
    "What answers speaks no HTTP, or drops the connection.",
    "Look into the log of what answers at this address.",
)
JSON = Rule(
    "discovery-json",
    _LAYER,
    "The documents are valid JSON objects",
    "Both documents are JSON objects without a key that comes twice (RFC 8259).",
    "The documents were edited or cut when they were copied.",
    "Publish them again as the API server serves them: 'kubectl get --raw "
    "/.well-known/openid-configuration' and 'kubectl get --raw /openid/v1/jwks'.",
)
ISSUER = Rule(
    "discovery-issuer",
    _LAYER,
    "The document names the configured issuer, byte for byte",
    "The 'iss' of tokens, the 'issuer' of the document and the URL of the OIDC provider must be "
    "equal byte for byte: one trailing slash breaks the federation.",
    "The first --service-account-issuer of the API server is not the configured issuer.",
    "Set the first --service-account-issuer of every API server to the configured issuer; keep "
    "the old one second until its tokens have expired.",
)
JWKS_URI = Rule(
    "discovery-jwks-uri",
    _LAYER,
    "The document leads to the keys at a public address, on 443",
    "AWS reads the keys at the 'jwks_uri' of the document: https, on port 443, from the internet.",
    "--service-account-jwks-uri is not set: the API server then names its own address, often a "
    "private one or on port 6443.",
    "Set --service-account-jwks-uri to ISSUER/openid/v1/jwks on every API server.",
)
ALGORITHMS = Rule(
    "discovery-algorithms",
    _LAYER,
    "The document names algorithms that AWS takes",
    "STS takes tokens signed with RS256, RS384, RS512, ES256, ES384 or ES512 (STS API, "
    "AssumeRoleWithWebIdentity).",
    "The document was written by hand, or the issuer is not a Kubernetes API server.",
    "Publish the document as the API server serves it.",
)

ALL = (
    READABLE,
    UNAUTHORIZED,
    FORBIDDEN,
    NOT_FOUND,
    STATUS,
    REDIRECT,
    HTML,
    CONTENT_TYPE,
    ENCODING,
    SIZE,
    SLOW,
    UNREACHABLE,
    JSON,
    ISSUER,
    JWKS_URI,
    ALGORITHMS,
)
