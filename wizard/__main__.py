"""`python -m wizard`: the terminal app for a person at a terminal, the command line with arguments.

The app's first screen is there before anything that only the command line needs is imported.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

_NO_TERMINAL = """\
The terminal app needs a terminal that can move its cursor, and this is not one.
  python -m wizard init    asks the same questions, as options or as plain prompts
  python -m wizard --help  lists all commands
"""
_NOT_INSTALLED = """\
The Python that runs this ({}) does not have its packages.
  make install                installs them into this folder
  source .venv/bin/activate   makes 'python' the one that has them
"""


def main() -> None:
    """Run what was asked for, and exit."""
    _open_what_is_closed()
    if not (find_spec("pydantic") and find_spec("ruamel")):
        sys.stderr.write(_NOT_INSTALLED.format(sys.executable))  # noqa: TID251  (its packages are missing)
        sys.exit(1)
    if len(sys.argv) > 1:
        from wizard.cli import main as command_line

        command_line()
    elif _has_terminal():
        from wizard.tui.app import main as terminal_app

        terminal_app()
    else:
        sys.stderr.write(_NO_TERMINAL)  # noqa: TID251  (a text of ours)
        sys.exit(2)


def _open_what_is_closed() -> None:
    """Have all three standard files: who starts us may have closed some (`>&-`)."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  (as long as we run)


def _has_terminal() -> bool:
    """Whether a terminal app can be shown, and a person can answer it."""
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return is_terminal and os.environ.get("TERM", "dumb") != "dumb"


if __name__ == "__main__":
    main()
