"""The token of a running pod: from its own container alone, and however the pod behaves."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from stand_in_server import CONTEXT, answering, kubeconfig, respond

from doctor import pod
from doctor.live.cluster import Cluster, ClusterError
from doctor.pod import TokenMount, UnreadableTokenError, token_place

AUDIENCES = ("sts.amazonaws.com", "other.example.com")
SPEC: dict[str, Any] = {
    "volumes": [
        {"name": "settings", "configMap": {"name": "a"}},
        {
            "name": "api-access",
            "projected": {
                "sources": [
                    {"serviceAccountToken": {"path": "token"}},
                    {"configMap": {"name": "kube-root-ca.crt"}},
                ]
            },
        },
        {
            "name": "aws",
            "projected": {
                "sources": [
                    {"serviceAccountToken": {"path": "vault/token", "audience": "vault"}},
                    {"serviceAccountToken": {"path": "token", "audience": "sts.amazonaws.com"}},
                ]
            },
        },
    ],
    "containers": [
        {"name": "proxy", "volumeMounts": [{"name": "api-access", "mountPath": "/var/run/api"}]},
        {"name": "app", "volumeMounts": [{"name": "aws", "mountPath": "/var/run/aws"}]},
        {"name": "late", "volumeMounts": [{"name": "aws", "mountPath": "/elsewhere"}]},
    ],
}


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


TOKEN = f"{encoded({'alg': 'RS256'})}.{encoded({'iss': 'https://a.example.com'})}.c2ln"


def test_the_first_container_that_mounts_a_token_for_aws_has_it() -> None:
    assert token_place(SPEC, AUDIENCES) == TokenMount("app", "/var/run/aws/token")


@pytest.mark.parametrize(
    "spec",
    [
        {"containers": [{"name": "app"}]},
        {**SPEC, "containers": SPEC["containers"][:1]},
        {
            **SPEC,
            "containers": [
                {
                    "name": "app",
                    "volumeMounts": [{"name": "aws", "mountPath": "/a", "subPath": "token"}],
                }
            ],
        },
    ],
    ids=["no volumes", "mounted nowhere", "one file of it"],
)
def test_a_pod_without_a_token_for_aws_has_none(spec: dict[str, Any]) -> None:
    with pytest.raises(UnreadableTokenError) as missing:
        token_place(spec, AUDIENCES)

    assert str(missing.value) == (
        "no container mounts a token for 'sts.amazonaws.com', 'other.example.com'"
    )


Talk = Callable[["ApiServer", BaseHTTPRequestHandler], None]
SUCCESS = json.dumps({"status": "Success"}).encode()


@dataclass
class ApiServer:
    """What stands in for the API server, and the one pod that it knows: `default/web`."""

    phase: str = "Running"
    talk: Talk = lambda *_: None
    commands: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        if url.path == "/api/v1/namespaces/default/pods/web":
            document = {"spec": SPEC, "status": {"phase": self.phase}}
            respond(handler, 200, json.dumps(document))
        elif url.path == "/api/v1/namespaces/default/pods/web/exec":
            self.commands.append((url.path, parse_qsl(url.query)))
            self.talk(self, handler)
        else:
            message = f'pods "{url.path.rpartition("/")[2]}" not found'
            respond(handler, 404, json.dumps({"message": message}))


def upgrade(handler: BaseHTTPRequestHandler) -> None:
    """Answer the handshake of a WebSocket (RFC 6455, 4.2.2)."""
    key = handler.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    digest = hashlib.sha1(key.encode(), usedforsecurity=False).digest()
    handler.send_response_only(101)
    handler.send_header("Upgrade", "websocket")
    handler.send_header("Connection", "Upgrade")
    handler.send_header("Sec-WebSocket-Accept", base64.b64encode(digest).decode())
    handler.send_header("Sec-WebSocket-Protocol", "v4.channel.k8s.io")
    handler.end_headers()


def send(handler: BaseHTTPRequestHandler, channel: int, content: bytes) -> None:
    """A binary frame of one of the channels of v4.channel.k8s.io."""
    handler.wfile.write(b"\x82\x7e" + (len(content) + 1).to_bytes(2, "big") + bytes([channel]))
    handler.wfile.write(content)


def close(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\x88\x02" + (1000).to_bytes(2, "big"))


def says(*frames: tuple[int, bytes]) -> Talk:
    def talk(_: ApiServer, handler: BaseHTTPRequestHandler) -> None:
        upgrade(handler)
        for channel, content in frames:
            send(handler, channel, content)
        close(handler)

    return talk


def never_ends(server: ApiServer, handler: BaseHTTPRequestHandler) -> None:
    upgrade(handler)
    while not server.ended.is_set():
        send(handler, 1, b"A" * 30_000)


def says_nothing(server: ApiServer, handler: BaseHTTPRequestHandler) -> None:
    upgrade(handler)
    server.ended.wait(10)


def hangs_up(_: ApiServer, handler: BaseHTTPRequestHandler) -> None:
    upgrade(handler)
    handler.connection.close()


def forbids(_: ApiServer, handler: BaseHTTPRequestHandler) -> None:
    respond(handler, 403, json.dumps({"message": 'pods "web" is forbidden'}))


@pytest.fixture
def server() -> ApiServer:
    return ApiServer()


@pytest.fixture
def cluster(server: ApiServer, tmp_path: Path) -> Iterator[Cluster]:
    with answering(server.answer) as port:
        path = tmp_path / "kubeconfig"
        path.write_text(kubeconfig(port))
        yield Cluster(path, CONTEXT)
        server.ended.set()


def test_the_token_is_read_in_its_own_container_alone(server: ApiServer, cluster: Cluster) -> None:
    server.talk = says((1, TOKEN[:40].encode()), (1, TOKEN[40:].encode() + b"\n"), (3, SUCCESS))

    token = cluster.pod_token("default", "web", AUDIENCES)

    assert token.encoded == TOKEN
    assert server.commands == [
        (
            "/api/v1/namespaces/default/pods/web/exec",
            [
                ("command", "cat"),
                ("command", "/var/run/aws/token"),
                ("container", "app"),
                ("stderr", "false"),
                ("stdin", "false"),
                ("stdout", "true"),
                ("tty", "false"),
            ],
        )
    ]


FAILED = json.dumps(
    {"status": "Failure", "message": 'exec: "cat": executable file not found in $PATH'}
).encode()


@pytest.mark.parametrize(
    ("talk", "message"),
    [
        (
            says((3, FAILED)),
            "'cat' in the container: 'exec: \"cat\": executable file not found in $PATH'",
        ),
        (says((3, b"\x1b[31m")), "'cat' in the container: \"b'\\\\x1b[31m'\""),
        (says((1, b"\xff")), "/var/run/aws/token is not text"),
        (
            says((1, b"hello"), (3, SUCCESS)),
            "The token has 1 parts between dots where a signed one has three "
            "(HEADER.PAYLOAD.SIGNATURE): give the token alone, as the API server issued it.",
        ),
        (never_ends, "The token has 40000 characters: STS takes 4 to 20000."),
        (says_nothing, "reading /var/run/aws/token: 'Connection timed out'"),
        (hangs_up, "reading /var/run/aws/token: 'Connection to remote host was lost.'"),
        (forbids, "HTTP 403: 'pods \"web\" is forbidden'"),
    ],
    ids=["no cat", "odd status", "no text", "no token", "no end", "silence", "lost", "forbidden"],
)
def test_whatever_the_pod_does_is_told_in_time(
    server: ApiServer,
    cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
    talk: Talk,
    message: str,
) -> None:
    server.talk = talk
    if talk is says_nothing:
        monkeypatch.setattr(pod, "_SECONDS", 0.2)

    with pytest.raises(ClusterError) as refusal:
        cluster.pod_token("default", "web", AUDIENCES)

    assert str(refusal.value) == message


def test_a_pod_that_does_not_run_is_not_asked(server: ApiServer, cluster: Cluster) -> None:
    server.phase = "Pending"

    with pytest.raises(ClusterError) as refusal:
        cluster.pod_token("default", "web", AUDIENCES)

    assert str(refusal.value) == "the pod is 'Pending': no kubelet runs its containers yet"
    assert server.commands == []


def test_a_pod_that_does_not_exist_is_named(cluster: Cluster) -> None:
    with pytest.raises(ClusterError) as refusal:
        cluster.pod_token("default", "wbe", AUDIENCES)

    assert (str(refusal.value), refusal.value.status) == ("HTTP 404: 'pods \"wbe\" not found'", 404)
