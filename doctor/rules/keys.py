"""The rules of the layer `keys`: the published key set."""

from doctor.finding import Rule

_LAYER = "keys"

USABLE = Rule(
    "keys-usable",
    _LAYER,
    "Every published key is one that AWS can use",
    "STS takes RSA keys with RS256, RS384 or RS512, and EC keys on P-256, P-384 or P-521 with "
    "ES256, ES384 or ES512 (STS API, AssumeRoleWithWebIdentity). An RSA key has 2048 to 8192 bits "
    "and an odd exponent from 3 to 2147483647: RFC 7518 sets the least, and Go, with which "
    "Kubernetes verifies, the rest. AWS documents no limit.",
    "A key of another kind was published, or a key was damaged when it was copied.",
    "Sign service account tokens with an RSA key, or an EC key on one of the three curves.",
)
UNIQUE = Rule(
    "keys-unique",
    _LAYER,
    "Every published key has a 'kid' of its own",
    "A verifier chooses the key by the token's 'kid'. With two keys of one 'kid' it depends on "
    "the order which of them is tried.",
    "Two key sets were joined, or the 'kid' was written by hand.",
    "Publish each key once. Kubernetes makes the 'kid' of the key itself (the SHA-256 of its "
    "public part), so that the same 'kid' means the same key.",
)
COUNT = Rule(
    "keys-count",
    _LAYER,
    "The key set has 1 to 100 keys of each kind",
    "STS takes a key set of at most 100 RSA and 100 EC keys (IAM and STS quotas).",
    "Old keys were never removed, or the set is empty.",
    "Publish the keys that may still have signed a living token, and no others.",
)
PRIVATE = Rule(
    "keys-private",
    _LAYER,
    "No private key material is published",
    "Whoever has the private part of a key makes tokens for any service account of the cluster, "
    "and so takes any role.",
    "A private key was converted to a JWK without dropping its private members.",
    "Treat the key as lost: remove the document, make a new signing key, and let every token of "
    "the old one expire.",
)

ALL = (USABLE, UNIQUE, COUNT, PRIVATE)
