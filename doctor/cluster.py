"""The cluster behind the configured context: read, and asked for tokens, never changed.

Wraps the kubernetes client, so that layers get values, and each failure as one `ClusterError`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from doctor import pod
from doctor.quoting import shown
from federation.errors import UserError
from federation.strict_json import json_object
from federation.token import MAX_LENGTH, Token

SHORTEST_LIFE = 600
"""Seconds: the TokenRequest API takes no less."""

_TIMEOUT = (3.0, 10.0)


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

    def __init__(self, kubeconfig: Path | None, context: str | None) -> None:
        """Read the kubeconfig; nothing is connected to yet.

        Args:
            kubeconfig: The file; None searches as kubectl does.
            context: The context in it; None is the current one.

        Raises:
            ClusterError: there is no such file or context.
        """
        # At DEBUG the client logs every answer whole, and with it the tokens.
        logging.getLogger("kubernetes.client.rest").setLevel(logging.INFO)
        try:
            self._api = config.new_client_from_config(  # type: ignore[no-untyped-call]
                config_file=str(kubeconfig) if kubeconfig else None,
                context=context,
                persist_config=False,
            )
        except (ConfigException, OSError) as error:
            raise ClusterError(shown(error)) from None
        self._api.configuration.retries = False
        self._core = client.CoreV1Api(self._api)

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
        """The version of the API server."""
        with _explained():
            return str(client.VersionApi(self._api).get_code(_request_timeout=_TIMEOUT).git_version)

    def issuer(self) -> object:
        """The issuer in the discovery document, read with the kubeconfig's credentials.

        Raises:
            ClusterError: the document cannot be read.
        """
        with _explained():
            answer: Any = client.WellKnownApi(
                self._api
            ).get_service_account_issuer_open_id_configuration(
                _preload_content=False, _request_timeout=_TIMEOUT
            )
        try:
            return json_object("The document", answer.data.decode()).get("issuer")
        except (UserError, UnicodeDecodeError) as error:
            raise ClusterError(shown(error)) from None

    def api_servers(self) -> Mapping[str, tuple[str, ...]]:
        """The arguments of each API server that runs as a pod here, by the pod's name.

        Raises:
            ClusterError: pods in kube-system cannot be listed.
        """
        with _explained():
            pods: Any = self._core.list_namespaced_pod(
                "kube-system", label_selector="component=kube-apiserver", _request_timeout=_TIMEOUT
            )
        return {
            pod.metadata.name: tuple(
                argument
                for container in pod.spec.containers
                for argument in (*(container.command or ()), *(container.args or ()))
            )
            for pod in pods.items
        }

    def anonymous_bindings(self) -> Mapping[str, str]:
        """The role of each binding that names anonymous requests, by the binding's name.

        A binding in a namespace is called `NAMESPACE/NAME`.

        Raises:
            ClusterError: bindings cannot be listed.
        """
        rbac = client.RbacAuthorizationV1Api(self._api)
        with _explained():
            bindings: list[Any] = [
                *rbac.list_cluster_role_binding(_request_timeout=_TIMEOUT).items,
                *rbac.list_role_binding_for_all_namespaces(_request_timeout=_TIMEOUT).items,
            ]
        return {
            "/".join(filter(None, [each.metadata.namespace, each.metadata.name])): str(
                each.role_ref.name
            )
            for each in bindings
            if any(subject.name in _ANONYMOUS for subject in each.subjects or ())
        }

    def limits_anonymous_paths(self) -> bool:
        """Whether an anonymous request for just any path is refused before RBAC is asked (401).

        Raises:
            ClusterError: there is no answer.
        """
        return not self._lets_in({})

    def mint(self, namespace: str, service_account: str, audience: str) -> Token:
        """A token of an existing service account (TokenRequest API); no object is made.

        Raises:
            ClusterError: the cluster gives none; status 404 where there is no such account.
        """
        body = client.AuthenticationV1TokenRequest(
            spec=client.V1TokenRequestSpec(audiences=[audience], expiration_seconds=SHORTEST_LIFE)
        )
        with _explained():
            answer = self._core.create_namespaced_service_account_token(
                service_account, namespace, body, _request_timeout=_TIMEOUT
            )
        try:
            return Token.parse(str(answer.status.token) if answer.status else "")
        except UserError as error:
            raise ClusterError(str(error)) from None

    def config_map(self, namespace: str, name: str) -> Mapping[str, str]:
        """The data of a ConfigMap.

        Raises:
            ClusterError: it cannot be read; status 404 where there is none.
        """
        with _explained():
            found = self._core.read_namespaced_config_map(
                name, namespace, _request_timeout=_TIMEOUT
            )
        return dict(found.data or {})

    def pod_token(self, namespace: str, name: str, audiences: Collection[str]) -> Token:
        """The token for one of the audiences that a running pod has.

        Raises:
            ClusterError: there is no such pod, it does not run, or its token cannot be read.
        """
        with _explained():
            found: Any = self._core.read_namespaced_pod(name, namespace, _request_timeout=_TIMEOUT)
            if found.status.phase != "Running":
                raise ClusterError(f"the pod is {shown(found.status.phase)}: no container runs yet")
            # The client cannot do anything else while it connects.
            with client.ApiClient(self._api.configuration) as api:
                try:
                    place = pod.token_place(found.spec, audiences)
                    return Token.parse(pod.read(api, namespace, name, place, 2 * MAX_LENGTH))
                except (pod.UnreadableTokenError, UserError) as error:
                    raise ClusterError(str(error)) from None

    def takes(self, token: Token) -> bool:
        """Whether the API server lets the holder of a token log in.

        Raises:
            ClusterError: it answers with something else than yes or no.
        """
        return self._lets_in({"authorization": f"Bearer {token.encoded}"})

    def _lets_in(self, headers: dict[str, str]) -> bool:
        """Whether a request with nothing but these headers gets past authentication."""
        configuration = client.Configuration()
        ours = self._api.configuration
        for setting in ("host", "ssl_ca_cert", "verify_ssl", "tls_server_name", "proxy"):
            setattr(configuration, setting, getattr(ours, setting))
        configuration.retries = False
        with client.ApiClient(configuration) as stranger:
            stranger.default_headers.update(headers)
            try:
                with _explained():
                    client.VersionApi(stranger).get_code(_request_timeout=_TIMEOUT)
            except ClusterError as error:
                if error.status in (401, 403):
                    return error.status == 403
                raise
        return True


_ANONYMOUS = ("system:unauthenticated", "system:anonymous")


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except ApiException as error:
        raise ClusterError(_answer(error), error.status) from None
    except urllib3.exceptions.HTTPError as error:
        raise ClusterError(f"no answer: {shown(_innermost(error))}") from None


def _answer(error: ApiException) -> str:
    try:
        message: Any = json.loads(error.body or "")["message"]
    except (ValueError, KeyError, TypeError):
        message = error.reason
    return f"HTTP {error.status}: {shown(message)}"


def _innermost(error: BaseException) -> BaseException:
    reason = getattr(error, "reason", None)
    return reason if isinstance(reason, BaseException) else error
