"""The CDKTF app: `cdktf synth` and `cdktf deploy` run this file.

It needs nothing but the configurations: all of `clusters/*.yaml`, or the one file that the
environment variable `OIDC_IAM_CONFIG` names.
"""

from __future__ import annotations

import gc
import os
import sys

from stacks import bindings


def main() -> None:
    """Synthesize, or say what is wrong with a configuration."""
    # The wizard's preflight speaks of old versions of Node; a banner in each synth adds nothing.
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "18,20")
    bindings.install()
    gc.disable()  # what a synth makes it keeps to its end

    # After install(), for the bindings, and so that node starts while Python imports.
    from federation.errors import UserError
    from formats import escaping
    from stacks.configurations import configurations

    try:
        configs = configurations(os.environ.get("OIDC_IAM_CONFIG"))
        from stacks.app import synth

        synth(configs)
    except UserError as error:
        print(escaping.page(str(error)), file=sys.stderr)  # noqa: T201  (cdktf shows what its app prints)
        sys.exit(2)


if __name__ == "__main__":
    main()
