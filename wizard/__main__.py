"""`python -m wizard`: the terminal app for a person at a terminal, the command line with arguments.

The app's first screen is there before anything that only the command line needs is imported.
"""

import os
import sys
from importlib.util import find_spec

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
    if not (find_spec("pydantic") and find_spec("ruamel")):
        sys.stderr.write(_NOT_INSTALLED.format(sys.executable))
        sys.exit(1)
    if len(sys.argv) > 1:
        from wizard.cli import main as command_line

        command_line()
    elif _has_terminal():
        from wizard.tui.app import main as terminal_app

        terminal_app()
    else:
        sys.stderr.write(_NO_TERMINAL)
        sys.exit(2)


def _has_terminal() -> bool:
    """Whether a terminal app can be shown, and a person can answer it."""
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return is_terminal and os.environ.get("TERM", "dumb") != "dumb"


if __name__ == "__main__":
    main()
