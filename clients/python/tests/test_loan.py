"""A loan's life against a server that somebody started: TEST_SERVER names it, its booking day is 2026-03-10."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import httpx
import pytest
from pydantic import ValidationError
from razao_client import Client, Line, Refused, Unreachable, Waits
from razao_client import models as m

SERVER = os.environ["TEST_SERVER"]


@pytest.fixture
def razao() -> Iterator[Client]:
    with Client(SERVER) as client:
        yield client


def key(what: str) -> str:
    return f"{what}-{uuid.uuid4()}"


def active(razao: Client) -> uuid.UUID:
    """A loan that was disbursed."""
    terms = m.TermsRequest(
        principal=Decimal("12000.00"),
        currency="BRL",
        method="price",
        installments=12,
        rate=m.RateRequest(value=Decimal("0.0199"), per="month", compounding="effective"),
        day_count="30/360",
    )
    borrower = m.BorrowerOfLoan(tax_id="11.222.333/0001-81", name="Cantina da Praça Ltda")
    loan = razao.apply_for_loan(key("apply"), m.ApplicationBody(borrower=borrower, terms=terms)).done().id
    razao.approve_loan(loan, key("approve"), m.OutcomeBody(on=date(2026, 1, 12))).done()
    razao.disburse_loan(loan, key("disburse"), m.DisbursementBody(on=date(2026, 1, 15))).done()
    return loan


def receipt(on: date) -> m.RepaymentBody:
    return m.RepaymentBody(on=on, amount=Decimal("1134.23"))


def test_a_repayment_is_done_once_and_seen_at_once(razao: Client) -> None:
    loan, once = active(razao), key("receipt")
    first = razao.record_repayment(loan, once, receipt(date(2026, 2, 15)))
    again = razao.record_repayment(loan, once, receipt(date(2026, 2, 15)))
    assert (first.replayed, again.replayed) == (False, True)
    assert first.done() == again.done()
    event = first.done().events[0]
    assert (event.sequence, event.type, event.amount) == (4, "LoanRepaymentRecorded", Decimal("1134.23"))
    assert razao.position == first.done().position

    found = razao.find_loan(loan)
    assert (found.status, found.version) == ("active", 4)
    lines = [line.what for line in razao.find_statement(loan).lines]
    paid = [what for what in lines if isinstance(what, m.StatementItemTransaction)]
    assert paid[-1].amount == Decimal("1134.23")


def test_a_refusal_has_a_code_and_names_the_field(razao: Client) -> None:
    loan = active(razao)
    with pytest.raises(Refused) as refused:
        razao.record_repayment(loan, key("receipt"), receipt(date(2026, 4, 15)))
    assert (refused.value.status, refused.value.code) == (422, "future_date")
    assert refused.value.errors[0].pointer == "/on"
    with pytest.raises(Refused, match="precondition_failed"):
        razao.record_repayment(loan, key("receipt"), receipt(date(2026, 3, 1)), if_version=1)
    with pytest.raises(Refused) as unknown:
        razao.find_loan(uuid.UUID(int=0))
    assert unknown.value.is_not_found()


def test_money_is_never_a_float() -> None:
    with pytest.raises(ValidationError, match="floats are not exact"):
        m.RepaymentBody(on=date(2026, 2, 15), amount=1134.23)  # type: ignore[arg-type]
    sent = m.RepaymentBody(on=date(2026, 2, 15), amount=Decimal("1E+3")).model_dump_json(exclude_unset=True)
    assert sent == '{"amount":"1000","on":"2026-02-15"}'


def test_a_list_goes_on_page_by_page_and_comes_as_a_file(razao: Client) -> None:
    loan = active(razao)
    for on in (date(2026, 2, 15), date(2026, 3, 1)):
        razao.record_repayment(loan, key("receipt"), receipt(on)).done()
    page = razao.list_transactions(loan, limit=1)
    assert len(page.items) == 1
    assert len(list(page.through())) == 3
    history = razao.list_loan_history(loan, limit=2)
    assert [event.sequence for event in history.through()] == [1, 2, 3, 4, 5]
    after = history.items[-1].position
    assert next(razao.list_events(after=after, limit=1, stream=loan).through()).sequence == 3
    file = razao.download_transactions(loan, "csv")
    assert file.name is not None and file.name.endswith(".csv")
    assert len(file.content.splitlines()) == 4
    assert razao.download_statement(loan, "pdf").content.startswith(b"%PDF-")


def test_many_commands_go_in_one_request(razao: Client) -> None:
    loan = active(razao)
    path, pay = f"/v1/loans/{loan}/repayments", receipt(date(2026, 3, 2))
    answers = list(razao.send_bulk([Line(path, key("bulk"), pay), Line("/v1/nowhere", key("bulk"), pay)]))
    assert sorted(answer.status for answer in answers) == [201, 404]
    early = receipt(date(2026, 1, 1))
    atomic = razao.send_bulk_atomically([Line(path, key("bulk"), pay), Line(path, key("bulk"), early)])
    assert (atomic.is_stored, [line.status for line in atomic.lines]) == (False, [424, 422])
    assert razao.send_bulk_atomically([Line(path, key("bulk"), pay)]).is_stored


def test_what_waits_in_the_queue_is_asked_for_later(razao: Client) -> None:
    loan = active(razao)
    queued = razao.record_repayment(loan, key("receipt"), receipt(date(2026, 3, 2)), later=True)
    assert queued.queued is not None
    with pytest.raises(Waits):
        queued.done()
    assert razao.show_request(queued.queued.id).status in ("queued", "done")


def test_a_server_that_is_busy_is_asked_again() -> None:
    """Twice busy, once gone, then there: one command, one key."""
    keys: list[str] = []

    def busy(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) < 3:
            problem = {"status": 503, "code": "overloaded", "title": "busy", "detail": "busy"}
            return httpx.Response(503, json=problem, headers={"Retry-After": "0"})
        if len(keys) == 3:
            raise httpx.ReadError("the connection broke")
        answer = {"id": str(uuid.UUID(int=1)), "version": 4, "position": 9, "events": []}
        return httpx.Response(201, json=answer, headers={"Razao-Position": "9"})

    http = httpx.Client(base_url="http://razao.test", transport=httpx.MockTransport(busy))
    client = Client("http://razao.test", "token", http=http, longest_pause=0.01)
    done = client.record_repayment(uuid.UUID(int=1), "receipt-1", receipt(date(2026, 2, 15)))
    assert (done.done().version, client.position, keys) == (4, 9, ["receipt-1"] * 4)


def test_a_server_that_is_not_there_is_said_so() -> None:
    client = Client("http://127.0.0.1:1", retries=1, longest_pause=0.01)
    with pytest.raises(Unreachable, match="GET /v1/loans"):
        client.list_loans()
    with pytest.raises(ValueError, match="no address"):
        Client("127.0.0.1:8080")
