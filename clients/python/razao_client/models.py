# Written by scripts/write-clients.sh from schemas/openapi.json: change the server, then run it.
"""The types of the API, by their names in its document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Generic, Literal, TypeAlias, Union
from uuid import UUID

from pydantic import Field

from .base import Amount, Model, Paged, T, Unknown


AcceptedStatus: TypeAlias = Literal["accepted"] | str


# Up to which day interest of a moved due date runs.
AccrueTo: TypeAlias = Literal["shifted", "unshifted"]


# What a charge entered by hand is for: a penalty, or one of the fees of LENDING.md §7.
AddedCharge: TypeAlias = Literal[
    "penalty",
    "origination_fee",
    "registration_fee",
    "service_fee",
    "insurance",
    "collection_cost",
    "fee",
]


# What a payment looks at first.
AllocationScope: TypeAlias = Literal["installment", "loan"]


# The calendars that are known by rule.
BaseCalendar: TypeAlias = Literal["br-bank", "weekends", "none"]


# What a fee is a fraction of.
ChargeBase: TypeAlias = Literal["principal", "financed", "installment", "balance"]


# What a fee is for.
ChargeKind: TypeAlias = Literal[
    "origination_fee",
    "registration_fee",
    "service_fee",
    "insurance",
    "collection_cost",
    "fee",
]


# The moments that need no date.
ChargeMoment: TypeAlias = Literal["disbursement", "financed", "installment"] | str


# A part of what is owed. The order is the default order of allocation: the most burdensome first, interest
# before principal (Código Civil arts. 354, 355).
Component: TypeAlias = Literal["late_fee", "late_interest", "penalty", "fee", "interest", "principal"]


# Whether interest bears interest inside a period.
Compounding: TypeAlias = Literal["nominal", "effective"]


# Whether the contract's interest runs on beside late interest.
ContractInterest: TypeAlias = Literal["none", "daily", "period"]


# The word that stands for the loan's own rate.
ContractWord: TypeAlias = Literal["contract"]


# Why a credit is given, which says where the journal takes it from.
CreditKind: TypeAlias = Literal["goodwill", "interest_waiver"]


# A currency by its ISO 4217 code, with the decimals that ISO 4217 gives it.
Currency: TypeAlias = Literal[
    "ARS",
    "BRL",
    "CHF",
    "CLP",
    "COP",
    "CZK",
    "EUR",
    "GBP",
    "JPY",
    "MXN",
    "PEN",
    "PYG",
    "USD",
    "UYU",
]


# How days are counted and how many make a year.
DayCount: TypeAlias = Literal[
    "30/360",
    "30e/360",
    "30u/360",
    "act/365",
    "act/360",
    "act/364",
    "act/act",
    "bus/252",
]


# Whether a parked stream is still tried again by itself.
DeadLetterState: TypeAlias = Literal["retrying", "dead"] | str


# How a due date that is no business day is moved (ISDA 2006 §4.12).
DueDateShift: TypeAlias = Literal["none", "following", "modified_following", "preceding"]


# What a payment before the due date is for (LENDING.md §12).
Early: TypeAlias = Literal["installment", "anticipation"]


# Where a payment beyond what is due goes.
Excess: TypeAlias = Literal["next", "last", "equal", "reduce_term", "reduce_installment", "credit"]


# By which of its two dates a movement is on a day.
ExplainDailyBalanceBy: TypeAlias = Literal["booked_on", "value_date"] | str


# Which kind of fact.
FactKind: TypeAlias = Literal[
    "disbursement",
    "repayment",
    "settlement",
    "credit",
    "recovery",
    "charge",
    "waiver",
    "chargeback",
    "refund",
    "restructure",
    "write_off",
] | str


# What becomes of the interest of a grace period.
GraceMode: TypeAlias = Literal["capitalized", "deferred", "free"]


# Over which periods the equal installment is found.
InstallmentPeriods: TypeAlias = Literal["actual", "equal"]


# What interest follows once the loan runs.
InterestBasis: TypeAlias = Literal["plan", "daily_rest", "period_rest", "running_balance"]


# Who pays the tax when.
IofCollection: TypeAlias = Literal["financed", "withheld", "cash", "installment"]


# How a financed tax, which is a tax on itself too, is found.
IofFinancing: TypeAlias = Literal["fixed_point", "series"]


# What can be rounded for each installment.
IofPlace: TypeAlias = Literal["daily", "additional", "row"]


# The days of a month of late interest.
LateDays: TypeAlias = Literal["30", "actual"] | str


LateDaysRequestWord: TypeAlias = Literal["30", "actual"]


# What the fine is a fraction of.
LateFeeBase: TypeAlias = Literal["overdue", "installment", "principal"]


# What late interest is charged on.
LateInterestBase: TypeAlias = Literal["installment", "principal"]


# Whether late interest bears late interest.
LateInterestKind: TypeAlias = Literal["simple", "compound"]


# By which of its two dates a movement is on a day.
ListDailyBalancesBy: TypeAlias = Literal["booked_on", "value_date"] | str


ListDeadLettersProjection: TypeAlias = Literal[
    "loans",
    "entries",
    "journal",
    "daily_balances",
    "products",
    "periods",
    "staff",
    "proposals",
] | str


# How principal is repaid (LENDING.md §5).
Method: TypeAlias = Literal["price", "sac", "sam", "interest_only", "bullet", "flat", "custom"]


# Which day stands for one that a month lacks.
MonthEnd: TypeAlias = Literal["clamp", "roll"]


Operation: TypeAlias = Literal[
    "approve",
    "disburse",
    "restructure",
    "write_off",
    "waive",
    "credit",
    "refund",
    "reverse",
    "entry",
] | str


PeriodStatus: TypeAlias = Literal["closed", "open"] | str


# Who borrows.
Person: TypeAlias = Literal["natural", "legal", "simples", "mei"]


ProductStatus: TypeAlias = Literal["active", "retired"] | str


ProposalStatus: TypeAlias = Literal[
    "waiting",
    "expired",
    "accepted",
    "executed",
    "failed",
    "refused",
    "withdrawn",
] | str


# The time that a rate is for.
RatePeriod: TypeAlias = Literal["year", "month", "day"]


# What becomes of the difference that rounding leaves in the last installment.
Remainder: TypeAlias = Literal["last", "last_keeps_installment", "first", "respread", "none"]


RequestStatus: TypeAlias = Literal["queued", "done", "refused", "failed"] | str


# What becomes of the installments.
RestructureMode: TypeAlias = Literal["replace", "re_age", "re_amortize"]


# What becomes of the digits that are dropped (LENDING.md §4).
RoundingMode: TypeAlias = Literal["half_even", "half_up", "down"]


# What can be rounded while computing.
RoundingPlace: TypeAlias = Literal["installment", "interest"]


# What settling early costs.
Settlement: TypeAlias = Literal["present_value", "interest_to_date", "interest_to_due_date"]


Side: TypeAlias = Literal["debit", "credit"] | str


# Where a loan is in its life.
Status: TypeAlias = Literal[
    "applied",
    "approved",
    "rejected",
    "withdrawn",
    "active",
    "settled",
    "overpaid",
    "written_off",
] | str


# Which tax.
TaxKind: TypeAlias = Literal["iof"] | str


class AcceptedRequest(Model):
    """The answer to a command that waits to be executed."""

    id: UUID
    """The request's id: `GET /v1/requests/{id}` says what became of it. The same command asked again under the same key
    is the same request.
    """
    status: AcceptedStatus


class AccountView(Model):
    """An account in one currency."""

    account: str
    balance: Amount
    """Debits less credits."""
    credits: Amount
    currency: Currency
    debits: Amount


class Accrual(Model):
    """When interest is no longer accrued."""

    stop_after_days: int
    """None from the first day with more days past due than this (Res. CMN 4.966/2021)."""


class AccrualRequest(Model):
    """When interest is no longer accrued."""

    stop_after_days: int | None = None
    """Days past due. Default: 90."""


class AccrualView(Model):
    """Interest accrued on a day: the difference of two rounded totals. A day on which none is booked has no entry."""

    amount: Amount
    on: date
    total: Amount
    """All interest accrued by the end of the day."""


class AdaptedCalendarRequest(Model):
    """A calendar with holidays added or removed."""

    add: list[date] | None = None
    base: BaseCalendar | None = None
    remove: list[date] | None = None


class AnswerShown(Model):
    """The answer of a command."""

    body: Any
    headers: dict[str, str]
    """By name, in lower case."""
    status: int
    """The HTTP status."""


class ApplicationBody(Model):
    """An application for a loan."""

    borrower: BorrowerOfLoan
    terms: TermsRequest
    external_id: str | None = None
    """Unique among the lender's loans. At most 100 characters."""
    id: UUID | None = None
    """Drawn by the server where absent."""
    metadata: Any = None
    """Anything the client wants to keep with the loan, in at most 4 KiB. No personal data: it stays in the log."""
    product: str | None = None
    """The name or id of a product. Its current version gives the terms that are left open here, and its limits hold."""


class Applied(Model):
    """A borrower asked for a loan on these terms. The borrower's name and tax id are kept beside the log."""

    borrower_id: UUID
    terms: Terms
    external_id: str | None = None
    metadata: Any = None
    product: str | None = None
    product_version: int | None = None
    """The version of the product that the terms were taken from."""


class ApprovalPolicyBody(Model):
    """What needs a second person, whoever asks."""

    second_person_above: dict[str, dict[str, Amount]]
    """By operation and currency: what is above this amount waits for another person, whatever limit its sender has. It
    takes the place of the policy before; an empty object takes it away.
    """
    reason: str | None = None
    """At most 500 characters."""


class ApprovalPolicySet(Model):
    """What needs a second person from now on, whoever asks: what is above these amounts."""

    on: date
    """The booking day on which it was set."""
    second_person_above: dict[str, dict[str, Amount]]
    reason: str | None = None


class ApprovalPolicyView(Model):
    """What waits for a second person, whoever asks."""

    on: date
    """The booking day on which it was set."""
    position: int
    """The position of the event that set it."""
    updated_at: datetime
    second_person_above: dict[str, dict[str, Amount]]
    """By operation and currency: what is above this amount."""
    reason: str | None = None


class Approved(Model):
    currency: Currency
    on: date
    principal: Amount
    reason: str | None = None


class AsOf(Model):
    """The last event that an answer takes into account."""

    position: int
    parked_streams: int | None = None
    """How many streams have an event up to `position` that the read model could not take: what came of them since is
    not in the answer. Absent where there is none. `GET /v1/dead-letters` shows them.
    """
    recorded_at: datetime | None = None
    """When that event was recorded; null before the first."""


class Balances(Model):
    """An amount for each component, and their sum."""

    fee: Amount
    interest: Amount
    late_fee: Amount
    late_interest: Amount
    penalty: Amount
    principal: Amount
    total: Amount


class BorrowerOfLoan(Model):
    """Who applies. Kept beside the log: events hold an id only."""

    name: str
    """At most 200 characters."""
    tax_id: str
    """A CPF or CNPJ, with or without punctuation."""


class BorrowerShare(Model):
    borrower: BorrowerView
    loans: int
    outstanding: Amount
    share: str
    """Of all that is outstanding, as a fraction to four decimals."""


class BorrowerView(Model):
    """Who borrows. Name and tax id are kept beside the log and are absent once forgotten."""

    id: UUID
    name: str | None = None
    tax_id: str | None = None


class BucketShare(Model):
    days_past_due: str
    """Calendar days past due: `0`, `1-15`, `16-30`, `31-60`, `61-90`, `91-180`, `181-360` or `over-360`."""
    loans: int
    outstanding: Balances


class BulkAnswer(Model):
    """The answer to a line."""

    body: Any
    """Its answer, or the problem."""
    line: int
    """The line's number in the body, from 1. Empty lines are passed over, and count."""
    status: int
    """What the command would have been answered with by itself."""


class BulkLine(Model):
    """A command as a line of a bulk."""

    body: Any
    """The command's body."""
    path: str
    """The command's path."""
    idempotency_key: str | None = None
    """As the header `Idempotency-Key`. What stores nothing needs none."""


class CalendarBase(Model):
    """`Calendar` by its base."""

    base: BaseCalendar
    add: list[date] | None = None
    """Holidays that the base does not know, for example those of a state."""
    remove: list[date] | None = None
    """Days that are business days whatever the base says."""


class ChangedInstallment(Model):
    """An installment before and after an event; absent where it did not exist."""

    installment: int
    after: InstallmentState | None = None
    before: InstallmentState | None = None


class Charge(Model):
    """A fee: what for, when, how much."""

    due: ChargeDue
    kind: ChargeKind
    amount: Amount | None = None
    base: ChargeBase | None = None
    rate: str | None = None


class ChargeAdded(Model):
    """A charge joined an installment; payments already received may serve it."""

    amount: Amount
    charge_id: UUID
    component: Component
    currency: Currency
    due_on: date
    installment: int
    """The installment that it joined; one more than the last for a charge due after all of them."""
    kind: AddedCharge
    on: date
    """The booking day on which it was added."""
    outcome: Outcome
    booked_on: date | None = None
    effect: Effect | None = None


class ChargeBody(Model):
    """A fee or penalty."""

    amount: Amount
    due_on: date
    """It joins the installment in whose period this lies; after the last one it is one of its own."""
    kind: AddedCharge
    id: UUID | None = None
    """Drawn by the server where absent."""


class ChargeRequest(Model):
    """A fee: `amount`, or `rate` of `base`."""

    due: str
    """disbursement, financed, installment, or a date."""
    kind: ChargeKind
    amount: Amount | None = None
    base: ChargeBase | None = None
    rate: Amount | None = None


class ChargeWaived(Model):
    """What was unpaid of a charge, or a part of it, is no longer owed."""

    charge_id: UUID
    currency: Currency
    effect: Effect
    on: date
    outcome: Outcome
    reason: str
    waived: Amount
    waiver_id: UUID
    amount: Amount | None = None
    booked_on: date | None = None


class ChargeWorthAmount(Model):
    """`ChargeWorth` by its amount."""

    amount: Amount


class ChargeWorthRate(Model):
    """A fraction of `base`."""

    base: ChargeBase
    rate: str


class ChargebackBody(Model):
    """What the payer's bank took back of a repayment, and why."""

    on: date
    """The value date, not before the repayment's and not after today's booking day."""
    reason: str
    """At most 500 characters."""
    amount: Amount | None = None
    id: UUID | None = None
    """Drawn by the server where absent."""


class Closed(Model):
    """The application ended without a loan."""

    on: date
    reason: str | None = None


class Components(Model):
    """An amount of each component; what is zero is left out of the JSON."""

    fee: Amount | None = None
    interest: Amount | None = None
    late_fee: Amount | None = None
    late_interest: Amount | None = None
    penalty: Amount | None = None
    principal: Amount | None = None


class ConsistencyProof(Model):
    """That the tree of `from` events is the beginning of that of `to` (RFC 6962, 2.1.2). Hashes are in base64."""

    from_: int = Field(validation_alias="from", serialization_alias="from")
    hashes: list[str]
    to: int


class Covering(Model):
    """What one transaction covers of the amount."""

    amount: Amount
    events: list[TrailEvent]
    """The event that recorded it, and those that spread it anew since, with their journal lines of the component. A line
    is the sum over all installments that the event touched.
    """
    on: date
    transaction: UUID | None = None
    """Absent where credit that was kept served it on its due date."""


class CreditApplied(Model):
    """Credit that served installments on a due date."""

    on: date
    shares: list[Share]


class CreditBody(Model):
    """What is given up, and why."""

    amount: Amount
    kind: CreditKind
    """Where the journal takes it from: expense for `goodwill`, interest income for `interest_waiver`."""
    on: date
    """The value date: the disbursement's at the earliest, not after today's booking day."""
    reason: str
    """At most 500 characters."""
    id: UUID | None = None
    """Drawn by the server where absent."""


class CreditGranted(Model):
    """The lender gave up money; it served what is owed like a payment."""

    allocation: Components
    amount: Amount
    credit_id: UUID
    currency: Currency
    effect: Effect
    kind: CreditKind
    on: date
    outcome: Outcome
    reason: str
    booked_on: date | None = None


class CustomRow(Model):
    """An installment of a custom plan; missing interest follows from the rate."""

    due_on: date
    principal: Amount
    interest: Amount | None = None


class CustomRowRequest(Model):
    """An installment of a custom plan."""

    due_on: date
    principal: Amount
    interest: Amount | None = None


class DailyBalance(Model):
    """An account's balance on one day. A balance is debits less credits."""

    account: str
    closing: Amount
    credits: Amount
    currency: Currency
    date_: date = Field(validation_alias="date", serialization_alias="date")
    debits: Amount
    opening: Amount
    position: int | None = None
    """The position of the last event that `closing` is made of; null where nothing moved by then. It stays until an
    event moves this day or one before it.
    """


class DeadLetter(Model):
    """An event that a read model cannot take, with the stream that waits for it."""

    attempts: int
    cause: str
    """Why the last attempt failed."""
    first_failed_at: datetime
    id: UUID
    """Of this event in this read model. Once another event of the stream is to blame, it has another id."""
    last_failed_at: datetime
    position: int
    projection: str
    sequence: int
    state: DeadLetterState
    stream_id: str
    stream_type: str
    type: str
    waiting: int
    """How many events of the stream wait: this one and those behind it."""
    dead_since: datetime | None = None
    next_attempt_at: datetime | None = None


class DeadLetterAnswer(Model):
    attempts: int
    cause: str
    """Why the last attempt failed."""
    first_failed_at: datetime
    id: UUID
    """Of this event in this read model. Once another event of the stream is to blame, it has another id."""
    last_failed_at: datetime
    position: int
    projection: str
    sequence: int
    state: DeadLetterState
    stream_id: str
    stream_type: str
    type: str
    waiting: int
    """How many events of the stream wait: this one and those behind it."""
    as_of: AsOf
    events: list[WaitingEvent]
    """The events that wait, in order: the one to blame and the first ones behind it."""
    dead_since: datetime | None = None
    next_attempt_at: datetime | None = None


class Disbursed(Model):
    """Money went out. The first disbursement agrees the plan for its return, a further one draws it again."""

    amount: Amount
    currency: Currency
    disbursement_id: UUID
    on: date
    outcome: Outcome
    released: Amount
    """What reaches the borrower: the amount less what is kept back of fees and tax."""
    booked_on: date | None = None
    """Where it differs from `on`, which lies in a closed period."""
    effect: Effect | None = None
    effective_cost: EffectiveCost | None = None
    fees: Amount | None = None
    """Fees that are kept back or join what is amortized."""
    installments: list[Installment] | None = None
    """The plan; of a further disbursement the outcome says which installments changed."""
    tax: DisbursementTax | None = None


class DisbursementBody(Model):
    """When how much goes out."""

    on: date
    """The value date, not before the approval, or the first disbursement, and not after today's booking day."""
    amount: Amount | None = None
    id: UUID | None = None
    """Drawn by the server where absent."""


class DisbursementRequest(Model):
    """Money handed out on a day, as a client sends it."""

    amount: Amount
    on: date


class DisbursementTax(Model):
    """The tax that a disbursement or a restructuring brings, all of it."""

    amount: Amount
    collected: IofCollection
    kind: TaxKind


class DiscardBody(Model):
    reason: str
    """Why it is right to do without the event: 1 to 500 characters."""


class DiscardedEvent(Model):
    """An event that somebody decided to do without in a read model. The log still has it."""

    cause: str
    """Why it could not be taken."""
    discarded_at: datetime
    discarded_by: str
    position: int
    projection: str
    reason: str
    """Why it was discarded, and by whom."""
    sequence: int
    stream_id: str
    stream_type: str
    type: str
    restored_at: datetime | None = None
    """When the read model was projected anew and could take it."""


class DueDatesCustom(Model):
    """Each with its principal."""

    custom: list[CustomRow]


class DueDatesDueDates(Model):
    """As given, increasing."""

    due_dates: list[date]


class DueDatesInstallments(Model):
    """So many, `every` apart, from `first_due_on` or else from the first disbursement plus `every`."""

    every: Every
    installments: int
    first_due_on: date | None = None


class EachComponent(Model):
    """An amount for each component."""

    fee: Amount
    interest: Amount
    late_fee: Amount
    late_interest: Amount
    penalty: Amount
    principal: Amount


class Effect(Model):
    """What one fact comes to, given the facts before it by value date."""

    balance: Amount
    """Principal open after it."""
    applied: list[CreditApplied] | None = None
    """Credit kept for the borrower that served installments on their due dates, since the fact before."""
    credit: Amount | None = None
    """What it adds to (below zero: takes from) what is kept for the borrower until the next due date."""
    outlay: Outlay | None = None
    overpaid: Amount | None = None
    """What it adds to (below zero: takes from) what exceeds everything owed."""
    shares: list[Share] | None = None
    """What it covers of installments."""
    waived: list[Share] | None = None
    """What it takes off installments without payment."""
    write_off: WriteOff | None = None


class EffectiveCost(Model):
    """What borrowing costs, as rates of interest: fractions with four decimals (a percentage with two)."""

    monthly: str
    """(1+x)^(1/12) − 1"""
    yearly: str
    """The x with Σ received/(1+x)^(d/365) = Σ paid/(1+x)^(d/365)."""


class EntryAnswer(Model):
    """The answer to a command on an entry."""

    events: list[SequencedEntryEvent]
    id: UUID
    """The entry's id."""
    position: int
    """The position of the last event in the log; `Razao-Min-Position` takes it."""
    version: int
    """The entry's version after the command; `If-Match` takes it."""


class EntryBody(Model):
    """A balanced posting."""

    description: str
    """At most 500 characters."""
    lines: list[EntryLine]
    """2 to 500; the debits and the credits have the same sum."""
    on: date
    """The value date, not after today's booking day."""
    currency: Currency | None = None
    """Of all lines."""
    external_id: str | None = None
    """Unique among the lender's entries. At most 100 characters."""
    id: UUID | None = None
    """Drawn by the server where absent."""


class EntryEventLine(Model):
    """One side of one account: just one of `debit` and `credit`."""

    account: str
    debit: Amount | None = None
    credit: Amount | None = None


class EntryFound(Model):
    created_at: datetime
    currency: Currency
    description: str
    id: UUID
    lines: list[EntryEventLine]
    on: date
    position: int
    """The position of its last event."""
    reversed: bool
    updated_at: datetime
    version: int
    as_of: AsOf
    booked_on: date | None = None
    """The accounting day, where it differs: `on` lies in a period that was closed by then."""
    external_id: str | None = None
    reversal_booked_on: date | None = None
    reversal_reason: str | None = None
    reversed_on: date | None = None


class EntryLine(Model):
    """One side of one account: just one of `debit` and `credit`."""

    account: str
    credit: Amount | None = None
    debit: Amount | None = None


class EntryReversalBody(Model):
    """Why an entry is undone."""

    on: date
    """The value date, not before the entry's and not after today's booking day."""
    reason: str
    """At most 500 characters."""


class EntryView(Model):
    """A balanced posting."""

    created_at: datetime
    currency: Currency
    description: str
    id: UUID
    lines: list[EntryEventLine]
    on: date
    position: int
    """The position of its last event."""
    reversed: bool
    updated_at: datetime
    version: int
    booked_on: date | None = None
    """The accounting day, where it differs: `on` lies in a period that was closed by then."""
    external_id: str | None = None
    reversal_booked_on: date | None = None
    reversal_reason: str | None = None
    reversed_on: date | None = None


class EventExplained(Model):
    event: TrailEvent
    facts: list[FactMoved]
    """What it made of the loan's transactions."""


class EventMetadata(Model):
    """Who did it, by which command, and why."""

    actor: str
    """The subject of the token, or the program itself."""
    command: str
    correlation_id: str
    engine: str
    """The version of the rules that decided."""
    accepted_by: str | None = None
    """Who accepted what the actor had proposed."""
    causation_id: str | None = None
    idempotency_key: str | None = None
    reason: str | None = None
    roles: str | None = None
    """What the actor was to the lender then, with spaces between several roles: absent where the program acts by itself,
    and in events of before it was noted.
    """


class EventOfLine(Model):
    """The event that a line comes from, without its payload."""

    metadata: EventMetadata
    position: int
    recorded_at: datetime
    sequence: int
    stream_id: str
    stream_type: str
    """`Loan`, `Entry` or `DayClose`."""
    type: str


class EventView(Model):
    """An event as it is stored: one line of the log as NDJSON, which is what the tree over the log is of."""

    metadata: EventMetadata
    payload: Any
    position: int
    recorded_at: datetime
    sequence: int
    stream_id: str
    stream_type: str
    """`Loan`, `Entry`, `Product`, `Periods`, `DayClose`, `Staff` or `Proposal`."""
    type: str
    version: int
    idempotency: Idempotency | None = None
    stored_version: str | None = None
    """The version as it is stored, where that is not a plain number."""


class EveryDays(Model):
    """`Every` by its days."""

    days: int


class EveryMonths(Model):
    """`Every` by its months."""

    months: int


class EveryRequestDays(Model):
    """`EveryRequest` by its days."""

    days: int


class EveryRequestMonths(Model):
    """`EveryRequest` by its months."""

    months: int


class EveryRequestWeeks(Model):
    """`EveryRequest` by its weeks."""

    weeks: int


class EveryWeeks(Model):
    """`Every` by its weeks."""

    weeks: int


class ExplainAnswer(Model):
    of: str
    """Which of its kinds it is."""
    as_of: AsOf
    component: Component | None = None
    covered_by: list[Covering] | None = None
    """What was paid, by transaction: their sum is `paid`."""
    currency: Currency | None = None
    due: Amount | None = None
    due_on: date | None = None
    from_: date | None = Field(default=None, validation_alias="from", serialization_alias="from")
    installment: int | None = None
    outstanding: Amount | None = None
    paid: Amount | None = None
    rule: Rule | None = None
    set_by: list[TrailEvent] | None = None
    """The events that set the amount due, each with its journal lines of the component."""
    waived: Amount | None = None
    waived_by: list[Covering] | None = None
    """What was taken off without payment."""
    covers: list[ShareView] | None = None
    """What it covers of which installment."""
    events: list[TrailEvent] | None = None
    """The event that recorded it, and those that spread it anew since, with all of their journal lines."""
    transaction: TransactionView | None = None
    event: TrailEvent | None = None
    facts: list[FactMoved] | None = None
    """What it made of the loan's transactions."""


class ExplainedLine(Model):
    amount: Amount
    booked_on: date
    """The accounting day."""
    currency: Currency
    line: int
    """Its number among the lines of that event."""
    position: int
    """The position of the event that it comes from."""
    side: Side
    stream_id: UUID
    """The loan or entry that it comes from."""
    value_date: date
    """The day on which the event counts that it comes from: before `booked_on` where that day's period was closed."""
    event: EventOfLine


class FactMoved(Model):
    """What an event made of one of the loan's facts."""

    after: list[ShareView]
    before: list[ShareView]
    """What it covered of installments before the event, in their numbers of then."""
    kind: FactKind
    on: date
    transaction: UUID | None = None
    """The transaction; absent of a fact without an id."""


class FieldProblem(Model):
    """What is wrong with one field."""

    code: str
    detail: str
    """Names the field, the rule and the offending value."""
    pointer: str
    """A JSON pointer into the request's body, such as `/terms/rate/value`; a parameter's name for queries."""


class Grace(Model):
    """Installments at the start that carry no principal, and no interest either (LENDING.md §5)."""

    interest: int
    """So many, at most as many as `principal`, carry no interest."""
    mode: GraceMode
    principal: int
    """So many installments carry no principal."""


class GraceRequest(Model):
    """Installments at the start without principal, or without interest too."""

    interest: int | None = None
    """So many, at most as many, carry no interest either. Default: 0."""
    mode: GraceMode | None = None
    principal: int | None = None
    """So many installments carry no principal. Default: 0."""


class Idempotency(Model):
    """By what a repeat of a command is known."""

    client: str
    events: int
    """How many events the command has."""
    key: str
    request_hash: str
    """SHA-256 of the path and the body, in hexadecimal."""


class InclusionProof(Model):
    """That an event is in the tree of `size` events (RFC 6962, 2.1.1). Hashes are in base64."""

    hashes: list[str]
    index: int
    """`position` − 1."""
    leaf_hash: str
    """SHA-256 over a zero byte and the SHA-256 of the event's line, as it was when it was sealed."""
    size: int


class Installment(Model):
    """A row of a plan."""

    balance: Amount
    """Principal after the installment and after what is released that day."""
    days: int
    """Calendar days of the period."""
    due_on: date
    fees: Amount
    from_: date = Field(validation_alias="from", serialization_alias="from")
    """The day after which its period runs."""
    interest: Amount
    number: int
    """From 1 on."""
    principal: Amount
    tax: Amount
    total: Amount
    capitalized: Amount | None = None


class InstallmentExplained(Model):
    """An amount of an installment."""

    component: Component
    covered_by: list[Covering]
    """What was paid, by transaction: their sum is `paid`."""
    currency: Currency
    due: Amount
    due_on: date
    from_: date = Field(validation_alias="from", serialization_alias="from")
    installment: int
    outstanding: Amount
    paid: Amount
    rule: Rule
    set_by: list[TrailEvent]
    """The events that set the amount due, each with its journal lines of the component."""
    waived: Amount
    waived_by: list[Covering]
    """What was taken off without payment."""


class InstallmentState(Model):
    """An installment with all that is known of it."""

    due: Components
    due_on: date
    from_: date = Field(validation_alias="from", serialization_alias="from")
    paid: Components | None = None
    tax: Amount | None = None
    """The tax that the fee holds."""
    waived: Components | None = None


class InstallmentView(Model):
    """An installment: what is due, and what was paid of it."""

    balance: Amount
    """The principal that is left after it, by the plan as it stands."""
    days: int
    """Calendar days of its period."""
    due_on: date
    fees: Amount
    from_: date = Field(validation_alias="from", serialization_alias="from")
    interest: Amount
    """As the interest basis makes it on the day, less what paying early took off."""
    late_fee: Amount
    late_interest: Amount
    """To the day on which it is seen."""
    number: int
    outstanding: Amount
    paid: Amount
    paid_in_advance: Amount
    """What of it was paid before the due date."""
    paid_late: Amount
    """What of it was paid once it was late."""
    penalties: Amount
    principal: Amount
    tax: Amount
    total: Amount
    """The sum of them all."""
    waived: Amount
    """What of it was taken off without payment."""
    capitalized: Amount | None = None
    settled_on: date | None = None
    """The value date on which nothing was open any more."""


class IofRates(Model):
    """Fractions of the principal: for each day, and once."""

    additional: str
    daily: str


class IofRatesRequest(Model):
    """Rates of IOF as fractions of the principal."""

    additional: Amount
    """Once, at most 0.1."""
    daily: Amount
    """For each day, at most 0.015 (Dec. 6.306/2007 art. 6)."""


class IofRequest(Model):
    """IOF: by the table of decrees for `person`, or by `rates`."""

    cap_days: int | None = None
    """Days after which the daily rate stops. Default: 365."""
    collected: IofCollection | None = None
    financing: IofFinancing | None = None
    mode: RoundingMode | None = None
    person: Person | None = None
    rates: IofRatesRequest | None = None
    round: list[IofPlace] | None = None
    """What is rounded for each installment. Default: daily and additional."""


class IofSourcePerson(Model):
    """The table of decrees, by who borrows and when."""

    person: Person


class IofSourceRates(Model):
    """Given with the terms, in place of the table."""

    rates: IofRates
    person: Person | None = None


class IofTerms(Model):
    """How the tax of a loan is found and who pays it when."""

    person: Person
    cap_days: int
    """Days after which the daily rate stops (art. 7 §1: 365)."""
    collected: IofCollection
    financing: IofFinancing
    mode: RoundingMode
    round: list[IofPlace]
    """What is rounded for each installment."""
    rates: IofRates | None = None


class Late(Model):
    """The fine and the interest of what is paid late."""

    contract_interest: ContractInterest
    fee_base: LateFeeBase
    fee_rate: str
    """The fine as a fraction of `fee_base` (2 % at most where consumer law holds: CDC art. 52 §1)."""
    grace_days: int
    """Days after the due date, moved to a business day, before an installment is late."""
    interest_base: LateInterestBase
    rounding: RoundingMode
    interest_rate: LateRate | None = None
    interest: LateInterestKind | None = None
    interest_days: LateDays | None = None
    interest_rate_per_month: str | None = None
    """A fraction."""


class LateByMonth(Model):
    """Late interest of so much a month."""

    interest: LateInterestKind
    interest_days: LateDays
    interest_rate_per_month: str
    """A fraction."""


class LateInterestInterestRate(Model):
    """A rate by the loan's day count."""

    interest_rate: LateRate


class LateRequest(Model):
    """Fine and late interest."""

    contract_interest: ContractInterest | None = None
    fee_base: LateFeeBase | None = None
    fee_rate: Amount | None = None
    grace_days: int | None = None
    """Default: 0."""
    interest: LateInterestKind | None = None
    interest_base: LateInterestBase | None = None
    interest_days: LateDaysRequest | None = None
    interest_rate: RateOrWordRequest | None = None
    interest_rate_per_month: Amount | None = None
    rounding: RoundingMode | None = None


class Limit(Model):
    """What a field of a loan's terms may be: from `least` to `most` for amounts, rates and numbers, one of `allowed` for
    words.
    """

    allowed: list[str] | None = None
    default: LimitValue | None = None
    least: LimitValue | None = None
    most: LimitValue | None = None


class LimitsSetView(Model):
    on: date
    """The booking day on which it was set."""
    position: int
    """The position of the event that set it."""
    updated_at: datetime
    reason: str | None = None


class LineView(Model):
    """One debit or credit of the account."""

    amount: Amount
    booked_on: date
    """The accounting day."""
    currency: Currency
    line: int
    """Its number among the lines of that event."""
    position: int
    """The position of the event that it comes from."""
    side: Side
    stream_id: UUID
    """The loan or entry that it comes from."""
    value_date: date
    """The day on which the event counts that it comes from: before `booked_on` where that day's period was closed."""


class LoanAnswer(Model):
    """The answer to a command on a loan."""

    events: list[SequencedLoanEvent]
    id: UUID
    """The loan's id."""
    position: int
    """The position of the last event in the log; `Razao-Min-Position` takes it."""
    version: int
    """The loan's version after the command; `If-Match` takes it."""


class LoanFound(Model):
    balances: Balances
    """What is owed, by component, late charges included: of one loan to the day on which it is seen, in a list to its
    last event. After a write-off what is still owed of it.
    """
    borrower: BorrowerView
    created_at: datetime
    credit: Amount
    """What is kept for the borrower until the next due date."""
    currency: Currency
    days_past_due: int
    """Calendar days since the oldest due date that is late on the day, else 0."""
    id: UUID
    metadata: Any
    overpaid: Amount
    """What was paid beyond everything owed."""
    position: int
    """The position of that event."""
    received: Amount
    """What was received and neither reversed nor given back."""
    status: Status
    terms: Terms
    """The terms as the loan's first event holds them."""
    updated_at: datetime
    version: int
    """The sequence of the loan's last event: what `If-Match` takes."""
    as_of: AsOf
    effective_on: date
    """The day on which it is seen."""
    approved_amount: Amount | None = None
    approved_on: date | None = None
    closed_because: str | None = None
    closed_on: date | None = None
    """When the application was rejected or withdrawn."""
    disbursed_amount: Amount | None = None
    disbursed_on: date | None = None
    """The date of the first disbursement."""
    external_id: str | None = None
    late_from: date | None = None
    """The first day on which that installment is late."""
    oldest_due_on: date | None = None
    """The due date of the oldest installment that is not settled."""
    product: str | None = None
    product_version: int | None = None
    """The version of the product that its terms were taken from."""
    restructured_on: date | None = None
    """The date of the last restructuring."""
    write_off: WriteOffView | None = None
    current_terms: Terms | None = None


class LoanView(Model):
    """A loan and how it stands."""

    balances: Balances
    """What is owed, by component, late charges included: of one loan to the day on which it is seen, in a list to its
    last event. After a write-off what is still owed of it.
    """
    borrower: BorrowerView
    created_at: datetime
    credit: Amount
    """What is kept for the borrower until the next due date."""
    currency: Currency
    days_past_due: int
    """Calendar days since the oldest due date that is late on the day, else 0."""
    id: UUID
    metadata: Any
    overpaid: Amount
    """What was paid beyond everything owed."""
    position: int
    """The position of that event."""
    received: Amount
    """What was received and neither reversed nor given back."""
    status: Status
    terms: Terms
    """The terms as the loan's first event holds them."""
    updated_at: datetime
    version: int
    """The sequence of the loan's last event: what `If-Match` takes."""
    approved_amount: Amount | None = None
    approved_on: date | None = None
    closed_because: str | None = None
    closed_on: date | None = None
    """When the application was rejected or withdrawn."""
    disbursed_amount: Amount | None = None
    disbursed_on: date | None = None
    """The date of the first disbursement."""
    external_id: str | None = None
    late_from: date | None = None
    """The first day on which that installment is late."""
    oldest_due_on: date | None = None
    """The due date of the oldest installment that is not settled."""
    product: str | None = None
    product_version: int | None = None
    """The version of the product that its terms were taken from."""
    restructured_on: date | None = None
    """The date of the last restructuring."""
    write_off: WriteOffView | None = None


class MonthFlow(Model):
    collected: Amount
    disbursed: Amount
    month: str
    recovered: Amount
    written_off: Amount


class Moved(Model):
    """Money of the borrower's that moved within the loan: what was covered was kept as credit before, or overpaid."""

    allocation: Components | None = None
    """Covered of each component."""
    credit: Amount | None = None
    overpaid: Amount | None = None


class Outcome(Model):
    """What followed from a money event."""

    calculation: int
    """The version of the calculation that decided."""
    standing: Standing
    by_time: Moved | None = None
    """What time alone did since the last fact, beyond what it had done by the event before."""
    changed: list[ChangedInstallment] | None = None
    """Every installment that changed, before and after. Left out where the shares of the event say it all."""
    deferred: Amount | None = None
    """What is added to (below zero: taken from) income that was capitalized and is not received yet."""
    financed_tax: Amount | None = None
    """What other facts add now (below zero: no longer) of tax that joined the principal."""
    principal_added: Amount | None = None
    """Principal that joins the books (below zero: leaves them) beside what effects cover and write off: handed out,
    capitalized, charged back.
    """
    rederived: list[Rederived] | None = None
    """Other facts that come to something else now: those after a backdated fact, a reversal or a charge."""
    tax: Amount | None = None
    """The tax in the fees that are covered now and were not before (below zero: no longer)."""


class OutcomeBody(Model):
    """What was decided on an application, and why."""

    on: date
    """The value date, not after today's booking day."""
    reason: str | None = None
    """At most 500 characters."""


class Outlay(Model):
    """What a disbursement or a restructure adds to what is owed."""

    principal: Amount
    """What joins what is amortized: the amount disbursed with financed fees and tax; of a restructure what was
    capitalized.
    """
    tax: Amount
    """The IOF that arises, however it is collected."""
    withheld: Amount
    """Fees and tax kept back from the release."""


class OverpaymentRefunded(Model):
    amount: Amount
    currency: Currency
    effect: Effect
    on: date
    outcome: Outcome
    refund_id: UUID
    booked_on: date | None = None


class PartitionStatus(Model):
    """How far one partition is."""

    partition: int
    position: int
    """Every event of the partition up to here is in the rows."""
    next_offset: int | None = None
    """The offset behind the last record of completeness that was taken."""
    trouble: str | None = None
    """The last thing that was wrong with what came. Nothing of it is missing in the rows."""
    trouble_at: datetime | None = None


class PaymentReversed(Model):
    """A repayment or settlement, a credit or a recovery is undone: it counts as if it had never been."""

    amount: Amount
    currency: Currency
    on: date
    outcome: Outcome
    payment_id: UUID
    """What is undone."""
    reason: str
    undone: Effect
    """What it came to until now, and no longer does."""
    booked_on: date | None = None
    credit: CreditKind | None = None
    written_off_before: bool | None = None
    """Whether it had come after a write-off."""


class PeriodAnswer(Model):
    """The answer to a command on the accounting periods."""

    events: list[SequencedPeriodEvent]
    id: UUID
    """The id of the stream of all periods."""
    position: int
    """The position of the last event in the log; `Razao-Min-Position` takes it."""
    version: int
    """Its version after the command; `If-Match` takes it."""


class PeriodBody(Model):
    """Why a month is closed or reopened."""

    reason: str | None = None
    """At most 500 characters."""


class PeriodChanged(Model):
    """A month was closed or reopened."""

    closed_through: date
    """The last day on which nothing is booked from now on."""
    month: str
    on: date
    """The booking day on which it was done."""
    reason: str | None = None


class PeriodView(Model):
    """A month that was closed or reopened by itself; those before the first were closed with it."""

    month: str
    on: date
    """The booking day on which it was closed, or reopened where it is open."""
    position: int
    """The position of the event that did it."""
    status: PeriodStatus
    updated_at: datetime
    reason: str | None = None


class Plan(Model):
    """What is paid when."""

    installments: list[Installment]
    totals: Totals
    effective_cost: EffectiveCost | None = None
    tax: PlanTax | None = None


class PlanTax(Model):
    """The tax of a plan."""

    by_installment: list[Amount]
    """By the rows that it was computed on."""
    collected: IofCollection
    kind: TaxKind
    total: Amount


class Portfolio(Model):
    """The loans in one currency. Each as it stood after its last event by the day."""

    by_days_past_due: list[BucketShare]
    by_month: list[MonthFlow]
    """What moved in each month, by value date: a reversal in the month of its own."""
    by_product: list[ProductShare]
    by_status: list[StatusShare]
    collected: Amount
    """What was received, less what was reversed and given back by the day."""
    concentration: list[BorrowerShare]
    """Who owes most, the ten largest."""
    currency: Currency
    disbursed: Amount
    loans: int
    """How many were disbursed."""
    outstanding: Balances
    """What is owed, write-offs apart."""
    recovered: Amount
    """What of `collected` came after a write-off."""
    stages: list[StageShare]
    """The stages of provisioning (Res. CMN 4.966/2021) by days past due alone; whether a borrower is unlikely to pay
    for other reasons is not known here. Write-offs apart.
    """
    written_off: Amount
    """What write-offs took off the books, less those undone by the day."""


class PortfolioAnswer(Model):
    as_of: AsOf
    currencies: list[Portfolio]
    on: date


class Posted(Model):
    currency: Currency
    description: str
    lines: list[EntryEventLine]
    on: date
    booked_on: date | None = None
    """Where it differs from `on`, which lies in a closed period."""
    external_id: str | None = None


class ProblemDetails(Model):
    """The body of every refused request (RFC 9457)."""

    code: str
    detail: str
    """What happened this time."""
    status: int
    title: str
    type: str
    """`urn:razao:problem:CODE`"""
    errors: list[FieldProblem] | None = None


class ProductAnswer(Model):
    """The answer to a command on a product."""

    events: list[SequencedProductEvent]
    id: UUID
    """The product's id."""
    position: int
    """The position of the last event in the log; `Razao-Min-Position` takes it."""
    version: int
    """The stream's version after the command; `If-Match` takes it."""


class ProductBody(Model):
    """Terms that loans are offered on. A name that is known gets a new version, which only new loans take."""

    name: str
    """What applications call it by. At most 100 characters, and no UUID."""
    currency: Currency | None = None
    limits: dict[str, Limit] | None = None
    """What the terms of a loan may be, by the field's name, such as `rate.value`: `least`, `default` and `most` for
    amounts, rates and numbers, `allowed` and `default` for words.
    """
    terms: TermsRequest | None = None


class ProductFound(Model):
    limits: dict[str, Limit]
    """What the terms of a loan may be, by the field's name."""
    on: date
    """The booking day on which it was defined."""
    position: int
    """The position of the event that defined it."""
    terms: TermsRequest
    """What a loan has where its application leaves a field open."""
    version: int
    """The number of the version, from 1."""
    created_at: datetime
    currency: Currency
    id: UUID
    name: str
    status: ProductStatus
    updated_at: datetime
    as_of: AsOf
    versions: list[VersionView]
    """All versions, from the first."""
    retired_on: date | None = None
    retirement_reason: str | None = None


class ProductRetirement(Model):
    """No new loan takes the product from now on."""

    on: date
    """The booking day on which it was retired."""
    reason: str | None = None


class ProductShare(Model):
    loans: int
    outstanding: Balances
    product: str | None = None
    """Null for loans without one."""


class ProductVersion(Model):
    """A version of a product, from 1."""

    currency: Currency
    name: str
    on: date
    """The booking day on which it was defined."""
    terms: TermsRequest
    """What a loan has where its application leaves a field open."""
    version: int
    limits: dict[str, Limit] | None = None
    """What a loan's terms may be, by the field's name, such as `rate.value`."""


class ProductView(Model):
    """A product in one of its versions."""

    limits: dict[str, Limit]
    """What the terms of a loan may be, by the field's name."""
    on: date
    """The booking day on which it was defined."""
    position: int
    """The position of the event that defined it."""
    terms: TermsRequest
    """What a loan has where its application leaves a field open."""
    version: int
    """The number of the version, from 1."""
    created_at: datetime
    currency: Currency
    id: UUID
    name: str
    status: ProductStatus
    updated_at: datetime
    retired_on: date | None = None
    retirement_reason: str | None = None


class ProjectionStatus(Model):
    """How far a read model is."""

    dead_letters: int
    """How many of the streams are no longer tried again by themselves."""
    lag: int
    """How many events of the log it does not hold yet."""
    name: str
    parked_events: int
    """How many events are not in its rows: these, and those behind them in their streams."""
    parked_streams: int
    """How many streams have an event up to `position` that it cannot take; everything else is in its rows."""
    position: int
    road: str
    """By which road its events come: `log`, or `kafka` with the cluster's id, the topic, and its number of partitions."""
    group: str | None = None
    """Where events come by Kafka: the consumer group of the processes that feed it, or did so last."""
    parked_since: datetime | None = None
    """Since when the oldest of them is parked."""
    partitions: list[PartitionStatus] | None = None
    """Where events come by Kafka: how far each partition is, of which `position` is the least."""
    recorded_at: datetime | None = None
    """When the event at `position` was recorded."""
    refused: str | None = None
    """Why processes of another group that were told to feed it too do not, where there are such."""
    stopped_by: str | None = None
    """Why it stands still: what comes after `position` cannot be written, or Kafka is not there, which is tried again."""


class ProjectionsAnswer(Model):
    as_of: AsOf
    """Where the log ends."""
    items: list[ProjectionStatus]


class ProposalAccepted(Model):
    """Somebody else accepted it: it is executed once."""

    amount: Amount
    """What was at stake when it was accepted."""
    by: str
    on: date
    up_to: Amount
    """The limit of who accepted it: what is executed puts no more at stake."""


class ProposalAnswer(Model):
    """The answer to a command that waits for a second person, and to what is done with a proposal."""

    events: list[SequencedProposalEvent]
    id: UUID
    """The proposal's id."""
    position: int
    """The position of the last event in the log; `Razao-Min-Position` takes it."""
    version: int
    """The proposal's version after the command; `If-Match` takes it."""


class ProposalDecision(Model):
    """Why a proposal is accepted, refused or withdrawn."""

    reason: str | None = None
    """At most 500 characters."""


class ProposalEnded(Model):
    """It was refused or withdrawn, and comes to nothing."""

    by: str
    on: date
    reason: str | None = None


class ProposalExecuted(Model):
    """The command was executed."""

    position: int
    """The position of the last of them."""
    stream_id: UUID
    """The stream that its events are of."""
    version: int
    """The version of that stream after them."""


class ProposalFailed(Model):
    """The command was refused when it was to be executed: the state forbids by now what was proposed."""

    code: str
    """The code of the problem."""
    detail: str
    """What the sender would have been told."""


class ProposalFound(Model):
    created_at: datetime
    id: UUID
    made: ProposalMade
    """The command, why it waits, and for how long."""
    status: ProposalStatus
    updated_at: datetime
    version: int
    as_of: AsOf
    accepted: ProposalAccepted | None = None
    ended: ProposalEnded | None = None
    executed: ProposalExecuted | None = None
    failed: ProposalFailed | None = None


class ProposalMade(Model):
    """A command was asked for that its sender may not give alone. It waits as it was sent."""

    amount: Amount
    """What was at stake when it was asked for."""
    body: Any
    by: str
    """Who asked for it."""
    client: str
    """The client whose idempotency key it came with."""
    command: str
    """The command's name, as in the metadata of its events."""
    currency: Currency
    expires_on: date
    """The last day on which it can be accepted."""
    idempotency_key: str
    on: date
    """The booking day on which it was made."""
    operation: Operation
    path: str
    """The path that it was sent to."""
    expected_version: int | None = None
    """The version that it asked for with `If-Match`."""
    limit: Amount | None = None
    second_person_above: Amount | None = None


class ProposalView(Model):
    """A command that waits, or waited, for a second person."""

    created_at: datetime
    id: UUID
    made: ProposalMade
    """The command, why it waits, and for how long."""
    status: ProposalStatus
    updated_at: datetime
    version: int
    accepted: ProposalAccepted | None = None
    ended: ProposalEnded | None = None
    executed: ProposalExecuted | None = None
    failed: ProposalFailed | None = None


class QuoteAnswer(Model):
    amount: Amount
    due: Amount
    """What is due by that day, of every component."""
    interest: Amount
    """What is paid for the time of that principal: their interest, reduced (CDC art. 52 §2)."""
    on: date
    principal: Amount
    """The open principal of the installments not yet due."""
    as_of: AsOf


class Rate(Model):
    """A rate of interest: `value` is a fraction (0.0199 is 1.99 %) for each `per`."""

    compounding: Compounding
    per: RatePeriod
    value: str


class RateRequest(Model):
    """RATE of the contract."""

    compounding: Compounding | None = None
    per: RatePeriod | None = None
    value: Amount | None = None


class RecoveryBody(Model):
    """A receipt for a loan that is written off."""

    amount: Amount
    on: date
    """The value date: the write-off's at the earliest, not after today's booking day."""
    external_id: str | None = None
    """Unique among the lender's receipts, such as a Pix endToEndId. At most 100 characters."""
    id: UUID | None = None
    """Drawn by the server where absent."""


class RecoveryRecorded(Model):
    """A payment after the write-off, which stays as it was."""

    allocation: Components
    amount: Amount
    currency: Currency
    effect: Effect
    on: date
    outcome: Outcome
    recovery_id: UUID
    booked_on: date | None = None
    external_id: str | None = None


class Rederived(Model):
    """A fact that comes to something else than was decided before. Its id and its amount stay."""

    fact: int
    """Its number in the order of recording, from 1."""
    kind: FactKind
    on: date
    """The value date of that fact."""
    after: Effect | None = None
    before: Effect | None = None
    id: UUID | None = None
    written_off_after: bool | None = None
    written_off_before: bool | None = None
    """Whether the loan was written off when the fact came, as decided before and as decided now."""


class RedriveAnswer(Model):
    """What came of a dead letter."""

    applied: int
    """How many events were applied, in order."""
    as_of: AsOf
    id: UUID
    projection: str
    stream_id: str
    stream_type: str
    still_parked: DeadLetter | None = None


class RefundBody(Model):
    """What goes back."""

    amount: Amount
    """At most what is overpaid on that day."""
    on: date
    """The value date, not after today's booking day."""
    id: UUID | None = None
    """Drawn by the server where absent."""


class RepaymentBody(Model):
    """A receipt."""

    amount: Amount
    on: date
    """The value date: the disbursement's at the earliest, not after today's booking day."""
    as_: Early | None = Field(default=None, validation_alias="as", serialization_alias="as")
    excess: Excess | None = None
    external_id: str | None = None
    """Unique among the lender's receipts, such as a Pix endToEndId. At most 100 characters."""
    id: UUID | None = None
    """Drawn by the server where absent."""


class RepaymentChargedBack(Model):
    """The payer's bank took money back; that principal is owed again."""

    amount: Amount
    chargeback_id: UUID
    currency: Currency
    effect: Effect
    on: date
    outcome: Outcome
    reason: str
    repayment_id: UUID
    booked_on: date | None = None


class RepaymentRecorded(Model):
    allocation: Components
    """What the payment covered, by component, over all installments."""
    amount: Amount
    currency: Currency
    effect: Effect
    on: date
    outcome: Outcome
    repayment_id: UUID
    as_: Early | None = Field(default=None, validation_alias="as", serialization_alias="as")
    booked_on: date | None = None
    excess: Excess | None = None
    external_id: str | None = None


class Request(Model):
    """What became of a command that its caller preferred to wait for elsewhere."""

    accepted_at: datetime
    id: UUID
    status: RequestStatus
    answer: AnswerShown | None = None
    finished_at: datetime | None = None


class RestructureBody(Model):
    """How what is outstanding is owed from a day on, and why."""

    on: date
    """The value date, not after today's booking day."""
    reason: str
    """At most 500 characters."""
    capitalize: list[Component] | None = None
    """Of `replace`: the components whose open amounts join the principal. Default: none."""
    every: EveryRequest | None = None
    first_due_on: date | None = None
    id: UUID | None = None
    """Drawn by the server where absent."""
    installments: int | None = None
    """Of `re_age`: how many new installments."""
    mode: RestructureMode | None = None
    terms: TermsRequest | None = None


class RestructureReAge(Model):
    """All open principal moves to new rows."""

    every: Every
    first_due_on: date
    installments: int


class RestructureReplace(Model):
    """Open principal, with the open amounts of the components in `capitalize`, becomes the principal of `terms`."""

    terms: Terms
    """Its `principal` stands for nothing: servicing puts in what is open on the date."""
    capitalize: list[Component] | None = None


class Restructured(Model):
    """What is outstanding is owed by other installments from now on."""

    currency: Currency
    effect: Effect
    on: date
    outcome: Outcome
    reason: str
    restructure: Restructure
    restructure_id: UUID
    booked_on: date | None = None
    tax: DisbursementTax | None = None


class RetirementBody(Model):
    """Why a product is no longer offered."""

    reason: str | None = None
    """At most 500 characters."""


class ReversalBody(Model):
    """Why it is undone."""

    on: date
    """The value date, not before that of what is undone and not after today's booking day."""
    reason: str
    """At most 500 characters."""


class Reversed(Model):
    """The entry is undone by lines that mirror its own."""

    currency: Currency
    lines: list[EntryEventLine]
    on: date
    reason: str
    booked_on: date | None = None


class Rounding(Model):
    """What is rounded, where and how (LENDING.md §4)."""

    decimals: int
    """Decimals of every amount of the plan, at most the currency's."""
    mode: RoundingMode
    places: list[RoundingPlace]
    """What is rounded while computing."""
    remainder: Remainder
    factor_decimals: int | None = None
    """Decimals of the discount factors behind the equal installment; absent: not rounded."""
    multiple_of: Amount | None = None
    rate_decimals: int | None = None
    """Decimals of the rate of one day; absent: not rounded."""


class RoundingRequest(Model):
    """What is rounded, where and how."""

    decimals: int | None = None
    """Default and most: the currency's."""
    factor_decimals: int | None = None
    """Decimals of the discount factors, at most 18. Default: not rounded."""
    mode: RoundingMode | None = None
    multiple_of: Amount | None = None
    places: list[RoundingPlace] | None = None
    """Default: both."""
    rate_decimals: int | None = None
    """Decimals of the rate of one day, at most 18. Default: not rounded."""
    remainder: Remainder | None = None


class Rule(Model):
    """What the amount follows from."""

    allocation: list[Component]
    """The order in which a payment serves what is due."""
    base: Amount
    """The principal that is open in the period, by the plan as it stands."""
    day_count: DayCount
    days: int
    """Calendar days of the period."""
    method: Method
    rate: Rate
    late: Late | None = None


class ScheduleAnswer(Model):
    as_of: AsOf
    currency: Currency
    effective_on: date
    """The day on which it is seen."""
    installments: list[InstallmentView]
    totals: ScheduleTotals


class ScheduleRequest(Model):
    """TERMS with the disbursements to draw a schedule for."""

    disbursements: list[DisbursementRequest]
    accrual: AccrualRequest | None = None
    accrue_to: AccrueTo | None = None
    allocation: list[Component] | None = None
    """The order in which components are paid; those left out come first, in the default order."""
    allocation_in_advance: list[Component] | None = None
    """The same for what is not yet due. Default: `allocation`."""
    allocation_scope: AllocationScope | None = None
    calendar: CalendarRequest | None = None
    charges: list[ChargeRequest] | None = None
    """Fees. Default: none."""
    currency: Currency | None = None
    custom: list[CustomRowRequest] | None = None
    """The installments of method custom, in place of the date fields."""
    day_count: DayCount | None = None
    due_date_shift: DueDateShift | None = None
    due_dates: list[date] | None = None
    """Due dates in increasing order, in place of `installments`, `every` and `first_due_on`."""
    every: EveryRequest | None = None
    excess: Excess | None = None
    first_due_on: date | None = None
    grace: GraceRequest | None = None
    installment_amount: Amount | None = None
    installment_periods: InstallmentPeriods | None = None
    installments: int | None = None
    """How many installments, 1 to 1200. Required unless `due_dates` or `custom` lists them, or a product gives it."""
    interest_basis: InterestBasis | None = None
    late: LateRequest | None = None
    method: Method | None = None
    month_end: MonthEnd | None = None
    principal: Amount | None = None
    rate: RateRequest | None = None
    rounding: RoundingRequest | None = None
    settlement: Settlement | None = None
    tax: TaxRequest | None = None


class ScheduleTotals(Model):
    fees: Amount
    interest: Amount
    late_fee: Amount
    late_interest: Amount
    outstanding: Amount
    paid: Amount
    paid_in_advance: Amount
    paid_late: Amount
    penalties: Amount
    principal: Amount
    tax: Amount
    total: Amount
    waived: Amount


class SequencedEntryEvent(Model):
    currency: Currency
    lines: list[EntryEventLine]
    on: date
    type: str
    """Which of its kinds it is."""
    sequence: int
    """The event's number in its stream, from 1."""
    description: str | None = None
    booked_on: date | None = None
    external_id: str | None = None
    reason: str | None = None


class SequencedLoanEvent(Model):
    type: str
    """Which of its kinds it is."""
    sequence: int
    """The event's number in its stream, from 1."""
    borrower_id: UUID | None = None
    terms: Terms | None = None
    external_id: str | None = None
    metadata: Any = None
    product: str | None = None
    product_version: int | None = None
    """The version of the product that the terms were taken from."""
    currency: Currency | None = None
    on: date | None = None
    principal: Amount | None = None
    reason: str | None = None
    amount: Amount | None = None
    disbursement_id: UUID | None = None
    outcome: Outcome | None = None
    released: Amount | None = None
    """What reaches the borrower: the amount less what is kept back of fees and tax."""
    booked_on: date | None = None
    effect: Effect | None = None
    effective_cost: EffectiveCost | None = None
    fees: Amount | None = None
    """Fees that are kept back or join what is amortized."""
    installments: list[Installment] | None = None
    """The plan; of a further disbursement the outcome says which installments changed."""
    tax: DisbursementTax | None = None
    charge_id: UUID | None = None
    component: Component | None = None
    due_on: date | None = None
    installment: int | None = None
    """The installment that it joined; one more than the last for a charge due after all of them."""
    kind: Any = None
    waived: Amount | None = None
    waiver_id: UUID | None = None
    allocation: Components | None = None
    repayment_id: UUID | None = None
    as_: Early | None = Field(default=None, validation_alias="as", serialization_alias="as")
    excess: Excess | None = None
    payment_id: UUID | None = None
    """What is undone."""
    undone: Effect | None = None
    """What it came to until now, and no longer does."""
    credit: CreditKind | None = None
    written_off_before: bool | None = None
    """Whether it had come after a write-off."""
    chargeback_id: UUID | None = None
    credit_id: UUID | None = None
    refund_id: UUID | None = None
    restructure: Restructure | None = None
    restructure_id: UUID | None = None
    recovery_id: UUID | None = None


class SequencedPeriodEvent(Model):
    closed_through: date
    """The last day on which nothing is booked from now on."""
    month: str
    on: date
    """The booking day on which it was done."""
    type: str
    """Which of its kinds it is."""
    sequence: int
    """The event's number in its stream, from 1."""
    reason: str | None = None


class SequencedProductEvent(Model):
    on: date
    """The booking day on which it was retired."""
    type: str
    """Which of its kinds it is."""
    sequence: int
    """The event's number in its stream, from 1."""
    currency: Currency | None = None
    name: str | None = None
    terms: TermsRequest | None = None
    """What a loan has where its application leaves a field open."""
    version: int | None = None
    limits: dict[str, Limit] | None = None
    """What a loan's terms may be, by the field's name, such as `rate.value`."""
    reason: str | None = None


class SequencedProposalEvent(Model):
    type: str
    """Which of its kinds it is."""
    sequence: int
    """The event's number in its stream, from 1."""
    amount: Amount | None = None
    """What was at stake when it was accepted."""
    body: Any = None
    by: str | None = None
    client: str | None = None
    """The client whose idempotency key it came with."""
    command: str | None = None
    """The command's name, as in the metadata of its events."""
    currency: Currency | None = None
    expires_on: date | None = None
    """The last day on which it can be accepted."""
    idempotency_key: str | None = None
    on: date | None = None
    operation: Operation | None = None
    path: str | None = None
    """The path that it was sent to."""
    expected_version: int | None = None
    """The version that it asked for with `If-Match`."""
    limit: Amount | None = None
    second_person_above: Amount | None = None
    up_to: Amount | None = None
    """The limit of who accepted it: what is executed puts no more at stake."""
    reason: str | None = None
    position: int | None = None
    """The position of the last of them."""
    stream_id: UUID | None = None
    """The stream that its events are of."""
    version: int | None = None
    """The version of that stream after them."""
    code: str | None = None
    """The code of the problem."""
    detail: str | None = None
    """What the sender would have been told."""


class SequencedStaffEvent(Model):
    on: date
    """The booking day on which it was set."""
    type: str
    """Which of its kinds it is."""
    sequence: int
    """The event's number in its stream, from 1."""
    limits: dict[str, dict[str, Amount]] | None = None
    subject: str | None = None
    """Who, as their tokens name them."""
    reason: str | None = None
    second_person_above: dict[str, dict[str, Amount]] | None = None


class SettledEarly(Model):
    """The borrower paid the early-settlement quote of the day. The installments that changed show the interest before and
    after the reduction (CDC art. 52 §2).
    """

    allocation: Components
    amount: Amount
    currency: Currency
    effect: Effect
    on: date
    outcome: Outcome
    repayment_id: UUID
    booked_on: date | None = None
    external_id: str | None = None


class SettlementBody(Model):
    """What settles the loan."""

    amount: Amount
    """Just the settlement quote of that day."""
    on: date
    """The value date, not after today's booking day."""
    external_id: str | None = None
    """Unique among the lender's receipts, such as a Pix endToEndId. At most 100 characters."""
    id: UUID | None = None
    """Drawn by the server where absent."""


class SettlementQuote(Model):
    """What settles the loan on a day: `amount` = `due` + `principal` + `interest`."""

    amount: Amount
    due: Amount
    """What is due by that day, of every component."""
    interest: Amount
    """What is paid for the time of that principal: their interest, reduced (CDC art. 52 §2)."""
    on: date
    principal: Amount
    """The open principal of the installments not yet due."""


class Share(Model):
    """What a payment covers of one installment."""

    allocation: Components
    installment: int


class ShareView(Model):
    """What is covered of one component of one installment."""

    amount: Amount
    component: Component
    installment: int
    due_on: date | None = None
    """Absent in the numbers of then, which may have changed since."""


class SideAmountCredit(Model):
    """`SideAmount` by its credit."""

    credit: Amount


class SideAmountDebit(Model):
    """`SideAmount` by its debit."""

    debit: Amount


class SimulatedBalances(Model):
    """An amount for each component, and their sum."""

    fee: Amount
    interest: Amount
    late_fee: Amount
    late_interest: Amount
    penalty: Amount
    principal: Amount
    total: Amount


class SimulatedChange(Model):
    """An installment as it is and as it would be; absent where there is none."""

    installment: int
    after: SimulatedInstallment | None = None
    before: SimulatedInstallment | None = None


class SimulatedCommand(Model):
    """A command as it would be sent."""

    body: Any
    """The body that the path takes. Its `on` may be to come."""
    path: str
    """The path under the loan's, such as `repayments`."""


class SimulatedInstallment(Model):
    """An installment: what would be due, and what would be paid of it."""

    balance: Amount
    """The principal that is left after it, by plan."""
    days: int
    """Calendar days of its period."""
    due_on: date
    fees: Amount
    from_: date = Field(validation_alias="from", serialization_alias="from")
    interest: Amount
    late_fee: Amount
    late_interest: Amount
    number: int
    outstanding: Amount
    paid: Amount
    paid_in_advance: Amount
    """What of it was paid before the due date."""
    paid_late: Amount
    """What of it was paid once it was late."""
    penalties: Amount
    principal: Amount
    tax: Amount
    total: Amount
    waived: Amount
    capitalized: Amount | None = None
    settled_on: date | None = None
    """The value date on which nothing was open any more."""


class SimulatedLine(Model):
    """A debit or credit."""

    account: str
    amount: Amount
    booked_on: date
    """The accounting day."""
    currency: Currency
    sequence: int
    """The event that it would come from."""
    side: Side


class SimulatedLoan(Model):
    """How the loan would stand."""

    balances: SimulatedBalances
    credit: Amount
    """What is kept for the borrower until the next due date."""
    currency: Currency
    days_past_due: int
    overpaid: Amount
    """What was paid beyond everything owed."""
    status: Status
    late_from: date | None = None
    """The first day on which that installment is late."""
    oldest_due_on: date | None = None
    """The due date of the oldest installment that is not settled."""
    write_off: SimulatedWriteOff | None = None


class SimulatedSchedule(Model):
    currency: Currency
    installments: list[SimulatedInstallment]


class SimulatedWriteOff(Model):
    """What would be written off."""

    accrued_interest: Amount
    """Accrued and not due by then, beside the amount."""
    amount: Amount
    """The sum of the components."""
    fee: Amount
    interest: Amount
    late_fee: Amount
    late_interest: Amount
    on: date
    penalty: Amount
    principal: Amount


class Simulation(Model):
    """What would follow."""

    difference: list[SimulatedChange]
    """Every installment that would be another than it is now, seen on the same day."""
    effective_on: date
    """The day on which the loan is seen."""
    events: list[SequencedLoanEvent]
    """What would be recorded."""
    id: UUID
    """The loan's id."""
    journal: list[SimulatedLine]
    """What would be booked."""
    loan: SimulatedLoan
    schedule: SimulatedSchedule
    version: int
    """The version of the loan from which the commands are played."""


class SimulationBody(Model):
    """What is asked."""

    commands: list[SimulatedCommand]
    """At most 360, in the order in which they would be given."""
    effective_on: date | None = None


class StaffAnswer(Model):
    """The answer to a command on the limits of staff."""

    events: list[SequencedStaffEvent]
    id: UUID
    """The id of the stream of all limits."""
    position: int
    """The position of the last event in the log; `Razao-Min-Position` takes it."""
    version: int
    """Its version after the command; `If-Match` takes it."""


class StaffLimitsBody(Model):
    """What a person may decide alone, and accept of others."""

    limits: dict[str, dict[str, Amount]]
    """By operation and currency: the most that may be at stake. It takes the place of all limits that the person had; an
    empty object takes them away.
    """
    reason: str | None = None
    """At most 500 characters."""


class StaffLimitsSet(Model):
    """What a person may decide alone, and accept of others, from now on. It takes the place of what they had."""

    limits: dict[str, dict[str, Amount]]
    on: date
    """The booking day on which it was set."""
    subject: str
    """Who, as their tokens name them."""
    reason: str | None = None


class StaffView(Model):
    """Somebody who has limits."""

    on: date
    """The booking day on which it was set."""
    position: int
    """The position of the event that set it."""
    updated_at: datetime
    limits: dict[str, dict[str, Amount]]
    """By operation and currency: the most that may be at stake."""
    subject: str
    """As the `sub` of their tokens says."""
    reason: str | None = None


class StageShare(Model):
    days_past_due_from: int
    """The least days past due."""
    loans: int
    outstanding: Balances
    stage: int


class Standing(Model):
    """What is owed after an event, and since when: seen on the latest value date of the loan, late charges to then
    included.
    """

    balances: Components
    """What is unpaid of all installments, by component."""
    overpaid: Amount
    """What was paid beyond everything owed."""
    status: Status
    credit: Amount | None = None
    """What is kept for the borrower until the next due date."""
    late_from: date | None = None
    """The first day on which that installment is late: the day after its due date moved to a business day
    (Lei 7.089/1983). Days past due count from the due date all the same.
    """
    oldest_due_on: date | None = None
    """The due date of the oldest installment that is not settled."""


class StatementAnswer(Model):
    as_of: AsOf
    currency: Currency
    effective_on: date
    """The day on which it is seen."""
    lines: list[StatementLine]


class StatementItemCharge(Model):
    """A charge entered by hand falls due."""

    added_on: date
    amount: Amount
    charge: str
    """`penalty`, or the kind of a fee."""
    id: UUID


class StatementItemCreditApplied(Model):
    """Money kept for the borrower served what fell due."""

    allocation: EachComponent
    amount: Amount


class StatementItemInstallment(Model):
    """An installment falls due as the plan stands on the day seen, charges apart."""

    amount: Amount
    number: int


class StatementItemLateCharges(Model):
    """Late charges of an installment: what a payment covered of them, on its date, or what is open on the day seen."""

    late_fee: Amount
    late_interest: Amount
    number: int


class StatementItemRestructuring(Model):
    """What was outstanding is owed by other installments from then on."""

    id: UUID
    mode: str
    """`replace`, `re_age` or `re_amortize`."""
    reason: str | None = None


class StatementItemWaiver(Model):
    """What was unpaid of a charge is no longer owed."""

    amount: Amount
    charge: UUID
    id: UUID
    reason: str | None = None


class StatementItemWriteOff(Model):
    """What was open left the books; it is still owed."""

    amount: Amount
    reversed: bool
    """Undone: it counts as if it had never been."""
    reason: str | None = None


class StatementLine(Model):
    """One line of a statement."""

    balance: Amount
    """What fell due until then, less what was paid, credited and waived: above zero is in arrears, below zero paid in
    advance. After the last line: all that is owed, less what was overpaid or is kept for the borrower.
    """
    on: date
    principal: Amount
    """The loan's principal after it."""
    what: StatementItem


class StatusShare(Model):
    loans: int
    outstanding: Balances
    """Of written-off loans what is still owed, which is in no other sum."""
    status: Status


class Tax(Model):
    """Taxes of the loan."""

    iof: IofTerms


class TaxRequest(Model):
    """Taxes of the loan."""

    iof: IofRequest


class Terms(Model):
    """The terms of a loan as its first event records them: nothing is left to a default.

    As JSON it has the shape of `TermsRequest`, so recorded terms can be read by whoever reads the contract.
    """

    accrual: Accrual
    accrue_to: AccrueTo
    allocation: list[Component]
    """The order in which a payment serves what is due; always all six components."""
    allocation_in_advance: list[Component]
    """The same for what is not yet due."""
    allocation_scope: AllocationScope
    calendar: Calendar
    charges: list[Charge]
    currency: Currency
    day_count: DayCount
    due_date_shift: DueDateShift
    excess: Excess
    grace: Grace
    installment_periods: InstallmentPeriods
    interest_basis: InterestBasis
    method: Method
    month_end: MonthEnd
    principal: Amount
    """The amount asked for, before financed fees and tax."""
    rate: Rate
    rounding: Rounding
    settlement: Settlement
    custom: list[CustomRow] | None = None
    due_dates: list[date] | None = None
    every: Every | None = None
    installments: int | None = None
    first_due_on: date | None = None
    installment_amount: Amount | None = None
    late: Late | None = None
    tax: Tax | None = None


class TermsRequest(Model):
    """TERMS of the contract. Amounts are text with at most the currency's decimals (`"1234.50"`), rates are
    fractions as text (`"0.0199"` is 1.99 %), dates are `YYYY-MM-DD`. What is left out takes its default.
    """

    accrual: AccrualRequest | None = None
    accrue_to: AccrueTo | None = None
    allocation: list[Component] | None = None
    """The order in which components are paid; those left out come first, in the default order."""
    allocation_in_advance: list[Component] | None = None
    """The same for what is not yet due. Default: `allocation`."""
    allocation_scope: AllocationScope | None = None
    calendar: CalendarRequest | None = None
    charges: list[ChargeRequest] | None = None
    """Fees. Default: none."""
    currency: Currency | None = None
    custom: list[CustomRowRequest] | None = None
    """The installments of method custom, in place of the date fields."""
    day_count: DayCount | None = None
    due_date_shift: DueDateShift | None = None
    due_dates: list[date] | None = None
    """Due dates in increasing order, in place of `installments`, `every` and `first_due_on`."""
    every: EveryRequest | None = None
    excess: Excess | None = None
    first_due_on: date | None = None
    grace: GraceRequest | None = None
    installment_amount: Amount | None = None
    installment_periods: InstallmentPeriods | None = None
    installments: int | None = None
    """How many installments, 1 to 1200. Required unless `due_dates` or `custom` lists them, or a product gives it."""
    interest_basis: InterestBasis | None = None
    late: LateRequest | None = None
    method: Method | None = None
    month_end: MonthEnd | None = None
    principal: Amount | None = None
    rate: RateRequest | None = None
    rounding: RoundingRequest | None = None
    settlement: Settlement | None = None
    tax: TaxRequest | None = None


class ToldEvent(Model):
    """An event of a loan with its story."""

    metadata: EventMetadata
    payload: Any
    position: int
    recorded_at: datetime
    sequence: int
    stream_id: str
    stream_type: str
    """`Loan`, `Entry`, `Product`, `Periods`, `DayClose`, `Staff` or `Proposal`."""
    type: str
    version: int
    story: str
    """What happened, and how the loan stands after it."""
    idempotency: Idempotency | None = None
    stored_version: str | None = None
    """The version as it is stored, where that is not a plain number."""


class Totals(Model):
    """Sums of the rows as shown, and what was handed out."""

    fees: Amount
    financed: Amount
    """What is amortized: disbursements, financed fees, financed tax."""
    interest: Amount
    principal: Amount
    released: Amount
    """What reaches the borrower: disbursements less what is kept back."""
    residue: Amount
    """Principal that the rows leave open; zero unless `rounding.remainder` is none."""
    tax: Amount
    total: Amount
    withheld: Amount


class TrailEvent(Model):
    """An event of the loan with the journal lines that are asked about."""

    lines: list[TrailLine]
    position: int
    recorded_at: datetime
    sequence: int
    type: str
    on: date | None = None
    """The value date."""


class TrailLine(Model):
    """A journal line of the event: the sum of what it moved of all installments on one account and day."""

    account: str
    amount: Amount
    booked_on: date
    components: list[Component]
    """The components that are booked on this account."""
    currency: Currency
    line: int
    position: int
    side: Side


class TransactionExplained(Model):
    covers: list[ShareView]
    """What it covers of which installment."""
    events: list[TrailEvent]
    """The event that recorded it, and those that spread it anew since, with all of their journal lines."""
    transaction: TransactionView


class TransactionView(Model):
    """Money that came or went, or a credit in its place."""

    allocation: EachComponent
    """What it covers of each component, as it is spread now. Of a reversed one what it covered until then."""
    amount: Amount
    balance: Amount
    """The loan's principal after it."""
    credit: Amount
    """What it adds to what is kept for the borrower until the next due date."""
    currency: Currency
    id: UUID
    on: date
    """The value date."""
    overpaid: Amount
    """What it adds to (below zero: takes from) what exceeds everything owed."""
    position: int
    """The position of its event."""
    recorded_at: datetime
    reversed: bool
    """Undone: it counts as if it had never been made."""
    type: str
    """`disbursement`, `repayment`, `settlement`, `credit`, `recovery`, `chargeback` or `refund`."""
    credit_kind: CreditKind | None = None
    external_id: str | None = None
    reason: str | None = None
    """Of a credit or a chargeback."""
    repayment: UUID | None = None
    """Of a chargeback: the repayment of which money was taken back."""
    reversal_reason: str | None = None
    reversed_on: date | None = None


class TrialBalanceAnswer(Model):
    as_of: AsOf
    items: list[AccountView]
    on: date
    totals: list[TrialBalanceTotal]
    """The sums of each currency: debits equal credits."""


class TrialBalanceTotal(Model):
    balance: Amount
    """Debits less credits: zero."""
    credits: Amount
    currency: Currency
    debits: Amount


class VersionView(Model):
    limits: dict[str, Limit]
    """What the terms of a loan may be, by the field's name."""
    on: date
    """The booking day on which it was defined."""
    position: int
    """The position of the event that defined it."""
    terms: TermsRequest
    """What a loan has where its application leaves a field open."""
    version: int
    """The number of the version, from 1."""


class WaitingEvent(Model):
    """An event that waits."""

    parked_at: datetime
    position: int
    sequence: int
    type: str


class WaiverBody(Model):
    """What of a charge is given up, and why."""

    on: date
    """The value date, not after today's booking day."""
    reason: str
    """At most 500 characters."""
    amount: Amount | None = None
    id: UUID | None = None
    """Drawn by the server where absent."""


class WriteOff(Model):
    """What a write-off takes off the books."""

    accrued_interest: Amount
    on: date
    open: Components


class WriteOffBody(Model):
    """When a loan leaves the books, or comes back, and why."""

    on: date
    """The value date, not after today's booking day."""
    reason: str
    """At most 500 characters."""


class WriteOffReversed(Model):
    """The write-off is undone: it counts as if it had never been."""

    currency: Currency
    on: date
    outcome: Outcome
    reason: str
    undone: Effect
    booked_on: date | None = None


class WriteOffView(Model):
    """What a write-off took off the books: all that was open on its date, by component."""

    fee: Amount
    interest: Amount
    late_fee: Amount
    late_interest: Amount
    penalty: Amount
    principal: Amount
    accrued_interest: Amount
    """Interest that was accrued by then but not yet due, apart from `amount`."""
    amount: Amount
    """The sum of the components."""
    on: date


class WrittenOff(Model):
    """All that is open left the books."""

    currency: Currency
    effect: Effect
    """It says what was written off, by component."""
    on: date
    outcome: Outcome
    reason: str
    booked_on: date | None = None


class AccrualList(Paged[AccrualView]):
    as_of: AsOf
    from_: date = Field(validation_alias="from", serialization_alias="from")
    items: list[AccrualView]
    to: date
    next: str | None = None
    """What to send as `after` for the next page; null at the end."""


class BalanceExplained(Model):
    """A balance, and what moved it on its day. What its opening is made of, the days before explain."""

    account: str
    closing: Amount
    credits: Amount
    currency: Currency
    date_: date = Field(validation_alias="date", serialization_alias="date")
    debits: Amount
    opening: Amount
    as_of: AsOf
    lines: list[ExplainedLine]
    """In the order of recording: their debits and credits, over all pages, are those of the balance."""
    position: int | None = None
    """The position of the last event that `closing` is made of; null where nothing moved by then. It stays until an
    event moves this day or one before it.
    """
    next: str | None = None
    """What to send as `after` for the next page; null at the end."""


class EventList(Paged[EventView]):
    """A page of the log."""

    as_of: AsOf
    items: list[EventView]
    next: int | None = None
    """What to send as `after` for the next page; null at the end of the log."""


class PeriodList(Paged[PeriodView]):
    as_of: AsOf
    items: list[PeriodView]
    closed_through: date | None = None
    """The last day on which nothing more is booked; null while no month was ever closed."""
    next: str | None = None
    """What to send as `after` for the next page; null at the end."""


class StaffList(Paged[StaffView]):
    as_of: AsOf
    items: list[StaffView]
    next: str | None = None
    """What to send as `after` for the next page; null at the end."""
    policy: ApprovalPolicyView | None = None


# Which days are business days: one of the known calendars, or one adapted by single dates.
Calendar: TypeAlias = Union[BaseCalendar, CalendarBase]


# A calendar by name, or one adapted by single dates.
CalendarRequest: TypeAlias = Union[BaseCalendar, AdaptedCalendarRequest]


# When a fee is charged.
ChargeDue: TypeAlias = Union[ChargeMoment, date]


# How much a fee is.
ChargeWorth: TypeAlias = Union[ChargeWorthAmount, ChargeWorthRate]


# Where due dates come from (LENDING.md §2). [`Method::Custom`] goes with [`DueDates::Custom`] and no other.
DueDates: TypeAlias = Union[DueDatesCustom, DueDatesDueDates, DueDatesInstallments]


class EntryEventEntryPosted(Posted):
    type: Literal["EntryPosted"]


class EntryEventEntryReversed(Reversed):
    type: Literal["EntryReversed"]


EntryEvent: TypeAlias = Union[EntryEventEntryPosted, EntryEventEntryReversed, Unknown]


# The time between installments.
Every: TypeAlias = Union[EveryMonths, EveryWeeks, EveryDays]


# The time between due dates: one of the three.
EveryRequest: TypeAlias = Union[EveryRequestMonths, EveryRequestWeeks, EveryRequestDays]


class ExplanationInstallment(InstallmentExplained):
    of: Literal["installment"]


class ExplanationTransaction(TransactionExplained):
    of: Literal["transaction"]


class ExplanationEvent(EventExplained):
    of: Literal["event"]


Explanation: TypeAlias = Union[ExplanationInstallment, ExplanationTransaction, ExplanationEvent, Unknown]


# Where the rates come from.
IofSource: TypeAlias = Union[IofSourceRates, IofSourcePerson]


# 30, `"30"` or `"actual"`.
LateDaysRequest: TypeAlias = Union[LateDaysRequestWord, int]


# By what late interest grows.
LateInterest: TypeAlias = Union[LateInterestInterestRate, LateByMonth]


# A rate of its own, or the loan's.
LateRate: TypeAlias = Union[ContractWord, Rate]


# An amount, a rate or a word as text, a whole number as a number.
LimitValue: TypeAlias = Union[int, str]


class LoanEventLoanApplied(Applied):
    type: Literal["LoanApplied"]


class LoanEventLoanApproved(Approved):
    type: Literal["LoanApproved"]


class LoanEventLoanRejected(Closed):
    type: Literal["LoanRejected"]


class LoanEventLoanWithdrawn(Closed):
    type: Literal["LoanWithdrawn"]


class LoanEventLoanDisbursed(Disbursed):
    type: Literal["LoanDisbursed"]


class LoanEventLoanChargeAdded(ChargeAdded):
    type: Literal["LoanChargeAdded"]


class LoanEventLoanChargeWaived(ChargeWaived):
    type: Literal["LoanChargeWaived"]


class LoanEventLoanRepaymentRecorded(RepaymentRecorded):
    type: Literal["LoanRepaymentRecorded"]


class LoanEventLoanRepaymentReversed(PaymentReversed):
    type: Literal["LoanRepaymentReversed"]


class LoanEventLoanRepaymentChargedBack(RepaymentChargedBack):
    type: Literal["LoanRepaymentChargedBack"]


class LoanEventLoanCreditGranted(CreditGranted):
    type: Literal["LoanCreditGranted"]


class LoanEventLoanCreditReversed(PaymentReversed):
    type: Literal["LoanCreditReversed"]


class LoanEventLoanSettledEarly(SettledEarly):
    type: Literal["LoanSettledEarly"]


class LoanEventLoanOverpaymentRefunded(OverpaymentRefunded):
    type: Literal["LoanOverpaymentRefunded"]


class LoanEventLoanRestructured(Restructured):
    type: Literal["LoanRestructured"]


class LoanEventLoanWrittenOff(WrittenOff):
    type: Literal["LoanWrittenOff"]


class LoanEventLoanWriteOffReversed(WriteOffReversed):
    type: Literal["LoanWriteOffReversed"]


class LoanEventLoanRecoveryRecorded(RecoveryRecorded):
    type: Literal["LoanRecoveryRecorded"]


class LoanEventLoanRecoveryReversed(PaymentReversed):
    type: Literal["LoanRecoveryReversed"]


# An event of a loan's stream. On the wire each is its own type, named `Loan…`.
LoanEvent: TypeAlias = Union[
    LoanEventLoanApplied,
    LoanEventLoanApproved,
    LoanEventLoanRejected,
    LoanEventLoanWithdrawn,
    LoanEventLoanDisbursed,
    LoanEventLoanChargeAdded,
    LoanEventLoanChargeWaived,
    LoanEventLoanRepaymentRecorded,
    LoanEventLoanRepaymentReversed,
    LoanEventLoanRepaymentChargedBack,
    LoanEventLoanCreditGranted,
    LoanEventLoanCreditReversed,
    LoanEventLoanSettledEarly,
    LoanEventLoanOverpaymentRefunded,
    LoanEventLoanRestructured,
    LoanEventLoanWrittenOff,
    LoanEventLoanWriteOffReversed,
    LoanEventLoanRecoveryRecorded,
    LoanEventLoanRecoveryReversed,
    Unknown,
]


class PeriodEventPeriodClosed(PeriodChanged):
    type: Literal["PeriodClosed"]


class PeriodEventPeriodReopened(PeriodChanged):
    type: Literal["PeriodReopened"]


PeriodEvent: TypeAlias = Union[PeriodEventPeriodClosed, PeriodEventPeriodReopened, Unknown]


class ProductEventProductDefined(ProductVersion):
    type: Literal["ProductDefined"]


class ProductEventProductRevised(ProductVersion):
    type: Literal["ProductRevised"]


class ProductEventProductRetired(ProductRetirement):
    type: Literal["ProductRetired"]


ProductEvent: TypeAlias = Union[
    ProductEventProductDefined,
    ProductEventProductRevised,
    ProductEventProductRetired,
    Unknown,
]


class ProposalEventProposalMade(ProposalMade):
    type: Literal["ProposalMade"]


class ProposalEventProposalAccepted(ProposalAccepted):
    type: Literal["ProposalAccepted"]


class ProposalEventProposalRefused(ProposalEnded):
    type: Literal["ProposalRefused"]


class ProposalEventProposalWithdrawn(ProposalEnded):
    type: Literal["ProposalWithdrawn"]


class ProposalEventProposalExecuted(ProposalExecuted):
    type: Literal["ProposalExecuted"]


class ProposalEventProposalFailed(ProposalFailed):
    type: Literal["ProposalFailed"]


ProposalEvent: TypeAlias = Union[
    ProposalEventProposalMade,
    ProposalEventProposalAccepted,
    ProposalEventProposalRefused,
    ProposalEventProposalWithdrawn,
    ProposalEventProposalExecuted,
    ProposalEventProposalFailed,
    Unknown,
]


# A rate, or the word `contract`.
RateOrWordRequest: TypeAlias = Union[ContractWord, RateRequest]


class RestructureReplaceTagged(RestructureReplace):
    """Open principal, with the open amounts of the components in `capitalize`, becomes the principal of `terms`."""
    mode: Literal["replace"]


class RestructureReAgeTagged(RestructureReAge):
    """All open principal moves to new rows."""
    mode: Literal["re_age"]


class RestructureReAmortize(Model):
    """Principal past due moves to the rows due on or after the date."""
    mode: Literal["re_amortize"]


# How a loan is restructured (LENDING.md §13).
Restructure: TypeAlias = Union[
    RestructureReplaceTagged,
    RestructureReAgeTagged,
    RestructureReAmortize,
    Unknown,
]


RestructureAnswer: TypeAlias = Union[LoanAnswer, Simulation]


SideAmount: TypeAlias = Union[SideAmountDebit, SideAmountCredit]


class StaffEventStaffLimitsSet(StaffLimitsSet):
    type: Literal["StaffLimitsSet"]


class StaffEventApprovalPolicySet(ApprovalPolicySet):
    type: Literal["ApprovalPolicySet"]


StaffEvent: TypeAlias = Union[StaffEventStaffLimitsSet, StaffEventApprovalPolicySet, Unknown]


class StatementItemTransaction(TransactionView):
    kind: Literal["transaction"]


class StatementItemInstallmentTagged(StatementItemInstallment):
    """An installment falls due as the plan stands on the day seen, charges apart."""
    kind: Literal["installment"]


class StatementItemChargeTagged(StatementItemCharge):
    """A charge entered by hand falls due."""
    kind: Literal["charge"]


class StatementItemLateChargesTagged(StatementItemLateCharges):
    """Late charges of an installment: what a payment covered of them, on its date, or what is open on the day seen."""
    kind: Literal["late_charges"]


class StatementItemWaiverTagged(StatementItemWaiver):
    """What was unpaid of a charge is no longer owed."""
    kind: Literal["waiver"]


class StatementItemCreditAppliedTagged(StatementItemCreditApplied):
    """Money kept for the borrower served what fell due."""
    kind: Literal["credit_applied"]


class StatementItemRestructuringTagged(StatementItemRestructuring):
    """What was outstanding is owed by other installments from then on."""
    kind: Literal["restructuring"]


class StatementItemWriteOffTagged(StatementItemWriteOff):
    """What was open left the books; it is still owed."""
    kind: Literal["write_off"]


StatementItem: TypeAlias = Union[
    StatementItemTransaction,
    StatementItemInstallmentTagged,
    StatementItemChargeTagged,
    StatementItemLateChargesTagged,
    StatementItemWaiverTagged,
    StatementItemCreditAppliedTagged,
    StatementItemRestructuringTagged,
    StatementItemWriteOffTagged,
    Unknown,
]


class Page(Paged[T], Generic[T]):
    """A page of a list."""

    next: str | None
    """What to send as `after` for the next page; `None` at the end."""
    as_of: AsOf


__all__ = [
    "AcceptedRequest",
    "AcceptedStatus",
    "AccountView",
    "Accrual",
    "AccrualList",
    "AccrualRequest",
    "AccrualView",
    "AccrueTo",
    "AdaptedCalendarRequest",
    "AddedCharge",
    "AllocationScope",
    "AnswerShown",
    "ApplicationBody",
    "Applied",
    "ApprovalPolicyBody",
    "ApprovalPolicySet",
    "ApprovalPolicyView",
    "Approved",
    "AsOf",
    "BalanceExplained",
    "Balances",
    "BaseCalendar",
    "BorrowerOfLoan",
    "BorrowerShare",
    "BorrowerView",
    "BucketShare",
    "BulkAnswer",
    "BulkLine",
    "Calendar",
    "CalendarBase",
    "CalendarRequest",
    "ChangedInstallment",
    "Charge",
    "ChargeAdded",
    "ChargeBase",
    "ChargeBody",
    "ChargeDue",
    "ChargeKind",
    "ChargeMoment",
    "ChargeRequest",
    "ChargeWaived",
    "ChargeWorth",
    "ChargeWorthAmount",
    "ChargeWorthRate",
    "ChargebackBody",
    "Closed",
    "Component",
    "Components",
    "Compounding",
    "ConsistencyProof",
    "ContractInterest",
    "ContractWord",
    "Covering",
    "CreditApplied",
    "CreditBody",
    "CreditGranted",
    "CreditKind",
    "Currency",
    "CustomRow",
    "CustomRowRequest",
    "DailyBalance",
    "DayCount",
    "DeadLetter",
    "DeadLetterAnswer",
    "DeadLetterState",
    "Disbursed",
    "DisbursementBody",
    "DisbursementRequest",
    "DisbursementTax",
    "DiscardBody",
    "DiscardedEvent",
    "DueDateShift",
    "DueDates",
    "DueDatesCustom",
    "DueDatesDueDates",
    "DueDatesInstallments",
    "EachComponent",
    "Early",
    "Effect",
    "EffectiveCost",
    "EntryAnswer",
    "EntryBody",
    "EntryEvent",
    "EntryEventLine",
    "EntryFound",
    "EntryLine",
    "EntryReversalBody",
    "EntryView",
    "EventExplained",
    "EventList",
    "EventMetadata",
    "EventOfLine",
    "EventView",
    "Every",
    "EveryDays",
    "EveryMonths",
    "EveryRequest",
    "EveryRequestDays",
    "EveryRequestMonths",
    "EveryRequestWeeks",
    "EveryWeeks",
    "Excess",
    "ExplainAnswer",
    "ExplainDailyBalanceBy",
    "ExplainedLine",
    "Explanation",
    "FactKind",
    "FactMoved",
    "FieldProblem",
    "Grace",
    "GraceMode",
    "GraceRequest",
    "Idempotency",
    "InclusionProof",
    "Installment",
    "InstallmentExplained",
    "InstallmentPeriods",
    "InstallmentState",
    "InstallmentView",
    "InterestBasis",
    "IofCollection",
    "IofFinancing",
    "IofPlace",
    "IofRates",
    "IofRatesRequest",
    "IofRequest",
    "IofSource",
    "IofSourcePerson",
    "IofSourceRates",
    "IofTerms",
    "Late",
    "LateByMonth",
    "LateDays",
    "LateDaysRequest",
    "LateDaysRequestWord",
    "LateFeeBase",
    "LateInterest",
    "LateInterestBase",
    "LateInterestInterestRate",
    "LateInterestKind",
    "LateRate",
    "LateRequest",
    "Limit",
    "LimitValue",
    "LimitsSetView",
    "LineView",
    "ListDailyBalancesBy",
    "ListDeadLettersProjection",
    "LoanAnswer",
    "LoanEvent",
    "LoanFound",
    "LoanView",
    "Method",
    "MonthEnd",
    "MonthFlow",
    "Moved",
    "Operation",
    "Outcome",
    "OutcomeBody",
    "Outlay",
    "OverpaymentRefunded",
    "Page",
    "PartitionStatus",
    "PaymentReversed",
    "PeriodAnswer",
    "PeriodBody",
    "PeriodChanged",
    "PeriodEvent",
    "PeriodList",
    "PeriodStatus",
    "PeriodView",
    "Person",
    "Plan",
    "PlanTax",
    "Portfolio",
    "PortfolioAnswer",
    "Posted",
    "ProblemDetails",
    "ProductAnswer",
    "ProductBody",
    "ProductEvent",
    "ProductFound",
    "ProductRetirement",
    "ProductShare",
    "ProductStatus",
    "ProductVersion",
    "ProductView",
    "ProjectionStatus",
    "ProjectionsAnswer",
    "ProposalAccepted",
    "ProposalAnswer",
    "ProposalDecision",
    "ProposalEnded",
    "ProposalEvent",
    "ProposalExecuted",
    "ProposalFailed",
    "ProposalFound",
    "ProposalMade",
    "ProposalStatus",
    "ProposalView",
    "QuoteAnswer",
    "Rate",
    "RateOrWordRequest",
    "RatePeriod",
    "RateRequest",
    "RecoveryBody",
    "RecoveryRecorded",
    "Rederived",
    "RedriveAnswer",
    "RefundBody",
    "Remainder",
    "RepaymentBody",
    "RepaymentChargedBack",
    "RepaymentRecorded",
    "Request",
    "RequestStatus",
    "Restructure",
    "RestructureAnswer",
    "RestructureBody",
    "RestructureMode",
    "RestructureReAge",
    "RestructureReplace",
    "Restructured",
    "RetirementBody",
    "ReversalBody",
    "Reversed",
    "Rounding",
    "RoundingMode",
    "RoundingPlace",
    "RoundingRequest",
    "Rule",
    "ScheduleAnswer",
    "ScheduleRequest",
    "ScheduleTotals",
    "SequencedEntryEvent",
    "SequencedLoanEvent",
    "SequencedPeriodEvent",
    "SequencedProductEvent",
    "SequencedProposalEvent",
    "SequencedStaffEvent",
    "SettledEarly",
    "Settlement",
    "SettlementBody",
    "SettlementQuote",
    "Share",
    "ShareView",
    "Side",
    "SideAmount",
    "SideAmountCredit",
    "SideAmountDebit",
    "SimulatedBalances",
    "SimulatedChange",
    "SimulatedCommand",
    "SimulatedInstallment",
    "SimulatedLine",
    "SimulatedLoan",
    "SimulatedSchedule",
    "SimulatedWriteOff",
    "Simulation",
    "SimulationBody",
    "StaffAnswer",
    "StaffEvent",
    "StaffLimitsBody",
    "StaffLimitsSet",
    "StaffList",
    "StaffView",
    "StageShare",
    "Standing",
    "StatementAnswer",
    "StatementItem",
    "StatementItemCharge",
    "StatementItemCreditApplied",
    "StatementItemInstallment",
    "StatementItemLateCharges",
    "StatementItemRestructuring",
    "StatementItemWaiver",
    "StatementItemWriteOff",
    "StatementLine",
    "Status",
    "StatusShare",
    "Tax",
    "TaxKind",
    "TaxRequest",
    "Terms",
    "TermsRequest",
    "ToldEvent",
    "Totals",
    "TrailEvent",
    "TrailLine",
    "TransactionExplained",
    "TransactionView",
    "TrialBalanceAnswer",
    "TrialBalanceTotal",
    "VersionView",
    "WaitingEvent",
    "WaiverBody",
    "WriteOff",
    "WriteOffBody",
    "WriteOffReversed",
    "WriteOffView",
    "WrittenOff",
]
