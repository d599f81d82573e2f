"""What `make fuzz-api` adds to schemathesis: ids that exist, days that matter, and a closer look at refusals.

The tool draws requests from the API document. Left to itself it would ask for loans that are not there, dated in 1907. So
most requests that fit the document are given ids of a book that was posted before, and days around the booking day. None of
that makes a request fit that did not, or the other way round.
"""

import copy
import json
import os
import random
import re
import uuid
from datetime import date, timedelta

import requests
import schemathesis

from unsaid import VERSION, Rules

SERVER = os.environ["FUZZ_SERVER"]
TOKEN = os.environ["FUZZ_TOKEN"]
TODAY = date.fromisoformat(os.environ["FUZZ_TODAY"])
# Of its own: the tool begins the common one anew for each request.
CHANCE = random.Random(os.environ["FUZZ_SEED"])

KEY = re.compile(r"[!-~]{1,255}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _ask(path):
    answer = requests.get(SERVER + path, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
    answer.raise_for_status()
    return answer.json()


class Book:
    """Ids that exist, by the place in a path where they stand."""

    def __init__(self):
        self.by_place, self.sent = {}, []
        loans = [loan["id"] for loan in _ask("/v1/loans?limit=200")["items"]]
        self._add("/v1/loans/{id}", loans)
        self._add("/v1/entries/{id}", [entry["id"] for entry in _ask("/v1/entries?limit=200")["items"]])
        self._add("/v1/accounts/{account}", [account["account"] for account in _ask("/v1/accounts")["items"]])
        self._add("/v1/proposals/{id}", [proposal["id"] for proposal in _ask("/v1/proposals?limit=200")["items"]])
        self.document = _ask("/openapi.json")
        self.rules = Rules(self.document, _ask("/v1/projections")["as_of"]["position"], TODAY)
        self.of_loan = {loan: _ask(f"/v1/loans/{loan}/transactions?limit=200")["items"] for loan in loans}

    def _add(self, place, ids):
        self.by_place[place] = ids

    def example(self, label):
        """What the document shows as a body of an operation, for a new thing."""
        method, path = label.split(" ")
        content = self.document["paths"][path][method.lower()]["requestBody"]["content"]
        schema = next(iter(content.values()))["schema"]
        example = self.document["components"]["schemas"][schema.get("$ref", "/").rsplit("/", 1)[1]].get("example")
        return {name: value for name, value in example.items() if name not in ("external_id", "product")} if example else None

    def put_in(self, path, parameters):
        """Puts ids that exist in the place of those that were drawn."""
        for place, ids in self.by_place.items():
            name = place[place.index("{") + 1 : -1]
            if path.startswith(place) and ids and UUID.fullmatch(str(parameters.get(name, ""))):
                parameters[name] = CHANCE.choice(ids)
        items = self.of_loan.get(parameters.get("id"), [])
        for name in ("repayment", "charge", "credit", "recovery"):
            ids = [item["id"] for item in items if item.get("id") and name in item["type"].lower()]
            if name in parameters and ids:
                parameters[name] = CHANCE.choice(ids)


    def put_commands_in(self, case):
        """Keeps what is sent to loans, to send it again as lines of bulks and as what is simulated."""
        path, body = case.operation.path, case.body
        if path == "/v1/bulk" and self.sent:
            (to, body), *_ = self._some()
            case.body = {"path": to, "idempotency_key": str(uuid.uuid4()), "body": body}
        elif path.endswith("/simulate") and isinstance(body, dict) and self.sent:
            body["commands"] = [{"path": to.split("/", 4)[4], "body": body} for to, body in self._some()]
        elif path.startswith("/v1/loans/{id}/") and isinstance(body, dict):
            if all(UUID.fullmatch(str(id)) for id in case.path_parameters.values()):
                self.sent.append((path.format(**case.path_parameters), copy.deepcopy(body)))

    def _some(self):
        return CHANCE.choices(self.sent, k=CHANCE.randrange(1, 5))


_book = None


def book():
    global _book
    _book = _book or Book()
    return _book


def _is_day(text):
    """Whether a text is a day that can be read, so that another one in its place changes nothing of that."""
    try:
        return bool(DAY.fullmatch(str(text))) and 1900 <= date.fromisoformat(text).year < 2200
    except ValueError:
        return False


def _is_positive(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


def _soon():
    return (TODAY - timedelta(days=CHANCE.randrange(0, 90))).isoformat()


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = case.headers if case.headers is not None else {}
    key = headers.get("Idempotency-Key")
    # The tool likes short keys, so most commands would be told that theirs belongs to another. Some are left to be.
    if isinstance(key, str) and KEY.fullmatch(key) and CHANCE.random() < 0.9:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    # Nobody waits ten seconds for a position that never comes.
    wait = headers.get("Razao-Max-Wait-Ms")
    if wait is None and headers.get("Razao-Min-Position") is not None or re.fullmatch("[0-9]{1,4}|10000", str(wait)):
        headers["Razao-Max-Wait-Ms"] = "5"
    # A command waits for what it was drawn for only now and then.
    if VERSION.fullmatch(str(headers.get("If-Match"))) and CHANCE.random() < 0.7:
        headers.pop("If-Match")
    if case.path_parameters and CHANCE.random() < 0.8:
        book().put_in(case.operation.path, case.path_parameters)
    # What is drawn hardly ever does what it asks for. So that something happens, some of it is as the document shows it.
    if isinstance(case.body, dict) and _is_positive(case) and CHANCE.random() < 0.4:
        case.body = book().example(case.operation.label) or case.body
    if _is_positive(case):
        book().put_commands_in(case)
    if isinstance(case.body, dict) and _is_day(case.body.get("on")) and CHANCE.random() < 0.7:
        case.body["on"] = _soon()
    for name in ("on", "effective_on", "from", "to"):
        if case.query and _is_day(case.query.get(name)) and CHANCE.random() < 0.7:
            case.query[name] = _soon()


class Asked:
    """A request as the rules look at it."""

    def __init__(self, case):
        raw = case.operation.definition.raw
        self.label, self.operation = case.operation.label, raw["operationId"]
        self.takes = {parameter["name"] for parameter in raw.get("parameters", [])}
        self.query, self.headers, self.body = case.query or {}, case.headers or {}, case.body


@schemathesis.check
def refusals_are_deserved(context, response, case):
    """What fits the document can be read, and 503 is said for one reason only: the position is not there yet."""
    if response.status_code not in (400, 503) or "problem" not in response.headers["content-type"][0]:
        return
    problem, asked = response.json(), Asked(case)
    if response.status_code == 503:
        waits = "Razao-Min-Position" in asked.headers or asked.label.startswith("GET /v1/audit/")
        assert waits and problem["code"] == "not_yet_visible", f"503 {problem['code']}: {problem['detail']}"
    elif _is_positive(case):
        errors = problem.get("errors", [])
        undeserved = [error for error in errors if not book().rules.deserved(asked, error)]
        assert errors and not undeserved, f"fits the document, but cannot be read: {problem['detail']}: {undeserved}"


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
    return True


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
