# Written by scripts/write-clients.sh from schemas/openapi.json: change the server, then run it.
"""Every operation of the API."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from .base import Done, Download, FileForm, PaperForm
from .calls import Calls
from .models import (
    AccountView,
    AccrualList,
    ApplicationBody,
    ApprovalPolicyBody,
    BalanceExplained,
    Charge,
    ChargeBody,
    ChargebackBody,
    Component,
    ConsistencyProof,
    CreditBody,
    Currency,
    DailyBalance,
    DeadLetter,
    DeadLetterAnswer,
    DeadLetterState,
    DisbursementBody,
    DiscardBody,
    DiscardedEvent,
    EntryAnswer,
    EntryBody,
    EntryFound,
    EntryReversalBody,
    EntryView,
    EventList,
    EventView,
    Every,
    ExplainAnswer,
    ExplainDailyBalanceBy,
    InclusionProof,
    LineView,
    ListDailyBalancesBy,
    ListDeadLettersProjection,
    LoanAnswer,
    LoanFound,
    LoanView,
    Operation,
    OutcomeBody,
    Page,
    PeriodAnswer,
    PeriodBody,
    PeriodList,
    Plan,
    PortfolioAnswer,
    ProductAnswer,
    ProductBody,
    ProductFound,
    ProductStatus,
    ProductView,
    ProjectionsAnswer,
    ProposalAnswer,
    ProposalDecision,
    ProposalExecuted,
    ProposalFailed,
    ProposalFound,
    ProposalStatus,
    ProposalView,
    QuoteAnswer,
    RecoveryBody,
    RedriveAnswer,
    RefundBody,
    RepaymentBody,
    Request,
    Restructure,
    RestructureAnswer,
    RestructureBody,
    RetirementBody,
    ReversalBody,
    ScheduleAnswer,
    ScheduleRequest,
    SettlementBody,
    Simulation,
    SimulationBody,
    StaffAnswer,
    StaffLimitsBody,
    StaffList,
    StatementAnswer,
    Status,
    ToldEvent,
    TransactionView,
    TrialBalanceAnswer,
    WaiverBody,
    WriteOffBody,
)


class Operations(Calls):
    """Each by its id in the API document."""

    def list_accounts(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Page[AccountView]:
        """Every account with its balance, by name, then by currency."""
        return self._read(
            Page[AccountView],
            "GET",
            ("v1", "accounts"),
            query={"limit": limit, "after": after, "effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_accounts(
        self,
        form: FileForm,
        *,
        limit: int | None = None,
        after: str | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_accounts`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "accounts"),
            query={"limit": limit, "after": after, "effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def list_account_lines(
        self,
        account: str,
        *,
        from_: date | None = None,
        to: date | None = None,
        currency: Currency | None = None,
        limit: int | None = None,
        after: str | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Page[LineView]:
        """An account's journal lines by booking date, then in the order of recording."""
        return self._read(
            Page[LineView],
            "GET",
            ("v1", "accounts", account, "lines"),
            query={"from": from_, "to": to, "currency": currency, "limit": limit, "after": after, "effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_account_lines(
        self,
        account: str,
        form: FileForm,
        *,
        from_: date | None = None,
        to: date | None = None,
        currency: Currency | None = None,
        limit: int | None = None,
        after: str | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_account_lines`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "accounts", account, "lines"),
            query={"from": from_, "to": to, "currency": currency, "limit": limit, "after": after, "effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def set_approval_policy(
        self,
        key: str,
        body: ApprovalPolicyBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[StaffAnswer]:
        """Set above which amounts a command waits for a second person, whoever sends it."""
        return self._command(
            StaffAnswer,
            "POST",
            ("v1", "approval-policy"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def find_checkpoint(self, *, min_position: int | None = None, max_wait_ms: int | None = None) -> str:
        """The latest signed checkpoint of the log: a note of C2SP tlog-checkpoint, signed by Ed25519. Its size is the position of
        the last event that is sealed, which is up to half a second old; `Razao-Min-Position` waits for one's own.
        """
        return self._plain("GET", ("v1", "audit", "checkpoint"), query={}).text

    def prove_consistency(
        self,
        *,
        from_: int,
        to: int | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> ConsistencyProof:
        """Proves that the log that one checkpoint signs is the beginning of the log that another one signs."""
        return self._read(
            ConsistencyProof,
            "GET",
            ("v1", "audit", "proofs", "consistency"),
            query={"from": from_, "to": to},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def prove_inclusion(
        self,
        *,
        position: int,
        size: int | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> InclusionProof:
        """Proves that the event at a position is in the log that a checkpoint signs. What is not sealed yet is waited for by
        `Razao-Min-Position`.
        """
        return self._read(
            InclusionProof,
            "GET",
            ("v1", "audit", "proofs", "inclusion"),
            query={"position": position, "size": size},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def find_tile(self, path: str) -> bytes:
        """A tile, as `tile/<L>/<N>[.p/<W>]`; the entries under one, as `tile/entries/<N>[.p/<W>]`; or `checkpoint`: the prefix of
        C2SP tlog-tiles is `/v1/audit/tiles`. An entry is the SHA-256 of an event's line.
        """
        return self._plain("GET", ("v1", "audit", "tiles", path), query={}).content

    def list_daily_balances(
        self,
        *,
        account: str | None = None,
        product: str | None = None,
        loan: UUID | None = None,
        borrower: str | None = None,
        from_: date | None = None,
        to: date | None = None,
        currency: Currency | None = None,
        by: ListDailyBalancesBy | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Page[DailyBalance]:
        """Opening and closing balances with the movements of each day, by account, currency and day: of the whole book, or of
        what the loans of a product or a borrower, or one loan moved. The interest that closing a day accrues is booked for
        all loans together, so it is in the whole book only.
        """
        return self._read(
            Page[DailyBalance],
            "GET",
            ("v1", "balances", "daily"),
            query={"account": account, "product": product, "loan": loan, "borrower": borrower, "from": from_, "to": to, "currency": currency, "by": by, "effective_on": effective_on, "known_at": known_at, "limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_daily_balances(
        self,
        form: FileForm,
        *,
        account: str | None = None,
        product: str | None = None,
        loan: UUID | None = None,
        borrower: str | None = None,
        from_: date | None = None,
        to: date | None = None,
        currency: Currency | None = None,
        by: ListDailyBalancesBy | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_daily_balances`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "balances", "daily"),
            query={"account": account, "product": product, "loan": loan, "borrower": borrower, "from": from_, "to": to, "currency": currency, "by": by, "effective_on": effective_on, "known_at": known_at, "limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def explain_daily_balance(
        self,
        account: str,
        date_: date,
        *,
        currency: Currency | None = None,
        product: str | None = None,
        by: ExplainDailyBalanceBy | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> BalanceExplained:
        """The journal lines, with their events, that a daily balance is made of."""
        return self._read(
            BalanceExplained,
            "GET",
            ("v1", "balances", "daily", account, date_, "explain"),
            query={"currency": currency, "product": product, "by": by, "effective_on": effective_on, "known_at": known_at, "limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_explain_daily_balance(
        self,
        account: str,
        date_: date,
        form: FileForm,
        *,
        currency: Currency | None = None,
        product: str | None = None,
        by: ExplainDailyBalanceBy | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `explain_daily_balance`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "balances", "daily", account, date_, "explain"),
            query={"currency": currency, "product": product, "by": by, "effective_on": effective_on, "known_at": known_at, "limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def list_dead_letters(
        self,
        *,
        projection: ListDeadLettersProjection | None = None,
        state: DeadLetterState | None = None,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Page[DeadLetter]:
        """Events that read models could not take, in the order in which they were parked, with how many wait behind each."""
        return self._read(
            Page[DeadLetter],
            "GET",
            ("v1", "dead-letters"),
            query={"projection": projection, "state": state, "limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_dead_letters(
        self,
        form: FileForm,
        *,
        projection: ListDeadLettersProjection | None = None,
        state: DeadLetterState | None = None,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_dead_letters`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "dead-letters"),
            query={"projection": projection, "state": state, "limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def find_dead_letter(
        self,
        id: UUID | str,
        *,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> DeadLetterAnswer:
        """One dead letter, with the events that wait."""
        return self._read(
            DeadLetterAnswer,
            "GET",
            ("v1", "dead-letters", id),
            query={},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def discard_dead_letter(self, id: UUID | str, body: DiscardBody) -> RedriveAnswer:
        """Does without an event in one read model, for a reason that is kept for the auditor with who gave it, and applies
        those behind it. The log keeps the event.
        """
        return self._read(RedriveAnswer, "POST", ("v1", "dead-letters", id, "discard"), query={}, body=body)

    def redrive_dead_letter(self, id: UUID | str) -> RedriveAnswer:
        """Applies a parked stream's events in order, up to one that still cannot be taken."""
        return self._read(RedriveAnswer, "POST", ("v1", "dead-letters", id, "redrive"), query={})

    def list_discarded_events(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Page[DiscardedEvent]:
        """Events that somebody decided to do without in a read model, in the order of the log."""
        return self._read(
            Page[DiscardedEvent],
            "GET",
            ("v1", "discarded-events"),
            query={"limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_discarded_events(
        self,
        form: FileForm,
        *,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_discarded_events`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "discarded-events"),
            query={"limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def list_entries(
        self,
        *,
        external_id: str | None = None,
        from_: date | None = None,
        to: date | None = None,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Page[EntryView]:
        """Entries in the order of their recording."""
        return self._read(
            Page[EntryView],
            "GET",
            ("v1", "entries"),
            query={"external_id": external_id, "from": from_, "to": to, "limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_entries(
        self,
        form: FileForm,
        *,
        external_id: str | None = None,
        from_: date | None = None,
        to: date | None = None,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_entries`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "entries"),
            query={"external_id": external_id, "from": from_, "to": to, "limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def post_entry(
        self,
        key: str,
        body: EntryBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[EntryAnswer]:
        """Post a balanced entry."""
        return self._command(
            EntryAnswer,
            "POST",
            ("v1", "entries"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def find_entry(
        self,
        id: UUID | str,
        *,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> EntryFound:
        """One entry."""
        return self._read(
            EntryFound,
            "GET",
            ("v1", "entries", id),
            query={},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_entry(
        self,
        id: UUID | str,
        form: FileForm,
        *,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `find_entry`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "entries", id),
            query={},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def list_entry_history(
        self,
        id: UUID | str,
        *,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Page[EventView]:
        """An entry's events, as they are stored."""
        return self._read(
            Page[EventView],
            "GET",
            ("v1", "entries", id, "history"),
            query={"limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_entry_history(
        self,
        id: UUID | str,
        form: FileForm,
        *,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_entry_history`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "entries", id, "history"),
            query={"limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def reverse_entry(
        self,
        id: UUID | str,
        key: str,
        body: EntryReversalBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[EntryAnswer]:
        """Reverse an entry by lines that mirror its own."""
        return self._command(
            EntryAnswer,
            "POST",
            ("v1", "entries", id, "reverse"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def list_events(
        self,
        *,
        after: int | None = None,
        limit: int | None = None,
        stream: UUID | None = None,
        type: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> EventList:
        """The log in the order of commits. A page may hold fewer events than `limit`, or none, and still have a `next`: one
        request looks through so many events and no more. As `application/x-ndjson` each event is a line, to the end of the log.
        """
        return self._read(
            EventList,
            "GET",
            ("v1", "events"),
            query={"after": after, "limit": limit, "stream": stream, "type": type},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_events(
        self,
        form: FileForm,
        *,
        after: int | None = None,
        limit: int | None = None,
        stream: UUID | None = None,
        type: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_events`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "events"),
            query={"after": after, "limit": limit, "stream": stream, "type": type},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def list_loans(
        self,
        *,
        status: Status | None = None,
        borrower: str | None = None,
        external_id: str | None = None,
        product: str | None = None,
        currency: Currency | None = None,
        days_past_due_from: int | None = None,
        limit: int | None = None,
        after: str | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Page[LoanView]:
        """Loans in the order of their applications."""
        return self._read(
            Page[LoanView],
            "GET",
            ("v1", "loans"),
            query={"status": status, "borrower": borrower, "external_id": external_id, "product": product, "currency": currency, "days_past_due_from": days_past_due_from, "limit": limit, "after": after, "effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_loans(
        self,
        form: FileForm,
        *,
        status: Status | None = None,
        borrower: str | None = None,
        external_id: str | None = None,
        product: str | None = None,
        currency: Currency | None = None,
        days_past_due_from: int | None = None,
        limit: int | None = None,
        after: str | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_loans`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "loans"),
            query={"status": status, "borrower": borrower, "external_id": external_id, "product": product, "currency": currency, "days_past_due_from": days_past_due_from, "limit": limit, "after": after, "effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def apply_for_loan(
        self,
        key: str,
        body: ApplicationBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Apply for a loan."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def find_loan(
        self,
        id: UUID | str,
        *,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> LoanFound:
        """One loan as it stands on a day, by all that is known or was known at an earlier time."""
        return self._read(
            LoanFound,
            "GET",
            ("v1", "loans", id),
            query={"effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def list_accruals(
        self,
        id: UUID | str,
        *,
        from_: date | None = None,
        to: date | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> AccrualList:
        """The interest accrued on each day: none while the loan is past due for longer than its terms allow, nor once it is
        written off.
        """
        return self._read(
            AccrualList,
            "GET",
            ("v1", "loans", id, "accruals"),
            query={"from": from_, "to": to, "effective_on": effective_on, "known_at": known_at, "limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_accruals(
        self,
        id: UUID | str,
        form: FileForm,
        *,
        from_: date | None = None,
        to: date | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_accruals`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "loans", id, "accruals"),
            query={"from": from_, "to": to, "effective_on": effective_on, "known_at": known_at, "limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def approve_loan(
        self,
        id: UUID | str,
        key: str,
        body: OutcomeBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Approve an application for the principal asked for."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "approve"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def add_charge(
        self,
        id: UUID | str,
        key: str,
        body: ChargeBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Add a charge to a disbursed loan. Payments already received may come to serve it."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "charges"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def waive_charge(
        self,
        id: UUID | str,
        charge: UUID | str,
        key: str,
        body: WaiverBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Waive what is unpaid of a charge, or a part of that. Payments stay where they went."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "charges", charge, "waive"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def grant_credit(
        self,
        id: UUID | str,
        key: str,
        body: CreditBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Grant a credit: it serves what is owed like a payment."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "credits"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def reverse_credit(
        self,
        id: UUID | str,
        credit: UUID | str,
        key: str,
        body: ReversalBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Reverse a credit: everything follows as if it had never been granted."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "credits", credit, "reverse"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def disburse_loan(
        self,
        id: UUID | str,
        key: str,
        body: DisbursementBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Disburse an approved loan: its plan is drawn and agreed. A further disbursement draws it again."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "disburse"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def explain_loan(
        self,
        id: UUID | str,
        *,
        component: Component | None = None,
        due: date | None = None,
        transaction: UUID | None = None,
        position: int | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> ExplainAnswer:
        """Explains an amount of an installment, a transaction or an event of a loan, as the loan stands today."""
        return self._read(
            ExplainAnswer,
            "GET",
            ("v1", "loans", id, "explain"),
            query={"component": component, "due": due, "transaction": transaction, "position": position, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def list_loan_history(
        self,
        id: UUID | str,
        *,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Page[ToldEvent]:
        """A loan's events, as they are stored, and beside each what happened in plain words."""
        return self._read(
            Page[ToldEvent],
            "GET",
            ("v1", "loans", id, "history"),
            query={"limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_loan_history(
        self,
        id: UUID | str,
        form: FileForm,
        *,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_loan_history`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "loans", id, "history"),
            query={"limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def record_recovery(
        self,
        id: UUID | str,
        key: str,
        body: RecoveryBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Record a recovery: it is allocated like a repayment, the write-off stays as it was."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "recoveries"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def reverse_recovery(
        self,
        id: UUID | str,
        recovery: UUID | str,
        key: str,
        body: ReversalBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Reverse a recovery: everything follows as if it had never been made."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "recoveries", recovery, "reverse"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def refund_overpayment(
        self,
        id: UUID | str,
        key: str,
        body: RefundBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Refund an overpayment, all of it or a part."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "refunds"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def reject_loan(
        self,
        id: UUID | str,
        key: str,
        body: OutcomeBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Reject an application."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "reject"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def record_repayment(
        self,
        id: UUID | str,
        key: str,
        body: RepaymentBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Record a repayment: the event says what it covered."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "repayments"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def charge_back_repayment(
        self,
        id: UUID | str,
        repayment: UUID | str,
        key: str,
        body: ChargebackBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Charge a repayment back, all of it or a part: the payer's bank took money, which is owed again as principal. The
        repayment stays.
        """
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "repayments", repayment, "chargeback"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def reverse_repayment(
        self,
        id: UUID | str,
        repayment: UUID | str,
        key: str,
        body: ReversalBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Reverse a repayment or an early settlement: everything follows as if it had never been made."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "repayments", repayment, "reverse"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def restructure_loan(
        self,
        id: UUID | str,
        key: str | None,
        body: RestructureBody,
        *,
        preview: bool | None = None,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[RestructureAnswer]:
        """Restructure a loan: what is outstanding is owed by other installments from a day on. With `preview=true` nothing is
        stored, no key is needed, and the answer is that of a simulation.
        """
        return self._command(
            RestructureAnswer,
            "POST",
            ("v1", "loans", id, "restructure"),
            query={"preview": preview},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def find_schedule(
        self,
        id: UUID | str,
        *,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> ScheduleAnswer:
        """The plan as it stands on a day, with what was paid of each installment. Empty before the disbursement."""
        return self._read(
            ScheduleAnswer,
            "GET",
            ("v1", "loans", id, "schedule"),
            query={"effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_schedule(
        self,
        id: UUID | str,
        form: FileForm,
        *,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `find_schedule`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "loans", id, "schedule"),
            query={"effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def settle_loan(
        self,
        id: UUID | str,
        key: str,
        body: SettlementBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Settle a loan early by paying exactly the quote of the day."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "settle"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def find_settlement_quote(
        self,
        id: UUID | str,
        *,
        on: date | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> QuoteAnswer:
        """What settles the loan on a day, by all that is known now: `settle` takes exactly this amount."""
        return self._read(
            QuoteAnswer,
            "GET",
            ("v1", "loans", id, "settlement-quote"),
            query={"on": on, "effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def simulate_loan(self, id: UUID | str, body: SimulationBody) -> Simulation:
        """Simulate commands to a loan: the schedule, balances, days past due, journal lines and events that would follow, at any
        date. Nothing is stored.
        """
        return self._read(Simulation, "POST", ("v1", "loans", id, "simulate"), query={}, body=body)

    def find_statement(
        self,
        id: UUID | str,
        *,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> StatementAnswer:
        """What falls due and what was paid, in the order of dates, with running balances."""
        return self._read(
            StatementAnswer,
            "GET",
            ("v1", "loans", id, "statement"),
            query={"effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_statement(
        self,
        id: UUID | str,
        form: PaperForm,
        *,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `find_statement`, all of it as a CSV, XLSX or PDF file."""
        return self._download(
            form,
            "GET",
            ("v1", "loans", id, "statement"),
            query={"effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def list_transactions(
        self,
        id: UUID | str,
        *,
        limit: int | None = None,
        after: str | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Page[TransactionView]:
        """A loan's transactions by value date, then in the order of recording."""
        return self._read(
            Page[TransactionView],
            "GET",
            ("v1", "loans", id, "transactions"),
            query={"limit": limit, "after": after, "effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_transactions(
        self,
        id: UUID | str,
        form: FileForm,
        *,
        limit: int | None = None,
        after: str | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_transactions`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "loans", id, "transactions"),
            query={"limit": limit, "after": after, "effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def withdraw_loan(
        self,
        id: UUID | str,
        key: str,
        body: OutcomeBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Withdraw an application, or an approved loan that was not disbursed."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "withdraw"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def write_off_loan(
        self,
        id: UUID | str,
        key: str,
        body: WriteOffBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Write off all that is open. What comes in afterwards is a recovery."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "write-off"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def reverse_write_off(
        self,
        id: UUID | str,
        key: str,
        body: WriteOffBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[LoanAnswer]:
        """Undo a write-off: it counts as if it had never been."""
        return self._command(
            LoanAnswer,
            "POST",
            ("v1", "loans", id, "write-off", "reverse"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def list_periods(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> PeriodList:
        """Months in their order, and up to when the books are closed."""
        return self._read(
            PeriodList,
            "GET",
            ("v1", "periods"),
            query={"limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_periods(
        self,
        form: FileForm,
        *,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_periods`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "periods"),
            query={"limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def close_period(
        self,
        month: str,
        key: str,
        body: PeriodBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[PeriodAnswer]:
        """Close a month that is over: the one after the last closed month, or the first, which closes all earlier months too.
        What counts on one of its days is booked on the first open day from then on.
        """
        return self._command(
            PeriodAnswer,
            "POST",
            ("v1", "periods", month, "close"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def reopen_period(
        self,
        month: str,
        key: str,
        body: PeriodBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[PeriodAnswer]:
        """Reopen the month that was closed last."""
        return self._command(
            PeriodAnswer,
            "POST",
            ("v1", "periods", month, "reopen"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def find_portfolio(
        self,
        *,
        on: date | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> PortfolioAnswer:
        """What is outstanding by product, status and days past due, what was disbursed, collected and lost in each month, who
        owes most, and the stages of provisioning, as of a day.
        """
        return self._read(
            PortfolioAnswer,
            "GET",
            ("v1", "portfolio"),
            query={"on": on, "effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def list_products(
        self,
        *,
        status: ProductStatus | None = None,
        currency: Currency | None = None,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Page[ProductView]:
        """Products in the order of their first versions, each in its current one."""
        return self._read(
            Page[ProductView],
            "GET",
            ("v1", "products"),
            query={"status": status, "currency": currency, "limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_products(
        self,
        form: FileForm,
        *,
        status: ProductStatus | None = None,
        currency: Currency | None = None,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_products`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "products"),
            query={"status": status, "currency": currency, "limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def define_product(
        self,
        key: str,
        body: ProductBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[ProductAnswer]:
        """Define a product, or a new version of one."""
        return self._command(
            ProductAnswer,
            "POST",
            ("v1", "products"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def find_product(
        self,
        product: str,
        *,
        version: int | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> ProductFound:
        """A product, in its current version or another, with all of its versions."""
        return self._read(
            ProductFound,
            "GET",
            ("v1", "products", product),
            query={"version": version},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def retire_product(
        self,
        product: str,
        key: str,
        body: RetirementBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[ProductAnswer]:
        """Retire a product: no new loan takes it, those that have its terms keep them."""
        return self._command(
            ProductAnswer,
            "POST",
            ("v1", "products", product, "retire"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def list_projections(
        self,
        *,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> ProjectionsAnswer:
        """How far each read model is, and how far behind the log."""
        return self._read(
            ProjectionsAnswer,
            "GET",
            ("v1", "projections"),
            query={},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_projections(
        self,
        form: FileForm,
        *,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_projections`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "projections"),
            query={},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def list_proposals(
        self,
        *,
        status: ProposalStatus | None = None,
        operation: Operation | None = None,
        proposed_by: str | None = None,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Page[ProposalView]:
        """Proposals in the order in which they were made."""
        return self._read(
            Page[ProposalView],
            "GET",
            ("v1", "proposals"),
            query={"status": status, "operation": operation, "proposed_by": proposed_by, "limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_proposals(
        self,
        form: FileForm,
        *,
        status: ProposalStatus | None = None,
        operation: Operation | None = None,
        proposed_by: str | None = None,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_proposals`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "proposals"),
            query={"status": status, "operation": operation, "proposed_by": proposed_by, "limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def find_proposal(
        self,
        id: UUID | str,
        *,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> ProposalFound:
        """A proposal."""
        return self._read(
            ProposalFound,
            "GET",
            ("v1", "proposals", id),
            query={},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def accept_proposal(
        self,
        id: UUID | str,
        key: str,
        body: ProposalDecision,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[ProposalAnswer]:
        """Accept a proposal that another person made: its command is executed once. The event `ProposalExecuted` says where its
        events are, `ProposalFailed` why the command was refused. Who accepts it has the role that the command needs, and a limit
        that covers what is at stake.
        """
        return self._command(
            ProposalAnswer,
            "POST",
            ("v1", "proposals", id, "accept"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def list_proposal_history(
        self,
        id: UUID | str,
        *,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Page[EventView]:
        """A proposal's events, as they are stored."""
        return self._read(
            Page[EventView],
            "GET",
            ("v1", "proposals", id, "history"),
            query={"limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_proposal_history(
        self,
        id: UUID | str,
        form: FileForm,
        *,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_proposal_history`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "proposals", id, "history"),
            query={"limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def refuse_proposal(
        self,
        id: UUID | str,
        key: str,
        body: ProposalDecision,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[ProposalAnswer]:
        """Refuse a proposal that another person made: its command comes to nothing."""
        return self._command(
            ProposalAnswer,
            "POST",
            ("v1", "proposals", id, "refuse"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def withdraw_proposal(
        self,
        id: UUID | str,
        key: str,
        body: ProposalDecision,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[ProposalAnswer]:
        """Withdraw a proposal of one's own."""
        return self._command(
            ProposalAnswer,
            "POST",
            ("v1", "proposals", id, "withdraw"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def show_request(self, id: UUID | str) -> Request:
        """What became of a command that was sent with `Prefer: respond-async`. Finished requests are kept for seven days, unless
        the operator sets another time.
        """
        return self._read(Request, "GET", ("v1", "requests", id), query={})

    def draw_schedule(self, body: ScheduleRequest) -> Plan:
        """Draw a schedule: installments, totals, tax and effective cost. Nothing is stored."""
        return self._read(Plan, "POST", ("v1", "schedules"), query={}, body=body)

    def list_staff(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> StaffList:
        """Everybody who has approval limits, in the order of their names, and the policy for second persons."""
        return self._read(
            StaffList,
            "GET",
            ("v1", "staff"),
            query={"limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_staff(
        self,
        form: FileForm,
        *,
        limit: int | None = None,
        after: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `list_staff`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "staff"),
            query={"limit": limit, "after": after},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def set_staff_limits(
        self,
        subject: str,
        key: str,
        body: StaffLimitsBody,
        *,
        if_version: int | None = None,
        request_id: str | None = None,
        later: bool = False,
    ) -> Done[StaffAnswer]:
        """Set the limits of a member of staff. From the first limit of an operation on, a command of that operation that is above
        its sender's limit waits as a proposal; who has no limit gives none alone.
        """
        return self._command(
            StaffAnswer,
            "POST",
            ("v1", "staff", subject, "limits"),
            query={},
            body=body,
            key=key,
            if_version=if_version,
            request_id=request_id,
            later=later,
        )

    def find_trial_balance(
        self,
        *,
        on: date | None = None,
        currency: Currency | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> TrialBalanceAnswer:
        """Every account's debits, credits and balance at the end of a day."""
        return self._read(
            TrialBalanceAnswer,
            "GET",
            ("v1", "trial-balance"),
            query={"on": on, "currency": currency, "effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )

    def download_trial_balance(
        self,
        form: FileForm,
        *,
        on: date | None = None,
        currency: Currency | None = None,
        effective_on: date | None = None,
        known_at: str | None = None,
        min_position: int | None = None,
        max_wait_ms: int | None = None,
    ) -> Download:
        """The same as `find_trial_balance`, all of it as a CSV or XLSX file."""
        return self._download(
            form,
            "GET",
            ("v1", "trial-balance"),
            query={"on": on, "currency": currency, "effective_on": effective_on, "known_at": known_at},
            min_position=min_position,
            max_wait_ms=max_wait_ms,
        )


# Each operation by its id, with its method and its path.
OPERATIONS: dict[str, tuple[str, str]] = {
    "list_accounts": ("GET", "/v1/accounts"),
    "list_account_lines": ("GET", "/v1/accounts/{account}/lines"),
    "set_approval_policy": ("POST", "/v1/approval-policy"),
    "find_checkpoint": ("GET", "/v1/audit/checkpoint"),
    "prove_consistency": ("GET", "/v1/audit/proofs/consistency"),
    "prove_inclusion": ("GET", "/v1/audit/proofs/inclusion"),
    "find_tile": ("GET", "/v1/audit/tiles/{path}"),
    "list_daily_balances": ("GET", "/v1/balances/daily"),
    "explain_daily_balance": ("GET", "/v1/balances/daily/{account}/{date}/explain"),
    "send_bulk": ("POST", "/v1/bulk"),
    "list_dead_letters": ("GET", "/v1/dead-letters"),
    "find_dead_letter": ("GET", "/v1/dead-letters/{id}"),
    "discard_dead_letter": ("POST", "/v1/dead-letters/{id}/discard"),
    "redrive_dead_letter": ("POST", "/v1/dead-letters/{id}/redrive"),
    "list_discarded_events": ("GET", "/v1/discarded-events"),
    "list_entries": ("GET", "/v1/entries"),
    "post_entry": ("POST", "/v1/entries"),
    "find_entry": ("GET", "/v1/entries/{id}"),
    "list_entry_history": ("GET", "/v1/entries/{id}/history"),
    "reverse_entry": ("POST", "/v1/entries/{id}/reverse"),
    "list_events": ("GET", "/v1/events"),
    "list_loans": ("GET", "/v1/loans"),
    "apply_for_loan": ("POST", "/v1/loans"),
    "find_loan": ("GET", "/v1/loans/{id}"),
    "list_accruals": ("GET", "/v1/loans/{id}/accruals"),
    "approve_loan": ("POST", "/v1/loans/{id}/approve"),
    "add_charge": ("POST", "/v1/loans/{id}/charges"),
    "waive_charge": ("POST", "/v1/loans/{id}/charges/{charge}/waive"),
    "grant_credit": ("POST", "/v1/loans/{id}/credits"),
    "reverse_credit": ("POST", "/v1/loans/{id}/credits/{credit}/reverse"),
    "disburse_loan": ("POST", "/v1/loans/{id}/disburse"),
    "explain_loan": ("GET", "/v1/loans/{id}/explain"),
    "list_loan_history": ("GET", "/v1/loans/{id}/history"),
    "record_recovery": ("POST", "/v1/loans/{id}/recoveries"),
    "reverse_recovery": ("POST", "/v1/loans/{id}/recoveries/{recovery}/reverse"),
    "refund_overpayment": ("POST", "/v1/loans/{id}/refunds"),
    "reject_loan": ("POST", "/v1/loans/{id}/reject"),
    "record_repayment": ("POST", "/v1/loans/{id}/repayments"),
    "charge_back_repayment": ("POST", "/v1/loans/{id}/repayments/{repayment}/chargeback"),
    "reverse_repayment": ("POST", "/v1/loans/{id}/repayments/{repayment}/reverse"),
    "restructure_loan": ("POST", "/v1/loans/{id}/restructure"),
    "find_schedule": ("GET", "/v1/loans/{id}/schedule"),
    "settle_loan": ("POST", "/v1/loans/{id}/settle"),
    "find_settlement_quote": ("GET", "/v1/loans/{id}/settlement-quote"),
    "simulate_loan": ("POST", "/v1/loans/{id}/simulate"),
    "find_statement": ("GET", "/v1/loans/{id}/statement"),
    "list_transactions": ("GET", "/v1/loans/{id}/transactions"),
    "withdraw_loan": ("POST", "/v1/loans/{id}/withdraw"),
    "write_off_loan": ("POST", "/v1/loans/{id}/write-off"),
    "reverse_write_off": ("POST", "/v1/loans/{id}/write-off/reverse"),
    "list_periods": ("GET", "/v1/periods"),
    "close_period": ("POST", "/v1/periods/{month}/close"),
    "reopen_period": ("POST", "/v1/periods/{month}/reopen"),
    "find_portfolio": ("GET", "/v1/portfolio"),
    "list_products": ("GET", "/v1/products"),
    "define_product": ("POST", "/v1/products"),
    "find_product": ("GET", "/v1/products/{product}"),
    "retire_product": ("POST", "/v1/products/{product}/retire"),
    "list_projections": ("GET", "/v1/projections"),
    "list_proposals": ("GET", "/v1/proposals"),
    "find_proposal": ("GET", "/v1/proposals/{id}"),
    "accept_proposal": ("POST", "/v1/proposals/{id}/accept"),
    "list_proposal_history": ("GET", "/v1/proposals/{id}/history"),
    "refuse_proposal": ("POST", "/v1/proposals/{id}/refuse"),
    "withdraw_proposal": ("POST", "/v1/proposals/{id}/withdraw"),
    "show_request": ("GET", "/v1/requests/{id}"),
    "draw_schedule": ("POST", "/v1/schedules"),
    "list_staff": ("GET", "/v1/staff"),
    "set_staff_limits": ("POST", "/v1/staff/{subject}/limits"),
    "find_trial_balance": ("GET", "/v1/trial-balance"),
}
