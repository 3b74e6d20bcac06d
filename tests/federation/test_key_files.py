"""Files of public keys, and the documents that they make."""

from __future__ import annotations

from pathlib import Path

import pytest
from federation_examples import configured
from public_keys import pem, rsa_key

from federation.errors import UserError
from federation.keys import jwks, key_files
from federation.yaml.files import PROJECT

KEYS = PROJECT / "tests" / "stacks" / "keys"
ISSUER = "https://oidc-prod.s3.eu-west-1.amazonaws.com"


def test_the_documents_are_made_of_the_files_that_are_named() -> None:
    names = ["tests/stacks/keys/rsa.pub", "tests/stacks/keys/ec.pub"]
    config = configured(
        issuer=ISSUER,
        discovery={"hosting": "s3", "s3": {"bucket": "oidc-prod", "keys": names}},
    )
    assert key_files.documents(config) == jwks.documents(ISSUER, key_files.read(names, PROJECT))
    kinds = [key.jwk["kty"] for key in key_files.read(["rsa.pub", "ec.pub"], KEYS)]
    assert kinds == ["RSA", "EC"]


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "sa.pub"
    path.write_text("\ufeff" + pem(rsa_key().public_key()))
    [key] = key_files.read([str(path)], KEYS)
    assert key.source == str(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "sa.pub: there is no such file. Check the name."),
        (b"\x30\x82\xff", "sa.pub: is not text: PEM or the JSON of a key set is expected."),
        (b" " * 1_000_001, "sa.pub: has more than 1000000 bytes."),
    ],
)
def test_what_is_no_file_of_keys_is_named(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "sa.pub").write_bytes(content)
    with pytest.raises(UserError) as caught:
        key_files.read(["sa.pub"], tmp_path)
    assert str(caught.value) == message
