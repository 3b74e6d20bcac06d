"""The one place that turns what went wrong into a message and an exit code.

The command line runs inside `guarded`; the terminal app shows `report(error)`. `completed` makes an
error of a run of cdktf or Terraform that did not end well.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

import click

from deployment.cdktf.events import Failed, Interrupted, Outcome, Succeeded
from deployment.logs import display_path, keep_traceback, traceback_of
from federation.errors import OidcIamError, UserError, WorldError
from federation.secrets import masked
from formats.escaping import quoted
from wizard import printer

OK = 0
WORLD = 1
"""AWS, the cluster, Terraform or this machine refused."""
USER = 2
"""Something is wrong with what a person gave."""
DEFECT = 70
"""A bug in oidc-iam (EX_SOFTWARE of sysexits.h)."""
INTERRUPTED = 130
"""Stopped by a person (128 + SIGINT, as shells have it)."""

_OF_THE_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
_OF_A_NAME = {errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR}


class InterruptedRunError(OidcIamError):
    """Somebody stopped a run, and it stopped cleanly (exit code 130)."""


@dataclass(frozen=True)
class ErrorReport:
    """What to show of an error.

    Attributes:
        title: What kind of thing happened, in a few words.
        message: The whole message; it may have several lines.
        exit_code: What the command line exits with.
    """

    title: str
    message: str
    exit_code: int


def guarded(run: Callable[[], object]) -> NoReturn:
    """Run a command and exit; whatever it raises becomes one message on standard error.

    An integer that it returns is the exit code.
    """
    try:
        result = run()
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(WORLD)
    except click.ClickException as error:
        printer.show_usage_error(error)
        sys.exit(USER)
    except (Exception, KeyboardInterrupt) as error:
        shown_error = report(error)
        printer.show_error(shown_error.message)
        sys.exit(shown_error.exit_code)
    sys.exit(result if isinstance(result, int) else OK)


def report(error: BaseException) -> ErrorReport:
    """What to show of an error. For a defect of ours, the traceback goes into a log file."""
    match error:
        case UserError():
            return ErrorReport("Invalid input", masked(str(error)), USER)
        case WorldError():
            return ErrorReport("Failed", masked(str(error)), WORLD)
        case InterruptedRunError():
            return ErrorReport("Interrupted", masked(str(error)), INTERRUPTED)
        case KeyboardInterrupt() | click.Abort():
            return ErrorReport("Interrupted", "Interrupted.", INTERRUPTED)
        case OSError(errno=number) if number in _OF_THE_MACHINE:
            return ErrorReport("Failed", _of_the_machine(error), WORLD)
        case OSError(errno=number, filename=str()) if number in _OF_A_NAME:
            message = f"{quoted(error.filename)}: {error.strerror}. Give another path."
            return ErrorReport("Invalid input", message, USER)
        case _:
            return ErrorReport("A bug in oidc-iam", _logged(error), DEFECT)


def completed(outcome: Outcome) -> Succeeded:
    """The outcome of a run that did all of it.

    Raises:
        WorldError: it failed; the message has each cause, what to do, and where the log is.
        InterruptedRunError: somebody stopped it.
    """
    match outcome:
        case Succeeded():
            return outcome
        case Failed():
            causes = [str(cause) for cause in outcome.causes] or [
                f"The program ended with exit status {outcome.status} and gave no reason."
            ]
            raise WorldError("\n".join([*causes, *_ending(outcome)]))
        case Interrupted():
            raise InterruptedRunError("\n".join([str(outcome), *_ending(outcome)]))


def _ending(outcome: Failed | Interrupted) -> Iterator[str]:
    if extent := str(outcome.extent):
        yield extent
    yield f"The log: {display_path(outcome.log)}"


def _of_the_machine(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    remedy = (
        "Free some space, then repeat the command."
        if error.errno in (errno.ENOSPC, errno.EDQUOT)
        else "Check its permissions, and those of its folder."
    )
    return f"{place}{error.strerror}. {remedy}"


def _logged(error: BaseException) -> str:
    summary = "This is a bug in oidc-iam, not in your input"
    if place := keep_traceback(error):
        return f"{summary} ({type(error).__name__}). The traceback is in {place}."
    return f"{traceback_of(error)}{summary}; no log could be written."
