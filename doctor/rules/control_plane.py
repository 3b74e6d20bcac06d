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

VERIFIED = Rule(
    "control-plane-verified",
    _LAYER,
    "The kubeconfig has the API server's certificate checked",
    "With 'insecure-skip-tls-verify' whoever stands between here and the API server can answer "
    "in its place, and gets the credentials.",
    "The kubeconfig says 'insecure-skip-tls-verify: true'.",
    "Put the authority's certificate into the kubeconfig instead (certificate-authority-data).",
)
ISSUER = Rule(
    "control-plane-issuer",
    _LAYER,
    "The cluster's own discovery document names the configured issuer",
    "Read from the API server with the credentials of the kubeconfig, past all that stands in "
    "front of it.",
    "The first --service-account-issuer of the API server is not the configured issuer, or the "
    "context is of another cluster.",
    "Set the first --service-account-issuer of every API server to the configured issuer; or name "
    "the right context.",
)
FLAGS = Rule(
    "control-plane-flags",
    _LAYER,
    "Every API server has the configured issuer first, and the address of the keys",
    "The first --service-account-issuer signs, all of them are accepted, and every API server of "
    "the cluster must have the same. --service-account-jwks-uri says where AWS finds the keys. "
    "Read from the API servers' pods in kube-system, where they can be seen.",
    "A flag was set on some of the control plane nodes only, or was lost: a map of extraArgs "
    "(kubeadm before v1beta4, Cluster API before v1beta2) keeps one of several of the same name.",
    "Set the same flags on every control plane node, one after the other.",
)
API_AUDIENCES = Rule(
    "control-plane-api-audiences",
    _LAYER,
    "The API server does not take the tokens that AWS gets",
    "--api-audiences lists the audiences of tokens that log in to the API server; without the "
    "flag it is the issuer. With the audience of AWS among them, whoever sees a token on its way "
    "to AWS can log in to the cluster.",
    "The audience of AWS was added to --api-audiences, as some instructions have it.",
    "Remove it from --api-audiences and keep the others: without the issuer among them, pods are "
    "locked out.",
)
BINDING = Rule(
    "control-plane-binding",
    _LAYER,
    "Anonymous readers are bound to the discovery role",
    "The ClusterRole 'system:service-account-issuer-discovery' is built in and grants 'get' on "
    "the two documents alone. Kubernetes binds it to service accounts; the federation adds the "
    "group 'system:unauthenticated' (KEP-1393).",
    "The discovery stack was not deployed, or its ClusterRoleBinding was deleted.",
    "Deploy the discovery stack.",
)
ANONYMOUS = Rule(
    "control-plane-anonymous",
    _LAYER,
    "Strangers are granted no more than they need",
    "Besides the two documents, Kubernetes grants anonymous requests /healthz, /livez, /readyz "
    "and /version, and kubeadm the ConfigMap 'cluster-info'. A further binding is a warning. It is "
    "a failure if strangers may mint tokens, make or enter pods, read secrets, or change roles, "
    "nodes, admission or the objects of a workload: anyone who reaches the API server then has the "
    "AWS roles. The group 'system:authenticated' counts here, too: the token of any pod is enough.",
    "Another binding names the group 'system:unauthenticated' or 'system:authenticated', or the "
    "user 'system:anonymous'.",
    "Delete the binding, unless you know what it is for.",
)
PATHS = Rule(
    "control-plane-anonymous-paths",
    _LAYER,
    "Anonymous requests are limited to paths, where that is configured",
    "With 'exposure: authentication-config' each API server has an AuthenticationConfiguration "
    "whose 'anonymous.conditions' name the paths that it takes anonymous requests for. All others "
    "are refused with 401 before RBAC is asked (KEP-4633, Kubernetes 1.31 or newer). The kubelet "
    "asks for the health of the API server without credentials, so that /livez, /readyz and "
    "/healthz belong to them.",
    "--authentication-config is not set on every API server, or its file has no 'conditions'.",
    "Set it on each, and mount the file: 'python -m wizard apiserver' writes both.",
)
CONFIG_MAP = Rule(
    "control-plane-config-map",
    _LAYER,
    "The workload's ConfigMap has the configured settings and no others",
    "Pods take their AWS environment from it: the role, the token file and the region. Each "
    "further entry becomes an environment variable, too. An entry that may send requests "
    "elsewhere or run code (endpoints, proxies, CA bundles, profiles, credentials, PYTHON*, LD_* "
    "and anything that is not a known setting of the AWS SDKs) is a failure. A harmless setting "
    "of the SDKs, such as AWS_RETRY_MODE, is a warning.",
    "The workloads stack was not deployed, or the ConfigMap was edited.",
    "Deploy the workloads stack.",
)

ALL = (ACCESS, VERIFIED, ISSUER, FLAGS, API_AUDIENCES, BINDING, ANONYMOUS, PATHS, CONFIG_MAP)
