"""The cluster behind the configured context: read, and asked for tokens, never changed.

The Kubernetes client reads the kubeconfig and sends the requests; answers are taken as JSON, since
its own models of them take longer to import than all requests take. Layers get values, and each
failure as one `ClusterError`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from apiserver.pods import LABELS
from doctor import rbac
from doctor.live.kubeconfig import Kubeconfigs, connection
from doctor.rbac import Binding
from federation.errors import UserError
from federation.keys.jwks import JWKS_PATH, OPENID_CONFIGURATION_PATH
from federation.keys.token import MAX_LENGTH, Token
from federation.strict_json import json_object
from formats.escaping import quoted

SHORTEST_LIFE = 600
"""Seconds: the TokenRequest API takes no less."""

LARGEST = 32 * 1024 * 1024
"""Bytes of an answer that are read: all bindings of a large cluster are a few megabytes."""

ANSWER_SECONDS = 5.0
"""How long the API server has for each part of an answer."""

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_PLACES = {
    "ClusterRoleBinding": (_RBAC, "clusterrolebindings"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "Namespace": ("/api/v1", "namespaces"),
    "Pod": ("/api/v1", "pods"),
    "Role": (_RBAC, "roles"),
    "ServiceAccount": ("/api/v1", "serviceaccounts"),
}
"""The API and the plural of each kind."""


class ClusterError(Exception):
    """What the cluster answered instead; the text is safe to print.

    Attributes:
        status: The HTTP status, or None where there was no answer.
    """

    def __init__(self, text: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(text)


class Cluster:
    """One cluster, as one user."""

    def __init__(
        self, kubeconfig: Path | None, context: str | None, seconds: float = ANSWER_SECONDS
    ) -> None:
        """Read the kubeconfig; nothing is connected to yet.

        Args:
            kubeconfig: The file; None searches as kubectl does.
            context: The context in it; None is the current one.
            seconds: For each part of an answer.

        Raises:
            ClusterError: there is no such file or context.
        """
        self._timeout = (min(3.0, seconds), seconds)
        # At DEBUG the client logs every answer whole, and with it the tokens.
        logging.getLogger("kubernetes.client.rest").setLevel(logging.INFO)
        settings = client.Configuration()
        settings.retries = False
        paths = str(kubeconfig) if kubeconfig else None
        try:
            self._api = connection(paths, context, settings)
        except (ConfigException, OSError) as error:
            raise ClusterError(quoted(error)) from None
        own = self._api.configuration
        if not own.api_key and not own.cert_file and (program := _program(paths, context)):
            raise ClusterError(f"{quoted(program)} of the kubeconfig gives no credentials")

    @property
    def server(self) -> str:
        """The address of the API server."""
        return str(self._api.configuration.host)

    @property
    def is_verified(self) -> bool:
        """Whether the kubeconfig has the API server's certificate checked."""
        return bool(self._api.configuration.verify_ssl)

    @property
    def certificate_authority(self) -> Path | None:
        """The authority of the API server's certificate, where the kubeconfig names it."""
        path = self._api.configuration.ssl_ca_cert
        return Path(path) if path else None

    def version(self) -> str:
        """The version of the API server.

        Raises:
            ClusterError: it does not answer.
        """
        return str(self._get("/version").get("gitVersion"))

    def openid_configuration(self) -> Mapping[str, Any]:
        """The discovery document, read with the kubeconfig's credentials.

        Raises:
            ClusterError: it cannot be read.
        """
        return self._get(OPENID_CONFIGURATION_PATH)

    def issuer(self) -> object:
        """The issuer in the discovery document.

        Raises:
            ClusterError: the document cannot be read.
        """
        return self.openid_configuration().get("issuer")

    def key_set(self) -> Mapping[str, Any]:
        """The JSON Web Key Set that the API server publishes.

        Raises:
            ClusterError: it cannot be read.
        """
        return self._get(JWKS_PATH)

    def api_server_pods(self) -> Mapping[str, Mapping[str, Any]]:
        """The pods of API servers that run here, by their names.

        Raises:
            ClusterError: pods in kube-system cannot be listed.
        """
        path = "/api/v1/namespaces/kube-system/pods"
        pods = [each for label in LABELS for each in self._list(path, labelSelector=label)]
        with _understood():
            return {str(pod["metadata"]["name"]): pod for pod in pods}

    def running_pods(self, namespace: str, service_account: str) -> tuple[dict[str, Any], ...]:
        """The pods that run as a service account.

        Raises:
            ClusterError: the pods of the namespace cannot be listed.
        """
        selector = f"spec.serviceAccountName={service_account},status.phase=Running"
        return tuple(self._list(f"/api/v1/namespaces/{namespace}/pods", fieldSelector=selector))

    def bindings_of_strangers(self) -> tuple[Binding, ...]:
        """The bindings that name requests without credentials, or with any.

        Raises:
            ClusterError: bindings cannot be listed.
        """
        kinds = ("clusterrolebindings", "rolebindings")
        bindings = [each for kind in kinds for each in self._list(f"{_RBAC}/{kind}")]
        with _understood():
            return tuple(filter(None, map(rbac.binding, bindings)))

    def cluster_roles(self) -> tuple[dict[str, Any], ...]:
        """All ClusterRoles.

        Raises:
            ClusterError: they cannot be listed.
        """
        return tuple(self._list(f"{_RBAC}/clusterroles"))

    def role(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """A Role of a namespace, if there is one.

        Raises:
            ClusterError: it cannot be read.
        """
        return self.find("Role", namespace, name)

    def anonymous_status(self, path: str) -> int:
        """The HTTP status of an anonymous GET: 401 where it is refused before RBAC is asked.

        Raises:
            ClusterError: there is no answer.
        """
        return self._status_for_stranger(path, {})

    def mint(self, namespace: str, service_account: str, audience: str) -> Token:
        """A token of an existing service account (TokenRequest API); no object is made.

        Raises:
            ClusterError: the cluster gives none; status 404 where there is no such account.
        """
        answer = self._ask(
            "POST",
            f"/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token",
            body={
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenRequest",
                "spec": {"audiences": [audience], "expirationSeconds": SHORTEST_LIFE},
            },
        )
        with _understood():
            text = str(answer["status"]["token"])
        try:
            return Token.parse(text)
        except UserError as error:
            raise ClusterError(str(error)) from None

    def find(self, kind: str, namespace: str | None, name: str) -> Mapping[str, Any] | None:
        """An object of one of the kinds that a federation has, if there is one.

        Args:
            kind: Such as `ConfigMap`.
            namespace: Where it is; None where the kind has none.
            name: Its name.

        Raises:
            ClusterError: it cannot be read.
        """
        place = f"namespaces/{namespace}/" if namespace else ""
        api, kinds = _PLACES[kind]
        try:
            return self._get(f"{api}/{place}{kinds}/{name}")
        except ClusterError as error:
            if error.status == 404:
                return None
            raise

    def config_map(self, namespace: str, name: str) -> Mapping[str, object]:
        """The entries of a ConfigMap. Text is a `str`, an entry of `binaryData` is `bytes`.

        Raises:
            ClusterError: it cannot be read; status 404 if there is none.
        """
        found = self._get(f"/api/v1/namespaces/{namespace}/configmaps/{name}")
        with _understood():
            binary = {
                key: str(value).encode() for key, value in (found.get("binaryData") or {}).items()
            }
            return {**(found.get("data") or {}), **binary}

    def pod_token(self, namespace: str, name: str, audiences: Collection[str]) -> Token:
        """The token for one of the audiences that a running pod has.

        Raises:
            ClusterError: there is no such pod, it does not run, or its token cannot be read.
        """
        # Reading in a pod takes all the models, and is seldom asked for.
        from doctor import pod

        found = self._get(f"/api/v1/namespaces/{namespace}/pods/{name}")
        with _understood():
            phase, spec = found["status"]["phase"], found["spec"]
            if phase != "Running":
                raise ClusterError(
                    f"the pod is {quoted(phase)}: no kubelet runs its containers yet"
                )
            try:
                place = pod.token_place(spec, audiences)
                # A client cannot do anything else while it connects.
                with client.ApiClient(self._api.configuration) as api, _explained():
                    return Token.parse(pod.read(api, namespace, name, place, 2 * MAX_LENGTH))
            except (pod.UnreadableTokenError, UserError) as error:
                raise ClusterError(str(error)) from None

    def takes(self, token: Token) -> bool:
        """Whether the API server lets the holder of a token log in.

        Raises:
            ClusterError: it answers with something else than yes or no.
        """
        headers = {"authorization": f"Bearer {token.encoded}"}
        status = self._status_for_stranger("/version", headers)
        if status in (200, 401, 403):
            return status != 401
        raise ClusterError(f"HTTP {status}", status)

    def _status_for_stranger(self, path: str, headers: dict[str, str]) -> int:
        """The HTTP status of a GET with nothing but these headers."""
        settings = client.Configuration()
        ours = self._api.configuration
        for setting in ("host", "ssl_ca_cert", "verify_ssl", "tls_server_name", "proxy"):
            setattr(settings, setting, getattr(ours, setting))
        settings.retries = False
        with client.ApiClient(settings) as stranger:
            stranger.default_headers.update(headers)
            request = stranger.param_serialize("GET", path)
            with _explained():
                response = stranger.call_api(*request, _request_timeout=self._timeout).response
                response.close()
        return int(response.status)

    def _list(self, path: str, **query: str) -> list[dict[str, Any]]:
        with _understood():
            items = list(self._get(path, **query)["items"])
            if not all(isinstance(each, dict) for each in items):
                raise TypeError("an item that is not an object")
            return items

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        return self._ask("GET", path, query)

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The JSON that the API server answers with."""
        with _explained():
            request = self._api.param_serialize(
                method,
                path,
                query_params=list((query or {}).items()),
                header_params={
                    "Accept": "application/json, */*",
                    "Content-Type": "application/json",
                },
                body=body,
                auth_settings=["BearerToken"],
            )
            response = self._api.call_api(*request, _request_timeout=self._timeout).response
            content = response.read(LARGEST + 1)
            response.close()
        if len(content) > LARGEST:
            raise ClusterError(f"{path} has more than {LARGEST} bytes")
        if not 200 <= response.status < 300:
            raise ClusterError(_refusal(response.status, content, response.reason), response.status)
        try:
            return json_object("The answer", content.decode())
        except (UserError, UnicodeDecodeError) as error:
            raise ClusterError(quoted(error)) from None


def _program(paths: str | None, context: str | None) -> str | None:
    """The program that a user has for credentials; where it fails, the client only logs that."""
    whole = Kubeconfigs(paths).whole.value
    named = {part: {each.value["name"]: each.value for each in whole[part]} for part in _NAMED}
    wanted = named["contexts"].get(context or whole.get("current-context"), {})
    user = named["users"].get(wanted.get("context", {}).get("user"), {}).get("user") or {}
    return str(user["exec"].get("command")) if user.get("exec") else None


_NAMED = ("contexts", "users")


@contextmanager
def _explained() -> Iterator[None]:
    """Turn the exceptions of the client into ours."""
    try:
        yield
    except ApiException as error:
        raise ClusterError(_refusal(error.status, error.body, error.reason), error.status) from None
    except urllib3.exceptions.HTTPError as error:
        raise ClusterError(f"no answer: {quoted(_innermost(error))}") from None
    except ValueError:
        # A header or an address that cannot be sent; the text would show a credential.
        raise ClusterError("the kubeconfig has a value that cannot be sent") from None


@contextmanager
def _understood() -> Iterator[None]:
    """Take an answer for what the API promises, and say so where it is something else."""
    try:
        yield
    except (KeyError, TypeError, AttributeError):
        raise ClusterError("not a Kubernetes API response") from None


def _refusal(status: int | None, body: bytes | str | None, reason: object) -> str:
    try:
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        message: Any = json_object("The answer", text or "")["message"]
    except (UserError, KeyError):
        message = reason
    return f"HTTP {status}: {quoted(message)}" if status else quoted(message)


def _innermost(error: BaseException) -> BaseException:
    reason = getattr(error, "reason", None)
    return reason if isinstance(reason, BaseException) else error
