"""What IAM, STS and S3 answer if there is no result: that it is done, or an error."""

from __future__ import annotations

from xml.sax.saxutils import escape

_NAMESPACES = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}


class RefusedError(Exception):
    """A call that is refused.

    Attributes:
        code: the error code, as AWS's API reference has it.
        message: the text of the answer.
        status: the HTTP status.
        reason: more than AWS would tell, for the log.
    """

    def __init__(self, code: str, message: str, *, status: int = 400, reason: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.reason = code, message, status, reason

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" + (f" ({self.reason})" if self.reason else "")

    def xml(self, service: str, request_id: str) -> str:
        """The body of the answer, in the form of the service: `iam`, `sts` or `s3`."""
        if service == "s3":
            return (
                f"<Error><Code>{escape(self.code)}</Code><Message>{escape(self.message)}</Message>"
                f"<RequestId>{request_id}</RequestId></Error>"
            )
        kind = "Receiver" if self.status >= 500 else "Sender"
        return (
            f'<ErrorResponse xmlns="{_NAMESPACES[service]}"><Error><Type>{kind}</Type>'
            f"<Code>{escape(self.code)}</Code><Message>{escape(self.message)}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )


def done(action: str, request_id: str) -> str:
    """The body of IAM's answer to a call that has no result."""
    return (
        f'<{action}Response xmlns="{_NAMESPACES["iam"]}"><ResponseMetadata>'
        f"<RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )


def invalid(parameter: str, value: str | None, constraint: str) -> RefusedError:
    """The refusal of a parameter, in the words of AWS; pass no secret as `value`."""
    shown = "" if value is None else f" '{value}'"
    return RefusedError(
        "ValidationError",
        f"1 validation error detected: Value{shown} at '{parameter}' failed to satisfy "
        f"constraint: Member must {constraint}",
    )
