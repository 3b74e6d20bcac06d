"""The rules of the layer `token`: what a workload's pods hand to AWS."""

from doctor.finding import Rule

_LAYER = "token"

OBTAINED = Rule(
    "token-obtained",
    _LAYER,
    "There is a token of the workload to look at",
    "A token is given as a file, read from a running pod, or minted through the TokenRequest API "
    "for the workload's service account. Minting makes no object in the cluster.",
    "The service account does not exist, or whoever runs the doctor may not create "
    "'serviceaccounts/token' in its namespace.",
    "Deploy the workloads stack; or give a token with --token FILE or --pod NAMESPACE/NAME.",
)
HEADER = Rule(
    "token-header",
    _LAYER,
    "The token is signed with an algorithm that AWS takes, by a named key",
    "STS takes RS256, RS384, RS512, ES256, ES384 and ES512, and finds the key by the header's "
    "'kid'.",
    "The token is not one of a Kubernetes service account, or the signing key is of another kind.",
    "Sign service account tokens with an RSA key, or an EC key on P-256, P-384 or P-521.",
)
SIGNATURE = Rule(
    "token-signature",
    _LAYER,
    "The token's signature verifies against the published keys",
    "AWS verifies every token against the keys that it reads at the issuer.",
    "The key that signs now is not published: the keys were rotated, API servers of the cluster "
    "have different keys, or the documents are a copy that is out of date.",
    "Publish the keys of all API servers before the new key signs (kubectl get --raw "
    "/openid/v1/jwks).",
)
ISSUER = Rule(
    "token-issuer",
    _LAYER,
    "The token's 'iss' is the configured issuer, byte for byte",
    "STS looks for the OIDC provider by the token's 'iss'.",
    "The first --service-account-issuer of the API server that issued it is not the configured "
    "issuer.",
    "Set the first --service-account-issuer of every API server to the configured issuer.",
)
AUDIENCE = Rule(
    "token-audience",
    _LAYER,
    "The token is for an audience of the OIDC provider",
    "STS refuses a token whose 'aud' is not among the provider's client ids.",
    "The pod's projected volume asks for another audience, or for none (then it is the API "
    "server's own).",
    "Set 'audience' in the pod's serviceAccountToken volume to the configured audience.",
)
SUBJECT = Rule(
    "token-subject",
    _LAYER,
    "The token's 'sub' is the workload's service account",
    "Kubernetes writes 'system:serviceaccount:NAMESPACE:NAME', and the role's trust policy lets "
    "in that one alone.",
    "The token is of another service account: a pod without 'serviceAccountName' runs as "
    "'default'.",
    "Set 'serviceAccountName' in the pod.",
)
TIMES = Rule(
    "token-times",
    _LAYER,
    "The token is valid now",
    "A token counts from 'nbf' and 'iat' to 'exp'; 'iat' and 'exp' are required. STS takes it up "
    "to five minutes after 'exp'.",
    "The token expired (a process read it once and never again), or a clock is wrong.",
    "Read the token file anew before each use, as the AWS SDKs do; set the clocks by NTP.",
)

ALL = (OBTAINED, HEADER, SIGNATURE, ISSUER, AUDIENCE, SUBJECT, TIMES)
