"""No output of the doctor has a whole token, whatever AWS and the cluster say of it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner
from joserfc import jwt
from stand_in_issuer import (
    AUTHORITY,
    DISCOVERY,
    ISSUER,
    JWKS,
    KEY,
    Page,
    Respond,
    config_for,
    document,
    key_set,
    page,
    server_context,
    serving,
)
from stand_in_server import CONTEXT, answering, kubeconfig, respond

from federation.yaml import files
from wizard.cli.doctor import doctor

NOW = int(time.time())
TOKEN = jwt.encode(
    {"alg": "RS256", "kid": "first"},
    {
        "iss": ISSUER,
        "sub": "system:serviceaccount:default:app",
        "aud": ["sts.amazonaws.com"],
        "iat": NOW,
        "exp": NOW + 600,
    },
    KEY,
)
PAYLOAD, SIGNATURE = TOKEN.split(".")[1:]
ROLE = "arn:aws:iam::123456789012:role/stand-in_default_app"


@dataclass
class Echo:
    """AWS and an API server in one, which quote in each refusal what they were sent."""

    heard: list[str] = field(default_factory=list)

    def refuse(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer in the form of the one who was meant, with all that came."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0))).decode()
        token = parse_qs(body).get("WebIdentityToken", [""])[0]
        said = f"{handler.headers.get('Authorization', '')} {token} {body}"
        self.heard.append(said)
        if handler.path.endswith("/configmaps/app-role"):
            respond(handler, 200, json.dumps({"data": {"AWS_ROLE_ARN": ROLE}}))
        elif handler.path == "/version" and "Bearer mine" in said:
            respond(handler, 200, json.dumps({"gitVersion": "v1.34.4"}))
        elif handler.path == "/":
            message = f"<Code>InvalidIdentityToken</Code><Message>{said}</Message>"
            error = f"<ErrorResponse><Error>{message}</Error></ErrorResponse>"
            respond(handler, 400, error.replace("&", "&amp;"))
        else:
            respond(handler, 500, json.dumps({"message": said}))


@pytest.fixture
def echo(in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Echo]:
    """cluster.yaml, with the issuer good, and AWS and the cluster echoing."""
    AUTHORITY.file(in_folder).rename("ca.pem")
    (in_folder / "token").write_text(TOKEN)
    pages: dict[str, Page | Respond] = {DISCOVERY: page(document()), JWKS: page(key_set())}
    echo = Echo()
    tls = server_context("good", in_folder)
    with answering(echo.refuse) as aws, serving(pages, tls) as port:
        (in_folder / "kubeconfig").write_text(kubeconfig(aws))
        settings = config_for(port).model_dump(mode="json")
        settings["aws"]["endpoint_url"] = f"http://127.0.0.1:{aws}"
        settings["aws"]["account_id"] = "123456789012"
        settings["kubernetes"] |= {
            "kubeconfig": str(in_folder / "kubeconfig"),
            "context": CONTEXT,
        }
        files.save(files.validate(settings), in_folder / "cluster.yaml")
        monkeypatch.setenv("OIDC_IAM_CONFIG", "cluster.yaml")
        yield echo


def test_no_output_and_no_log_has_a_whole_token(
    echo: Echo, in_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    arguments = ("--ca-file", "ca.pem", "--token", "token", "--negative")
    reports = ("--sarif", "doctor.sarif", "--junit", "doctor.xml")
    with caplog.at_level(logging.DEBUG):
        runs = [
            CliRunner().invoke(doctor, [*arguments, *more], standalone_mode=False)
            for more in (reports, ("--json",))
        ]

    written = [run.output for run in runs]
    written += [(in_folder / name).read_text() for name in ("doctor.sarif", "doctor.xml")]
    written += [record.getMessage() for record in caplog.records]
    assert [run.return_value for run in runs] == [1, 1]
    assert [text for text in written if PAYLOAD in text or SIGNATURE in text] == []
    quoted = {
        each["code"]
        for each in json.loads(runs[1].output)["findings"]
        if each["seen"].count(f"{TOKEN[:4]}... (")
    }
    # That AWS did quote the token shows that it was cut out.
    assert quoted == {"token-obtained", "sts-assume-role"}
    assert any(TOKEN in each for each in echo.heard)
