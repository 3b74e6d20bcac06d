"""AWS on this machine: moto behind a strict STS and a stricter IAM, as one small server.

`python -m sandbox.aws SOCKET HOST=ADDRESS:PORT...` serves IAM, STS and S3 on a socket that listens
already, given by its number, and connects to the given address for each issuer's host.
`sandbox.access` says who may call; the ID of the sandbox's own access key is in the environment.
A POST of a `sandbox.faults.Fault` as JSON to `/_sandbox/fault` orders faults. Actions and refusals
with their reasons are logged, keys and tokens never.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

# Read when moto is imported: without it AWS's managed policies are not there.
os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from sandbox import access
from sandbox.faults import Fault, Faults
from sandbox.iam import (
    AUDIENCE_CHANGES,
    change_audiences,
    check_role,
    check_trust_policy,
    completed_provider,
)
from sandbox.issuer import Network
from sandbox.refusal import RefusedError, done, invalid
from sandbox.sts import StrictSts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_FORM = "application/x-www-form-urlencoded"
_STS_VERSION = "2011-06-15"
_log = logging.getLogger("sandbox.aws")


class Front:
    """The WSGI application before moto's."""

    def __init__(self, network: Network, access_key_id: str) -> None:
        self._network = network
        self._access_key_id = access_key_id
        self._sts = StrictSts(network)
        self._faults = Faults()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._creating_role = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request: the sandbox's own, a refusal, or moto's answer."""
        path = environ.get("PATH_INFO", "")
        if path == "/_sandbox/health":
            return _answer(start_response, 200)
        call, repeated = _call(environ)
        action = call.get("Action", "")
        if action:
            _log.info("asked for %s", action)
        # Two names that differ in case must not be made at the same time either.
        with self._creating_role if action == "CreateRole" else contextlib.nullcontext():
            try:
                if repeated:
                    # What we check must be what moto reads.
                    raise invalid(min(repeated), None, "be given once")
                access.check(environ, call, self._access_key_id)
                if path == "/_sandbox/fault":
                    self._faults.order(Fault(**json.loads(_body(environ))))
                    return _answer(start_response, 200)
                self._check(action, call, environ)
                if action in AUDIENCE_CHANGES:
                    change_audiences(call, DEFAULT_ACCOUNT_ID)
                    return _answer(start_response, 200, done(action, str(uuid.uuid4())))
            except RefusedError as refusal:
                _log.info("%s refused: %s", action, refusal)
                text = refusal.xml(_service(call), str(uuid.uuid4()))
                return _answer(start_response, refusal.status, text)
            answer: Iterable[bytes] = self._moto(environ, start_response)
            return answer

    def _check(self, action: str, call: dict[str, str], environ: WSGIEnvironment) -> None:
        if fault := self._faults.take(action):
            raise RefusedError(
                fault.code, fault.message, status=fault.http_status, reason="as ordered"
            )
        if action == access.UNSIGNED:
            self._sts.check(call)
        elif action == "CreateRole":
            check_role(call, DEFAULT_ACCOUNT_ID)
        elif action == "UpdateAssumeRolePolicy":
            check_trust_policy(call.get("PolicyDocument", ""))
        elif action == "CreateOpenIDConnectProvider":
            _replace_form(environ, completed_provider(call, self._network))


def _call(environ: WSGIEnvironment) -> tuple[dict[str, str], set[str]]:
    """The parameters of a request, and which of them are there twice.

    Those of a call of the query protocol (IAM, STS) have an `Action`; S3 has none.
    """
    text = environ.get("QUERY_STRING", "")
    if environ.get("CONTENT_TYPE", "").startswith(_FORM):
        text += "&" + _body(environ).decode("utf-8", "replace")
    pairs = parse_qsl(text, keep_blank_values=True)
    times = Counter(name for name, _ in pairs)
    return dict(pairs), {name for name, count in times.items() if count > 1}


def _service(call: Mapping[str, str]) -> str:
    if "Action" not in call:
        return "s3"
    return "sts" if call.get("Version") == _STS_VERSION else "iam"


def _body(environ: WSGIEnvironment) -> bytes:
    """The body, left in place for moto."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _replace_form(environ: WSGIEnvironment, call: dict[str, str]) -> None:
    body = urlencode(call).encode()
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))


def _answer(start_response: StartResponse, status: int, xml: str = "") -> Iterable[bytes]:
    body = xml.encode()
    headers = [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))]
    start_response(f"{status} -", headers)
    return [body]


class _RequestHandler(MotoRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        # A query string may hold a token.
        self.log("info", "%s %s %s", self.command, urlsplit(self.path).path, code)


def _network(pairs: Iterable[str]) -> Network:
    addresses = {}
    for pair in pairs:
        host, _, address = pair.partition("=")
        name, _, port = address.rpartition(":")
        addresses[host] = (name, int(port))
    return Network(addresses)


def serve(listening: int, front: Front) -> None:
    """Serve on a socket that listens on loopback until the process is ended."""
    server = make_server(
        "127.0.0.1", 0, front, threaded=True, request_handler=_RequestHandler, fd=listening
    )
    server.serve_forever()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    serve(int(sys.argv[1]), Front(_network(sys.argv[2:]), os.environ.pop(access.VARIABLE)))
