"""The chain from a configuration to a proven federation, with everything real but AWS itself.

One sandbox and one copy of the project serve all tests, which run in order: each begins where the
one before ended. Where the kubernetes provider cannot be installed, the same tests run with the
objects applied as manifests.
"""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]
import pytest
import urllib3
from project_copy import Attach, ProjectCopy, project_copy
from ruamel.yaml import YAML

from federation.model.config import ClusterConfig
from federation.yaml.files import load, save
from review.facts.cluster_rights import cluster_rights
from review.facts.deployer import deployer_policies
from review.report.model import yaml
from sandbox.sandbox import Sandbox


class Here(ProjectCopy):
    """A copy of the project, and the sandbox that runs in it."""

    @property
    def box(self) -> Sandbox:
        """The sandbox."""
        box = Sandbox.of(self.project / ".sandbox")
        assert box is not None
        return box

    @property
    def path(self) -> Path:
        """The configuration that fits it."""
        fitting = self.project / ".sandbox" / "sandbox.yaml"
        return fitting if fitting.exists() else self.project / "clusters" / "sandbox.yaml"

    @property
    def config(self) -> ClusterConfig:
        """What it holds."""
        return load(self.path)

    @property
    def on_sandbox_environment(self) -> dict[str, str]:
        """What commands need to work on the sandbox, with the configuration that fits it."""
        return {**self.box.environment(), "OIDC_IAM_CONFIG": str(self.path)}

    def on_sandbox(self, *arguments: str, status: int = 0) -> str:
        """What a command prints that works on the sandbox."""
        return self.wizard(*arguments, status=status, **self.on_sandbox_environment)

    def started_on_sandbox(self, *arguments: str) -> subprocess.Popen[str]:
        """The same command, while it runs."""
        return subprocess.Popen(
            [sys.executable, "-m", "wizard", *arguments],
            cwd=self.project,
            env={**self.environment, **self.on_sandbox_environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def component(self, name: str) -> psutil.Process:
        """A process of the sandbox."""
        state = json.loads((self.box.folder / "state.json").read_text())
        [pid] = [each["pid"] for each in state["processes"] if each["name"] == name]
        return psutil.Process(pid)

    def kubectl(self, *arguments: str) -> str:
        """What kubectl prints."""
        done = subprocess.run(
            ["kubectl", f"--kubeconfig={self.box.kubeconfig}", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def deployer(self) -> Path:
        """The kubeconfig of somebody who has what the review says that a deployer needs."""
        rights = self.project / "rights.yaml"
        rights.write_text(yaml(cluster_rights(self.config)))
        self.kubectl("create", "serviceaccount", "deployer", "--namespace=kube-public")
        self.kubectl("apply", f"--filename={rights}")
        for role in cluster_rights(self.config):
            where = role["metadata"].get("namespace")
            kind, place = ("role", [f"--namespace={where}"]) if where else ("clusterrole", [])
            self.kubectl(
                *(
                    "create",
                    f"{kind}binding",
                    "deployer",
                    *place,
                    f"--{kind}={role['metadata']['name']}",
                ),
                "--serviceaccount=kube-public:deployer",
            )
        document = json.loads(self.box.kubeconfig.read_text())
        token = self.kubectl("create", "token", "deployer", "--namespace=kube-public").strip()
        document["users"][0]["user"] = {"token": token}
        kubeconfig = self.project / "deployer.json"
        kubeconfig.write_text(json.dumps(document))
        return kubeconfig

    def asked_of_aws(self) -> list[str]:
        """The actions of IAM and STS that were asked for so far."""
        log = (self.box.folder / "logs" / "aws.log").read_text()
        return re.findall(r"asked for (\w+)$", log, re.MULTILINE)

    def anonymous_status(self, path: str) -> int:
        """What the API server answers to a stranger."""
        with urllib3.PoolManager(
            ca_certs=str(self.box.ca_file), server_hostname=self.config.issuer_host
        ) as stranger:
            return stranger.request("GET", f"{self.box.discovery_endpoint}{path}").status


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    made = project_copy(tmp_path_factory.mktemp("e2e"))
    copy = Here(made.project, made.environment)
    copy.wizard("sandbox", "up")
    try:
        if copy.box.missing:
            pytest.skip("\n".join(copy.box.missing))
        yield copy
    finally:
        copy.wizard("sandbox", "down")


@pytest.fixture(scope="module")
def attached(here: Here, attach: Attach) -> Here:
    """The same, for what comes after the chain: Terraform need not start the AWS provider again."""
    document = here.config.model_dump(mode="json")
    document["aws"]["endpoint_url"] = None
    save(ClusterConfig.model_validate(document), here.path)
    return here.having(attach(here.box.environment()))


OURS = "app.kubernetes.io/managed-by=oidc-iam"
KINDS = ("ServiceAccount ", "ConfigMap ", "Pod ", "Namespace ", "ClusterRoleBinding ")
DOCUMENTS = ("/.well-known/openid-configuration", "/openid/v1/jwks")


def test_before_the_deploy_strangers_are_refused(here: Here) -> None:
    assert [here.anonymous_status(path) for path in DOCUMENTS] == [403, 403]


def test_a_deploy_without_a_terminal_and_without_yes_changes_nothing(here: Here) -> None:
    said = here.on_sandbox("deploy", status=2)
    assert said.endswith("There is no terminal to ask in: repeat the command with --yes.\n")
    assert [here.anonymous_status(path) for path in DOCUMENTS] == [403, 403]


def test_throttling_is_shown_and_survived_and_the_deploy_ends_with_its_outputs(here: Here) -> None:
    here.box.fault("CreateRole", "Throttling", "Rate exceeded", 1)
    said = here.on_sandbox("deploy", "--yes")
    assert "  IAM CreateRole: Throttling; trying again (2 of 3)\n" in said.replace("of 4", "of 3")
    assert "Plan: 12 to add, 0 to change, 0 to destroy.\n" in said or terraform_is_absent(here)
    outputs = [line for line in said.splitlines() if line.startswith("sandbox-identity: role_arns")]
    assert outputs == [
        "sandbox-identity: role_arns[default/oidc-iam-pod] = "
        "arn:aws:iam::123456789012:role/oidc-iam-pod",
        "sandbox-identity: role_arns[reports/report-writer] = "
        "arn:aws:iam::123456789012:role/sandbox_reports_report-writer",
    ]


def test_after_it_anyone_reads_the_documents_and_nothing_else(here: Here) -> None:
    assert [here.anonymous_status(path) for path in DOCUMENTS] == [200, 200]
    assert here.anonymous_status("/api/v1/namespaces") == 403


def test_the_pod_passes_the_restricted_standard_and_can_read_its_token(here: Here) -> None:
    here.kubectl("label", "namespace", "default", "pod-security.kubernetes.io/enforce=restricted")
    pod = json.loads(here.kubectl("get", "pod", "awscli", "-ojson"))
    again = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "again"}, "spec": pod["spec"]}
    made = here.project / "again.json"
    made.write_text(json.dumps(again))
    assert here.kubectl("create", "--dry-run=server", "-f", str(made)) == (
        "pod/again created (server dry run)\n"
    )
    assert pod["spec"]["securityContext"]["fsGroup"] == 65532


def test_the_federation_is_proven_and_refuses_everyone_else(here: Here) -> None:
    said = here.on_sandbox("doctor", "--negative", "--ca-file", str(here.box.ca_file), "--json")
    findings = json.loads(said)["findings"]
    by_verdict = {each["code"]: each["verdict"] for each in findings}
    assert [code for code, verdict in by_verdict.items() if verdict == "fail"] == []
    for code in (
        "discovery-readable", "discovery-issuer", "token-signature", "trust-admits",
        "sts-assume-role", "sts-aws-cli", "negative-service-account", "negative-namespace",
        "negative-audience", "negative-expired", "negative-key", "negative-garbage",
        "negative-role", "negative-api-server",
    ):  # fmt: skip
        assert (code, by_verdict[code]) == (code, "pass")


def test_a_second_deploy_changes_nothing(here: Here) -> None:
    said = here.on_sandbox("review", "--plan", "--output", "bundle")
    assert "\nPlan: No changes: everything matches the configuration.\n" in said
    plan = json.loads((here.project / "bundle" / "plan.json").read_text())
    assert [stack["changes"] for stack in plan["stacks"]] == [[] for _ in plan["stacks"]]


@pytest.mark.breadth
def test_the_terraform_of_the_review_changes_nothing_either(here: Here) -> None:
    said = followed(here, here.project / "state", here.box.kubeconfig, apply=False)
    stacks = len(here.config.stacks)
    assert said.count("No changes. Your infrastructure matches the configuration.") == stacks


def test_what_was_deployed_is_what_is_configured(here: Here) -> None:
    """Whatever a manifest says is so, also where Terraform made the object."""
    places = json.loads(here.on_sandbox("drift", "--json"))["places"]
    assert [each["name"] for each in places if each["verdict"] != "same"] == []
    everything = "serviceaccounts,configmaps,pods,namespaces,clusterrolebindings"
    found = here.kubectl("get", everything, "-A", "-l", OURS, "-oname")
    assert len(found.splitlines()) == sum(each["name"].startswith(KINDS) for each in places)


def test_destroy_refuses_while_something_of_others_is_in_our_namespace(here: Here) -> None:
    here.kubectl("create", "configmap", "theirs", "--namespace=reports")
    said = here.on_sandbox("destroy", "--yes", status=2)
    assert said.splitlines()[-1] == (
        "Destroying would remove other people's objects: ConfigMap reports/theirs. "
        "Move them, or set create_namespace: false and run 'terraform state rm' for the namespace."
    )
    here.kubectl("delete", "configmap", "theirs", "--namespace=reports")


def test_a_destroy_leaves_nothing_behind(here: Here) -> None:
    here.on_sandbox("destroy", "--yes")
    assert [here.anonymous_status(path) for path in DOCUMENTS] == [403, 403]
    everything = "serviceaccounts,configmaps,pods,namespaces,clusterrolebindings"
    assert here.kubectl("get", everything, "-A", "-l", OURS, "-oname") == ""
    states = sorted((here.project / "state").glob("*.tfstate"))
    assert [json.loads(state.read_text())["resources"] for state in states] == [[] for _ in states]


@pytest.mark.breadth
def test_the_terraform_of_the_review_makes_the_federation_by_itself(attached: Here) -> None:
    states = attached.project / "states of the review"
    states.mkdir()
    kubeconfig, before = attached.deployer(), len(attached.asked_of_aws())
    said = followed(attached, states, kubeconfig)
    asked = attached.asked_of_aws()[before:]
    added = re.findall(r"Apply complete! Resources: (\d+) added, 0 changed, 0 destroyed.", said)
    assert added == (["5"] if terraform_is_absent(attached) else ["1", "5", "6"])
    if not terraform_is_absent(attached):
        assert [attached.anonymous_status(path) for path in DOCUMENTS] == [200, 200]
        attached.on_sandbox("doctor", "--ca-file", str(attached.box.ca_file))
    before = len(attached.asked_of_aws())
    paths = json.dumps([str(kubeconfig)])
    environment = {**attached.on_sandbox_environment, "TF_VAR_kubeconfig_paths": paths}
    for stack in reversed(attached.config.stacks):
        folder = f"-chdir=bundle/terraform/{stack}"
        attached.run("terraform", folder, "destroy", "-auto-approve", status=0, **environment)
    assert [attached.anonymous_status(path) for path in DOCUMENTS] == [403, 403]

    asked += attached.asked_of_aws()[before:]
    allowed = {
        action for policy in deployer_policies(attached.config) for action in actions(policy)
    }
    # Which nobody can be denied (STS API, GetCallerIdentity).
    assert {*asked} - allowed == {"GetCallerIdentity"}


def actions(policy: dict[str, Any]) -> Iterator[str]:
    """The actions that a policy allows, without their service."""
    for statement in policy["Statement"]:
        named = statement["Action"]
        for action in [named] if isinstance(named, str) else named:
            yield action.partition(":")[2]


def followed(here: Here, state: Path, kubeconfig: Path, *, apply: bool = True) -> str:
    """What the commands print that the README of the review's Terraform names."""
    folder = here.project / "bundle" / "terraform"
    readme = (folder / "README.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    script = "".join(["set -eu\n", f"cd {shlex.quote(str(folder))}\n", *blocks])
    if not apply:
        script = script.replace("terraform apply plan\n", "")
    script = script.replace("/path/to/state", shlex.quote(str(state)))
    script = script.replace("/path/to/kubeconfig", str(kubeconfig))
    environment = {**here.on_sandbox_environment, "TF_CLI_ARGS": "-no-color"}
    return here.run("bash", "-c", script, status=0, **environment)


@pytest.mark.breadth
def test_a_role_that_is_there_already_is_explained_with_the_place_of_the_log(
    attached: Here,
) -> None:
    attached.box.fault("CreateRole", "EntityAlreadyExists", "Role with name x already exists.", 2)
    said = attached.on_sandbox("deploy", "--yes", status=1)
    assert said.splitlines()[-3] == (
        "  To do: Choose another role name. If an interrupted deploy left it, and nothing else "
        "uses it, delete it: 'aws iam delete-role --role-name x' (detach its policies first)."
    )
    assert said.splitlines()[-1].startswith("The log: logs/")
    assert (attached.project / said.splitlines()[-1].removeprefix("The log: ")).is_file()


def test_a_deploy_to_another_cluster_is_refused(here: Here) -> None:
    other = here.project / "other.yaml"
    document = YAML(typ="safe").load(here.path.read_text())
    document["issuer"] = "https://another.example.com"
    document["cluster"] = "another"
    save(ClusterConfig.model_validate(document), other)
    environment = here.box.environment()
    said = here.wizard("deploy", "--yes", "--config", str(other), status=1, **environment)
    assert "https://oidc.sandbox.internal" in said
    assert not list((here.project / "state").glob("another*"))


@pytest.mark.breadth
def test_a_certificate_that_cannot_be_reached_is_the_cause_of_a_failed_plan(attached: Here) -> None:
    other = attached.project / "closed.yaml"
    document = YAML(typ="safe").load(attached.path.read_text())
    document["cluster"] = "closed"
    document["discovery"]["endpoint"] = "https://127.0.0.1:1"
    document["kubernetes"]["apply"] = "manifests"  # the identity stack alone
    save(ClusterConfig.model_validate(document), other)
    said = attached.wizard(
        "deploy", "--yes", "--config", str(other), status=1, **attached.box.environment()
    )
    assert failure(said) == [
        *unreadable("https://127.0.0.1:1"),
        "The log: logs/TIME-plan-closed.log",
    ]


@pytest.mark.breadth
def test_an_api_server_that_goes_down_during_a_deploy_is_the_cause(attached: Here) -> None:
    """The last test: nothing runs behind the context any more."""
    said = ""
    # Its port stays taken, without anyone who listens: the sandbox of another test may want it.
    with socket.socket() as taken, attached.started_on_sandbox("deploy", "--yes") as deploy:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        assert deploy.stdout
        for line in deploy.stdout:
            said += line
            if line.startswith("Plan: "):
                server = attached.component("kube-apiserver")
                server.kill()
                server.wait()
                taken.bind(("127.0.0.1", urlsplit(attached.box.discovery_endpoint).port))
    assert deploy.returncode == 1
    address = attached.box.discovery_endpoint
    bindings = f"{address}/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    unreachable = [
        "A server cannot be reached (connection refused) "
        "(kubernetes_cluster_role_binding_v1.oidc-reviewer).",
        f'  Message: Post "{bindings}": {refused(address)}',
        "  To do: Look at the address in the message: is the API server up, is a VPN or a tunnel "
        "missing, is the kubeconfig's context the right one?",
    ]
    # Terraform looks for the binding before it makes it, where it comes so far.
    told = [
        line.replace(f'Get "{bindings}/oidc-reviewer"', f'Post "{bindings}"')
        for line in failure(said, 5)
    ]
    assert told == [
        *(unreadable(address) if terraform_is_absent(attached) else unreachable),
        "Not finished: sandbox-identity, applying manifests."
        if terraform_is_absent(attached)
        else "Not finished: sandbox-discovery, sandbox-identity, sandbox-workloads.",
        "The log: logs/TIME-deploy-sandbox.log",
    ]


def unreadable(endpoint: str) -> list[str]:
    """How a certificate is missed."""
    return [
        "The certificate of the discovery endpoint cannot be read from here "
        "(data.tls_certificate.issuer).",
        "  Message: Failed to identify fetch peer certificates failed to fetch certificates from "
        f"URL 'https': Get \"{endpoint}\": {refused(endpoint)}",
        "  To do: Make the endpoint reachable on 443, name another way to it in "
        "discovery.endpoint, or pin the thumbprint in discovery.thumbprint (a list, or 'omit').",
    ]


def refused(address: str) -> str:
    """How Go says that nobody listens."""
    return f"dial tcp {address.removeprefix('https://')}: connect: connection refused"


def failure(said: str, lines: int = 4) -> list[str]:
    """The message with which a command failed: its last lines, without the log's time."""
    return [re.sub(r"logs/[0-9TZ]+-", "logs/TIME-", line) for line in said.splitlines()[-lines:]]


def terraform_is_absent(here: Here) -> bool:
    """Whether the kubernetes provider could not be installed, so that manifests are applied."""
    return here.config.kubernetes.apply == "manifests"
