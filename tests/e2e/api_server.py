"""A real etcd and API server, whose flags are changed as an engineer changes them by hand."""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import urllib3

from apiserver.plan import FlagPlan
from apiserver.reading import Reading, read
from apiserver.rendering import Existing, render_plan
from sandbox import ports, processes
from sandbox.binaries import API_SERVER, ETCD, find
from sandbox.certificates import certificates, issue
from sandbox.control_plane import ControlPlane
from sandbox.processes import Running

_DEADLINE = 60.0


class ApiServer:
    """An API server in a folder, with an etcd that outlives its restarts."""

    def __init__(self, folder: Path, issuer: str, hosts: Sequence[str]) -> None:
        issue(folder / "pki", hosts)
        self._token = secrets.token_urlsafe(32)
        tokens = folder / "pki" / "tokens.csv"
        tokens.touch(mode=0o600)
        tokens.write_text(f"{self._token},admin,admin,system:masters\n")
        self._plane = ControlPlane(
            issuers=(issuer,),
            port=0,
            etcd_ports=(0, 0),
            data=folder / "etcd",
            certificates=certificates(folder / "pki"),
            tokens=tokens,
            kubeconfig=folder / "kubeconfig",
        )
        self._folder = folder
        self._program = str(find(API_SERVER, print))
        self._etcd = self._started_etcd()
        self.flags = list(self._plane.api_server())
        self._running: Running | None = None

    def restart(self) -> None:
        """Start it again with its flags, and wait until it is ready."""
        self.stop()
        ports.serve((self._plane.port,), self._on_port, self._log("kube-apiserver"))
        deadline = time.monotonic() + _DEADLINE
        while self.status("/readyz", self._token) != 200:
            assert self._running
            assert self._running.process(), self._log("kube-apiserver").read_text()[-2000:]
            assert time.monotonic() < deadline, "the API server does not become ready"
            time.sleep(0.05)

    def refuses_to_start_with(self, *flags: str) -> bool:
        """Whether it ends by itself when flags are added."""
        done = subprocess.run(
            [self._program, *self.flags, *flags],
            cwd=self._folder,
            capture_output=True,
            timeout=_DEADLINE,
            check=False,
        )
        return done.returncode != 0

    def reading(self) -> Reading:
        """What runs, or is to run, as its command line says it."""
        command = "\0".join([self._program, *self.flags]).encode()
        if self._running is not None:
            command = Path(f"/proc/{self._running.pid}/cmdline").read_bytes()
        (found,) = read(command, "cmdline")
        return found

    def change(self, plan: FlagPlan, authentication: dict[str, Any] | None = None) -> None:
        """Write what a plan renders into the flags, and start again where they changed."""
        assert plan.refusals == ()
        result = render_plan(plan, Existing(authentication=authentication))
        lines = result.files["kube-apiserver.flags"].text.splitlines()
        names = {_name(line) for line in lines} | {f"--{each.flag}" for each in plan.changes}
        before, others = self.flags, [flag for flag in self.flags if _name(flag) not in names]
        self.flags = others + lines
        if self.flags != before:
            self.restart()

    def stop(self) -> None:
        """End the API server; etcd goes on."""
        processes.stop([self._running] if self._running else [])

    def end(self) -> None:
        """End everything."""
        self.stop()
        processes.stop([self._etcd])

    def status(self, path: str, token: str | None = None) -> int:
        """What it answers, to a stranger or to who has a token; 0 where it does not answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            return self._request("GET", path, headers).status
        except urllib3.exceptions.HTTPError:
            return 0

    def read(self, path: str) -> Any:
        """A document, read as administrator."""
        return self._request("GET", path, self._as_admin).json()

    def create(self, path: str, document: dict[str, Any]) -> Any:
        """Create an object as administrator."""
        answer = self._request("POST", path, self._as_admin, document)
        assert answer.status in (200, 201), answer.data
        return answer.json()

    def token(self, *audiences: str) -> str:
        """A token of the service account `default/web`, as the TokenRequest API makes it."""
        asked = {"spec": {"audiences": list(audiences), "expirationSeconds": 3600}}
        path = "/api/v1/namespaces/default/serviceaccounts/web/token"
        document = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", **asked}
        return str(self.create(path, document)["status"]["token"])

    @property
    def _as_admin(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _request(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        document: dict[str, Any] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        address = f"https://127.0.0.1:{self._plane.port}{path}"
        body = json.dumps(document) if document else None
        sent = {**headers, "Content-Type": "application/json"}
        with urllib3.PoolManager(ca_certs=str(self._plane.certificates.ca)) as pool:
            return pool.request(method, address, headers=sent, body=body, timeout=5, retries=False)

    def _on_port(self, numbers: Sequence[int]) -> Running:
        self._plane = replace(self._plane, port=numbers[0])
        others = [flag for flag in self.flags if _name(flag) != "--secure-port"]
        self.flags = [*others, f"--secure-port={numbers[0]}"]
        self._running = self._start("kube-apiserver", [self._program, *self.flags])
        return self._running

    def _started_etcd(self) -> Running:
        program, started = str(find(ETCD, print)), []

        def start(numbers: Sequence[int]) -> Running:
            self._plane = replace(self._plane, etcd_ports=(numbers[0], numbers[1]))
            started.append(self._start("etcd", [program, *self._plane.etcd()]))
            return started[-1]

        ports.serve((0, 0), start, self._log("etcd"))
        return started[-1]

    def _start(self, name: str, arguments: Iterable[str]) -> Running:
        return processes.start(name, list(arguments), self._log(name), self._folder)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"


def _name(flag: str) -> str:
    return flag.partition("=")[0]
