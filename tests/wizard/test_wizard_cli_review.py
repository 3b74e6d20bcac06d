"""`wizard review`: what it says and writes; `tests/e2e` runs it with all that is behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from ruamel import yaml

from deployment.cdktf.project import Project
from federation.errors import UserError
from review.plan.changes import AttributeChange, Plan, ResourceChange, StackPlan
from review.sealing.seal import CHECKSUMS, checksum
from wizard.cli import review as command
from wizard.cli.check import check
from wizard.cli.deploy import deploy
from wizard.cli.plan import plan
from wizard.cli.review import review
from wizard.cli.synth import synth

STACKS = Path(__file__).parent.parent / "stacks"
CONFIGURATION = STACKS / "configurations" / "minimal.yaml"
PROVIDER = "aws_iam_openid_connect_provider"
NEW_ISSUER = ResourceChange(
    f"{PROVIDER}.cluster",
    PROVIDER,
    "cluster",
    "replace",
    (AttributeChange("url", '"a.example.com"', '"https://b.example.com"', replaces=True),),
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(review, arguments, standalone_mode=False, catch_exceptions=False)


@pytest.mark.parametrize("options", [(), ("--zip", "--plan")])
def test_a_folder_of_others_is_refused_before_terraform_or_a_cluster_is_asked(
    in_folder: Path, options: tuple[str, ...]
) -> None:
    (in_folder / "out").mkdir()
    (in_folder / "out" / "theirs").touch()
    with pytest.raises(UserError) as caught:
        run("--config", str(CONFIGURATION), "--output", "out", *options)
    assert str(caught.value) == (
        "out is not empty, and holds no review of an earlier run: name a new folder with --output."
    )
    assert [path.name for path in in_folder.rglob("*")] == ["out", "theirs"]


def test_a_configuration_that_is_not_right_is_refused_first(in_folder: Path) -> None:
    (in_folder / "bad.yaml").write_text("cluster: a\n")
    with pytest.raises(UserError) as caught:
        run("--config", "bad.yaml", "--output", "out")
    assert str(caught.value).splitlines()[0] == "bad.yaml:1: aws: is missing: add it."
    assert [path.name for path in in_folder.iterdir()] == ["bad.yaml"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--today", "2026-13-01"),
            "--today '2026-13-01' is not a day: write it like '2027-01-31'.",
        ),
        (
            ("--chain", str(CONFIGURATION)),
            f"{CONFIGURATION} holds no certificate in PEM ('-----BEGIN CERTIFICATE').",
        ),
    ],
)
def test_a_file_or_day_that_is_not_right_is_refused_before_anything_is_written(
    in_folder: Path, options: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UserError) as caught:
        run("--config", str(CONFIGURATION), "--output", "out", *options)
    assert str(caught.value) == message
    assert list(in_folder.iterdir()) == []


SECRET = "ghp_" + "a" * 36
REFUSED = (
    "tagged.yaml: aws.tags.{}: {}\n"
    "A review would hand it to everybody who reads it. Keep secrets where secrets are kept (AWS "
    "Secrets Manager, a Kubernetes Secret), and change this one; if it is none, accept "
    "secret-like-value under lint.accept, with a reason and a last day."
)


def tagged(name: str, value: str, accepted_until: str | None = None) -> None:
    """A configuration with a tag, as `tagged.yaml`."""
    region = "{region: eu-west-1"
    text = CONFIGURATION.read_text("utf-8")
    text = text.replace(region, f"{region}, tags: {{{name}: {value}}}")
    if accepted_until:
        text += (
            "lint:\n  accept:\n    - code: secret-like-value\n      reason: a test\n"
            f"      until: '{accepted_until}'\n"
        )
    Path("tagged.yaml").write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("name", "value", "place", "text"),
    [
        ("note", SECRET, "note", "the value looks like a GitHub token."),
        (SECRET, "x", "...", "the name looks like a secret."),
    ],
)
def test_a_tag_that_looks_like_a_secret_is_refused_without_repeating_it(
    in_folder: Path, name: str, value: str, place: str, text: str
) -> None:
    tagged(name, value)
    with pytest.raises(UserError) as caught:
        run("--config", "tagged.yaml", "--output", "out")
    assert str(caught.value) == REFUSED.format(place, text)
    assert [path.name for path in in_folder.iterdir()] == ["tagged.yaml"]


def test_an_acceptance_that_is_over_lets_no_secret_into_a_review(in_folder: Path) -> None:
    tagged("note", SECRET, "2026-01-31")
    with pytest.raises(UserError) as caught:
        run("--config", "tagged.yaml", "--output", "out", "--today", "2026-02-01")
    over = " It was accepted until 2026-01-31 (a test), which is over."
    assert str(caught.value) == REFUSED.format(
        "note", "the value looks like a GitHub token." + over
    )


def test_a_tag_that_is_accepted_as_no_secret_passes_to_what_comes_next(in_folder: Path) -> None:
    tagged("note", SECRET, "2026-01-31")
    (in_folder / "out").mkdir()
    (in_folder / "out" / "theirs").touch()
    with pytest.raises(UserError) as caught:
        run("--config", "tagged.yaml", "--output", "out", "--today", "2026-01-31")
    assert str(caught.value).startswith("out is not empty")


def files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


@pytest.fixture
def synthesized(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stacks that `tests/stacks` compares, in the place of a run that would make them."""
    expected = STACKS / "expected" / "minimal" / "stacks"

    def stacks(project: Project) -> dict[str, object]:
        return {
            stack: json.loads((expected / stack / "cdk.tf.json").read_text())
            for stack in project.stacks
        }

    plan = Plan((StackPlan("minimal-identity", (NEW_ISSUER,)),))
    monkeypatch.setattr(command, "_synthesized", stacks)
    monkeypatch.setattr(command, "follow", lambda _: None)
    monkeypatch.setattr(command, "make_plan", lambda _: plan)
    monkeypatch.setattr(command, "require_ready", lambda _, *, plan_only: None)


@pytest.mark.usefixtures("synthesized")
def test_a_review_without_a_plan_says_where_it_is(in_folder: Path) -> None:
    said = run("--config", str(CONFIGURATION), "--output", "out", "--zip").output
    assert said == f"Wrote out/: {files(in_folder / 'out')} files.\nWrote out.zip.\n"
    assert not (in_folder / "out" / "PLAN.md").exists()


@pytest.mark.usefixtures("synthesized")
def test_a_review_with_a_plan_says_what_that_breaks(in_folder: Path) -> None:
    run("--config", str(CONFIGURATION), "--output", "out", "--zip")
    said = run("--config", str(CONFIGURATION), "--output", "out", "--plan").output
    assert said == (
        f"breaks every role: minimal-identity: {PROVIDER}.cluster: Replaces the "
        "OIDC provider a.example.com because of url. From then on AWS rejects all of the "
        "cluster's tokens, for every role.\n"
        "Plan: 1 to add, 0 to change, 1 to destroy.\n"
        f"Wrote out/: {files(in_folder / 'out')} files.\n"
        "warning: out.zip is of another review: --zip replaces it.\n"
    )
    assert (in_folder / "out" / "PLAN.md").exists()


@pytest.mark.parametrize("content", ["", "no key\n", '{"keys": []}'])
def test_a_key_file_without_a_key_is_refused_before_anything_runs(
    in_folder: Path, content: str
) -> None:
    """As an error of what was given (exit code 2), which a failed synth is not."""
    keys = in_folder / "keys.pub"
    keys.write_text(content)
    text = (STACKS / "configurations" / "bucket.yaml").read_text()
    named = "tests/stacks/keys/rsa.pub, tests/stacks/keys/ec.pub"
    Path("bucket.yaml").write_text(text.replace(named, str(keys)))
    expected = (
        "There is no public key to publish."
        if content.startswith("{")
        else f"{keys}: holds no public key: PEM is expected, '-----BEGIN PUBLIC KEY-----' and so "
        "on, or the JSON of a key set."
    )
    for each, options in (
        (review, ("--output", "out")),
        (synth, ()),
        (plan, ()),
        (deploy, ("--yes",)),
    ):
        with pytest.raises(UserError) as caught:
            CliRunner().invoke(
                each,
                ("--config", "bucket.yaml", *options),
                standalone_mode=False,
                catch_exceptions=False,
            )
        assert str(caught.value) == expected
    assert sorted(path.name for path in in_folder.iterdir()) == ["bucket.yaml", "keys.pub"]


SUM = checksum(b"read me\n")
LIST = f"{SUM}  REVIEW.md\n"


def reviewed(folder: Path) -> Path:
    """The smallest review there can be."""
    (folder / "out").mkdir()
    (folder / "out" / "REVIEW.md").write_text("read me\n")
    (folder / "out" / CHECKSUMS).write_text(LIST)
    return folder / "out"


def test_a_review_is_verified_file_by_file(in_folder: Path) -> None:
    folder = reviewed(in_folder)
    (folder / f"{CHECKSUMS}.sig").touch()
    done = run("--verify", "out")
    assert done.output == (
        f"ok          {SUM}  REVIEW.md\n"
        f"not covered {CHECKSUMS}.sig (verify the signature itself)\n"
        f"SHA-256 of {CHECKSUMS}: {checksum(LIST.encode())}\n"
        "Verified: 'out' holds exactly the file of its list, unchanged.\n"
    )
    assert done.return_value == 0


def test_a_review_that_differs_is_not_verified_and_each_difference_is_named(
    in_folder: Path,
) -> None:
    folder = reviewed(in_folder)
    (folder / "REVIEW.md").unlink()
    (folder / "\x1b[2J::error::").touch()
    done = run("--verify", "out")
    assert done.output == (
        r"odd-name    '\x1b[2J::error::': is not in the list (file)."
        "\nmissing     REVIEW.md: is listed, and not there.\n"
        f"SHA-256 of {CHECKSUMS}: {checksum(LIST.encode())}\n"
        "Not verified: 'out' has 2 differences from its list.\n"
    )
    assert done.return_value == 1


def test_what_a_verification_found_can_be_read_by_programs(in_folder: Path) -> None:
    folder = reviewed(in_folder)
    (folder / "a\nb").touch()
    (folder / f"{CHECKSUMS}.me.minisig").touch()
    done = run("--verify", "out", "--json")
    assert json.loads(done.output) == {
        "verified": False,
        "seal": checksum(LIST.encode()),
        "files": [{"path": "REVIEW.md", "sha256": SUM, "verified": True}],
        "not_covered": [f"{CHECKSUMS}.me.minisig"],
        "differences": [
            {"why": "odd-name", "path": r"'a\nb'", "text": "is not in the list (file)."}
        ],
    }
    assert done.return_value == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--verify", "out", "--output", "x", "--zip"),
            "--verify only reads a review: leave out --output and --zip.",
        ),
        (("--json", "-o", "x"), "--json reports what --verify finds: name a review with it."),
        ((), "--output is missing: name the folder to write, or a review with --verify."),
        (("--verify", "out"), f"'out' has no {CHECKSUMS}: this is not a review."),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    in_folder: Path, options: tuple[str, ...], message: str
) -> None:
    (in_folder / "out").mkdir()
    with pytest.raises(UserError) as caught:
        run(*options)
    assert str(caught.value) == message


HIDDEN = "AKIA" + "IOSFODNN7EXAMPLE"
SOMEWHERE: dict[str, dict[str, Any]] = {
    "kubernetes.context": {"kubernetes": {"context": HIDDEN}},
    "audience[0]": {"audience": [HIDDEN]},
    "lint.accept[0].reason": {
        "lint": {"accept": [{"code": "local-state", "reason": HIDDEN, "until": "2099-01-01"}]}
    },
    "aws.endpoint_url": {"aws": {"region": "eu-west-1", "endpoint_url": f"https://a/?b={HIDDEN}"}},
    "workloads[default/web].role.path": {
        "workloads": [
            {"namespace": "default", "service_account": "web", "role": {"path": f"/{HIDDEN}/"}}
        ]
    },
}


@pytest.mark.parametrize("place", SOMEWHERE)
def test_a_secret_is_refused_wherever_it_is_and_check_names_the_place(
    in_folder: Path, place: str
) -> None:
    values = yaml.YAML(typ="safe").load(CONFIGURATION.read_text())
    with Path("c.yaml").open("w") as file:
        yaml.YAML().dump({**values, **SOMEWHERE[place]}, file)
    with pytest.raises(UserError) as caught:
        run("--config", "c.yaml", "--output", "out")
    first = str(caught.value).splitlines()[0]
    assert first == f"c.yaml: {place}: the value looks like an AWS access key id."
    done = CliRunner().invoke(
        check, ("--config", "c.yaml", "--offline", "--json"), standalone_mode=False
    )
    errors = json.loads(done.output)["errors"]
    assert [
        (each["code"], each["place"]) for each in errors if each["code"] == "secret-like-value"
    ] == [("secret-like-value", place)]
    assert HIDDEN not in done.output
    assert done.return_value == 1
