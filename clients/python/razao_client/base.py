"""What all models are made of, and what calls come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, PrivateAttr

from .errors import Waits

if TYPE_CHECKING:
    from .models import AcceptedRequest, ProposalAnswer

T = TypeVar("T")
A = TypeVar("A")
FileForm: TypeAlias = Literal["csv", "xlsx"]
# Of a statement, which can be sent to the borrower.
PaperForm: TypeAlias = Literal["csv", "xlsx", "pdf"]


def _exact(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError("an amount is a Decimal or a text, never a float: floats are not exact")
    return value


# Money and rates: exact in the program, text on the wire.
Amount: TypeAlias = Annotated[
    Decimal, BeforeValidator(_exact), PlainSerializer(lambda amount: format(amount, "f"), return_type=str)
]


class Model(BaseModel):
    """A type of the API. What a later server says besides is kept, in `model_extra`."""

    model_config = ConfigDict(extra="allow", populate_by_name=True, protected_namespaces=())


class Unknown(Model):
    """One of a kind that this client does not know yet."""


class Paged(Model, Generic[T]):
    """A page of a list, whatever else it has."""

    items: list[T]
    next: Any
    """What to send as `after` for the next page; `None` at the end."""
    _following: Callable[[Any], Paged[T]] | None = PrivateAttr(None)

    def through(self) -> Iterator[T]:
        """All items from this page on, page by page as they are taken."""
        page = self
        while True:
            yield from page.items
            if page.next is None or page._following is None:
                return
            page = page._following(page.next)


@dataclass(frozen=True)
class Done(Generic[A]):
    """What an accepted command came to."""

    answer: A | None
    """Of a command that was executed."""
    proposal: ProposalAnswer | None = None
    """Of one above its sender's approval limit: it waits for a second person."""
    queued: AcceptedRequest | None = None
    """Of one that waits in the queue, as was asked for: see `Client.show_request`."""
    replayed: bool = False
    """Whether this is the answer of an earlier sending under the same key."""
    location: str | None = None
    what: str = field(default="", repr=False)

    def done(self) -> A:
        """The answer; raises `Waits` where the command was accepted but is not done yet."""
        if self.answer is None:
            raise Waits(self.what, self.location or "")
        return self.answer


@dataclass(frozen=True)
class Download:
    """A list as a file."""

    name: str | None
    """What the server calls it."""
    position: int | None
    """What it is as of."""
    content: bytes = field(repr=False)

    def save(self, path: str | Path) -> None:
        """Writes it to a file."""
        Path(path).write_bytes(self.content)
