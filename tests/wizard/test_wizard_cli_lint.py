"""`wizard lint`: its reports, its exit codes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from federation.errors import UserError
from federation.iam.trust_policy import trust_policy
from wizard.cli.lint import lint

CONFIGURATION = """\
cluster: prod
issuer: https://c.example.com
aws:
  region: eu-west-1
  permissions_boundary: arn:aws:iam::123456789012:policy/bound
kubernetes: {context: prod}
workloads:
  - namespace: prod
    service_account: web
    trust: audience-only
backend: {type: local}
lint:
  accept:
    - {code: local-state, reason: a trial, until: '2027-01-31'}
    - {code: shared-role, reason: no more, until: '2027-01-31', workload: prod/web}
"""
HOST = "c.example.com"
POLICY = trust_policy(
    f"arn:aws:iam::123456789012:oidc-provider/{HOST}", HOST, ["a"], "system:serviceaccount:prod:web"
)
TODAY = "--today=2027-01-31"


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(
        lint, arguments, input=stdin, standalone_mode=False, catch_exceptions=False
    )


@pytest.fixture
def folder(in_folder: Path) -> Path:
    """A configuration with an error and an accepted warning, and somebody's trust policy."""
    (in_folder / "prod.yaml").write_text(CONFIGURATION)
    (in_folder / "role.json").write_text(json.dumps(POLICY))
    (in_folder / "plan.bin").write_bytes(b"PK\xff")
    return in_folder


ERROR = f"""\
error: Any subject of the issuer, such as any pod of the cluster, may assume the role \
[audience-only-trust]
  prod.yaml:10: workloads[prod/web].trust: any subject of {HOST} is admitted: 1 of 1 known service \
accounts (prod/web).
    why: The trust policy checks the audience at most. Anyone who can create a pod or request a \
token, in any namespace of the cluster, gets the role's permissions.
    fix: Add a StringEquals condition on ISSUER:sub (in our configuration: 'trust: \
service-account').
    source: AWS IAM User Guide, 'Create a role for OpenID Connect federation': limit who can \
assume it
"""


@pytest.mark.usefixtures("folder")
def test_findings_stand_below_their_rule() -> None:
    result = run("--config=prod.yaml", TODAY)
    assert result.output == ERROR + (
        "accepted until 2027-01-31: prod.yaml:11: backend: a trial [local-state]\n"
        "unused: lint.accept: nothing is found of 'shared-role' for prod/web: remove it.\n"
        "errors: 1, warnings: 0, notes: 0, accepted: 1\n"
    )
    assert result.return_value == 1


@pytest.mark.usefixtures("folder")
def test_an_expired_acceptance_is_told_with_the_finding() -> None:
    result = run("--config=prod.yaml", "--today=2027-02-01")
    assert result.output == ERROR + (
        "warning: The Terraform state is on one person's disk [local-state]\n  prod.yaml:11: "
        "backend: the state is in the folder state/.\n    It was accepted until 2027-01-31 (a "
        "trial), which is over.\n    why: Nobody else can deploy, two deploys at once are not "
        "prevented, and the state is lost with the disk.\n    fix: Write 'backend: "
        "{type: s3, bucket: ..., region: ...}'.\n    source: Terraform, 'Backend "
        "configuration'\nunused: lint.accept: nothing is found of 'shared-role' for prod/web: "
        "remove it.\nerrors: 1, warnings: 1, notes: 0, accepted: 0\n"
    )


@pytest.mark.usefixtures("folder")
def test_json_has_the_findings_and_what_was_accepted() -> None:
    result = run("--config=prod.yaml", TODAY, "--json")
    document: dict[str, Any] = json.loads(result.output)
    texts = ("title", "reasoning", "fix", "source")
    for finding in (*document["findings"], *document["accepted"]):
        assert all(finding.pop(key) for key in texts)
    assert document == {
        "counts": {"error": 1, "warning": 0, "note": 0},
        "findings": [
            {
                "code": "audience-only-trust",
                "weight": "error",
                "file": "prod.yaml",
                "line": 10,
                "place": "workloads[prod/web].trust",
                "about": "prod/web",
                "seen": f"any subject of {HOST} is admitted: 1 of 1 known service accounts "
                "(prod/web).",
                "note": "",
            }
        ],
        "accepted": [
            {
                "code": "local-state",
                "weight": "warning",
                "file": "prod.yaml",
                "line": 11,
                "place": "backend",
                "about": "",
                "seen": "the state is in the folder state/.",
                "note": "",
                "reason": "a trial",
                "until": "2027-01-31",
            }
        ],
        "unused_acceptances": [
            {
                "code": "shared-role",
                "workload": "prod/web",
                "reason": "no more",
                "until": "2027-01-31",
            }
        ],
        "unjudged_acceptances": [],
    }


@pytest.mark.usefixtures("folder")
def test_sarif_names_the_lines_and_suppresses_what_is_accepted(folder: Path) -> None:
    result = run("--config=prod.yaml", TODAY, "--sarif=lint.sarif")
    assert result.output.startswith("error: Any subject")
    (log,) = json.loads((folder / "lint.sarif").read_text())["runs"]
    assert log["automationDetails"] == {"id": "oidc-iam-lint/prod/"}
    assert [
        (
            each["ruleId"],
            each["level"],
            each["locations"][0]["physicalLocation"],
            each.get("suppressions"),
        )
        for each in log["results"]
    ] == [
        (
            "audience-only-trust",
            "error",
            {"artifactLocation": {"uri": "prod.yaml"}, "region": {"startLine": 10}},
            None,
        ),
        (
            "local-state",
            "warning",
            {"artifactLocation": {"uri": "prod.yaml"}, "region": {"startLine": 11}},
            [
                {
                    "kind": "external",
                    "status": "accepted",
                    "justification": "until 2027-01-31: a trial",
                }
            ],
        ),
    ]


@pytest.mark.usefixtures("folder")
def test_somebody_elses_trust_policy_needs_no_configuration() -> None:
    result = run("--trust-policy=role.json", "--strict")
    assert (result.return_value, result.output) == (
        0,
        "errors: 0, warnings: 0, notes: 0, accepted: 0\n",
    )


@pytest.mark.usefixtures("folder")
def test_a_trust_policy_is_read_from_stdin() -> None:
    text = json.dumps(POLICY | {"Statement": [POLICY["Statement"][0] | {"Principal": "*"}]})
    result = run("--trust-policy=-", "--json", stdin=text)
    assert [(each["code"], each["file"]) for each in json.loads(result.output)["findings"]] == [
        ("open-principal", "stdin")
    ]


def test_what_is_accepted_for_a_workload_is_accepted_in_a_plan_of_its_role(folder: Path) -> None:
    trust = {"StringLike": {f"{HOST}:sub": "system:serviceaccount:prod:*"}}
    statement = POLICY["Statement"][0] | {"Condition": trust}
    role = {"name": "prod_prod_web", "assume_role_policy": json.dumps({"Statement": [statement]})}
    change = {"actions": ["create"], "after": role}
    resource = {"address": "aws_iam_role.web", "type": "aws_iam_role", "change": change}
    (folder / "plan.json").write_text(json.dumps({"resource_changes": [resource]}))
    text = CONFIGURATION.replace("shared-role", "wildcard-subject")
    (folder / "prod.yaml").write_text(text)
    result = run("--config=prod.yaml", "--plan=plan.json", TODAY)
    assert [line for line in result.output.splitlines() if "plan.json" in line] == [
        f"  plan.json: aws_iam_role.web.assume_role_policy (prod/web): tokens of {HOST} for any "
        "audience are admitted.",
        "  plan.json: aws_iam_role.web (prod/web): none is set.",
        "accepted until 2027-01-31: plan.json: aws_iam_role.web.assume_role_policy (prod/web): "
        "no more [wildcard-subject]",
    ]


def test_nothing_in_a_plan_is_a_command_to_a_pipeline(folder: Path) -> None:
    tags = {"##vso[task.complete]": "AKIAIOSFODNN7EXAMPLE"}
    change = {"actions": ["create"], "after": {"tags": tags}}
    resource = {"address": "aws_s3_bucket.b", "type": "aws_s3_bucket", "change": change}
    (folder / "plan.json").write_text(json.dumps({"resource_changes": [resource]}))
    shown = run("--plan=plan.json").output.splitlines()[1]
    assert shown == (
        "  plan.json: aws_s3_bucket.b.tags.#\\x23vso[task.complete]: the value looks like an AWS "
        "access key id."
    )


@pytest.mark.usefixtures("folder")
def test_standard_output_may_be_named_by_its_device() -> None:
    named, dash = (run("--config=prod.yaml", TODAY, f"--sarif={to}") for to in ("/dev/stdout", "-"))
    assert named.output == dash.output
    assert json.loads(named.output)["version"] == "2.1.0"


def test_a_plan_may_be_in_the_utf_16_that_powershell_writes(folder: Path) -> None:
    plan: dict[str, Any] = {"resource_changes": [], "planned_values": {}}
    (folder / "plan.json").write_bytes(json.dumps(plan).encode("utf-16"))
    assert run("--plan=plan.json").output == "errors: 0, warnings: 0, notes: 0, accepted: 0\n"


def test_warnings_fail_a_strict_run_alone(folder: Path) -> None:
    text = CONFIGURATION.partition("lint:")[0].replace("trust: audience-only", "test_pod: false")
    (folder / "prod.yaml").write_text(text)
    assert run("--config=prod.yaml", TODAY).return_value == 0
    assert run("--config=prod.yaml", TODAY, "--strict").return_value == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--today=tomorrow",), "--today 'tomorrow' is not a day: write it like '2027-01-31'."),
        (
            ("--json", "--sarif"),
            "One report at a time can go to stdout: give the others a FILE.",
        ),
        (("--plan=-", "--chain=-"), "stdin can be read once: give the others as files."),
        (
            ("--plan=plan.bin",),
            "--plan: plan.bin: is not UTF-8 text (byte 2): save it as UTF-8. A plan is read as "
            "'terraform show -json PLAN' prints it.",
        ),
        (("--chain=no.pem",), "--chain: no.pem: there is no such file. Check the name."),
        (
            ("--service-accounts=role.json",),
            "role.json lists no service accounts: write it with "
            "'kubectl get serviceaccounts -A -o json'.",
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_refuses_what_it_cannot_use(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError) as refusal:
        run("--config=prod.yaml", *arguments)
    assert str(refusal.value) == message


def test_an_unknown_code_is_refused_with_the_nearest(folder: Path) -> None:
    (folder / "prod.yaml").write_text(CONFIGURATION.replace("local-state", "local-stat"))
    with pytest.raises(UserError) as refusal:
        run("--config=prod.yaml")
    assert str(refusal.value).startswith(
        "prod.yaml: lint.accept[0].code: unknown code 'local-stat'. Did you mean 'local-state'? "
        "Known: "
    )
