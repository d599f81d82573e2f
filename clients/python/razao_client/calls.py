"""The one way that all requests go: sent, sent again, and their answers taken apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import tenacity
from pydantic import BaseModel, TypeAdapter, ValidationError

from .base import Done, Download, Paged, PaperForm
from .errors import Refused, Strange, Unreachable

A = TypeVar("A")
LINES = "application/x-ndjson"
MEDIA_TYPES: dict[str, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
# Refused before anything was done.
NOT_DONE = {"overloaded", "identity_unavailable", "not_yet_visible"}


class Calls:
    """What operations are made with. See `Client`."""

    _http: httpx.Client
    _token: Callable[[], str] | None
    _retries: int
    _longest_pause: float
    _reads_its_writes: bool
    position: int
    """The highest position that this client was answered with: what its reads wait for."""

    def _command(
        self,
        answer: Any,
        method: str,
        path: Sequence[object],
        *,
        query: dict[str, Any],
        body: BaseModel,
        key: str | None,
        if_version: int | None,
        request_id: str | None,
        later: bool,
    ) -> Done[Any]:
        from .models import AcceptedRequest, ProposalAnswer

        headers = {
            "Idempotency-Key": key,
            "If-Match": None if if_version is None else f'"{if_version}"',
            "X-Request-Id": request_id,
            "Prefer": "respond-async" if later else None,
        }
        response = self._send(method, path, query=query, body=body, headers=headers)
        what = _what(method, path)
        self.knows_of(int(response.headers.get("Razao-Position", 0)))
        replayed = response.headers.get("Idempotency-Replayed") == "true"
        location = response.headers.get("Location")
        if response.status_code != 202:
            return Done(_read(answer, response, what), replayed=replayed, location=location, what=what)
        if "Preference-Applied" in response.headers:
            queued: AcceptedRequest = _read(AcceptedRequest, response, what)
            return Done(None, queued=queued, replayed=replayed, location=location, what=what)
        proposal: ProposalAnswer = _read(ProposalAnswer, response, what)
        return Done(None, proposal=proposal, replayed=replayed, location=location, what=what)

    def _read(
        self,
        answer: type[A],
        method: str,
        path: Sequence[object],
        *,
        query: dict[str, Any],
        body: BaseModel | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> A:
        headers = self._freshness(min_position, max_wait_ms) if method == "GET" else {}
        harmless = method == "GET"
        response = self._send(method, path, query=query, body=body, headers=headers, harmless=harmless)
        read: A = _read(answer, response, _what(method, path))

        def following(after: str) -> Any:
            return self._read(
                answer,
                method,
                path,
                query={**query, "after": after},
                min_position=min_position,
                max_wait_ms=max_wait_ms,
            )

        if isinstance(read, Paged):
            read._following = following
        return read

    def _plain(
        self,
        method: str,
        path: Sequence[object],
        *,
        query: dict[str, Any],
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> httpx.Response:
        headers = {"Accept": "*/*", **self._freshness(min_position, max_wait_ms)}
        return self._send(method, path, query=query, headers=headers)

    def _download(
        self,
        form: PaperForm,
        method: str,
        path: Sequence[object],
        *,
        query: dict[str, Any],
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        headers = {"Accept": MEDIA_TYPES[form], **self._freshness(min_position, max_wait_ms)}
        response = self._send(method, path, query=query, headers=headers)
        disposition = response.headers.get("Content-Disposition", "")
        name = disposition.split('filename="')[1].split('"')[0] if 'filename="' in disposition else None
        position = response.headers.get("Razao-Position")
        return Download(name, int(position) if position else None, response.content)

    def _freshness(self, min_position: int | None, max_wait_ms: int | None) -> dict[str, str | None]:
        if min_position is None and self._reads_its_writes and self.position > 0:
            min_position = self.position
        return {
            "Razao-Min-Position": None if min_position is None else str(min_position),
            "Razao-Max-Wait-Ms": None if max_wait_ms is None else str(max_wait_ms),
        }

    def knows_of(self, position: int) -> None:
        """Lets reads wait for a position that somebody else was answered with."""
        self.position = max(self.position, position)

    def _send(
        self,
        method: str,
        path: Sequence[object],
        *,
        query: dict[str, Any],
        headers: dict[str, str | None],
        body: BaseModel | str | None = None,
        harmless: bool = True,
    ) -> httpx.Response:
        """Sends it, and again for as long as that makes sense."""
        what = _what(method, path)
        sent = {name: value for name, value in headers.items() if value is not None}
        content = None
        if isinstance(body, str):
            content, sent["Content-Type"] = body, LINES
        elif body is not None:
            content = body.model_dump_json(by_alias=True, exclude_unset=True)
            sent["Content-Type"] = "application/json"
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._retries + 1),
            wait=self._pause,
            retry=tenacity.retry_if_exception(lambda error: _is_passing(error, harmless)),
            reraise=True,
        )
        return retrying(self._once, what, method, path, query, sent, content)

    def _once(
        self,
        what: str,
        method: str,
        path: Sequence[object],
        query: dict[str, Any],
        headers: dict[str, str],
        content: str | None,
    ) -> httpx.Response:
        url = "/" + "/".join(quote(str(segment), safe="") for segment in path)
        parameters = {name: _parameter(value) for name, value in query.items() if value is not None}
        try:
            response = self._http.request(
                method, url, params=parameters, headers=self._authorized(headers), content=content
            )
        except httpx.TransportError as error:
            raise Unreachable(f"there was no answer to {what}: {error}") from error
        return _accepted(what, response)

    def _authorized(self, headers: dict[str, str]) -> dict[str, str]:
        return {**headers, "Authorization": f"Bearer {self._token()}"} if self._token else headers

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        wanted = error.retry_after if isinstance(error, Refused) and error.retry_after else 0.0
        drawn = tenacity.wait_random_exponential(multiplier=0.1, max=self._longest_pause)(state)
        return max(drawn, min(wanted, self._longest_pause))


def _what(method: str, path: Sequence[object]) -> str:
    return f"{method} /{'/'.join(str(segment) for segment in path)}"


def _parameter(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def _accepted(what: str, response: httpx.Response) -> httpx.Response:
    """The answer where it says yes, else the problem."""
    if response.is_success:
        return response
    try:
        after = response.headers.get("Retry-After", "")
        raise Refused(what, response.json(), float(after) if after.isdigit() else None)
    except (ValueError, KeyError, TypeError):
        raise Strange(what, response.status_code, response.text) from None


def _read(kind: Any, response: httpx.Response, what: str) -> Any:
    try:
        return TypeAdapter(kind).validate_json(response.content)
    except ValidationError as error:
        raise Strange(what, response.status_code, response.text) from error


def _is_passing(error: BaseException, harmless: bool) -> bool:
    """Whether the same request may well be answered when it is sent again."""
    if isinstance(error, Unreachable):
        return harmless or isinstance(error.__cause__, httpx.ConnectError)
    if isinstance(error, Refused):
        if error.status in (408, 429) or error.code in NOT_DONE:
            return True
        return harmless and (error.code == "conflict" or error.status in (500, 502, 503, 504))
    return harmless and isinstance(error, Strange) and error.status in (502, 503, 504)
