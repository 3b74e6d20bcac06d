"""An API server on loopback that answers what a test gives it, and an aws CLI that only records."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from stand_in_issuer import ISSUER, KEY, config_for
from stand_in_server import CONTEXT, answering, kubeconfig, respond

from federation.model.config import ClusterConfig

ROLE = "arn:aws:iam::123456789012:role/stand-in_default_app"
CONFIGURED = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
    "AWS_ROLE_ARN": ROLE,
    "AWS_STS_REGIONAL_ENDPOINTS": "regional",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/oidc-iam/serviceaccount/token",
}
"""What the configuration of the stand-in makes."""

TOKEN_PATH = "/api/v1/namespaces/default/serviceaccounts/app/token"
CONFIG_MAP_PATH = "/api/v1/namespaces/default/configmaps/app-role"

_CLI = """\
#!{python}
import json, os
with open({record!r}, "w") as file:
    json.dump(dict(os.environ), file)
print(json.dumps({{"Arn": "arn:aws:sts::123456789012:assumed-role/stand-in_default_app/x"}}))
"""


@contextmanager
def cluster(folder: Path, answers: Mapping[str, object]) -> Iterator[ClusterConfig]:
    """A configuration whose cluster answers each path with JSON; all else is not found."""
    known = {"/version": {"gitVersion": "v1.34.4"}, TOKEN_PATH: token_answer(), **answers}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        path = handler.path.partition("?")[0]
        if path in known:
            respond(handler, 200, json.dumps(known[path]))
        else:
            respond(handler, 404, json.dumps({"message": "not found"}))

    with answering(answer) as port:
        (folder / "kubeconfig").write_text(kubeconfig(port))
        yield configuration(folder)


def configuration(folder: Path, **aws: Any) -> ClusterConfig:
    """The configuration of the stand-in."""
    settings = config_for(443).model_dump(mode="json")
    settings["aws"] |= {"account_id": "123456789012", "endpoint_url": None, **aws}
    settings["kubernetes"] |= {"kubeconfig": str(folder / "kubeconfig"), "context": CONTEXT}
    return ClusterConfig.model_validate_json(json.dumps(settings))


def token_answer() -> dict[str, Any]:
    """The answer of a TokenRequest."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": "system:serviceaccount:default:app",
        "aud": ["sts.amazonaws.com"],
        "iat": now,
        "exp": now + 600,
    }
    token = jwt.encode({"alg": "RS256", "kid": "first"}, claims, KEY)
    return {"status": {"token": token}}


def recording_cli(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an `aws` on the PATH that records its environment; the path of the record."""
    record, programs = folder / "environment.json", folder / "programs"
    programs.mkdir()
    program = programs / "aws"
    program.write_text(_CLI.format(python=sys.executable, record=str(record)))
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return record
