"""`python -m wizard`: the terminal app, or with a command the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Open the app where there is a terminal and no command; otherwise obey the command."""
    if sys.argv[1:] or not (sys.stdin.isatty() and sys.stdout.isatty()):
        from wizard.cli import main as command_line

        command_line()
    else:
        from wizard.tui.app import main as app

        app()


if __name__ == "__main__":
    main()
