"""The commands in the documents: each, with its options, is one that there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from documented import PIPELINE_FILES, PIPELINES, pipeline, pipeline_lines, wizard_commands

from federation.iam.evaluation import evaluate, parse_policy
from federation.yaml.files import PROJECT
from wizard.cli import cli

DOCUMENTS = sorted(
    {PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md"), *PIPELINE_FILES},
)
SETUP = {
    "make install",
    'echo "$PWD/.venv/bin" >> "$GITHUB_PATH"',
    'echo "$PWD/.venv/bin:$PATH"',
    'export PATH="$CI_PROJECT_DIR/.venv/bin:$CI_PROJECT_DIR/.tools:$PATH"',
    "apt-get update -qq",
    "apt-get install -qq --no-install-recommends python3-venv",
    "install -D -m 755 /bin/terraform .tools/terraform",
    'echo "A deploy makes a plan of its own." > "$PLANFILE"',
    '(umask 077; printf %s "$AWS_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE")',
}
"""What pipelines run besides commands of ours."""


def test_each_command_in_a_document_is_one_that_there_is() -> None:
    commands = {
        (str(path.relative_to(PROJECT)), command)
        for path in DOCUMENTS
        for command in wizard_commands(path.read_text())
    }

    assert [each for each in sorted(commands) if not is_known(each[1])] == []
    assert {"README.md", "docs/doctor.md", "docs/pipelines/gitlab-ci.yml"} <= {
        document for document, _ in commands
    }


def is_known(command: str) -> bool:
    """Whether there is such a command with such options; arguments may be placeholders."""
    name, *arguments = shlex.split(command)[3:] or [""]
    if not name or name.startswith("-"):
        return name in ("", "--help")
    found = cli.get_command(click.Context(cli), name)
    if found is None:
        return False
    if isinstance(found, click.Group):
        return not arguments or arguments[0] in found.commands
    try:
        found.make_parser(click.Context(found)).parse_args(arguments)
    except click.UsageError:
        return False
    return True


@pytest.mark.parametrize("path", PIPELINE_FILES, ids=lambda path: path.name)
def test_what_a_pipeline_runs_is_ours_or_sets_up_its_runner(path: Path) -> None:
    others = [line for line in pipeline_lines(path) if not line.startswith("python -m wizard ")]

    assert set(others) <= SETUP


def test_every_pipeline_checks_lints_plans_deploys_and_looks_for_drift() -> None:
    ways = {
        "github": [*PIPELINES.glob("github/**/*.yml")],
        "gitlab": [PIPELINES / "gitlab-ci.yml"],
        "atlantis": [*PIPELINES.glob("atlantis/*.yaml")],
    }
    lines = {
        way: {
            line.split()[3] for path in paths for line in pipeline_lines(path) if "wizard" in line
        }
        for way, paths in ways.items()
    }

    everywhere = {"check", "lint", "plan", "deploy"}
    with_files = everywhere | {"synth", "review", "drift"}
    assert lines == {"github": with_files, "gitlab": with_files, "atlantis": everywhere}


@pytest.mark.parametrize("path", PIPELINE_FILES, ids=lambda path: path.name)
def test_no_pipeline_has_a_key_or_a_secret(path: Path) -> None:
    text = path.read_text()

    assert re.findall(r"secrets\.|AWS_SECRET|AWS_ACCESS_KEY|AKIA|password", text, re.I) == []


def test_actions_are_pinned_and_jobs_may_do_what_they_need_and_no_more() -> None:
    workflow = pipeline(PIPELINES / "github" / "workflows" / "oidc-iam.yml")
    action = pipeline(PIPELINES / "github" / "actions" / "install" / "action.yml")
    jobs = workflow["jobs"]
    steps = [*action["runs"]["steps"], *(step for job in jobs.values() for step in job["steps"])]
    used = {step["uses"] for step in steps if "uses" in step}

    floating = {each for each in used if not re.search(r"@(v\d+|[0-9a-f]{40})$", each)}
    assert floating == {"./.github/actions/install"}
    assert {name: dict(job["permissions"]) for name, job in jobs.items()} == {
        "check": {"contents": "read", "security-events": "write"},
        "plan": {"contents": "read", "id-token": "write"},
        "deploy": {"contents": "read", "id-token": "write"},
        "drift": {"contents": "read", "id-token": "write"},
    }
    assert workflow["permissions"] == {"contents": "read"}


GITHUB, GITLAB = "https://token.actions.githubusercontent.com", "https://gitlab.com"
TOKENS = [
    (0, GITHUB, "repo:example/oidc-iam:environment:production", True),
    (0, GITHUB, "repo:example/oidc-iam:pull_request", False),
    (0, GITHUB, "repo:example/oidc-iam:ref:refs/heads/main", False),
    (0, GITHUB, "repo:example/other:environment:production", False),
    (1, GITLAB, "project_path:example/oidc-iam:ref_type:branch:ref:main", True),
    (1, GITLAB, "project_path:example/oidc-iam:ref_type:branch:ref:feature", False),
    (1, GITLAB, "project_path:example/oidc-iam:ref_type:tag:ref:main", False),
]


@pytest.mark.parametrize(("at", "issuer", "subject", "admitted"), TOKENS)
def test_a_deployer_is_who_its_trust_policy_names(
    at: int, issuer: str, subject: str, admitted: bool
) -> None:
    policies = re.findall(r"```json\n(.*?)```", (PIPELINES / "README.md").read_text(), re.DOTALL)
    claims: dict[str, Any] = {"iss": issuer, "aud": "sts.amazonaws.com", "sub": subject}

    assert evaluate(parse_policy(policies[at]), claims).allowed == admitted


@pytest.mark.parametrize(
    ("command", "known"),
    [
        ("python -m wizard", True),
        ("python -m wizard plan --json", True),
        ("python -m wizard sandbox up", True),
        ("python -m wizard diff HEAD~1:clusters/prod.yaml [NEW] --json", True),
        ("python -m wizard pln", False),
        ("python -m wizard plan --jsn", False),
        ("python -m wizard sandbox pause", False),
    ],
)
def test_what_is_no_command_would_be_seen(command: str, known: bool) -> None:
    assert is_known(command) == known
