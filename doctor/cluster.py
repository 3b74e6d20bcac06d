"""The cluster behind the configured context: read, and asked for tokens, never changed.

Wraps the kubernetes client, so that layers get values, and each failure as one `ClusterError`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from doctor.quoting import shown
from federation.errors import UserError
from federation.token import Token

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

    def takes(self, token: Token) -> bool:
        """Whether the API server lets the holder of a token log in.

        Raises:
            ClusterError: it answers with something else than yes or no.
        """
        configuration = client.Configuration()
        configuration.host = self._api.configuration.host
        configuration.ssl_ca_cert = self._api.configuration.ssl_ca_cert
        configuration.verify_ssl = self._api.configuration.verify_ssl
        configuration.tls_server_name = self._api.configuration.tls_server_name
        configuration.retries = False
        configuration.api_key = {"authorization": token.encoded}
        configuration.api_key_prefix = {"authorization": "Bearer"}
        try:
            with client.ApiClient(configuration) as holder, _explained():
                client.VersionApi(holder).get_code(_request_timeout=_TIMEOUT)
        except ClusterError as error:
            if error.status in (401, 403):
                return error.status == 403
            raise
        return True


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
