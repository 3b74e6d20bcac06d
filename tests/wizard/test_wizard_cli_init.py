"""`wizard init` and `wizard check`, as a pipeline calls them: without a terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from federation.model.config import DEFAULT_POLICY
from federation.yaml.files import PROJECT, load


def wizard(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "wizard", *arguments],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "prod.yaml"


def test_the_four_answers_and_a_place_make_a_configuration(path: Path) -> None:
    answers = (
        "--cluster-dns=prod.example.com", "--audience=sts.amazonaws.com", "--namespace=shop",
        "--service-account=web", "--region=eu-west-1", "--context=prod", "--test-pod=yes",
    )  # fmt: skip
    assert wizard("init", *answers, f"--output={path}") == (
        0,
        f"Wrote {path}. Next:\n"
        f"  python -m wizard check --config {path}\n"
        f"  python -m wizard deploy --config {path}\n",
        "",
    )
    config = load(path)
    assert (config.cluster, config.issuer, config.audience) == (
        "prod",
        "https://prod.example.com",
        ("sts.amazonaws.com",),
    )
    assert [
        (each.namespace, each.service_account, each.test_pod, each.role.managed_policy_arns)
        for each in config.workloads
    ] == [("shop", "web", True, (DEFAULT_POLICY,))]
    assert config.kubernetes.context == "prod"


def test_the_issuer_follows_from_a_bucket(path: Path) -> None:
    answers = (
        "--hosting=s3", "--bucket=oidc-prod", "--public-keys=keys/a.pub, keys/b.pub",
        "--region=eu-west-1", "--context=prod", "--cluster=prod",
    )  # fmt: skip
    code, _, errors = wizard("init", *answers, f"--output={path}")
    assert (code, errors) == (0, "")
    config = load(path)
    assert config.issuer == "https://oidc-prod.s3.eu-west-1.amazonaws.com"
    assert config.discovery.model_dump() == {
        "hosting": "s3",
        "s3": {
            "bucket": "oidc-prod",
            "keys": ("keys/a.pub", "keys/b.pub"),
            "acm_certificate_arn": None,
        },
        "exposure": "none",
        "endpoint": None,
        "thumbprint": "omit",
    }


def test_a_bucket_with_dots_is_refused(path: Path) -> None:
    answers = ("--hosting=s3", "--bucket=oidc.prod", "--cluster-dns=a.example.com")
    assert wizard("init", *answers, f"--output={path}") == (
        2,
        "",
        "--bucket: 'oidc.prod' has a dot: the certificate of S3 is for one label below its own "
        "name alone, so that https fails. Write '-' instead.\n",
    )


def test_without_a_context_it_says_that_objects_come_as_manifests(path: Path) -> None:
    answers = ("--cluster-dns=prod.example.com", "--region=eu-west-1")
    assert wizard("init", *answers, f"--output={path}") == (
        0,
        "No kubeconfig context is known: the Kubernetes objects come as manifests.\n"
        f"Wrote {path}. Next:\n"
        f"  python -m wizard check --config {path}\n"
        f"  python -m wizard deploy --config {path}\n",
        "",
    )
    assert load(path).kubernetes.apply == "manifests"


def test_every_wrong_answer_is_named_by_its_option_and_nothing_is_written(path: Path) -> None:
    answers = ("--cluster-dns=http://a.example.com", "--namespace=Shop", "--max-retries=many")
    assert wizard("init", *answers, f"--output={path}") == (
        2,
        "",
        "--cluster-dns: 'http://a.example.com' does not begin with 'https://': an OIDC issuer "
        "is an https URL. Write 'https://a.example.com'.\n--namespace: 'Shop' is not an RFC "
        "1123 label: write lower-case letters, digits and '-', beginning and ending with a "
        "letter or digit.\n--max-retries: 'many' is not a whole number: write only digits.\n",
    )
    assert not path.exists()


def test_the_one_answer_without_a_default_is_asked_for() -> None:
    assert wizard("init") == (
        2,
        "",
        "--cluster-dns is missing: it is the one answer that has no default.\n",
    )


def test_a_file_that_is_there_is_kept(path: Path) -> None:
    path.write_text("mine\n")
    answers = ("--cluster-dns=prod.example.com", "--region=eu-west-1", "--context=prod")
    assert wizard("init", *answers, f"--output={path}") == (
        2,
        "",
        f"{path} is there already: choose another --output, or --force to replace it.\n",
    )
    assert path.read_text() == "mine\n"


def test_check_prints_what_it_finds_and_whether_a_configuration_is_valid() -> None:
    configuration = "tests/stacks/configurations/gov.yaml"
    assert wizard("check", f"--config={configuration}") == (
        0,
        "".join(
            f"note: discovery.thumbprint: {digest} is pinned. Write 'thumbprint: omit' if the "
            "issuer has a certificate of a public authority, or pass the presented chain (--chain) "
            "to look up the thumbprint. [pinned-thumbprint]\n"
            for digest in (
                "990f4193972f2becf12ddeda5237f9c952f20d9e",
                "a9d53002e97e00e043244f3d170d6f4c414104fd",
            )
        )
        + f"{configuration} is valid: https://oidc.agency.example, workloads: 1, warnings: 0, "
        "notes: 2, accepted: 0.\n",
        "",
    )
