"""The client: where the server is, who asks, and what this client knows of the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx
from pydantic import BaseModel

from .calls import LINES, _accepted, _read, _what
from .errors import Refused, Strange, Unreachable
from .models import BulkAnswer
from .operations import Operations

BULK = ("v1", "bulk")


@dataclass(frozen=True)
class Line:
    """A command as a line of a bulk, under a key of its own."""

    path: str
    """Such as `/v1/loans/{id}/repayments`."""
    key: str
    body: BaseModel

    def text(self) -> str:
        body = self.body.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return json.dumps({"path": self.path, "idempotency_key": self.key, "body": body}) + "\n"


@dataclass(frozen=True)
class BulkAnswers:
    """The answers to the lines of an atomic bulk, in their order."""

    is_stored: bool
    """Whether all lines are stored. Else none is, and the line that has another status than 424 says why."""
    lines: list[BulkAnswer]


class Client(Operations):
    """A client of one server.

    - **Commands** take the key under which they are done once, however often they are sent. So the client sends them
      again by itself where the connection breaks, the server is busy, or a race was lost.
    - **Reads** know of all that this client was answered before, unless `reads_its_writes` is off.
    - **Refusals** are raised as `Refused`, with a stable `code` and the fields to blame.
    - **Money** is `decimal.Decimal`, as text on the wire.

    It is safe to share between threads.
    """

    def __init__(
        self,
        server: str,
        token: str | Callable[[], str] | None = None,
        *,
        timeout: float = 30.0,
        retries: int = 8,
        longest_pause: float = 8.0,
        reads_its_writes: bool = True,
        http: httpx.Client | None = None,
    ) -> None:
        """`token` may be a function, which is asked before every request: for tokens that somebody renews meanwhile.

        `http` brings connections of one's own, for a proxy or roots; its base URL is to be the server's.
        """
        if not server.startswith(("http://", "https://")):
            raise ValueError(f"`{server}` is no address such as http://127.0.0.1:8080")
        self._http = http or httpx.Client(base_url=server.rstrip("/"), timeout=timeout)
        self._token = (lambda: token) if isinstance(token, str) else token
        self._retries = retries
        self._longest_pause = longest_pause
        self._reads_its_writes = reads_its_writes
        self.position = 0

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def send_bulk(self, lines: Iterable[Line]) -> Iterator[BulkAnswer]:
        """Sends many commands in one request and gives their answers as they come, in any order.

        One that is refused stops no other. After an error send all lines again with the same keys: what was stored is
        answered again. Lines are sent before answers are read, so send thousands at a time, not millions.
        """
        what = _what("POST", BULK)
        headers = self._authorized({"Content-Type": LINES})
        content = "".join(line.text() for line in lines)
        try:
            with self._http.stream("POST", "/v1/bulk", content=content, headers=headers) as response:
                if not response.is_success:
                    response.read()
                _accepted(what, response)
                for text in response.iter_lines():
                    if text:
                        yield BulkAnswer.model_validate_json(text)
        except httpx.TransportError as error:
            raise Unreachable(f"there was no whole answer to {what}: {error}") from error

    def send_bulk_atomically(self, lines: Iterable[Line]) -> BulkAnswers:
        """Sends at most 1000 lines that are stored together or not at all."""
        content = "".join(line.text() for line in lines)
        try:
            response = self._send("POST", BULK, query={"atomic": True}, headers={"Accept": LINES}, body=content)
        except Strange as refused:
            # A line for each line, with the status of the one to blame.
            if not refused.body.startswith('{"line"'):
                raise
            return BulkAnswers(False, _lines(refused.body))
        self.knows_of(int(response.headers.get("Razao-Position", 0)))
        return BulkAnswers(True, _lines(response.text))


def _lines(text: str) -> list[BulkAnswer]:
    return [BulkAnswer.model_validate_json(line) for line in text.splitlines() if line]
