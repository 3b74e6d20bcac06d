"""Fast imports of the prebuilt provider bindings, with unchanged results.

`import cdktf_cdktf_provider_aws.iam_role` runs the package's generated `__init__`, which imports
all of its 2,212 submodules; jsii then has node load their 2,212 JavaScript counterparts. A program
that uses five of them pays some 18 seconds and 1.7 GiB for the rest. `install` defers both: in
Python the package body is answered by `imports`, in node the package's index is rewritten by
`lazy_index.js`, and either half loads a submodule when it is first asked for. Packages whose index
does not have the generated form that the two rely on are left alone: slow, and right.

What is left is mostly waiting, of Python for node and of node for Python: `kernel` lets them work
side by side, and `one_process.js` takes out the second node process through which jsii sends every
message. With many resources it is the checks of arguments: `type_checks` does each once.

Setting `OIDC_IAM_PLAIN_BINDINGS=1` switches all of it off; what is synthesized is the same.
"""

import atexit
import gc
import importlib
import os

from stacks.bindings import imports, kernel, node, type_checks

PLAIN = "OIDC_IAM_PLAIN_BINDINGS"


def install() -> None:
    """Make provider imports fast, and start the jsii kernel in which they stay so.

    Call it before the first provider import, and early: node starts while the program goes on.
    Called late it harms nothing: packages that are loaded stay as they are, and a kernel that runs
    already loads whole packages. Further calls do nothing. `NODE_OPTIONS` has its former value on
    return.
    """
    if os.environ.get(PLAIN) == "1":
        return
    imports.install()
    kernel.install()
    type_checks.install()
    with node.options(node.LAZY_INDEX, node.ONE_PROCESS):
        importlib.import_module("constructs")  # the first jsii package to load starts the kernel
    # At exit Python searches all of its objects for garbage, for a tenth of a second.
    atexit.register(gc.freeze)
