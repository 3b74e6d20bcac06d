"""The rules of the layer `negative`: what must be refused."""

from doctor.finding import Rule

_LAYER = "negative"
_EDITED = "The role's trust policy is wider than the configured one: it was edited."
_REDEPLOY = "Deploy the identity stack, which writes the policy anew."
_STRANGE = "What answers in the name of STS does not check tokens as STS does."
_ENDPOINT = "Compare aws.endpoint_url: only AWS, or the sandbox's strict STS, can prove this."

SERVICE_ACCOUNT = Rule(
    "negative-service-account",
    _LAYER,
    "Another service account of the namespace is refused",
    "The condition on 'sub' keeps other pods of the same namespace out.",
    _EDITED,
    _REDEPLOY,
)
NAMESPACE = Rule(
    "negative-namespace",
    _LAYER,
    "A service account of another namespace is refused",
    "The condition on 'sub' names the namespace: who may create pods in another one gets nothing.",
    _EDITED,
    _REDEPLOY,
)
AUDIENCE = Rule(
    "negative-audience",
    _LAYER,
    "A token for another audience is refused",
    "A token that a pod hands to another service must not be good for AWS.",
    _EDITED,
    _REDEPLOY,
)
EXPIRED = Rule(
    "negative-expired",
    _LAYER,
    "An expired token is refused",
    "STS takes a token up to 300 s after its 'exp'. A token that is older can only be made with "
    "the cluster's signing key, so that this is proven in the sandbox alone.",
    _STRANGE,
    _ENDPOINT,
)
KEY = Rule(
    "negative-key",
    _LAYER,
    "A token signed by another key is refused",
    "The doctor signs the workload's own claims with a key that it makes and forgets.",
    _STRANGE,
    _ENDPOINT,
)
GARBAGE = Rule(
    "negative-garbage",
    _LAYER,
    "What is no token is refused",
    "A text that is no JWT must not give a role.",
    _STRANGE,
    _ENDPOINT,
)
ROLE = Rule(
    "negative-role",
    _LAYER,
    "A role that does not exist is refused",
    "STS answers AccessDenied, as for a role that does not trust the token: it does not tell "
    "which roles exist.",
    _STRANGE,
    _ENDPOINT,
)
API_SERVER = Rule(
    "negative-api-server",
    _LAYER,
    "The token that AWS gets is refused by the API server",
    "Whoever sees the token on its way to AWS must not be able to log in to the cluster with it.",
    "--api-audiences of the API server contains the audience of the tokens for AWS.",
    "Remove that audience from --api-audiences and keep the others: without the flag it is the "
    "issuer.",
)

ALL = (SERVICE_ACCOUNT, NAMESPACE, AUDIENCE, EXPIRED, KEY, GARBAGE, ROLE, API_SERVER)
