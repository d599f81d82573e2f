"""What `make fuzz-api` adds to schemathesis: ids that exist, days that matter, and a closer look at refusals.

The tool draws requests from the API document. Left to itself it would ask for loans that are not there, dated in 1907. So
most requests that fit the document are given ids of a book that was posted before, and days around the booking day. None of
that makes a request fit that did not, or the other way round.
"""

import json
import os
import random
import re
import uuid
from datetime import date, timedelta

import requests
import schemathesis

SERVER = os.environ["FUZZ_SERVER"]
TOKEN = os.environ["FUZZ_TOKEN"]
TODAY = date.fromisoformat(os.environ["FUZZ_TODAY"])

KEY = re.compile(r"[!-~]{1,255}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

# Whether these can be read depends on what the ledger holds by now, which no schema can say. By operation, or for all.
KNOWN_TO_THE_LEDGER_ONLY = {
    "*": {
        "after",  # a cursor is opaque: only an earlier page gives one
        "known_at",  # a position or an instant up to now
    },
    "GET /v1/audit/proofs/inclusion": {"size"},  # a tree that there is by now
    "GET /v1/audit/proofs/consistency": {"from", "to"},
    # Which parameters go together, as their descriptions say.
    "GET /v1/loans/{id}/explain": {"component", "due", "transaction", "position"},
    "GET /v1/loans/{id}/accruals": {"from", "to"},
    "GET /v1/loans/{id}/settlement-quote": {"effective_on"},
    "GET /v1/balances/daily": {"from", "to", "product", "borrower", "loan"},
    "GET /v1/balances/daily/{account}/{date}/explain": {"currency"},
    "GET /v1/portfolio": {"effective_on"},
    "GET /v1/trial-balance": {"effective_on"},
    # Needed, but for a preview; and which fields go with which `mode`.
    "POST /v1/loans/{id}/restructure": {
        "Idempotency-Key", "/terms", "/capitalize", "/installments", "/every", "/first_due_on",
    },
}
# Which terms go with which method, as their descriptions say. A schema of all of it would be the calculator again.
TERMS = re.compile(r"(/terms|/body/terms)?/(principal|custom|due_dates|installments|every|first_due_on|rate|grace|late|charges|tax)\b.*")
# What a simulated command's body has depends on its path.
OF_A_PATH = re.compile("/commands/[0-9]+/body/.*")
# What a limit of a product may be depends on the field that it is for: a number, an amount, a rate, a word.
OF_A_LIMIT = re.compile("/limits/.*")
# `every` names one of three and nothing besides, which the generated schema of a Rust enum leaves unsaid.
ONE_OF_THREE = re.compile("(/terms)?/every")
TERMS_CODES = {"missing", "unknown_field", "inconsistent"}
VERSION = re.compile(r'"[0-9]{1,18}(/[!#-~]*)?"')


def _ask(path):
    answer = requests.get(SERVER + path, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
    answer.raise_for_status()
    return answer.json()


class Book:
    """Ids that exist, by the place in a path where they stand."""

    def __init__(self):
        self.by_place = {}
        loans = [loan["id"] for loan in _ask("/v1/loans?limit=200")["items"]]
        self._add("/v1/loans/{id}", loans)
        self._add("/v1/entries/{id}", [entry["id"] for entry in _ask("/v1/entries?limit=200")["items"]])
        self._add("/v1/accounts/{account}", [account["account"] for account in _ask("/v1/accounts")["items"]])
        self._add("/v1/proposals/{id}", [proposal["id"] for proposal in _ask("/v1/proposals?limit=200")["items"]])
        self.of_loan = {loan: _ask(f"/v1/loans/{loan}/transactions?limit=200")["items"] for loan in loans}

    def _add(self, place, ids):
        self.by_place[place] = ids

    def put_in(self, path, parameters):
        """Puts ids that exist in the place of those that were drawn."""
        for place, ids in self.by_place.items():
            name = place[place.index("{") + 1 : -1]
            if path.startswith(place) and ids and UUID.fullmatch(str(parameters.get(name, ""))):
                parameters[name] = random.choice(ids)
        items = self.of_loan.get(parameters.get("id"), [])
        for name in ("repayment", "charge", "credit", "recovery"):
            ids = [item["id"] for item in items if item.get("id") and name in item["type"].lower()]
            if name in parameters and ids:
                parameters[name] = random.choice(ids)


_book = None


def book():
    global _book
    _book = _book or Book()
    return _book


def _soon():
    return (TODAY - timedelta(days=random.randrange(0, 90))).isoformat()


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = case.headers if case.headers is not None else {}
    key = headers.get("Idempotency-Key")
    # The tool likes short keys, so most commands would be told that theirs belongs to another. Some are left to be.
    if isinstance(key, str) and KEY.fullmatch(key) and random.random() < 0.9:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    # Nobody waits ten seconds for a position that never comes.
    wait = headers.get("Razao-Max-Wait-Ms")
    if wait is None and headers.get("Razao-Min-Position") is not None or re.fullmatch("[0-9]{1,4}|10000", str(wait)):
        headers["Razao-Max-Wait-Ms"] = "5"
    # A command waits for what it was drawn for only now and then.
    if headers.get("If-Match") is not None and random.random() < 0.7:
        headers.pop("If-Match")
    if case.path_parameters and random.random() < 0.8:
        book().put_in(case.operation.path, case.path_parameters)
    if isinstance(case.body, dict) and DAY.fullmatch(str(case.body.get("on", ""))) and random.random() < 0.7:
        case.body["on"] = _soon()
    for name in ("on", "effective_on", "from", "to"):
        if case.query and DAY.fullmatch(str(case.query.get(name, ""))) and random.random() < 0.7:
            case.query[name] = _soon()


@schemathesis.check
def refusals_are_deserved(context, response, case):
    """What fits the document can be read, and 503 is said for one reason only: the position is not there yet."""
    if response.status_code not in (400, 503) or "problem" not in response.headers["content-type"][0]:
        return
    problem = response.json()
    if response.status_code == 503:
        assert problem["code"] == "not_yet_visible", f"503 {problem['code']}: {problem['detail']}"
    elif case.meta is not None and case.meta.generation.mode.is_positive:
        errors = problem.get("errors", [])
        pointers = {error["pointer"] for error in errors}
        # The tool also sends what earlier answers had in fields of the same name, whatever the document says here.
        if pointers == {"If-Match"} and not VERSION.fullmatch(str((case.headers or {}).get("If-Match", ""))):
            return
        # JSON Schema counts 1.0 among the integers. Here a number with a point is none.
        if errors and all("invalid type: floating point" in error["detail"] for error in errors):
            return
        depends = [OF_A_PATH, ONE_OF_THREE] + ([OF_A_LIMIT] if case.operation.path == "/v1/products" else [])
        if errors and all(any(place.fullmatch(error["pointer"]) for place in depends) for error in errors):
            return
        if errors and all(TERMS.fullmatch(error["pointer"]) and error["code"] in TERMS_CODES for error in errors):
            return
        of_operation = KNOWN_TO_THE_LEDGER_ONLY.get(case.operation.label, set())
        unexplained = pointers - KNOWN_TO_THE_LEDGER_ONLY["*"] - of_operation
        assert pointers and not unexplained, f"fits the document, but cannot be read: {problem['detail']}"


@schemathesis.hook
def filter_failure(context, failure, case, response):
    # Whoever gets a header that they do not know passes it over (RFC 9110, section 5.1).
    if "in header - object with unexpected properties" in failure.message:
        return False
    # A line that does not fit is refused in its own answer, which a bulk as a whole is none the worse for.
    if case.operation.path == "/v1/bulk" and response.status_code == 200:
        answers = [json.loads(line) for line in response.content.splitlines() if line.strip()]
        if answers and all(answer["status"] >= 400 for answer in answers) and "Invalid component: in body" in failure.message:
            return False
    # A preview stores nothing, so it looks at none of the headers of a command.
    is_preview = (case.query or {}).get("preview") in (True, "true")
    return not (is_preview and "in header" in failure.message)


@schemathesis.serializer("application/x-ndjson")
def write_lines(context, value):
    lines = value if isinstance(value, list) else [value]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


@schemathesis.deserializer("application/x-ndjson")
def read_lines(context, response):
    # The document says what a line is: the first stands for all.
    lines = [json.loads(line) for line in response.content.splitlines() if line.strip()]
    return lines[0] if lines else None


@schemathesis.deserializer("application/octet-stream")
def read_bytes(context, response):
    return response.content.decode("latin-1")
