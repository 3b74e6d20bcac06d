"""`wizard jwks`, as a pipeline calls it: without a cluster."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from federation.keys.jwks import documents, key_set
from federation.keys.key_files import read
from federation.yaml.files import PROJECT

KEYS = "tests/stacks/keys"
EC, RSA = f"{KEYS}/ec.pub", f"{KEYS}/rsa.pub"
BUCKET = "tests/stacks/configurations/bucket.yaml"


def wizard(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "wizard", "jwks", *arguments],
        cwd=PROJECT,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def expected(*names: str) -> str:
    return key_set(read(names, PROJECT)) + "\n"


def test_the_key_set_of_files_is_printed() -> None:
    assert wizard("--key", EC, "--key", RSA) == (0, expected(EC, RSA), "")


def test_a_key_is_read_from_stdin() -> None:
    assert wizard("--key=-", stdin=(PROJECT / EC).read_text()) == (0, expected(EC), "")


def test_the_keys_of_the_configuration_are_taken_where_none_are_named() -> None:
    assert wizard("--config", BUCKET) == (0, expected(RSA, EC), "")


def test_both_documents_are_written_where_a_web_server_has_them(tmp_path: Path) -> None:
    issuer = "https://oidc.example.com/a"
    places = (".well-known/openid-configuration", "openid/v1/jwks")
    assert wizard("--key", EC, "--issuer", issuer, "--output", str(tmp_path)) == (
        0,
        "".join(
            f"Wrote {tmp_path}/{place}: serve it as application/json at {issuer}/{place}\n"
            for place in places
        ),
        "",
    )
    assert {f"/{place}": (tmp_path / place).read_text() for place in places} == documents(
        issuer, read([EC], PROJECT)
    )


def test_the_issuer_is_the_configured_one(tmp_path: Path) -> None:
    assert wizard("--key", EC, "--config", BUCKET, "--output", str(tmp_path))[0] == 0
    issuer = "https://edge-issuer.s3.ap-southeast-2.amazonaws.com"
    written = (tmp_path / ".well-known" / "openid-configuration").read_text()
    assert written == documents(issuer, read([EC], PROJECT))["/.well-known/openid-configuration"]


def test_a_private_key_is_refused_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "sa.key"
    openssl = ("openssl", "genpkey", "-algorithm", "RSA", "-out", str(path))
    subprocess.run(openssl, check=True, capture_output=True)
    assert wizard("--key", EC, "--key", str(path)) == (
        2,
        "",
        f"{path}: holds a private key, which is neither needed nor read. Write its public part to "
        "a file of its own, where the key is ('openssl pkey -in KEY -pubout -out FILE'), and name "
        "that one.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--key", f"{KEYS}/none.pub"),
            f"--key: {KEYS}/none.pub: there is no such file. Check the name.\n",
        ),
        (
            ("--key=-----BEGIN PRIVATE KEY-----",),
            "--key takes the name of a file. That was a key itself, which every user of this "
            "machine can see among the processes: put it into a file, or pipe it to '-'.\n",
        ),
        (
            ("--key", EC, "--issuer", "http://a.example"),
            "--issuer: 'http://a.example' does not begin with 'https://': an OIDC issuer is an "
            "https URL. Write 'https://a.example'.\n",
        ),
        (
            ("--config", "tests/stacks/configurations/article.yaml"),
            "Name public keys with --key FILE, or take --from-cluster.\n",
        ),
        (
            ("--config", "tests/stacks/configurations/manifests.yaml", "--from-cluster"),
            "kubernetes.context is not set: it says which cluster to read keys from.\n",
        ),
        (
            ("--key", EC, "--key", EC),
            f"{EC}: holds the key Agxq8rXx0wukjztlVe7rdGAFEvZoYzbvqc9lX18X3GQ twice: remove one.\n",
        ),
    ],
)
def test_wrong_options_are_told_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    assert wizard(*arguments) == (2, "", message)


def test_a_cluster_that_cannot_be_asked_is_told_in_one_line() -> None:
    assert wizard("--config", "tests/stacks/configurations/article.yaml", "--from-cluster") == (
        1,
        "",
        "reading the public keys through the context 'article': "
        "'There is no kubeconfig: ~/.kube/config does not exist.'\n",
    )
