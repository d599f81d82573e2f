"""What the API document says in words only, because no schema says it: which fields and parameters go together, and what the
ledger holds by now. Each rule is decided here anew, from the request itself: a refusal counts as deserved only if so.
"""

import re
from datetime import date, datetime, timedelta, timezone

import jsonschema_rs

VERSION = re.compile(r'"[0-9]{1,18}(/[!#-~]*)?"')
TEN_YEARS, HUNDRED_YEARS = timedelta(days=3653), timedelta(days=36_600)
# No loan of the book that is posted first was disbursed before.
BEFORE_THE_BOOK = timedelta(days=1500)


def at(value, pointer):
    """What a JSON pointer leads to; None where there is nothing."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def holds_point(value):
    """Whether a number with a point is among what a value holds."""
    if isinstance(value, (dict, list)):
        return any(holds_point(one) for one in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, float)


class Rules:
    """`document` is the API document, `head` the position where the log ended when the run began, `today` the booking day."""

    def __init__(self, document, head, today):
        self.document, self.head, self.today = document, head, today
        self.began = datetime.now(timezone.utc)

    def deserved(self, asked, error):
        """Whether something that is said in words forbids what an error of a 400 names."""
        pointer, code = error["pointer"], error["code"]
        # JSON Schema counts 1.0 among the integers. Here a number with a point is none.
        if "floating point" in error["detail"] or "untagged enum" in error["detail"]:
            return holds_point(at(asked.body, pointer)) or self.of_body(asked.label, asked.body, pointer, code)
        # The tool also sends what earlier answers had in fields of the same name, whatever the document says here.
        if pointer == "If-Match":
            return not VERSION.fullmatch(str(asked.headers.get(pointer, "")))
        if pointer == "Idempotency-Key":
            # Needed, but for a preview.
            is_preview = str(asked.query.get("preview")).lower() == "true"
            return code == "idempotency_key_missing" and "preview" in asked.takes and not is_preview
        if pointer.startswith("/"):
            return self.of_body(asked.label, asked.body, pointer, code)
        return self.of_parameter(asked, pointer)

    # Bodies

    def of_body(self, label, body, pointer, code):
        if label == "POST /v1/loans/{id}/simulate":
            return self.of_simulation(body, pointer, code)
        if label == "POST /v1/products" and pointer.startswith("/limits/"):
            field = pointer.split("/")[2].replace("~1", "/").replace("~0", "~")
            return not self.fits(self.limit_of(field), at(body, "/limits/" + pointer.split("/")[2]))
        if label.endswith("/restructure") and not pointer.startswith("/terms/"):
            return self.of_restructuring(body, pointer, code)
        place, terms = "", body
        if label in ("POST /v1/loans", "POST /v1/products", "POST /v1/loans/{id}/restructure"):
            place, terms = "/terms", body.get("terms") or {}
        # What a product gives, an application may leave open.
        return pointer.startswith(place) and self.is_missing(terms, pointer.removeprefix(place), code)

    def of_simulation(self, body, pointer, code):
        """A simulated command's body has what its path takes."""
        command = re.match("/commands/([0-9]+)/body", pointer)
        asked = at(body, f"/commands/{command[1]}") if command else None
        if asked is None:
            return False
        path = re.sub("/[0-9a-fA-F-]{36}(?=/|$)", "/{}", "/v1/loans/{}/" + asked["path"])
        paths = self.document["paths"].items()
        label, item = next((label, item) for label, item in paths if re.sub("{[a-z]+}", "{}", label) == path)
        schema = item["post"]["requestBody"]["content"]["application/json"]["schema"]
        if not self.fits(schema, asked["body"]):
            return True
        return self.of_body(f"POST {label}", asked["body"], pointer.removeprefix(command[0]), code)

    def of_restructuring(self, body, pointer, code):
        """Each mode takes its own fields."""
        field, mode = pointer.split("/")[1], body.get("mode") or "replace"
        of = {"terms": "replace", "capitalize": "replace"}.get(field, "re_age")
        if code == "unknown_field":
            return field in ("terms", "capitalize", "installments", "every", "first_due_on") and mode != of
        needed = field in ("terms", "installments", "first_due_on")
        return code == "missing" and needed and mode == of and body.get(field) is None

    def is_missing(self, terms, pointer, code):
        """Some terms need others, unless a third stands in their place."""
        if code != "missing" or at(terms, pointer) is not None:
            return False
        if pointer == "/custom":
            return terms.get("method") == "custom"
        if pointer == "/installments":
            return terms.get("due_dates") is None and terms.get("custom") is None
        if pointer == "/tax/iof/person":
            return at(terms, "/tax/iof/rates") is None
        return pointer in ("/principal", "/rate", "/rate/value", "/late/interest_rate/value")

    def limit_of(self, field):
        """The schema of a product's limit follows from the field that it is for."""
        schema = {"$ref": "#/components/schemas/TermsRequest"}
        for name in field.split("."):
            schema = self.variants(schema, lambda one: name in one.get("properties", {}))[0]["properties"][name]
        if words := self.variants(schema, lambda one: "enum" in one):
            words = {"enum": words[0]["enum"]}
            allowed = {"type": "array", "minItems": 1, "items": words}
            return {"required": ["allowed"], "properties": {"allowed": allowed}}
        is_number = self.variants(schema, lambda one: "integer" in one.get("type", ""))
        of = {"type": "integer"} if is_number else {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}
        bounds = {name: {"oneOf": [of, {"type": "null"}]} for name in ("least", "default", "most")}
        given = [{"required": [name], "properties": {name: of}} for name in ("least", "most")]
        return {"properties": bounds, "anyOf": given}

    def variants(self, schema, wanted):
        """What a schema may stand for, of what is wanted."""
        if "$ref" in schema:
            return self.variants(self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], wanted)
        if "oneOf" in schema:
            return [found for one in schema["oneOf"] for found in self.variants(one, wanted)]
        return [schema] if wanted(schema) else []

    def fits(self, schema, value):
        whole = {**schema, "components": self.document["components"]}
        return jsonschema_rs.Draft202012Validator(whole).is_valid(value)

    # Parameters

    def of_parameter(self, asked, name):
        given = asked.query.get(name)
        if name == "after":
            # A cursor is opaque: only an earlier page gives one.
            return given is not None and asked.label != "GET /v1/events"
        if name == "known_at":
            return given is not None and not self.is_known(str(given))
        rule = getattr(self, "of_" + asked.operation, None)
        return rule is not None and rule(asked.query, name)

    def is_known(self, moment):
        """Whether a position or an instant had come when the run began; so it has now."""
        if moment.isdigit():
            return int(moment) <= self.head
        try:
            instant = datetime.fromisoformat(moment.upper().replace("Z", "+00:00"))
        except ValueError:
            return False
        return instant <= self.began

    def of_explain_loan(self, query, name):
        things = [{"component", "due"} & query.keys(), {"transaction"} & query.keys(), {"position"} & query.keys()]
        asked = [thing for thing in things if thing]
        return len(asked) != 1 or asked[0] in ({"component"}, {"due"})

    def of_list_accruals(self, query, name):
        end = self.day(query, "to") or self.day(query, "effective_on") or self.today
        begin = self.day(query, "from")
        most = HUNDRED_YEARS if "limit" in query else TEN_YEARS
        if name == "from":
            return begin is not None and begin > end
        return name == "to" and end - (begin or self.today - BEFORE_THE_BOOK) > most

    def of_list_daily_balances(self, query, name):
        end = self.day(query, "to") or self.today
        begin = self.day(query, "from") or end - timedelta(days=30)
        if name in ("from", "to"):
            return begin > end if name == "from" else end - begin > TEN_YEARS
        return name in query and len({"loan", "borrower", "product"} & query.keys()) > 1

    def of_explain_daily_balance(self, query, name):
        return name == "currency" and "currency" not in query

    def of_find_portfolio(self, query, name):
        days = self.day(query, "on"), self.day(query, "effective_on")
        return name == "effective_on" and None not in days and days[0] != days[1]

    def of_prove_inclusion(self, query, name):
        size = int(query.get("size", self.head))
        return name == "size" and (size > self.head or int(query["position"]) > size)

    def of_prove_consistency(self, query, name):
        if name == "to":
            return int(query.get("to", 0)) > self.head
        return name == "from" and int(query["from"]) > int(query.get("to", self.head))

    def day(self, query, name):
        return date.fromisoformat(query[name]) if name in query else None
