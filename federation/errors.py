"""The tree of errors that a person may see.

`wizard.errors` prints them and turns each kind into an exit code; no other place does. An exception
outside this tree is a bug in oidc-iam.
"""


class OidcIamError(Exception):
    """The root: whatever is raised on purpose. Its text is shown as it is."""


class UserError(OidcIamError):
    """What a person did wrong: the message names the place and the remedy (exit code 2)."""


class WorldError(OidcIamError):
    """What AWS, a cluster or a program answered.

    The message says what was tried, what came back and what to do (exit code 1).
    """
