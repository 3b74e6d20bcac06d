"""Starting and ending a sandbox, by one process or several, in order or not."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import boto3
import psutil  # type: ignore[import-untyped]
import pytest
import urllib3
from kubernetes import client, config
from sandbox_federation import ISSUER, ca_thumbprint, claims, settings

from federation.errors import UserError, WorldError
from sandbox import mirrors, ports
from sandbox.processes import Running, uninterrupted
from sandbox.sandbox import CONTEXT, Ports, Sandbox

pytest_plugins = ["sandbox_fixtures"]

PROJECT = Path(__file__).resolve().parents[2]
ALL = ["aws", "etcd", "kube-apiserver", "kube-controller-manager"]
NEXT = "https://next.sandbox.internal"

# Says what it is told, and waits to be ended where it is told to.
STARTER = f"""
import os, sys, time
from pathlib import Path
from sandbox.sandbox import Sandbox

def report(line):
    print(line, flush=True)
    if line.startswith(sys.argv[2]):
        os.kill(os.getpid(), int(sys.argv[3]))

Sandbox(Path(sys.argv[1]), {ISSUER!r}).up(report)
"""

KILLED_BEFORE_THE_RECORD = f"""
import os, signal, sys
from pathlib import Path
from sandbox.sandbox import Sandbox

Sandbox._record = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
Sandbox(Path(sys.argv[1]), {ISSUER!r}, kubernetes=False).up()
"""

# Begins when it is told to, on a machine with few ports.
ONE_OF_SEVERAL = f"""
import sys
from pathlib import Path
from sandbox import ports
from sandbox.sandbox import Sandbox

ports._CANDIDATES = range(*map(int, sys.argv[2:]))
print("ready", flush=True)
sys.stdin.readline()
Sandbox(Path(sys.argv[1]), {ISSUER!r}).up()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / ".sandbox"
    yield folder
    Sandbox(folder, ISSUER).down()


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> str:
    """Text in the environment of every process that a test starts."""
    mark = uuid.uuid4().hex
    monkeypatch.setenv("SANDBOX_TEST", mark)
    return mark


def starter(folder: Path, until: str, by: int) -> subprocess.CompletedProcess[str]:
    """Let another process start a sandbox, and end it with a signal when it says something."""
    return subprocess.run(
        [sys.executable, "-c", STARTER, str(folder), until, str(by)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def alive(mark: str) -> list[str]:
    """What runs of all that has been started under a mark."""
    names = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SANDBOX_TEST") == mark and process.pid != os.getpid():
                names.append(process.name())
        except psutil.Error:
            continue
    return sorted(names)


def health(sandbox: Sandbox) -> int:
    with urllib3.PoolManager() as pool:
        return pool.request("GET", f"{sandbox.aws_endpoint}/_sandbox/health").status


@pytest.mark.usefixtures("components")
def test_a_later_process_finds_what_runs_and_ends_it(folder: Path, marked: str) -> None:
    done = starter(folder, "never", signal.SIGKILL)
    sandbox = Sandbox.of(folder)
    assert done.returncode == 0, done.stderr
    assert sandbox
    assert sandbox.status() == dict.fromkeys(ALL, True)
    assert (sandbox.is_up, sandbox.issuer, health(sandbox)) == (True, ISSUER, 200)
    sandbox.down()
    assert alive(marked) == []
    assert Sandbox.of(folder) is None
    assert [path.name for path in folder.iterdir()] == [".lock"]


@pytest.mark.usefixtures("components")
def test_what_a_crash_left_is_ended_by_the_next_start(folder: Path, marked: str) -> None:
    done = starter(folder, "starting AWS", signal.SIGKILL)
    left = Sandbox.of(folder)
    assert done.returncode == -signal.SIGKILL
    assert left
    assert left.status() == {"etcd": True, "kube-apiserver": True}
    sandbox = Sandbox(folder, ISSUER, kubernetes=False)
    sandbox.up()
    assert len(alive(marked)) == 1
    assert sandbox.status() == {"aws": True}


def test_what_started_and_was_not_recorded_is_ended_too(folder: Path, marked: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED_BEFORE_THE_RECORD, str(folder)], cwd=PROJECT, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert Sandbox.of(folder) is None
    assert len(alive(marked)) == 1
    Sandbox(folder, ISSUER).down()
    assert alive(marked) == []


@pytest.mark.usefixtures("components")
def test_an_interrupted_start_leaves_nothing_running(folder: Path, marked: str) -> None:
    done = starter(folder, "starting AWS", signal.SIGINT)
    assert done.stderr.strip().splitlines()[-1] == "KeyboardInterrupt"
    assert alive(marked) == []
    assert Sandbox.of(folder) is None


def test_an_interrupt_waits_until_what_started_is_recorded() -> None:
    done = []

    def start_and_record() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append("recorded")

    with pytest.raises(KeyboardInterrupt):
        start_and_record()
    assert done == ["recorded"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_each_start_is_a_new_one(folder: Path, marked: str) -> None:
    sandbox = Sandbox(folder, ISSUER, kubernetes=False)
    sandbox.up()
    before = [process.pid for process in psutil.process_iter() if process.pid != os.getpid()]
    first = json.loads((folder / "state.json").read_text())["processes"][0]["pid"]
    sandbox.up()
    second = json.loads((folder / "state.json").read_text())["processes"][0]["pid"]
    assert first in before
    assert second not in before
    assert len(alive(marked)) == 1


def test_a_number_that_another_process_got_is_left_alone(folder: Path) -> None:
    with subprocess.Popen(["sleep", "600"]) as stranger:
        try:
            folder.mkdir()
            (folder / ".lock").touch()
            created = psutil.Process(stranger.pid).create_time()
            process = {"name": "etcd", "pid": stranger.pid, "created": created - 60}
            _state(folder, process)
            sandbox = Sandbox.of(folder)
            assert sandbox
            assert (sandbox.status(), sandbox.is_up) == ({"etcd": False}, False)
            sandbox.down()
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_number_that_nobody_has_is_a_process_that_ended(folder: Path) -> None:
    with subprocess.Popen(["true"]) as ended:
        created = psutil.Process(ended.pid).create_time()
    assert Running("etcd", ended.pid, created).process() is None


def test_two_processes_do_not_start_one_sandbox(folder: Path) -> None:
    folder.mkdir()
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UserError) as caught:
            Sandbox(folder, ISSUER).up()
    assert str(caught.value) == (
        f"{folder}: another process is starting or stopping this sandbox. "
        "Wait until it is done, or end it."
    )


def test_a_folder_of_something_else_is_not_emptied(folder: Path) -> None:
    folder.mkdir()
    (folder / "letter.txt").write_text("keep me")
    messages = []
    for act in (Sandbox(folder, ISSUER).up, Sandbox(folder, ISSUER).down):
        with pytest.raises(UserError) as caught:
            act()
        messages.append(str(caught.value))
    assert messages == [f"{folder}: is not empty, and no sandbox. Name another folder."] * 2
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]
    (folder / "letter.txt").unlink()


def test_ending_what_never_started_makes_no_folder(folder: Path) -> None:
    Sandbox(folder, ISSUER).down()
    assert not folder.exists()


@pytest.mark.usefixtures("components")
def test_a_component_that_ends_is_named_with_its_log(folder: Path, marked: str) -> None:
    sandbox = Sandbox(folder, ISSUER, api_server_flags=["--no-such-flag"])
    with pytest.raises(WorldError) as caught:
        sandbox.up()
    log = folder / "logs" / "kube-apiserver.log"
    last = log.read_text().strip().splitlines()[-5:]
    assert "Error: unknown flag: --no-such-flag" in log.read_text().splitlines()
    assert str(caught.value) == "\n".join(
        [f"kube-apiserver ended while it started. Its log {log} ends with:", *last]
    )
    assert alive(marked) == []


def test_taken_ports_are_left_to_whoever_has_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing is said of a provider that has to be built, or cannot be.
    monkeypatch.setattr(mirrors, "registry_reachable", lambda: True)
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        sandbox = Sandbox(folder, ISSUER, Ports(aws=taken), kubernetes=False)
        sandbox.up(said.append)
    assert health(sandbox) == 200
    assert said == [
        f"port {taken} is taken: aws is on {sandbox.ports.aws}",
        "starting AWS: moto behind a strict STS",
    ]


@pytest.mark.usefixtures("components")
def test_a_port_that_is_taken_after_it_was_chosen_is_left_to_whoever_has_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = Ports(*(ports.free(0) for _ in range(4)))
    with ExitStack() as others:

        def chosen(port: int) -> int:
            if port:
                others.enter_context(socket.create_server(("127.0.0.1", port)))
                return port
            return free(0)

        free = ports.free
        monkeypatch.setattr(ports, "free", chosen)
        said: list[str] = []
        sandbox = Sandbox(folder, ISSUER, wanted)
        sandbox.up(said.append)
        iam = boto3.client("iam", **settings(sandbox))
        # It connects to the API server for the certificate.
        provider = iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["a"])
        arn = provider["OpenIDConnectProviderArn"]
        thumbprints = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert thumbprints["ThumbprintList"] == [ca_thumbprint(sandbox)]
    assert sandbox.status() == dict.fromkeys(ALL, True)
    assert [line for line in said if line.startswith("port ")] == [
        f"port {port} is taken: {name} is on {getattr(sandbox.ports, name)}"
        for name, port in sorted(asdict(wanted).items(), key=lambda pair: ORDER.index(pair[0]))
    ]
    assert recorded_ports(folder) == listening(folder)


@pytest.mark.breadth
@pytest.mark.usefixtures("components")
def test_sandboxes_that_start_at_the_same_moment_get_different_ports(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "abc"]
    first = ports.free(0)
    few = [str(first), str(first + 14)]
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", ONE_OF_SEVERAL, str(folder), *few],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for folder in folders
    ]
    try:
        for each in starters:
            assert each.stdout
            assert each.stdout.readline() == "ready\n"
        said = [each.communicate("\n")[0] for each in starters if each.stdin]
        found = [recorded_ports(folder) for folder in folders]
        assert said == [""] * 3
        assert found == [listening(folder) for folder in folders]
        assert len(set().union(*found)) == 12
    finally:
        for folder in folders:
            Sandbox(folder, ISSUER).down()


@pytest.mark.usefixtures("components")
def test_nobody_else_reads_what_a_sandbox_writes(folder: Path) -> None:
    before = os.umask(0o022)
    try:
        Sandbox(folder, ISSUER).up()
    finally:
        os.umask(before)
    paths = [folder, *folder.rglob("*")]
    assert {path.name for path in paths} >= {"tokens.csv", "etcd.key", "sa.key", "kubeconfig"}
    assert {oct(path.stat().st_mode) for path in paths if path.is_dir()} == {"0o40700"}
    assert [path for path in paths if path.is_file() and path.stat().st_mode & 0o077] == []


def test_free_ports_are_kept(folder: Path, free_port: int) -> None:
    sandbox = Sandbox(folder, ISSUER, Ports(aws=free_port), kubernetes=False)
    sandbox.up()
    assert sandbox.aws_endpoint == f"http://127.0.0.1:{free_port}"


def test_without_an_api_server_aws_alone_is_started(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(mirrors, "registry_reachable", lambda: True)
    said: list[str] = []
    sandbox = Sandbox(folder, ISSUER)
    sandbox.up(said.append)
    missing = (
        "etcd is neither in KUBEBUILDER_ASSETS nor on the PATH, and there is no Go to build it "
        "with. Install Go 1.24 or newer, or run 'setup-envtest use' and set KUBEBUILDER_ASSETS to "
        "the folder that it names.\nAWS alone is started."
    )
    assert sandbox.missing == (missing,)
    assert said == [missing, "starting AWS: moto behind a strict STS"]
    assert (sandbox.kubernetes, sandbox.status(), health(sandbox)) == (False, {"aws": True}, 200)
    assert Sandbox.of(folder) == sandbox


def test_without_a_controller_manager_the_rest_is_started(
    folder: Path,
    components: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("etcd", "kube-apiserver"):
        (tmp_path / name).symlink_to(components[name])
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(mirrors, "registry_reachable", lambda: True)
    sandbox = Sandbox(folder, ISSUER)
    sandbox.up()
    assert sandbox.status() == dict.fromkeys(ALL[:3], True)
    assert sandbox.missing == (
        "kube-controller-manager is neither in KUBEBUILDER_ASSETS nor on the PATH, and there is no "
        "Go to build it with. Install Go 1.24 or newer, or run 'setup-envtest use' and set "
        "KUBEBUILDER_ASSETS to the folder that it names.\n"
        "Until then namespaces cannot be deleted.",
    )


@pytest.mark.usefixtures("components")
def test_further_issuers_and_flags_reach_the_api_server(folder: Path) -> None:
    sandbox = Sandbox(
        folder, ISSUER, api_server_flags=["--anonymous-auth=false"], further_issuers=[NEXT]
    )
    sandbox.up()
    api: client.ApiClient = config.new_client_from_config(str(sandbox.kubeconfig), CONTEXT)
    account = client.CoreV1Api(api).read_namespaced_service_account("default", "default")
    assert account.metadata
    named = {"name": "default", "uid": account.metadata.uid}
    bound = {"kubernetes.io": {"namespace": "default", "serviceaccount": named}}
    token = sandbox.sign(claims(iss=NEXT, aud=[ISSUER], **bound))
    review = client.V1TokenReview(spec=client.V1TokenReviewSpec(token=token))
    status = client.AuthenticationV1Api(api).create_token_review(review).status
    with urllib3.PoolManager(ca_certs=str(sandbox.ca_file)) as anonymous:
        answer = anonymous.request("GET", f"{sandbox.discovery_endpoint}/openid/v1/jwks")
    assert status
    assert status.user
    assert status.user.username == "system:serviceaccount:default:default"
    assert answer.status == 401


def test_the_environment_is_what_clients_need(sandbox: Sandbox) -> None:
    assert sandbox.environment() == {
        "AWS_ACCESS_KEY_ID": sandbox.access_key.id,
        "AWS_SECRET_ACCESS_KEY": sandbox.access_key.secret,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{sandbox.ports.aws}",
        "KUBECONFIG": f"{sandbox.folder}/kubeconfig",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "TF_CLI_CONFIG_FILE": f"{sandbox.folder}/terraform.tfrc",
        "TF_PLUGIN_CACHE_DIR": "",
        "TF_VAR_test_pod_target_state": '["Pending", "Running"]',
    }


def test_a_proxys_exceptions_are_kept(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "example.com")
    monkeypatch.setenv("no_proxy", "10.0.0.0/8, example.com")
    environment = sandbox.environment()
    assert environment["no_proxy"] == "example.com,10.0.0.0/8,127.0.0.1,localhost"
    assert environment["NO_PROXY"] == environment["no_proxy"]


def test_a_shell_that_has_the_environment_gets_nothing_twice(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sandbox.environment()
    for name, value in first.items():
        monkeypatch.setenv(name, value)
    assert sandbox.environment() == first


ORDER = ["etcd", "etcd_peers", "api_server", "aws"]
"""In which ports are taken into use."""


def recorded_ports(folder: Path) -> set[int]:
    """The ports of a sandbox, as a later process sees them."""
    sandbox = Sandbox.of(folder)
    assert sandbox
    return set(asdict(sandbox.ports).values())


def listening(folder: Path) -> set[int]:
    """The ports on which its processes listen."""
    recorded = json.loads((folder / "state.json").read_text())["processes"]
    return {port for each in recorded for port in Running(**each).listens_on()}


def _state(folder: Path, process: dict[str, object]) -> None:
    state = {
        "issuer": ISSUER,
        "kubernetes": True,
        "missing": [],
        "ports": {"aws": 1, "api_server": 2},
        "processes": [process],
    }
    (folder / "state.json").write_text(json.dumps(state))
