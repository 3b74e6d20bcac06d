"""AWS and Kubernetes on this machine, started and stopped as one thing.

`Sandbox.up` starts moto behind a strict STS, etcd, kube-apiserver and kube-controller-manager on
loopback, and writes a kubeconfig and a Terraform CLI configuration. Each process is recorded in
the sandbox's folder as soon as it runs, so that a later `down`, or the next `up`, ends what a crash
left behind.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import urllib3

from federation.errors import UserError, WorldError
from federation.model.names import issuer_key
from sandbox import access, mirrors, ports, processes
from sandbox.access import AccessKey
from sandbox.binaries import (
    API_SERVER,
    CONTROLLER_MANAGER,
    ETCD,
    Report,
    UnavailableError,
    find,
)
from sandbox.certificates import certificates, issue, sign
from sandbox.control_plane import CONTEXT, ControlPlane, kubeconfig
from sandbox.faults import Fault
from sandbox.processes import Running

__all__ = ["ACCOUNT", "CONTEXT", "AccessKey", "Ports", "Sandbox"]

ACCOUNT = "123456789012"
"""The one AWS account of a sandbox."""

_PROJECT = Path(__file__).resolve().parent.parent
_LOCK = ".lock"
_ANY_KEY = {"id": "sandbox", "secret": "sandbox"}
"""Of a sandbox that an earlier version started: any key was good for it."""


@dataclass(frozen=True)
class Ports:
    """The loopback ports of a sandbox; 0 stands for any free one."""

    aws: int = 0
    api_server: int = 0
    etcd: int = 0
    etcd_peers: int = 0


@dataclass
class Sandbox:
    """A sandbox in a folder.

    Attributes:
        folder: what the sandbox writes goes here.
        issuer: the cluster's issuer, https://HOST without a port.
        ports: which ports to use where they are free; while it is up, which are used.
        api_server_flags: further flags of kube-apiserver, such as `--authentication-config=FILE`.
        further_issuers: issuers that the API server accepts besides the one that signs.
        kubernetes: whether etcd and the API server are wanted.
        missing: after `up`, what could not be had, each with how to get it.
        access_key: the one that its AWS takes.
    """

    folder: Path
    issuer: str
    ports: Ports = field(default_factory=Ports)
    api_server_flags: Sequence[str] = ()
    further_issuers: Sequence[str] = ()
    kubernetes: bool = True
    missing: tuple[str, ...] = ()
    access_key: AccessKey = field(default_factory=AccessKey.new, repr=False)

    def __post_init__(self) -> None:
        # The components run in folders of their own.
        self.folder = self.folder.resolve()

    @classmethod
    def of(cls, folder: Path) -> Sandbox | None:
        """The sandbox that was started in a folder; None if there is none."""
        state = _read(folder)
        if not state:
            return None
        return cls(
            folder,
            state["issuer"],
            Ports(**state["ports"]),
            kubernetes=state["kubernetes"],
            missing=tuple(state.get("missing", ())),
            access_key=AccessKey(**state.get("access_key", _ANY_KEY)),
        )

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
        return certificates(self._pki).ca

    @property
    def service_account_key(self) -> Path:
        """The key, in PEM, with which the API server signs service account tokens."""
        return certificates(self._pki).service_account_key

    @property
    def aws_endpoint(self) -> str:
        """The address of IAM, STS and S3."""
        return f"http://127.0.0.1:{self.ports.aws}"

    @property
    def discovery_endpoint(self) -> str:
        """The address of the API server, which presents a certificate for the issuer's name."""
        return f"https://127.0.0.1:{self.ports.api_server}"

    @property
    def is_up(self) -> bool:
        """Whether everything that was started still runs."""
        status = self.status()
        return bool(status) and all(status.values())

    def environment(self) -> dict[str, str]:
        """What Terraform, kubectl and the AWS SDKs need to work on the sandbox."""
        no_proxy = _no_proxy()
        return {
            "AWS_ACCESS_KEY_ID": self.access_key.id,
            "AWS_SECRET_ACCESS_KEY": self.access_key.secret,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.aws_endpoint,
            "KUBECONFIG": str(self.kubeconfig),
            "NO_PROXY": no_proxy,
            "no_proxy": no_proxy,
            "TF_CLI_CONFIG_FILE": str(self.terraform_configuration),
            # It may be a mirror of ours, and Terraform copies nothing to where it is.
            "TF_PLUGIN_CACHE_DIR": "",
            # No kubelet runs here, so that a pod stays Pending.
            "TF_VAR_test_pod_target_state": '["Pending", "Running"]',
        }

    def status(self) -> dict[str, bool]:
        """Each process that was started, and whether it runs."""
        return {each.name: each.process() is not None for each in self._recorded()}

    def up(self, report: Report = lambda _: None) -> None:
        """Start everything, and return when it answers.

        What ran in the folder before is stopped first. If the API server is not available, only AWS
        is started, and `missing` says why. On any error, Ctrl+C included, nothing is left running;
        the logs are kept.

        Args:
            report: is told, in lines, what is going on.

        Raises:
            UserError: another `up` or `down` works in the folder, or it holds something else.
            WorldError: a component does not start; the message names its log.
        """
        with self._exclusively():
            self._clear()
            try:
                self._start(report)
            except BaseException:
                self._stop()
                raise

    def down(self) -> None:
        """End what was started in the folder, by this process or another, and empty the folder.

        Raises:
            UserError: another `up` or `down` works in the folder, or it holds something else.
        """
        if self.folder.is_dir():
            with self._exclusively():
                self._clear()

    def fault(
        self, action: str, code: str, message: str, times: int = 1, status: int | None = None
    ) -> None:
        """Let the next calls of an action of IAM or STS fail.

        `fault("CreateRole", "Throttling", "Rate exceeded", 2)` throttles the next two.

        Args:
            action: the name of the action.
            code: the error code of the answer.
            message: its text.
            times: how many calls fail; 0 takes an earlier fault back.
            status: the HTTP status; None is the usual one for the code.
        """
        fault = Fault(action, code, message, times, status)
        with urllib3.PoolManager() as pool:
            pool.request(
                "POST",
                f"{self.aws_endpoint}/_sandbox/fault",
                json=asdict(fault),
                headers={"Authorization": self.access_key.header},
            )

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A token with any claims, signed with the cluster's own key."""
        return sign(self.service_account_key, claims)

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

    @property
    def _pki(self) -> Path:
        return self.folder / "pki"

    @property
    def _hosts(self) -> list[str]:
        issuers = (self.issuer, *self.further_issuers)
        return list(dict.fromkeys(issuer_key(issuer).partition("/")[0] for issuer in issuers))

    def _start(self, report: Report) -> None:
        self._logs.mkdir(mode=0o700)
        self.missing = ()
        programs = self._programs(report) if self.kubernetes else {}
        self._write_terraform_configuration(report)
        if programs:
            report(f"starting Kubernetes: {', '.join(programs)}")
            self._start_api_server(programs, report)
        self._start_aws(report)
        if programs:
            self._await_kubernetes(programs)
        with urllib3.PoolManager() as client:
            self._await("aws", client, f"{self.aws_endpoint}/_sandbox/health")

    def _programs(self, report: Report) -> dict[str, Path]:
        """The programs that can be had: all, all but the controller manager, or none."""
        try:
            programs = {each.name: find(each, report) for each in (ETCD, API_SERVER)}
        except UnavailableError as error:
            self.kubernetes = False
            self._miss(f"{error}\nAWS alone is started.", report)
            return {}
        try:
            programs[CONTROLLER_MANAGER.name] = find(CONTROLLER_MANAGER, report)
        except UnavailableError as error:
            self._miss(f"{error}\nUntil then namespaces cannot be deleted.", report)
        return programs

    def _write_terraform_configuration(self, report: Report) -> None:
        found = mirrors.mirrors()
        try:
            found = mirrors.with_tls(found, report)
        except UnavailableError as error:
            self._miss(str(error), report)
        _write_secret(self.terraform_configuration, mirrors.terraform_configuration(found))

    def _miss(self, what: str, report: Report) -> None:
        self.missing = (*self.missing, what)
        report(what)

    def _start_aws(self, report: Report) -> None:
        """Start AWS, which has to know by then on which port the API server listens."""
        hosts = self._hosts if self.kubernetes else []
        addresses = [f"{host}=127.0.0.1:{self.ports.api_server}" for host in hosts]
        with ports.listener(self.ports.aws) as listener:
            self._use(report, aws=listener.getsockname()[1])
            report("starting AWS: moto behind a strict STS")
            self._run(
                "aws",
                [sys.executable, "-m", "sandbox.aws", str(listener.fileno()), *addresses],
                _PROJECT,
                environment={access.VARIABLE: self.access_key.id},
                sockets=[listener.fileno()],
            )

    def _start_api_server(self, programs: Mapping[str, Path], report: Report) -> None:
        issue(self._pki, self._hosts)
        token = secrets.token_urlsafe(32)
        plane = self._control_plane()
        _write_secret(plane.tokens, f"{token},sandbox-admin,sandbox-admin,system:masters\n")
        etcd = str(programs["etcd"])
        self._serve("etcd", lambda plane: [etcd, *plane.etcd()], report, "etcd", "etcd_peers")
        server = str(programs["kube-apiserver"])
        self._serve(
            "kube-apiserver", lambda plane: [server, *plane.api_server()], report, "api_server"
        )
        document = kubeconfig(self.discovery_endpoint, self.ca_file, token)
        _write_secret(self.kubeconfig, json.dumps(document, indent=2) + "\n")

    def _await_kubernetes(self, programs: Mapping[str, Path]) -> None:
        with self._administrator() as client:
            self._await("kube-apiserver", client, f"{self.discovery_endpoint}/readyz")
            if "kube-controller-manager" not in programs:
                return
            # It gives up if the API server takes more than ten seconds.
            manager = str(programs["kube-controller-manager"])
            arguments = self._control_plane().controller_manager()
            self._run("kube-controller-manager", [manager, *arguments], self.folder)
            # No pod can be made before its namespace has this account.
            account = "api/v1/namespaces/default/serviceaccounts/default"
            self._await("kube-controller-manager", client, f"{self.discovery_endpoint}/{account}")

    def _control_plane(self) -> ControlPlane:
        return ControlPlane(
            issuers=(self.issuer, *self.further_issuers),
            port=self.ports.api_server,
            etcd_ports=(self.ports.etcd, self.ports.etcd_peers),
            data=self.folder / "etcd",
            certificates=certificates(self._pki),
            tokens=self._pki / "tokens.csv",
            kubeconfig=self.kubeconfig,
            flags=self.api_server_flags,
        )

    def _serve(
        self,
        name: str,
        command: Callable[[ControlPlane], Sequence[str]],
        report: Report,
        *names: str,
    ) -> None:
        """Start a component, and wait until it listens on the ports with these names."""
        wanted = self.ports

        def start(numbers: Sequence[int]) -> Running:
            self.ports = replace(wanted, **dict(zip(names, numbers, strict=True)))
            return self._run(name, command(self._control_plane()), self.folder)

        found = ports.serve([getattr(wanted, each) for each in names], start, self._log(name))
        self.ports = wanted
        self._use(report, **dict(zip(names, found, strict=True)))

    def _use(self, report: Report, **chosen: int) -> None:
        """Take ports into use, and report those that are not the ones that were wanted."""
        for name, port in chosen.items():
            wanted = getattr(self.ports, name)
            if wanted not in (0, port):
                report(f"port {wanted} is taken: {name} is on {port}")
        self.ports = replace(self.ports, **chosen)

    def _run(
        self,
        name: str,
        arguments: Sequence[str],
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        sockets: Sequence[int] = (),
    ) -> Running:
        with processes.uninterrupted():
            started = processes.start(
                name,
                arguments,
                self._log(name),
                folder,
                home=self.folder,
                environment=environment,
                sockets=sockets,
            )
            others = (each for each in self._recorded() if each.name != name)
            self._record((*others, started))
        return started

    def _await(self, name: str, client: urllib3.PoolManager, url: str) -> None:
        """Wait until an address answers 200.

        Raises:
            WorldError: the process ended before, or the deadline passed.
        """
        deadline = time.monotonic() + ports.DEADLINE
        while not _answers(client, url):
            words = processes.last_words
            if not self.status()[name]:
                raise WorldError(f"{name} ended while it started. {words(self._log(name))}")
            if time.monotonic() > deadline:
                raise WorldError(
                    f"{name} did not answer within {ports.DEADLINE:.0f} s. {words(self._log(name))}"
                )
            time.sleep(ports.INTERVAL)

    def _administrator(self) -> urllib3.PoolManager:
        document = json.loads(self.kubeconfig.read_text())
        token = document["users"][0]["user"]["token"]
        headers = {"Authorization": f"Bearer {token}"}
        return urllib3.PoolManager(ca_certs=str(self.ca_file), headers=headers)

    @property
    def _logs(self) -> Path:
        return self.folder / "logs"

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _recorded(self) -> tuple[Running, ...]:
        return tuple(Running(**each) for each in _read(self.folder).get("processes", ()))

    def _record(self, started: Sequence[Running]) -> None:
        state = {
            "issuer": self.issuer,
            "kubernetes": self.kubernetes,
            "missing": self.missing,
            "ports": asdict(self.ports),
            "access_key": asdict(self.access_key),
            "processes": [asdict(each) for each in started],
        }
        new = _state_file(self.folder).with_suffix(".new")
        _write_secret(new, json.dumps(state, indent=2))
        new.replace(_state_file(self.folder))

    def _stop(self) -> None:
        processes.stop([*self._recorded(), *processes.started_for(self.folder)])
        _state_file(self.folder).unlink(missing_ok=True)

    def _clear(self) -> None:
        self._stop()
        for path in self.folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != _LOCK:
                path.unlink()

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        """Keep out every other process that would start or end this sandbox."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = {path.name for path in self.folder.iterdir()}
        if names and _LOCK not in names:
            raise UserError(f"{self.folder}: is not empty, and no sandbox. Name another folder.")
        # It holds keys and a token, and may be older than this rule.
        self.folder.chmod(0o700)
        (self.folder / _LOCK).touch(mode=0o600)
        with (self.folder / _LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(
                    f"{self.folder}: another process is starting or stopping this sandbox. "
                    "Wait until it is done, or end it."
                ) from None
            yield


def _no_proxy() -> str:
    """The hosts that this process reaches without a proxy, and loopback; each once."""
    known = (os.environ.get(name, "") for name in ("NO_PROXY", "no_proxy"))
    hosts = ",".join((*known, "127.0.0.1,localhost")).split(",")
    return ",".join(dict.fromkeys(host.strip() for host in hosts if host.strip()))


def _state_file(folder: Path) -> Path:
    return folder / "state.json"


def _read(folder: Path) -> dict[str, Any]:
    """What is recorded in a folder; empty if nothing is."""
    try:
        state: dict[str, Any] = json.loads(_state_file(folder).read_text())
    except FileNotFoundError:
        return {}
    return state


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _answers(client: urllib3.PoolManager, url: str) -> bool:
    try:
        return client.request("GET", url, timeout=2, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False
