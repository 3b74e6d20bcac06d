"""The rules of the layer `control-plane`: what the cluster itself says, with a kubeconfig."""

from doctor.finding import Rule

_LAYER = "control-plane"

ACCESS = Rule(
    "control-plane-access",
    _LAYER,
    "The cluster can be reached with the configured context",
    "The doctor reads the cluster, and mints tokens, as whoever the kubeconfig names.",
    "The kubeconfig or the context does not exist, the API server is down, or the credentials in "
    "the kubeconfig are out of date.",
    "Try 'kubectl --context CONTEXT get --raw /version'.",
)

ALL = (ACCESS,)
