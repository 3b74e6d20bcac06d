"""AWS on this machine: moto behind a strict STS, as one small server.

`python -m sandbox.aws PORT HOST=ADDRESS:PORT...` serves IAM, STS and S3 on loopback, and connects
to the given address for each issuer's host. Faults can be ordered for tests: a POST of
`{"action", "code", "message", "times"}` to `/_sandbox/fault` lets the next calls of that action
fail with that code.
"""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")

from moto.iam.models import iam_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from sandbox.sts import RefusedError, StrictSts

StartResponse = Callable[..., Any]
Environ = dict[str, Any]

ACCOUNT = "123456789012"
_DEFAULT_FAULT_STATUS = {"Throttling": 400, "AccessDenied": 403, "ServiceFailure": 500}


class Front:
    """The WSGI application before moto's."""

    def __init__(self, sts: StrictSts) -> None:
        self._sts = sts
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._faults: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request: the sandbox's own, a refusal, or moto's answer."""
        path = environ.get("PATH_INFO", "")
        if path == "/_sandbox/health":
            return _answer(start_response, 200, "ok")
        body = _body(environ)
        if path == "/_sandbox/fault":
            with self._lock:
                fault = json.loads(body)
                self._faults[fault["action"]] = fault
            return _answer(start_response, 200, "ok")
        call = _call(environ, body)
        try:
            self._refuse(call)
        except RefusedError as refusal:
            reason = f" ({refusal.reason})" if refusal.reason else ""
            print(  # noqa: T201  (the server's log)
                f"{call.get('Action')}: {refusal.code}: {refusal.message}{reason}", flush=True
            )
            return _refusal(start_response, refusal)
        answer: Iterable[bytes] = self._moto(environ, start_response)
        return answer

    def _refuse(self, call: dict[str, str]) -> None:
        action = call.get("Action", "")
        with self._lock:
            fault = self._faults.get(action)
            if fault and fault["times"] > 0:
                fault["times"] -= 1
                status = _DEFAULT_FAULT_STATUS.get(fault["code"], 400)
                raise RefusedError(fault["code"], fault["message"], status=status)
        if action == "AssumeRoleWithWebIdentity":
            self._sts.check(call)
        if action == "CreateRole":
            _refuse_twin(call.get("RoleName", ""))


def _refuse_twin(name: str) -> None:
    """IAM takes no two role names that differ in case only; moto does."""
    for role in iam_backends[ACCOUNT]["aws"].roles.values():
        if role.name.lower() == name.lower():
            raise RefusedError(
                "EntityAlreadyExists", f"Role with name {name} already exists.", status=409
            )


def _call(environ: Environ, body: bytes) -> dict[str, str]:
    """The parameters of a call of the query protocol (IAM, STS); empty for any other."""
    text = environ.get("QUERY_STRING", "")
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        text += "&" + body.decode("utf-8", "replace")
    return dict(parse_qsl(text, keep_blank_values=True))


def _body(environ: Environ) -> bytes:
    """The body, left in place for moto."""
    if environ.get("HTTP_TRANSFER_ENCODING") == "chunked":
        return b""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _refusal(start_response: StartResponse, refusal: RefusedError) -> Iterable[bytes]:
    text = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>'
        f"<Type>Sender</Type><Code>{escape(refusal.code)}</Code>"
        f"<Message>{escape(refusal.message)}</Message></Error>"
        "<RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
    )
    return _answer(start_response, refusal.status, text, "text/xml")


def _answer(
    start_response: StartResponse, status: int, text: str, kind: str = "text/plain"
) -> Iterable[bytes]:
    body = text.encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
    start_response(f"{status} -", headers)
    return [body]


def main(arguments: list[str]) -> None:
    """Serve until the process is ended."""
    port, *pairs = arguments
    issuers = {}
    for pair in pairs:
        host, _, address = pair.partition("=")
        name, _, number = address.rpartition(":")
        issuers[host] = (name, int(number))
    make_server("127.0.0.1", int(port), Front(StrictSts(issuers)), threaded=True).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
