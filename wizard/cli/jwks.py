"""`jwks`: the documents of an issuer from the public keys of its API servers.

For a bucket, or any other web server, that is filled by other means than `deploy`; and to write the
key set of a running cluster into a file that `discovery.s3.keys` names. Private keys are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from federation.errors import UserError
from federation.keys import key_files
from federation.keys.jwks import PublicKey, documents, key_set, public_keys
from federation.model.config import ClusterConfig
from federation.yaml import files
from federation.yaml.files import ConfigError
from wizard import printer
from wizard.cli.options import only_configuration, read_text, relative


@click.command()
@click.option(
    "--key",
    "names",
    metavar="FILE",
    multiple=True,
    help="Public keys, as PEM or as a key set; - reads stdin. By default discovery.s3.keys.",
)
@click.option("--from-cluster", is_flag=True, help="Take what the API server publishes now.")
@click.option("--issuer", metavar="URL", help="By default the configuration's.")
@click.option("--output", "-o", metavar="FOLDER", help="Write both documents below this folder.")
@click.option(
    "--config",
    "-c",
    "path",
    envvar="OIDC_IAM_CONFIG",
    metavar="FILE",
    help="The configuration, where something of it is needed.",
)
def jwks(
    names: tuple[str, ...],
    from_cluster: bool,
    issuer: str | None,
    output: str | None,
    path: str | None,
) -> None:
    """Make the documents of an issuer from public keys.

    Prints the key set; with --output writes it and the discovery document, each where a web server
    has it below the issuer.
    """
    if issuer is not None:
        _check_issuer(issuer)
    keys = tuple(_keys(names, from_cluster, path))
    if output is None:
        printer.show(key_set(keys))
        return
    issuer = issuer or _configuration(path).issuer
    for place, text in documents(issuer, keys).items():
        file = Path(output) / place.removeprefix("/")
        files.write(file, text)
        printer.say(f"Wrote {relative(file)}: serve it as application/json at {issuer}{place}")


def _keys(names: tuple[str, ...], from_cluster: bool, path: str | None) -> Iterator[PublicKey]:
    if from_cluster:
        from deployment.served_keys import served_keys

        yield from served_keys(_configuration(path))
    for name in names:
        source = "stdin" if name == "-" else name
        yield from public_keys(read_text("--key", name), source)
    if not names and not from_cluster:
        bucket = _configuration(path).discovery.s3
        if bucket is None:
            raise UserError("Name public keys with --key FILE, or take --from-cluster.")
        yield from key_files.read(bucket.keys, files.PROJECT)


def _configuration(path: str | None) -> ClusterConfig:
    return files.load(Path(path) if path else only_configuration())


def _check_issuer(issuer: str) -> None:
    try:
        files.check_field(("issuer",), issuer)
    except ConfigError as error:
        raise UserError(f"--issuer: {error.problems[0]}") from None
