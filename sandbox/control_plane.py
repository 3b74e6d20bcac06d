"""How a control plane is started: the arguments of its components, and its kubeconfig, as data.

Nothing here touches the machine; `sandbox.sandbox` starts what is described. The flags of the API
server are those of a self-managed cluster whose issuer is public: issuer, JWKS address and keys of
service accounts, RBAC, and anonymous requests as Kubernetes has them by default.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.certificates import Certificates

CONTEXT = "oidc-iam-sandbox"
"""The kubeconfig context."""

_CONTROLLERS = (
    "namespace-controller",
    "serviceaccount-controller",
    "root-ca-certificate-publisher-controller",
)
"""Without them a namespace never goes, and a new one gets no `default` service account."""


@dataclass(frozen=True)
class ControlPlane:
    """A control plane on loopback.

    Attributes:
        issuers: of service account tokens; the first signs, all are accepted.
        port: of the API server.
        etcd_ports: of etcd, for clients and for peers.
        data: the folder of etcd's data.
        certificates: what the API server presents and signs with.
        tokens: the file with the administrator's token, in the form of `--token-auth-file`.
        kubeconfig: the file with `kubeconfig()`.
        flags: further flags of the API server.
    """

    issuers: Sequence[str]
    port: int
    etcd_ports: tuple[int, int]
    data: Path
    certificates: Certificates
    tokens: Path
    kubeconfig: Path
    flags: Sequence[str] = ()

    @property
    def _etcd(self) -> str:
        return f"https://127.0.0.1:{self.etcd_ports[0]}"

    def etcd(self) -> Iterable[str]:
        """The arguments of etcd, which answers only clients and peers with its certificate."""
        peers = f"https://127.0.0.1:{self.etcd_ports[1]}"
        yield f"--data-dir={self.data}"
        yield f"--listen-client-urls={self._etcd}"
        yield f"--advertise-client-urls={self._etcd}"
        yield f"--listen-peer-urls={peers}"
        yield f"--initial-advertise-peer-urls={peers}"
        yield f"--initial-cluster=default={peers}"
        for whose in ("", "peer-"):
            yield f"--{whose}client-cert-auth"
            yield f"--{whose}trusted-ca-file={self.certificates.ca}"
            yield f"--{whose}cert-file={self.certificates.etcd}"
            yield f"--{whose}key-file={self.certificates.etcd_key}"
        # Nothing here outlives the sandbox.
        yield "--unsafe-no-fsync"

    def api_server(self) -> Iterable[str]:
        """The arguments of kube-apiserver."""
        signing_key = self.certificates.service_account_key
        yield f"--etcd-servers={self._etcd}"
        yield f"--etcd-cafile={self.certificates.ca}"
        yield f"--etcd-certfile={self.certificates.etcd}"
        yield f"--etcd-keyfile={self.certificates.etcd_key}"
        yield "--bind-address=127.0.0.1"
        yield "--advertise-address=127.0.0.1"
        # The endpoints of `kubernetes.default` may not be on loopback.
        yield "--endpoint-reconciler-type=none"
        yield f"--secure-port={self.port}"
        yield f"--tls-cert-file={self.certificates.chain}"
        yield f"--tls-private-key-file={self.certificates.key}"
        yield "--service-cluster-ip-range=10.0.0.0/24"
        yield "--authorization-mode=RBAC"
        yield f"--token-auth-file={self.tokens}"
        for issuer in self.issuers:
            yield f"--service-account-issuer={issuer}"
        yield f"--service-account-jwks-uri={self.issuers[0]}/openid/v1/jwks"
        yield f"--service-account-key-file={signing_key}"
        yield f"--service-account-signing-key-file={signing_key}"
        yield from self.flags

    def controller_manager(self) -> Iterable[str]:
        """The arguments of kube-controller-manager."""
        yield f"--kubeconfig={self.kubeconfig}"
        yield f"--controllers={','.join(_CONTROLLERS)}"
        yield f"--root-ca-file={self.certificates.ca}"
        yield "--secure-port=0"
        yield "--leader-elect=false"


def kubeconfig(endpoint: str, ca: Path, token: str) -> dict[str, Any]:
    """A kubeconfig with the one context `CONTEXT`.

    Args:
        endpoint: the address of the API server.
        ca: the file with its CA.
        token: the administrator's.
    """
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [
            {"name": CONTEXT, "cluster": {"server": endpoint, "certificate-authority": str(ca)}}
        ],
        "users": [{"name": CONTEXT, "user": {"token": token}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
    }
