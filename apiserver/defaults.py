"""What a distribution sets by itself, put into what was read of its configuration."""

from __future__ import annotations

from dataclasses import replace

from apiserver.commands import Reading
from apiserver.distribution import Distribution


def with_defaults(
    reading: Reading,
    own: Distribution,
    issuer: str | None = None,
    key_folder: str = "",
    audiences: tuple[str, ...] = (),
) -> Reading:
    """A reading of a distribution, in which its defaults fill what its configuration leaves out.

    Args:
        reading: what the configuration says.
        own: the distribution.
        issuer: its default issuer in this cluster; None is the one that it has in all clusters.
        key_folder: where its service account keys are, if they are in a fixed folder.
        audiences: its default audiences in this cluster; empty are those of all clusters.
    """
    settings = reading.settings
    minor = int(reading.version.partition(".")[2]) if reading.version else None
    default = own.default_issuer(minor, issuer)
    audiences = audiences or tuple(
        default if each == own.issuer and default else each for each in own.audiences
    )
    keys = (f"{key_folder}/sa.pub", f"{key_folder}/sa.key") if key_folder else None
    refuses = not own.anonymous and not settings.authentication_config
    filled = replace(
        settings,
        issuers=settings.issuers or ((default,) if default else ()),
        api_audiences=settings.api_audiences or audiences,
        key_files=settings.key_files or (keys[:1] if keys else ()),
        signing_key_file=settings.signing_key_file or (keys[1] if keys else None),
        anonymous_auth=settings.anonymous_auth or ("false" if refuses else None),
    )
    return replace(reading, distribution=own.name, settings=filled)
