"""The token of a running pod: where it is mounted, and how it is read there.

Which container has it follows from the pod's own description; it is read by `cat` in that container
alone. What runs in a pod is not trusted: what it prints is limited in size and time.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import stream
from kubernetes.stream.ws_client import ERROR_CHANNEL, STDOUT_CHANNEL, WSClient
from websocket import ABNF, WebSocketBadStatusException, WebSocketException

from federation.errors import UserError
from federation.strict_json import json_object
from formats.escaping import listed, quoted

_SECONDS = 10.0


class UnreadableTokenError(Exception):
    """There is no token in the pod, or it cannot be read; the text is safe to print."""


@dataclass(frozen=True)
class TokenMount:
    container: str
    path: str


def token_place(spec: Mapping[str, Any], audiences: Collection[str]) -> TokenMount:
    """Where a pod has a token for one of the audiences.

    Args:
        spec: The pod's `spec`.
        audiences: What AWS takes tokens for.

    Raises:
        UnreadableTokenError: no container mounts such a token.
    """
    found = dict(_projections(spec, audiences))
    for container in spec["containers"]:
        for mount in container.get("volumeMounts", ()):
            # With a subPath it is one file, and not renewed: not what the SDKs are pointed to.
            if mount["name"] in found and not {"subPath", "subPathExpr"} & mount.keys():
                path = f"{mount['mountPath']}/{found[mount['name']]}"
                if path.startswith("/"):  # it becomes an argument of 'cat'
                    return TokenMount(container["name"], path)
    raise UnreadableTokenError(f"no container mounts a token for {listed(list(audiences))}")


def read(api: client.ApiClient, namespace: str, pod: str, place: TokenMount, longest: int) -> str:
    """The text of the file at a place.

    Args:
        api: A client of its own: while the connection is made, it can do nothing else.
        namespace: The pod's namespace.
        pod: Its name.
        place: The container and the file.
        longest: Bytes to read at most.

    Raises:
        ApiException: the API server refuses.
        UnreadableTokenError: the file cannot be read.
    """
    connection = _connect(api, namespace, pod, place)
    try:
        return _printed(connection, longest).decode()
    except UnicodeDecodeError:
        raise UnreadableTokenError(f"{place.path} is not text") from None
    except (WebSocketException, OSError) as error:
        raise UnreadableTokenError(f"reading {place.path}: {quoted(error)}") from None
    finally:
        # What runs in the pod may not answer a closing handshake.
        connection.sock.shutdown()


def _projections(spec: Mapping[str, Any], audiences: Collection[str]) -> Iterator[tuple[str, str]]:
    """Volumes with a token for one of the audiences, and the path of the token in them."""
    for volume in spec.get("volumes", ()):
        for source in volume.get("projected", {}).get("sources", ()):
            token = source.get("serviceAccountToken", {})
            if token.get("audience") in audiences:
                yield volume["name"], token["path"]


def _connect(api: client.ApiClient, namespace: str, pod: str, place: TokenMount) -> WSClient:
    try:
        connection: WSClient = stream(
            client.CoreV1Api(api).connect_get_namespaced_pod_exec,
            pod,
            namespace,
            container=place.container,
            command=["cat", place.path],
            stdout=True,
            stderr=False,
            stdin=False,
            tty=False,
            _preload_content=False,
        )
        return connection
    except ApiException as error:
        # The client keeps the API server's answer in the cause alone.
        refusal = error.__context__
        if not isinstance(refusal, WebSocketBadStatusException):
            raise
        body = (refusal.resp_body or b"").decode(errors="replace")
        raise ApiException(refusal.status_code, refusal.status_message, body=body) from None


def _printed(connection: WSClient, longest: int) -> bytes:
    """What the command prints, frame by frame: the client's own loop reads without end."""
    until = time.monotonic() + _SECONDS
    printed = b""
    while len(printed) < longest:
        connection.sock.settimeout(max(0.001, until - time.monotonic()))
        code, frame = connection.sock.recv_data_frame(True)
        if code == ABNF.OPCODE_CLOSE:
            break
        if code in (ABNF.OPCODE_BINARY, ABNF.OPCODE_TEXT) and frame.data:
            channel, content = frame.data[0], frame.data[1:]
            if channel == STDOUT_CHANNEL:
                printed += content
            elif channel == ERROR_CHANNEL:
                _require_success(content)
    return printed[:longest]


def _require_success(status: bytes) -> None:
    try:
        members = json_object("The status", status.decode())
        success, message = members["status"] == "Success", members.get("message", "")
    except (UserError, UnicodeDecodeError, KeyError):
        success, message = False, status[:300]
    if not success:
        raise UnreadableTokenError(f"'cat' in the container: {quoted(message)}")
