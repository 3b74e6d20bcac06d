"""A plain HTTP server on loopback that a test answers for, and a kubeconfig that leads to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]
CONTEXT = "stand-in"


@contextmanager
def answering(answer: Answer) -> Iterator[int]:
    """Answer every GET and POST while the block lasts; the port, on loopback."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            try:
                answer(self)
            except OSError:
                self.close_connection = True  # the other side has gone

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


def respond(handler: BaseHTTPRequestHandler, status: int, body: str) -> None:
    """Answer with a text."""
    content = body.encode()
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def kubeconfig(port: int) -> str:
    """A kubeconfig, in the JSON that is YAML too; its user has the token `mine`."""
    server = f"http://127.0.0.1:{port}"
    return json.dumps(
        {
            "clusters": [{"name": "a", "cluster": {"server": server}}],
            "users": [{"name": "a", "user": {"token": "mine"}}],
            "contexts": [{"name": CONTEXT, "context": {"cluster": "a", "user": "a"}}],
        }
    )
