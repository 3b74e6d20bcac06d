"""AWS and Kubernetes on this machine, started and stopped as one thing.

`Sandbox.up` starts moto behind a strict STS, etcd, kube-apiserver and kube-controller-manager on
loopback, and writes a kubeconfig and a Terraform CLI configuration. What runs is recorded in the
sandbox's folder before anything else happens, so that a later `down`, or the next `up`, ends what a
crash left behind.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from federation.errors import WorldError
from sandbox import certificates, mirrors
from sandbox.binaries import API_SERVER, CONTROLLER_MANAGER, ETCD, Component, Report, find

CONTEXT = "oidc-iam-sandbox"
ACCOUNT = "123456789012"

_PROJECT = Path(__file__).resolve().parent.parent
_DEADLINE = 60.0
_CONTROLLERS = (
    "namespace-controller,serviceaccount-controller,root-ca-certificate-publisher-controller"
)


@dataclass(frozen=True)
class Running:
    """One process of a sandbox; the start time tells it from a later one with the same number."""

    name: str
    pid: int
    created: float

    def process(self) -> psutil.Process | None:
        """The process, if it still runs."""
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.created) > 1:
                return None
            return None if process.status() == psutil.STATUS_ZOMBIE else process
        except psutil.NoSuchProcess:
            return None


@dataclass(frozen=True)
class Ports:
    """The loopback ports of a sandbox; 0 stands for any free one."""

    aws: int = 0
    api_server: int = 0

    def chosen(self) -> Ports:
        """The same with a free port for each one that is 0 or taken."""
        return Ports(_free(self.aws), _free(self.api_server))


@dataclass
class Sandbox:
    """A sandbox in a folder.

    Attributes:
        folder: what the sandbox writes goes here; removed by `down`.
        issuer: the cluster's issuer, https://HOST without a port.
        ports: which ports to use where they are free.
        api_server_flags: further flags of kube-apiserver.
        kubernetes: whether etcd and the API server are wanted.
    """

    folder: Path
    issuer: str
    ports: Ports = field(default_factory=Ports)
    api_server_flags: Sequence[str] = ()
    kubernetes: bool = True

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig with the context `CONTEXT`, of an administrator."""
        return self.folder / "kubeconfig"

    @property
    def terraform_configuration(self) -> Path:
        """Terraform's CLI configuration file."""
        return self.folder / "terraform.tfrc"

    @property
    def ca_file(self) -> Path:
        """The private CA of the API server."""
        return self.folder / "pki" / "ca.crt"

    @property
    def aws_endpoint(self) -> str:
        """The address of IAM, STS and S3."""
        return f"http://127.0.0.1:{self.ports.aws}"

    @property
    def discovery_endpoint(self) -> str:
        """The address of the API server."""
        return f"https://127.0.0.1:{self.ports.api_server}"

    def environment(self) -> dict[str, str]:
        """What Terraform and the AWS SDKs need to work on the sandbox."""
        return {
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_EC2_METADATA_DISABLED": "true",
            "KUBECONFIG": str(self.kubeconfig),
            "TF_CLI_CONFIG_FILE": str(self.terraform_configuration),
            # No kubelet runs here, so that a pod stays Pending.
            "TF_VAR_test_pod_target_state": '["Pending", "Running"]',
        }

    @classmethod
    def of(cls, folder: Path) -> Sandbox | None:
        """The sandbox that was started in a folder; None where there is none."""
        try:
            state = json.loads((folder / "state.json").read_text())
        except (OSError, ValueError):
            return None
        return cls(folder, state["issuer"], Ports(**state["ports"]), kubernetes=state["kubernetes"])

    def status(self) -> dict[str, bool]:
        """Each process that was started, and whether it runs."""
        return {each.name: each.process() is not None for each in self._recorded()}

    def up(self, report: Report = lambda _: None) -> None:
        """Start everything, and return when it answers.

        Raises:
            WorldError: a component cannot be had, or does not start; nothing is left running.
        """
        self.down()
        try:
            self._start(report)
        except BaseException:
            self._stop()
            raise

    def down(self) -> None:
        """End what was started in the folder, by this process or another, and remove the folder."""
        self._stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def fault(self, action: str, code: str, message: str, times: int = 1) -> None:
        """Let the next calls of an AWS action fail: `fault("CreateRole", "Throttling", "Rate
        exceeded", 2)`."""
        body = {"action": action, "code": code, "message": message, "times": times}
        request = urllib.request.Request(
            f"{self.aws_endpoint}/_sandbox/fault", json.dumps(body).encode()
        )
        urllib.request.urlopen(request, timeout=10).close()

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.down()

    def _start(self, report: Report) -> None:
        programs = self._programs(report)
        self.ports = self.ports.chosen()
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "logs").mkdir(exist_ok=True)
        found = mirrors.with_tls(mirrors.mirrors(), self.folder / "providers", report)
        self.terraform_configuration.write_text(mirrors.terraform_configuration(found))
        self._record(())
        report("starting AWS (moto behind a strict STS)")
        self._start_aws()
        if self.kubernetes:
            report("starting Kubernetes (etcd, kube-apiserver, kube-controller-manager)")
            self._start_kubernetes(programs)
        self._await("aws", f"{self.aws_endpoint}/_sandbox/health")
        if self.kubernetes:
            self._await("kube-apiserver", f"{self.discovery_endpoint}/readyz")
            self._await_service_account()

    def _programs(self, report: Report) -> dict[str, Path]:
        if not self.kubernetes:
            return {}
        components: tuple[Component, ...] = (ETCD, API_SERVER, CONTROLLER_MANAGER)
        return {component.name: find(component, report) for component in components}

    def _start_aws(self) -> None:
        host = self.issuer.removeprefix("https://").partition("/")[0]
        self._run(
            "aws",
            [
                sys.executable,
                "-m",
                "sandbox.aws",
                str(self.ports.aws),
                f"{host}=127.0.0.1:{self.ports.api_server}",
            ],
            {"PYTHONPATH": str(_PROJECT)},
        )

    def _start_kubernetes(self, programs: Mapping[str, Path]) -> None:
        client, peer = _free(0), _free(0)
        etcd = f"http://127.0.0.1:{client}"
        self._run(
            "etcd",
            [
                str(programs["etcd"]),
                f"--data-dir={self.folder / 'etcd'}",
                f"--listen-client-urls={etcd}",
                f"--advertise-client-urls={etcd}",
                f"--listen-peer-urls=http://127.0.0.1:{peer}",
                # Nothing here outlives the sandbox.
                "--unsafe-no-fsync",
            ],
        )
        issued = certificates.issue(
            self.folder / "pki", self.issuer.removeprefix("https://").partition("/")[0]
        )
        tokens = self.folder / "pki" / "tokens.csv"
        token = secrets.token_urlsafe(32)
        tokens.touch(mode=0o600)
        tokens.write_text(f"{token},sandbox-admin,sandbox-admin,system:masters\n")
        self._write_kubeconfig(token)
        self._run(
            "kube-apiserver",
            [
                str(programs["kube-apiserver"]),
                f"--etcd-servers={etcd}",
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                f"--secure-port={self.ports.api_server}",
                f"--tls-cert-file={issued.chain}",
                f"--tls-private-key-file={issued.key}",
                f"--cert-dir={self.folder / 'pki'}",
                "--service-cluster-ip-range=10.0.0.0/24",
                "--authorization-mode=RBAC",
                f"--token-auth-file={tokens}",
                f"--service-account-issuer={self.issuer}",
                f"--service-account-jwks-uri={self.issuer}/openid/v1/jwks",
                f"--service-account-key-file={issued.service_account_key}",
                f"--service-account-signing-key-file={issued.service_account_key}",
                *self.api_server_flags,
            ],
        )
        self._run(
            "kube-controller-manager",
            [
                str(programs["kube-controller-manager"]),
                f"--kubeconfig={self.kubeconfig}",
                f"--controllers={_CONTROLLERS}",
                f"--root-ca-file={issued.ca}",
                f"--service-account-private-key-file={issued.service_account_key}",
                "--secure-port=0",
                "--leader-elect=false",
                # The API server comes up beside it.
                "--kube-api-qps=200",
                "--kube-api-burst=400",
            ],
        )

    def _run(
        self, name: str, arguments: list[str], environment: Mapping[str, str] | None = None
    ) -> None:
        log = (self.folder / "logs" / f"{name}.log").open("ab")
        with log:
            process = subprocess.Popen(
                arguments,
                cwd=self.folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl+C in the terminal is ours to answer.
                start_new_session=True,
            )
        started = Running(name, process.pid, psutil.Process(process.pid).create_time())
        self._record((*self._recorded(), started))

    def _recorded(self) -> tuple[Running, ...]:
        try:
            state = json.loads((self.folder / "state.json").read_text())
        except (OSError, ValueError):
            return ()
        return tuple(Running(**each) for each in state["processes"])

    def _record(self, processes: Sequence[Running]) -> None:
        state = {
            "issuer": self.issuer,
            "kubernetes": self.kubernetes,
            "ports": asdict(self.ports),
            "processes": [asdict(each) for each in processes],
        }
        path = self.folder / "state.json"
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(state, indent=2))
        temporary.replace(path)

    def _stop(self) -> None:
        processes = [each.process() for each in reversed(self._recorded())]
        running = [process for process in processes if process is not None]
        for process in running:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        _, stubborn = psutil.wait_procs(running, timeout=5)
        for process in stubborn:
            # Nothing of a sandbox is worth waiting for.
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(stubborn, timeout=5)

    def _await(self, name: str, url: str) -> None:
        """Wait until an address answers 200, or its process has ended."""
        context = None
        if url.startswith("https:"):
            context = ssl.create_default_context(cafile=str(self.ca_file))
        deadline = time.monotonic() + _DEADLINE
        while not _answers(url, context):
            if not self.status().get(name):
                raise WorldError(f"{name} ended while it started: {self._last_words(name)}")
            if time.monotonic() > deadline:
                raise WorldError(
                    f"{name} did not answer within {_DEADLINE:.0f} s: {self._last_words(name)}"
                )
            time.sleep(0.05)

    def _await_service_account(self) -> None:
        """Pods need their namespace's `default` account, which a controller makes."""
        from kubernetes import client, config

        api = client.CoreV1Api(config.new_client_from_config(str(self.kubeconfig), CONTEXT))
        deadline = time.monotonic() + _DEADLINE
        while not api.list_namespaced_service_account("default").items:
            if time.monotonic() > deadline or not self.status()["kube-controller-manager"]:
                raise WorldError(
                    "kube-controller-manager made no service account: "
                    f"{self._last_words('kube-controller-manager')}"
                )
            time.sleep(0.05)

    def _last_words(self, name: str) -> str:
        log = self.folder / "logs" / f"{name}.log"
        lines = log.read_text(errors="replace").strip().splitlines()
        return "\n".join(lines[-5:]) or "it said nothing"

    def _write_kubeconfig(self, token: str) -> None:
        document: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": CONTEXT,
            "clusters": [
                {
                    "name": CONTEXT,
                    "cluster": {
                        "server": self.discovery_endpoint,
                        "certificate-authority": str(self.ca_file),
                    },
                }
            ],
            "users": [{"name": CONTEXT, "user": {"token": token}}],
            "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
        }
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(json.dumps(document, indent=2))


def _answers(url: str, context: ssl.SSLContext | None) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2, context=context).close()
    except urllib.error.HTTPError:
        # /readyz answers 500 until it is ready.
        return False
    except OSError:
        return False
    return True


def _free(port: int) -> int:
    """The port if it is free, or else one that is."""
    with socket.socket() as trial:
        # As servers do: a port whose last connections still linger is free.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return _free(0)
        return int(trial.getsockname()[1])
