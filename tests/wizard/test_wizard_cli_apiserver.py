"""`apiserver`: what it prints, writes and refuses, and how a migration goes on."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from apiserver.page import page_of_configuration
from doctor.catalog import RULES
from federation.errors import UserError
from federation.model.config import ClusterConfig
from federation.yaml.files import load, save
from wizard.cli.apiserver import apiserver

ISSUER = "https://oidc.example.com"
OLD = "https://kubernetes.default.svc.cluster.local"
RUNNING = (
    f"kube-apiserver --v=2 --service-account-issuer={OLD} --service-account-key-file=/pki/sa.pub "
    "--service-account-signing-key-file=/pki/sa.key\n"
)


@pytest.fixture
def folder(in_folder: Path) -> Path:
    """A configuration, what runs now, and a doctor's findings that are all passed."""
    document: dict[str, Any] = {
        "cluster": "prod",
        "issuer": ISSUER,
        "aws": {"region": "eu-west-1"},
        "kubernetes": {"context": "prod", "version": "1.34"},
        "workloads": [{"namespace": "default", "service_account": "web"}],
    }
    save(ClusterConfig.model_validate(document), in_folder / "prod.yaml")
    (in_folder / "ps").write_text(RUNNING)
    findings = [{"code": rule.code, "verdict": "pass"} for rule in RULES]
    (in_folder / "findings.json").write_text(json.dumps({"issuer": ISSUER, "findings": findings}))
    in_a_while = time.time() + 60
    os.utime(in_folder / "findings.json", (in_a_while, in_a_while))
    return in_folder


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(
        apiserver,
        ["--config", "prod.yaml", *arguments],
        input=stdin,
        catch_exceptions=False,
        standalone_mode=False,
    )


def refusal(*arguments: str, stdin: str | bytes | None = None) -> str:
    with pytest.raises(UserError) as caught:
        run(*arguments, stdin=stdin)
    return str(caught.value)


@pytest.mark.usefixtures("folder")
def test_prints_without_from_what_the_terminal_app_shows() -> None:
    assert run().output == page_of_configuration(load(Path("prod.yaml")))


@pytest.mark.usefixtures("folder")
def test_says_as_json_what_is_to_be_set() -> None:
    result = run("--from", "ps", "--json")
    document = json.loads(result.output)
    assert result.return_value == 0
    assert (document["distribution"], document["schema"]) == ("plain", "flags")
    assert document["flags"] == [
        f"--service-account-issuer={ISSUER}",
        f"--service-account-issuer={OLD}",
        f"--service-account-jwks-uri={ISSUER}/openid/v1/jwks",
        "--service-account-key-file=/pki/sa.pub",
        "--service-account-signing-key-file=/pki/sa.key",
    ]
    assert document["files"]["kube-apiserver.flags"]["text"] == (
        f"--service-account-issuer={ISSUER}\n--service-account-issuer={OLD}\n"
        f"--service-account-jwks-uri={ISSUER}/openid/v1/jwks\n"
    )


def test_reads_stdin_and_shows_the_difference(folder: Path) -> None:
    assert run("--from", "-", stdin=RUNNING).output.partition("\nDIFFERENCE\n")[2] == (
        "--- now\n"
        "+++ wanted\n"
        "@@ -1,3 +1,5 @@\n"
        f"+--service-account-issuer={ISSUER}\n"
        f" --service-account-issuer={OLD}\n"
        f"+--service-account-jwks-uri={ISSUER}/openid/v1/jwks\n"
        " --service-account-key-file=/pki/sa.pub\n"
        " --service-account-signing-key-file=/pki/sa.key\n"
        "\n=== kube-apiserver.flags\n"
        f"--service-account-issuer={ISSUER}\n"
        f"--service-account-issuer={OLD}\n"
        f"--service-account-jwks-uri={ISSUER}/openid/v1/jwks\n"
    )


def test_writes_the_files_and_what_to_do_with_them(folder: Path) -> None:
    options = ("--distribution", "kubeadm", "--exposure", "authentication-config")
    result = run(*options, "--output", "out")
    written = {path.name: path.read_text() for path in (folder / "out").iterdir()}
    assert sorted(written) == [
        "INSTRUCTIONS.txt",
        "authentication-config.yaml",
        "cluster-configuration.yaml",
    ]
    assert result.output.startswith(written["INSTRUCTIONS.txt"])
    assert "\n=== out/cluster-configuration.yaml\n" in result.output


@pytest.mark.usefixtures("folder")
def test_what_would_lock_out_is_refused_with_exit_code_1_and_nothing_is_written() -> None:
    result = run("--distribution", "talos", "--output", "out")
    assert (result.return_value, result.stdout, Path("out").exists()) == (1, "", False)
    assert result.stderr == (
        "Refused, because it would stop an API server or lock clients out:\n  x Current issuer "
        "unknown, and Talos Linux sets a different one for each cluster: without it, every token "
        "in use fails. Pass the current flags with --from, the issuer with --keep-issuer, or use "
        "--new-cluster if the cluster does not exist yet.\n"
    )
    assert json.loads(run("--distribution", "talos", "--json").output)["refusals"] == [
        result.stderr.partition("  x ")[2].strip()
    ]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--version", "1.17"),
            "kubernetes.version: '1.17' is too old: an API server has no discovery documents for "
            "AWS to read before 1.18 (ServiceAccountIssuerDiscovery). Upgrade it.",
        ),
        (
            ("--version", "2.0"),
            "kubernetes.version: '2.0' is not a version of Kubernetes: write one like '1.34'.",
        ),
        (
            ("--distribution", "kubeadm", "--schema", "v1beta5"),
            "--schema 'v1beta5' is not a form of kubeadm. Did you mean 'v1beta4'? Forms: v1beta4, "
            "v1beta3, v1beta3-patch, v1beta2.",
        ),
        (
            ("--new-cluster", "--from", "ps"),
            "--new-cluster keeps nothing: leave out --from, --keep-issuer and --migrate.",
        ),
        (
            ("--from", "-", "--authentication-config", "-"),
            "- is stdin, which can be read only once: pass files for the others.",
        ),
        (("--next",), "--next requires --migrate."),
        (
            ("--migrate", "--next", "--back"),
            "--next and --back cannot be used together.",
        ),
        (("--from", "missing"), "--from: missing: there is no such file. Check the name."),
        (("--from", "findings.json"), None),
        (
            ("--migrate",),
            "A migration needs the current flags: pass them with --from, so that the issuers and "
            "keys in use are kept.",
        ),
        (
            ("--migrate", "--next", "--from", "ps"),
            "No migration is in progress: start one with '--migrate --from FILE'.",
        ),
    ],
)
def test_bad_input_is_refused(arguments: tuple[str, ...], message: str | None) -> None:
    said = refusal(*arguments)
    if message is None:
        assert said.startswith("findings.json: does not describe a kube-apiserver.")
    else:
        assert said == message


def test_a_version_with_its_patch_release_is_that_minor_version(folder: Path) -> None:
    document = json.loads(run("--version", "v1.19.16", "--json", "--from", "ps").output)
    assert document["refusals"] == [
        f"Kubernetes 1.19 accepts one issuer, and {OLD} is in use: every token with that issuer "
        "would fail at once. Upgrade to 1.22 first, which accepts several issuers."
    ]


def test_a_configuration_of_another_distribution_is_refused(folder: Path) -> None:
    (folder / "k3s.yaml").write_text("kube-apiserver-arg: [v=2]\n")
    assert refusal("--distribution", "kubeadm", "--from", "k3s.yaml") == (
        "k3s.yaml: is a k3s or RKE2 configuration, but the distribution is 'kubeadm': pass "
        "'--distribution k3s'."
    )


def test_a_machine_configuration_of_the_old_form_takes_no_documents_of_the_new_one(
    folder: Path,
) -> None:
    """`V1Alpha1ConflictValidate` in pkg/machinery/config/types/k8s/apiserver.go, Talos 1.14."""
    (folder / "machine").write_text(
        "machine: {type: controlplane}\n"
        "cluster:\n"
        "  controlPlane: {endpoint: 'https://10.0.0.1:6443'}\n"
        "  apiServer: {image: 'registry.k8s.io/kube-apiserver:v1.34.1'}\n"
    )
    options = ("--from", "machine", "--exposure", "authentication-config")
    assert refusal(*options, "--schema", "v1.14") == (
        "machine: has cluster.apiServer. Talos 1.14 refuses KubeAPIServerConfig together with it: "
        "move it and its image into that document first, or use the form v1.13."
    )
    assert run("--from", "machine", "--schema", "v1.13").return_value == 0


def test_an_authentication_configuration_in_use_is_kept(folder: Path) -> None:
    (folder / "auth.yaml").write_text(
        "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n"
        "anonymous: {enabled: true, conditions: [{path: /metrics}]}\n"
    )
    (folder / "ps").write_text(RUNNING.strip() + " --authentication-config=/etc/auth.yaml\n")
    result = run(
        "--from", "ps", "--exposure", "authentication-config", "--json",
        "--authentication-config", "auth.yaml",
    )  # fmt: skip
    text = json.loads(result.output)["files"]["authentication-config.yaml"]["text"]
    assert [line.split()[-1] for line in text.splitlines() if "path:" in line][:2] == [
        "/metrics",
        "/.well-known/openid-configuration",
    ]


def running(*issuers: str) -> str:
    """A line of ps of an API server with these issuers."""
    flags = " ".join(f"--service-account-issuer={issuer}" for issuer in issuers)
    return RUNNING.replace(f"--service-account-issuer={OLD}", flags)


def test_a_migration_goes_on_when_what_runs_and_the_doctor_say_so(folder: Path) -> None:
    assert run("--migrate", "--from", "ps").output.splitlines()[:7] == [
        "MIGRATION of the issuer of prod",
        "  > 1. accept: every API server accepts the new issuer; the old issuer signs",
        "    2. sign: the new issuer signs; the old issuer is accepted",
        "    3. wait: tokens with the old issuer expire",
        "    4. drop: the old issuer is no longer accepted",
        "    5. done",
        "",
    ]
    (folder / "ps").write_text(running(OLD, ISSUER))
    next_phase = ("--migrate", "--next", "--from", "ps", "--findings", "findings.json")
    assert json.loads(run(*next_phase, "--json").output)["phase"] == "sign"
    (folder / "ps").write_text(running(ISSUER, OLD))
    assert json.loads(run(*next_phase, "--json").output)["phase"] == "wait"
    said = refusal(*next_phase).splitlines()
    assert said[0] == "The phase 'wait' cannot end yet:"
    assert said[1].startswith("  - This phase lasts until ")
    assert len(said) == 3


def test_a_migration_remembers_the_form_that_it_was_begun_in(folder: Path) -> None:
    options = ("--distribution", "kubeadm", "--schema", "v1beta3-patch", "--version", "1.30")
    run("--migrate", "--from", "ps", *options)
    said = run("--migrate").output
    assert said.rpartition("\n=== ")[2].splitlines()[-3:] == [
        "- op: add",
        "  path: /spec/containers/0/command/-",
        f'  value: "--service-account-issuer={ISSUER}"',
    ]


def test_a_phase_is_not_left_while_an_api_server_runs_as_before(folder: Path) -> None:
    run("--migrate", "--from", "ps")
    assert refusal("--migrate", "--next", "--from", "ps", "--findings", "findings.json") == (
        f"The phase 'accept' cannot end yet:\n  - --service-account-issuer is {OLD}, and in this "
        f"phase it must be {OLD}, {ISSUER}.\nTo continue anyway, give a reason with --set-aside "
        "'REASON'. It is recorded in the state file."
    )


@pytest.mark.parametrize(
    ("document", "age", "message"),
    [
        ({}, 0, "--findings f: is not the output of 'python -m wizard doctor --json'."),
        (
            {"issuer": OLD, "findings": []},
            0,
            f"--findings f: is about the issuer '{OLD}', not '{ISSUER}': run the doctor with this "
            "configuration.",
        ),
        (
            {"issuer": ISSUER, "findings": []},
            3600,
            "--findings f: is older than the phase 'accept': run the doctor again.",
        ),
        (
            {"issuer": ISSUER, "findings": [{"code": "x", "verdict": "fine"}]},
            0,
            "--findings f: 'fine' is not a verdict of the doctor.",
        ),
    ],
)
def test_findings_of_something_else_are_refused(
    folder: Path, document: dict[str, Any], age: int, message: str
) -> None:
    run("--migrate", "--from", "ps")
    (folder / "f").write_text(json.dumps(document))
    then = time.time() + 60 - age
    os.utime(folder / "f", (then, then))
    assert refusal("--migrate", "--next", "--from", "ps", "--findings", "f") == message


def test_what_is_set_aside_is_said_and_kept_and_the_end_is_said_too(folder: Path) -> None:
    run("--migrate", "--from", "ps")
    for _ in range(4):
        result = run("--migrate", "--next", "--set-aside", "a test")
        assert result.stderr.startswith("Ignored:\n  - ")
    assert result.stdout.endswith(
        "Done. Delete prod.migration.yaml when you no longer need the record.\n"
    )
    assert (folder / "prod.migration.yaml").read_text().count("set_aside: a test") == 4
    assert refusal("--migrate", "--next", "--set-aside", "a test") == (
        "The migration is done. There is no next phase."
    )


def test_the_way_back_shows_the_flags_of_the_phase_before(folder: Path) -> None:
    run("--migrate", "--from", "ps")
    run("--migrate", "--next", "--set-aside", "a test")
    document = json.loads(run("--migrate", "--back", "--json").output)
    assert (document["phase"], document["flags"][:2]) == (
        "accept",
        [f"--service-account-issuer={OLD}", f"--service-account-issuer={ISSUER}"],
    )


def test_while_a_migration_is_under_way_no_plan_of_one_step_is_shown(folder: Path) -> None:
    run("--migrate", "--from", "ps")
    assert refusal("--from", "ps") == (
        "prod.migration.yaml: a migration is in progress, in the phase 'accept': continue with "
        "'--migrate', or restore the flags and delete the file."
    )


def test_a_migration_of_another_federation_is_refused(folder: Path) -> None:
    run("--migrate", "--from", "ps")
    path = folder / "prod.migration.yaml"
    path.write_text(path.read_text().replace(ISSUER, "https://other.example.com"))
    assert refusal("--migrate") == (
        "prod.migration.yaml: is about the cluster 'prod' and the issuer "
        f"https://other.example.com, but the configuration is about 'prod' and {ISSUER}."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: issuer\n", "prod.migration.yaml: cluster: Field required. This program "),
        ("a: [", "prod.migration.yaml:2: is not YAML: "),
    ],
)
def test_a_state_that_was_edited_is_refused(folder: Path, text: str, message: str) -> None:
    (folder / "prod.migration.yaml").write_text(text)
    assert refusal("--migrate").startswith(message)


@pytest.mark.parametrize(
    ("find", "put", "message"),
    [
        (
            "phase: accept",
            "phase: drop",
            "steps: a migration of the kind 'issuer' begins with the phase 'accept', not 'drop'",
        ),
        (
            "phase: accept",
            "phase: publish",
            "steps: a migration of the kind 'issuer' begins with the phase 'accept', not 'publish'",
        ),
        (
            "steps:\n",
            "steps:\n- {phase: accept, entered: '2026-01-01T00:00:00Z', set_aside: turned back}\n",
            "steps: the phase 'accept' does not follow 'accept'",
        ),
        ("Z'", "'", "steps.0.entered: Input should have timezone info"),
        ("_seconds: 86400", "_seconds: 0", "token_lifetime_seconds: Input should be greater than"),
        ("_seconds: 86400", f"_seconds: {10**18}", "token_lifetime_seconds: Input should be less"),
        (
            "kind: issuer\n",
            "kind: issuer\nnew_key_file: /new.pub\n",
            "a migration of the kind 'issuer' has new key files: /new.pub",
        ),
        ("kind: issuer", "kind: signing-key", "steps: a migration of the kind 'signing-key' begi"),
        ("- service-account-issuer=", "- anonymous-auth=", "before: has no service-account-issuer"),
        ("- service-account-issuer=", "- service-account-issuer:", "before.0: String should match"),
    ],
)
def test_a_state_that_no_migration_comes_to_is_refused(
    folder: Path, find: str, put: str, message: str
) -> None:
    """Phases that were skipped by hand among them."""
    run("--migrate", "--from", "ps")
    path = folder / "prod.migration.yaml"
    edited = path.read_text().replace(find, put)
    assert edited != path.read_text()
    path.write_text(edited)
    assert refusal("--migrate").startswith(f"prod.migration.yaml: {message}")


def test_a_state_without_content_is_refused(folder: Path) -> None:
    (folder / "prod.migration.yaml").write_text("")
    assert refusal("--migrate").startswith(
        "prod.migration.yaml: Input should be a valid dictionary"
    )


def test_tokens_that_live_longer_meanwhile_make_the_wait_longer(folder: Path) -> None:
    run("--migrate", "--from", "ps")
    path = folder / "prod.yaml"
    config = load(path).model_dump()
    config["workloads"][0]["token_expiration_seconds"] = 864_000
    path.write_text(json.dumps(config))
    run("--migrate")
    assert "token_lifetime_seconds: 864000\n" in (folder / "prod.migration.yaml").read_text()


def test_a_configuration_that_says_otherwise_meanwhile_is_named(folder: Path) -> None:
    run("--migrate", "--from", "ps")
    path = folder / "prod.yaml"
    path.write_text(path.read_text().replace('exposure: "binding"', 'exposure: "none"'))
    assert run("--migrate").stderr == (
        "discovery.exposure is 'none' in the configuration, and the migration began with "
        "'binding', which still applies: '--exposure none' changes it.\n"
    )
    assert run("--migrate", "--exposure", "none").stderr == ""


def test_a_migration_that_the_form_cannot_have_is_refused_and_not_begun(folder: Path) -> None:
    result = run("--migrate", "--from", "ps", "--distribution", "talos", "--schema", "v1.12")
    assert (result.return_value, result.stdout) == (1, "")
    assert not (folder / "prod.migration.yaml").exists()


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        (
            None,
            "sa.pub: holds a private key, which is neither needed nor read. Write its public part "
            "to a file of its own, where the key is ('openssl pkey -in KEY -pubout -out FILE'), "
            "and name that one.",
        ),
        (
            ec.SECP224R1(),
            "sa.pub: holds an EC key on the curve secp224r1: AWS takes RSA keys, and EC keys on "
            "P-256, P-384 and P-521 (STS API, AssumeRoleWithWebIdentity). Sign with one of those.",
        ),
    ],
)
def test_a_key_that_cannot_be_published_is_refused_where_it_is_at_hand(
    folder: Path, curve: ec.EllipticCurve | None, message: str
) -> None:
    key = ec.generate_private_key(curve or ec.SECP256R1())
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "sa.pub").write_bytes(public if curve else private)
    keys = ("--rotate-key", "sa.pub", "/pki/sa-2.key")
    assert refusal("--migrate", "--from", "ps", *keys) == message
    assert not (folder / "prod.migration.yaml").exists()


def test_the_signing_key_is_rotated_with_both_keys_first(folder: Path) -> None:
    keys = ("--rotate-key", "/pki/sa-2.pub", "/pki/sa-2.key")
    document = json.loads(run("--migrate", "--from", "ps", *keys, "--json").output)
    assert (document["phase"], document["flags"]) == (
        "publish",
        [
            f"--service-account-issuer={OLD}",
            "--service-account-key-file=/pki/sa.pub",
            "--service-account-key-file=/pki/sa-2.pub",
            "--service-account-signing-key-file=/pki/sa.key",
        ],
    )
