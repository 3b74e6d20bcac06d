"""Each check against programs, credentials and clusters that a test makes up."""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deployment import applied, preflight
from deployment.preflight import Requirement
from federation.errors import WorldError
from federation.keys import key_files
from federation.keys.jwks import key_set
from federation.model.config import ClusterConfig
from federation.yaml.files import PROJECT


def configured(**changes: object) -> ClusterConfig:
    return ClusterConfig.model_validate(
        {
            "cluster": "prod",
            "issuer": "https://c.example.com",
            "aws": {"region": "eu-west-1"},
            "kubernetes": {"context": "prod"},
            "workloads": [{"namespace": "default", "service_account": "app"}],
            **changes,
        }
    )


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Makes a program that prints a text; the PATH has nothing else."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("TERRAFORM_BINARY_NAME", raising=False)
    (tmp_path / "bin").mkdir()

    def make(name: str, output: str) -> None:
        path = tmp_path / "bin" / name
        path.write_text(f"#!{sys.executable}\nprint({output!r})")
        path.chmod(0o755)

    return make


NOT_THERE = "there is no {!r} on the PATH."
INSTALL_TERRAFORM = "Install Terraform 1.5 or newer, or OpenTofu."
S3 = {"backend": {"type": "s3", "bucket": "state-of-prod", "region": "eu-west-1"}}


@pytest.mark.parametrize(
    ("program", "version", "changes", "check"),
    [
        ("terraform", "1.11.4", {}, Requirement("terraform", "ok", "terraform 1.11.4.")),
        ("terraform", "1.5.0", {}, Requirement("terraform", "ok", "terraform 1.5.0.")),
        ("tofu", "1.9.0-rc1", {}, Requirement("terraform", "ok", "tofu 1.9.0-rc1.")),
        (
            "terraform",
            "1.4.7",
            {},
            Requirement("terraform", "fail", "terraform 1.4.7.", INSTALL_TERRAFORM),
        ),
        ("terraform", "1.10.0", S3, Requirement("terraform", "ok", "terraform 1.10.0.")),
        (
            "terraform",
            "1.9.8",
            S3,
            Requirement(
                "terraform",
                "fail",
                "terraform 1.9.8.",
                "The s3 backend locks its state from 1.10 on: update it.",
            ),
        ),
    ],
)
def test_terraform_has_to_be_new_enough(
    program: str,
    version: str,
    changes: dict[str, object],
    check: Requirement,
    programs: Callable[[str, str], None],
) -> None:
    programs(program, json.dumps({"terraform_version": version}))
    assert preflight.terraform(configured(**changes)) == check


def test_terraform_that_is_missing_is_asked_for(programs: Callable[[str, str], None]) -> None:
    assert preflight.terraform() == Requirement(
        "terraform", "fail", NOT_THERE.format("terraform"), INSTALL_TERRAFORM
    )


def test_terraform_that_prints_something_else_is_not_trusted(
    programs: Callable[[str, str], None],
) -> None:
    programs("terraform", "hello")
    assert preflight.terraform() == Requirement(
        "terraform", "fail", "version unknown.", INSTALL_TERRAFORM
    )


INSTALL_NODE = "Install Node.js 22 or 24."


@pytest.mark.parametrize(
    ("version", "check"),
    [
        ("v22.11.0", Requirement("node", "ok", "v22.11.0.")),
        ("v24.0.0", Requirement("node", "ok", "v24.0.0.")),
        (
            "v20.20.2",
            Requirement("node", "warn", "v20.20.2 works, but is end-of-life.", INSTALL_NODE),
        ),
        ("v23.1.0", Requirement("node", "warn", "v23.1.0 is untested.", INSTALL_NODE)),
        ("v18.20.0", Requirement("node", "fail", "v18.20.0, too old.", INSTALL_NODE)),
        ("", Requirement("node", "fail", "no version, too old.", INSTALL_NODE)),
    ],
)
def test_node_has_to_be_looked_after(
    version: str, check: Requirement, programs: Callable[[str, str], None]
) -> None:
    programs("node", version)
    assert preflight.node() == check


def test_node_that_is_missing_is_asked_for(programs: Callable[[str, str], None]) -> None:
    assert preflight.node() == Requirement("node", "fail", NOT_THERE.format("node"), INSTALL_NODE)


@pytest.mark.parametrize(
    ("version", "verdict", "remedy"),
    [("0.21.0", "ok", None), ("0.20.9", "warn", "0.21 is the tested version.")],
)
def test_the_cdktf_cli_of_the_project_is_found_with_its_version(
    version: str, verdict: str, remedy: str | None, tmp_path: Path
) -> None:
    package = tmp_path / "node_modules" / "cdktf-cli"
    (package / "bundle").mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": version}))
    (package / "bundle" / "cdktf").touch(mode=0o755)
    link = tmp_path / "node_modules" / ".bin" / "cdktf"
    link.parent.mkdir()
    link.symlink_to("../cdktf-cli/bundle/cdktf")
    seen = f"{version}." if remedy is None else f"{version} at {link}."
    assert preflight.cdktf_cli(tmp_path) == Requirement("cdktf-cli", verdict, seen, remedy)  # type: ignore[arg-type]


def test_a_cdktf_cli_that_is_missing_is_asked_for(
    tmp_path: Path, programs: Callable[[str, str], None]
) -> None:
    assert preflight.cdktf_cli(tmp_path) == Requirement(
        "cdktf-cli", "fail", "not installed.", "'make install' installs it."
    )


class _Answers(BaseHTTPRequestHandler):
    """Answers each request with the same status and body."""

    status = 200
    body = b""

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def answering() -> Iterator[Callable[[int, str], str]]:
    """Starts a server that gives one answer; its address."""
    servers = []

    def start(status: int, body: str) -> str:
        handler = type("Answer", (_Answers,), {"status": status, "body": body.encode()})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


IDENTITY = """\
<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/a</Arn><UserId>A</UserId>
<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""
EXPIRED = """\
<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code>
<Message>The security token included in the request is expired</Message></Error></ErrorResponse>"""
SIGN_IN = "'aws sts get-caller-identity' has to work: sign in, or set AWS_PROFILE."


def test_credentials_that_work_are_named_by_their_account(
    answering: Callable[[int, str], str],
) -> None:
    url = answering(200, IDENTITY)
    aws = {"region": "eu-west-1", "account_id": "123456789012", "endpoint_url": url}
    assert preflight.credentials(configured(aws=aws)) == Requirement(
        "AWS credentials", "ok", f"account 123456789012 at {url}."
    )


def test_credentials_of_another_account_are_refused(answering: Callable[[int, str], str]) -> None:
    url = answering(200, IDENTITY)
    aws = {"region": "eu-west-1", "account_id": "210987654321", "endpoint_url": url}
    assert preflight.credentials(configured(aws=aws)) == Requirement(
        "AWS credentials",
        "fail",
        "of the account 123456789012, and aws.account_id is 210987654321.",
        "Use credentials of that account (AWS_PROFILE), or correct the configuration.",
    )


def test_credentials_that_have_expired_are_refused(answering: Callable[[int, str], str]) -> None:
    aws = {"region": "eu-west-1", "endpoint_url": answering(403, EXPIRED)}
    assert preflight.credentials(configured(aws=aws)) == Requirement(
        "AWS credentials",
        "fail",
        "ExpiredToken: 'The security token included in the request is expired'.",
        "Use credentials that aws.endpoint_url accepts: 'python -m wizard sandbox env' prints "
        "those of the sandbox.",
    )


def test_an_endpoint_that_refuses_connections_is_not_a_matter_of_credentials() -> None:
    url = "http://127.0.0.1:1"
    assert preflight.credentials(
        configured(aws={"region": "eu-west-1", "endpoint_url": url})
    ) == Requirement(
        "aws.endpoint_url",
        "fail",
        f"{url}: 'Could not connect to the endpoint URL: \"{url}/\"'.",
        "Correct it, or start what serves it: 'python -m wizard sandbox up' starts the sandbox.",
    )


def test_an_endpoint_that_is_not_aws_is_not_a_matter_of_credentials(
    answering: Callable[[int, str], str],
) -> None:
    url = answering(200, "<html>Welcome</html>")
    assert preflight.credentials(
        configured(aws={"region": "eu-west-1", "endpoint_url": url})
    ) == Requirement(
        "aws.endpoint_url",
        "fail",
        f"{url}: 'not an AWS response'.",
        "Correct it, or start what serves it: 'python -m wizard sandbox up' starts the sandbox.",
    )


def test_aws_out_of_reach_is_not_a_matter_of_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert preflight.credentials(configured()) == Requirement(
        "AWS",
        "fail",
        "'Could not connect to the endpoint URL: \"http://127.0.0.1:1/\"'.",
        "Is the network there, and is a proxy (HTTPS_PROXY) or a VPN missing?",
    )


def test_credentials_that_are_missing_are_asked_for() -> None:
    assert preflight.credentials(configured()) == Requirement(
        "AWS credentials", "fail", "not found.", SIGN_IN
    )


def behind(server: str, folder: Path) -> ClusterConfig:
    """A configuration whose context leads to this server."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": server}}],
                "users": [{"name": "u", "user": {"token": "t"}}],
                "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
            }
        )
    )
    return configured(kubernetes={"context": "prod", "kubeconfig": str(kubeconfig)})


def test_a_cluster_with_the_configured_issuer_is_the_right_one(
    answering: Callable[[int, str], str], tmp_path: Path
) -> None:
    server = answering(200, json.dumps({"issuer": "https://c.example.com"}))
    assert preflight.cluster(behind(server, tmp_path)) == Requirement(
        "cluster", "ok", "prod has the issuer https://c.example.com."
    )


@pytest.mark.parametrize(
    ("document", "issuer"),
    [
        ({"issuer": "https://other.example.com"}, "'https://other.example.com'"),
        ({"issuer": "https://c.example.com/"}, "'https://c.example.com/'"),
        ({}, "None"),
        ([], "None"),
    ],
)
def test_a_cluster_with_another_issuer_is_refused(
    document: object, issuer: str, answering: Callable[[int, str], str], tmp_path: Path
) -> None:
    config = behind(answering(200, json.dumps(document)), tmp_path)
    assert preflight.cluster(config) == Requirement(
        "cluster",
        "fail",
        f"the one behind the context 'prod' has the issuer {issuer}, and the configuration "
        "'https://c.example.com'.",
        "If it is the right cluster, set its first --service-account-issuer before the deploy; "
        "else correct kubernetes.context.",
    )


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (403, "", "this user may not read the discovery document (403)"),
        (
            404,
            "",
            "the API server has no discovery document (404): this happens if its issuer is not "
            "an https URL",
        ),
        (500, "", "the API server answered with HTTP 500"),
        (200, "<html>", "the discovery document is not JSON"),
    ],
)
def test_a_cluster_that_cannot_tell_its_issuer_is_warned_about(
    status: int, body: str, why: str, answering: Callable[[int, str], str], tmp_path: Path
) -> None:
    assert preflight.cluster(behind(answering(status, body), tmp_path)) == Requirement(
        "cluster",
        "warn",
        f"its issuer could not be compared with the configured one: {why}.",
        "Make sure that the context 'prod' is the right one.",
    )


def test_a_user_that_the_cluster_does_not_know_is_refused(
    answering: Callable[[int, str], str], tmp_path: Path
) -> None:
    assert preflight.cluster(behind(answering(401, ""), tmp_path)) == Requirement(
        "cluster",
        "fail",
        "the API server does not know the user of the context 'prod' (401).",
        "Sign in to the cluster: 'kubectl auth whoami' has to work in this context.",
    )


def test_a_cluster_that_is_down_is_refused(tmp_path: Path) -> None:
    check = preflight.cluster(behind("http://127.0.0.1:1", tmp_path))
    assert check is not None
    assert (check.verdict, check.seen.partition(": ")[0], check.seen.rpartition(": ")[2]) == (
        "fail",
        "no response through the context 'prod'",
        f"[Errno {errno.ECONNREFUSED}] Connection refused.",
    )


def test_a_context_that_is_missing_is_refused(tmp_path: Path) -> None:
    config = behind("http://127.0.0.1:1", tmp_path)
    kubernetes = config.kubernetes.model_copy(update={"context": "other"})
    assert preflight.cluster(config.model_copy(update={"kubernetes": kubernetes})) == Requirement(
        "cluster",
        "fail",
        "Invalid kube-config file. Expected object with name other in "
        f"{tmp_path}/kubeconfig/contexts list.",
        "Correct kubernetes.context or kubernetes.kubeconfig: 'kubectl config get-contexts' lists "
        "the contexts.",
    )


def test_a_kubeconfig_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/prod{os.pathsep}{tmp_path}/staging")
    assert preflight.cluster(configured()) == Requirement(
        "cluster",
        "fail",
        f"There is no kubeconfig: {tmp_path}/prod and {tmp_path}/staging do not exist.",
        "Correct kubernetes.context or kubernetes.kubeconfig: 'kubectl config get-contexts' lists "
        "the contexts.",
    )


def test_manifests_without_a_context_need_no_cluster() -> None:
    assert preflight.cluster(configured(kubernetes={"apply": "manifests"})) is None


KEYS = "tests/stacks/keys"
EC_KID = "Agxq8rXx0wukjztlVe7rdGAFEvZoYzbvqc9lX18X3GQ"


def in_a_bucket(config: ClusterConfig, *names: str) -> ClusterConfig:
    """The same cluster, with its documents in a bucket and these files of keys."""
    url = "https://c-issuer.s3.eu-west-1.amazonaws.com"
    bucket = {"bucket": "c-issuer", "keys": names}
    return configured(
        issuer=url,
        discovery={"hosting": "s3", "s3": bucket},
        kubernetes=config.kubernetes.model_dump(),
    )


def serving(*names: str) -> str:
    """The key set of an API server that has these keys."""
    return key_set(key_files.read(names, PROJECT))


def test_without_a_bucket_no_public_keys_are_needed() -> None:
    assert preflight.public_keys(configured()) is None


def test_the_bucket_has_to_have_each_key_of_the_cluster(
    answering: Callable[[int, str], str], tmp_path: Path
) -> None:
    both = (f"{KEYS}/rsa.pub", f"{KEYS}/ec.pub")
    cluster = behind(answering(200, serving(*both)), tmp_path)
    assert preflight.public_keys(in_a_bucket(cluster, *both)) == Requirement(
        "public keys", "ok", "2 to publish, with all 2 of the cluster."
    )
    assert preflight.public_keys(in_a_bucket(cluster, f"{KEYS}/rsa.pub")) == Requirement(
        "public keys",
        "fail",
        f"the API server publishes keys that discovery.s3.keys lacks: {EC_KID}. AWS would refuse "
        "their tokens.",
        "Add them: 'python -m wizard jwks --from-cluster' prints them all.",
    )


def test_a_file_of_keys_that_cannot_be_read_is_refused() -> None:
    config = in_a_bucket(configured(), f"{KEYS}/none.pub")
    assert preflight.public_keys(config) == Requirement(
        "public keys",
        "fail",
        f"{KEYS}/none.pub: there is no such file. Check the name.",
        "Correct discovery.s3.keys.",
    )


def test_a_stack_that_was_deployed_and_is_not_configured_any_more_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "PROJECT", tmp_path)
    now = configured(kubernetes={"apply": "manifests"})
    assert preflight.stacks(now) is None
    applied.record(tmp_path, in_a_bucket(now, f"{KEYS}/ec.pub"))
    assert preflight.stacks(now) == Requirement(
        "stacks",
        "warn",
        f"{now.cluster}-discovery was deployed, and is no longer in the configuration.",
        "A deploy takes them down at its end, and so does 'destroy'.",
    )


def test_what_becomes_of_the_objects_is_told_where_they_become_manifests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "PROJECT", tmp_path)
    old = {"namespace": "team", "service_account": "old", "create_namespace": True}
    app = {"namespace": "default", "service_account": "app"}
    before = configured(workloads=[app, old])
    applied.record(tmp_path, before)
    now = configured(kubernetes={"apply": "manifests"}, workloads=[app])
    check = preflight.stacks(now)
    assert check is not None
    assert check.seen == (
        f"{now.cluster}-workloads and {now.cluster}-discovery were deployed, and are no longer in "
        "the configuration."
    )
    assert check.remedy == (
        "A deploy takes them down at its end, and so does 'destroy'. A deploy hands "
        "the Kubernetes objects over to the manifests: they stay. Not among the manifests, and for "
        "you to delete: Namespace team, ConfigMap team/old-role, ServiceAccount team/old."
    )


def test_keys_without_a_cluster_to_compare_them_with_are_taken() -> None:
    config = configured(kubernetes={"apply": "manifests"})
    assert preflight.public_keys(in_a_bucket(config, f"{KEYS}/ec.pub")) == Requirement(
        "public keys", "ok", "1 to publish."
    )


def test_a_cluster_that_does_not_show_its_keys_is_warned_about(
    answering: Callable[[int, str], str], tmp_path: Path
) -> None:
    cluster = behind(answering(403, '{"message": "no"}'), tmp_path)
    assert preflight.public_keys(in_a_bucket(cluster, f"{KEYS}/ec.pub")) == Requirement(
        "public keys",
        "warn",
        "they could not be compared with the cluster's: reading the public keys through the "
        "context 'prod': HTTP 403: 'no'",
        "Compare them with its --service-account-key-file.",
    )


def test_everything_is_looked_at_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(6, timeout=30)

    def look(name: str) -> Callable[..., Requirement]:
        def looked(*_: object) -> Requirement:
            together.wait()
            return Requirement(name, "ok", "fine.")

        return looked

    names = ("terraform", "node", "cdktf_cli", "credentials", "cluster", "public_keys")
    for name in names:
        monkeypatch.setattr(preflight, name, look(name))
    checks = preflight.require(preflight.preflight(configured()))
    assert {check.name for check in checks} == set(names)


def test_without_a_configuration_the_programs_alone_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("terraform", "node", "cdktf_cli"):
        monkeypatch.setattr(preflight, name, lambda *_, name=name: Requirement(name, "ok", "fine."))
    assert {check.name for check in preflight.preflight(None)} == {
        "terraform",
        "node",
        "cdktf_cli",
    }


def test_a_check_without_an_answer_fails_and_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    never = threading.Event()
    for name in ("terraform", "node"):
        monkeypatch.setattr(preflight, name, lambda *_, name=name: Requirement(name, "ok", "fine."))
    monkeypatch.setattr(preflight, "cdktf_cli", never.wait)
    checks = list(preflight.preflight(None, deadline=0.2))
    never.set()
    assert checks[-1] == Requirement(
        "cdktf-cli", "fail", "no response within 0.2 s.", "Try it by hand."
    )
    assert {check.name for check in checks[:-1]} == {"terraform", "node"}


def test_a_check_that_raises_is_a_failed_check_beside_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> Requirement:
        raise KeyError("oops")

    for name in ("terraform", "cdktf_cli"):
        monkeypatch.setattr(preflight, name, lambda *_, name=name: Requirement(name, "ok", "fine."))
    monkeypatch.setattr(preflight, "node", broken)
    monkeypatch.setattr(preflight, "keep_traceback", lambda error: f"logs/{type(error).__name__}")

    checks = {check.name: check for check in preflight.preflight(None)}

    assert {name: check.verdict for name, check in checks.items()} == {
        "terraform": "ok",
        "node": "fail",
        "cdktf_cli": "ok",
    }
    assert checks["node"].seen == "the check raised KeyError; the log: logs/KeyError."


def test_what_failed_is_told_together() -> None:
    checks = [
        Requirement("node", "fail", "too old.", "Install another."),
        Requirement("terraform", "ok", "fine."),
        Requirement("cluster", "warn", "who knows.", "Look."),
        Requirement("AWS credentials", "fail", "there are none."),
    ]
    with pytest.raises(WorldError) as caught:
        preflight.require(checks)
    assert str(caught.value) == "node: too old. Install another.\nAWS credentials: there are none."
