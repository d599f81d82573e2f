"""Why there is no answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class RazaoError(Exception):
    """Any of the errors below."""


class Unreachable(RazaoError):
    """There was no whole answer, also after trying again. A command may have been done: send it again under its key."""


class Strange(RazaoError):
    """An answer that is none of the API's, such as that of a proxy."""

    def __init__(self, what: str, status: int, body: str) -> None:
        super().__init__(f"{what} was answered with {status} and a body that is none of the API's: {body[:500]}")
        self.status = status
        self.body = body


class Waits(RazaoError):
    """A command that was accepted but is not done yet: it waits for a second person, or in the queue."""

    def __init__(self, what: str, location: str) -> None:
        super().__init__(f"{what} was accepted and waits: see {location}")
        self.location = location


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field."""

    pointer: str
    """A JSON pointer into the body, such as `/terms/rate/value`, or the name of a parameter or a header."""
    code: str
    detail: str


class Refused(RazaoError):
    """The server says no (RFC 9457). `docs/problems.md` of the server says what each `code` means."""

    def __init__(self, what: str, problem: dict[str, Any], retry_after: float | None = None) -> None:
        self.status = int(problem["status"])
        self.code = str(problem["code"])
        self.title = str(problem.get("title", ""))
        self.detail = str(problem.get("detail", ""))
        known = ("pointer", "code", "detail")
        self.errors = [
            FieldProblem(**{name: str(error.get(name, "")) for name in known}) for error in problem.get("errors", [])
        ]
        self.retry_after = retry_after
        said = self.detail or self.title
        others = "".join(f"; {error.pointer}: {error.detail}" for error in self.errors if error.detail != said)
        super().__init__(f"{what} was answered with {self.status} {self.code}: {said}{others}")

    def is_not_found(self) -> bool:
        """Whether there is no such thing, which is an answer too."""
        return self.code == "not_found"
