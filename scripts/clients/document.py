"""The API document as both clients need it: named types and operations, without how OpenAPI writes them down."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "schemas" / "openapi.json"

# Headers that a client sends by itself.
OF_THE_CLIENT = {
    "Accept-Language",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Prefer",
    "Razao-Max-Wait-Ms",
    "Razao-Min-Position",
    "X-Request-Id",
}
JSON, CSV, PDF, LINES = "application/json", "text/csv", "application/pdf", "application/x-ndjson"


@dataclass
class Type:
    """`name` is a scalar's (text, integer, amount, day, instant, uuid, boolean, anything) or a named type's."""

    name: str
    of: "Type | None" = None  # of a list, a map or a page
    is_named: bool = False


@dataclass
class Field:
    wire: str
    type: Type
    required: bool
    nullable: bool
    doc: str = ""
    flattened: bool = False  # its fields stand among those of the whole


@dataclass
class Struct:
    name: str
    doc: str
    fields: list
    is_sent: bool = False


@dataclass
class Words:
    name: str
    doc: str
    words: list
    is_sent: bool = False


@dataclass
class Variant:
    name: str
    doc: str = ""
    tag: str | None = None  # the value of the union's tag
    content: Type | None = None  # a named type, or a scalar


@dataclass
class Union:
    name: str
    doc: str
    tag: str | None
    variants: list
    is_sent: bool = False


@dataclass
class Alias:
    name: str
    type: Type
    is_sent: bool = False


@dataclass
class Operation:
    id: str
    doc: str
    method: str
    path: str
    segments: list  # of the path: (name, Type)
    query: list  # of Field
    body: Type | None
    answer: Type | None  # None: text or bytes
    answer_is_text: bool = False
    takes_key: bool = False
    reads: bool = False  # takes Razao-Min-Position
    is_file: bool = False  # can be had as CSV and XLSX
    is_paper: bool = False  # and as PDF
    is_lines: bool = False
    is_paged: bool = False
    tag: str = ""


@dataclass
class Document:
    types: dict = field(default_factory=dict)
    operations: list = field(default_factory=list)


def camel(text):
    parts = re.split(r"[^A-Za-z0-9]+", text)
    name = "".join(part[:1].upper() + part[1:] for part in parts if part)
    if not name[:1].isdigit():
        return name
    # Digits that stood apart stay apart: `30/360`.
    apart = re.sub(r"(?<=[0-9])[^A-Za-z0-9]+(?=[0-9])", "_", text)
    return "N" + re.sub(r"[^A-Za-z0-9_]+", "", apart)


def snake(text):
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    return re.sub(r"[^A-Za-z0-9]+", "_", text).lower()


def constant(schema):
    """The one value that a property may have."""
    words = schema.get("enum", [])
    return words[0] if len(words) == 1 else None


class Reader:
    def __init__(self, raw):
        self.raw = raw
        self.schemas = raw["components"]["schemas"]
        self.types = {}

    # Types

    def ref(self, reference):
        return self.type_named(reference.rsplit("/", 1)[1])

    def type_named(self, name):
        if name.startswith("List_"):
            return Type("page", self.type_named(name.removeprefix("List_")))
        schema = self.schemas[name]
        scalar = self.scalar(schema) if "enum" not in schema else None
        return scalar or Type(name, is_named=True)

    def scalar(self, schema):
        kinds = schema.get("type")
        kind = next((k for k in kinds if k != "null"), None) if isinstance(kinds, list) else kinds
        form = schema.get("format")
        if kind == "string":
            if "[0-9]{1,13}" in schema.get("pattern", "") or schema.get("pattern") == r"^-?[0-9]+(\.[0-9]+)?$":
                return Type("amount")
            if "[0-9]{1,3}" in schema.get("pattern", ""):
                return Type("amount")
            return Type({"uuid": "uuid", "date": "day", "date-time": "instant"}.get(form, "text"))
        if kind == "integer":
            if form == "int64" and schema.get("minimum") != 0:
                return Type("integer")
            return Type("count32" if form == "int32" else "count")
        return {"boolean": Type("boolean"), "number": Type("anything")}.get(kind)

    def type_of(self, schema, hint):
        """The type of a schema, and whether it may be null."""
        if "$ref" in schema:
            return self.ref(schema["$ref"]), False
        if "oneOf" in schema:
            others = [one for one in schema["oneOf"] if one != {"type": "null"}]
            if len(others) == 1:
                return self.type_of(others[0], hint)[0], len(others) != len(schema["oneOf"])
            if {"type": "string", "format": "date-time"} in others:
                return Type("text"), False  # a position or an instant
            raise ValueError(f"{hint}: a union without a name")
        kinds = schema.get("type")
        nullable = isinstance(kinds, list) and "null" in kinds
        kind = next((k for k in kinds if k != "null"), None) if isinstance(kinds, list) else kinds
        if kind == "array":
            item, _ = self.type_of(schema["items"], hint)
            return Type("list", item), nullable
        if kind == "object" and "properties" in schema:
            self.add_struct(hint, schema)
            return Type(hint, is_named=True), nullable
        if kind == "object" and isinstance(schema.get("additionalProperties"), dict) and schema["additionalProperties"]:
            item, _ = self.type_of(schema["additionalProperties"], hint)
            return Type("map", item), nullable
        if "enum" in schema and kind == "string":
            self.types[hint] = Words(hint, schema.get("description", ""), schema["enum"])
            return Type(hint, is_named=True), nullable
        return self.scalar(schema) or Type("anything"), nullable

    def fields(self, name, schema, but=()):
        required = set(schema.get("required", []))
        found = []
        for wire, of in schema.get("properties", {}).items():
            if wire in but:
                continue
            kind, nullable = self.type_of(of, name + camel(wire))
            doc = of.get("description", "")
            found.append(Field(wire, kind, wire in required, nullable, doc))
        return sorted(found, key=lambda one: not one.required)

    def add_struct(self, name, schema, but=(), doc=None):
        doc = schema.get("description", "") if doc is None else doc
        self.types[name] = Struct(name, doc, self.fields(name, schema, but))

    def add(self, name, schema):
        doc = schema.get("description", "")
        if name.startswith("List_"):
            return
        if "enum" in schema:
            self.types[name] = Words(name, doc, schema["enum"])
        elif "oneOf" in schema:
            self.types[name] = self.union(name, schema)
        elif "allOf" in schema:
            self.types[name] = Struct(name, doc, self.joined(name, schema["allOf"]))
        elif "properties" in schema:
            self.add_struct(name, schema)
        elif not self.scalar(schema):
            self.types[name] = Struct(name, doc, [])

    def joined(self, name, parts, but=()):
        fields = []
        for part in parts:
            if "$ref" in part:
                kind = self.ref(part["$ref"])
                called = "event" if kind.name.endswith("Event") else snake(kind.name)
                fields.append(Field(called, kind, True, False, part.get("description", ""), True))
            else:
                fields += self.fields(name, part, but)
        return fields

    def tag_of(self, schema):
        """The property that tells an alternative from the others, with its value."""
        parts = schema.get("allOf", [schema])
        for part in parts:
            for wire, of in part.get("properties", {}).items():
                if constant(of) is not None:
                    return wire, constant(of)
        return None

    def union(self, name, schema):
        alternatives = schema["oneOf"]
        tags = [self.tag_of(one) for one in alternatives]
        variants = []
        tag = tags[0][0] if all(tags) and len({tag for tag, _ in tags}) == 1 else None
        for alternative, found in zip(alternatives, tags):
            doc = alternative.get("description", "")
            if tag:
                variants.append(self.tagged(name, tag, found[1], alternative, doc))
            elif "$ref" in alternative:
                kind = self.ref(alternative["$ref"])
                variants.append(Variant(kind.name, doc, None, kind))
            elif "properties" in alternative:
                variant = camel(alternative["required"][0])
                self.add_struct(name + variant, alternative, doc=doc or f"`{name}` by its {variant.lower()}.")
                variants.append(Variant(variant, doc, None, Type(name + variant, is_named=True)))
            elif "enum" in alternative and alternative["type"] == "string":
                self.types[name + "Word"] = Words(name + "Word", doc, alternative["enum"])
                variants.append(Variant("Word", doc, None, Type(name + "Word", is_named=True)))
            else:
                kind = self.scalar(alternative)
                variants.append(Variant(camel(kind.name), doc, None, kind))
        return Union(name, schema.get("description", ""), tag, variants)

    def tagged(self, name, tag, value, alternative, doc):
        variant = camel(value)
        parts = alternative.get("allOf")
        if parts and "$ref" in parts[0] and set(parts[1].get("properties", {})) == {tag}:
            return Variant(variant, doc, value, self.ref(parts[0]["$ref"]))
        if set(alternative.get("properties", {})) == {tag}:
            return Variant(variant, doc, value, None)
        self.add_struct(name + variant, alternative, but=(tag,), doc=doc or f"`{value}` of `{name}`.")
        return Variant(variant, doc, value, Type(name + variant, is_named=True))

    # Operations

    def operation(self, path, method, raw):
        parameters = raw.get("parameters", [])
        at = lambda place: [one for one in parameters if one["in"] == place]
        names = {one["name"] for one in at("header")}
        if names - OF_THE_CLIENT:
            raise ValueError(f"{method} {path}: takes {names - OF_THE_CLIENT}, which clients do not know")
        query = []
        for one in at("query"):
            kind, _ = self.type_of(one["schema"], camel(raw["operationId"]) + camel(one["name"]))
            query.append(Field(one["name"], kind, one.get("required", False), False, one.get("description", "")))
        good = next(answer for status, answer in raw["responses"].items() if status in ("200", "201"))["content"]
        body = next(iter(raw.get("requestBody", {}).get("content", {}).values()), None)
        answer = self.type_of(good[JSON]["schema"], "")[0] if JSON in good else None
        found = {field["name"] for field in self.page_fields(answer)}
        return Operation(
            id=raw["operationId"],
            doc=raw.get("summary", ""),
            method=method.upper(),
            path=path,
            segments=[(one["name"], self.type_of(one["schema"], "")[0]) for one in at("path")],
            query=sorted(query, key=lambda one: not one.required),
            body=self.type_of(body["schema"], "")[0] if body else None,
            answer=answer,
            answer_is_text="text/plain" in good,
            takes_key="Idempotency-Key" in names,
            reads="Razao-Min-Position" in names,
            is_file=CSV in good,
            is_paper=PDF in good,
            is_lines=LINES in good,
            is_paged={"items", "next"} <= found,
            tag=raw["tags"][0],
        )

    def page_fields(self, answer):
        if answer is None:
            return []
        if answer.name == "page":
            return [{"name": "items"}, {"name": "next"}]
        properties = self.schemas.get(answer.name, {}).get("properties", {})
        return [{"name": name} for name in properties]


def inlined(types, struct):
    """The fields of a struct with those of structs that are flattened into it; flattened unions stay."""
    found = {}
    for one in struct.fields:
        inner = types.get(one.type.name) if one.flattened else None
        for field_ in inlined(types, inner) if isinstance(inner, Struct) else [one]:
            found[field_.wire] = field_
    return sorted(found.values(), key=lambda one: not one.required)


def reachable(types, start):
    """All types that are named by a type, itself included."""
    found, waiting = set(), [start]
    while waiting:
        kind = waiting.pop()
        if kind is None:
            continue
        waiting.append(kind.of)
        if not kind.is_named or kind.name in found:
            continue
        found.add(kind.name)
        named = types[kind.name]
        if isinstance(named, Struct):
            waiting += [field.type for field in named.fields]
        elif isinstance(named, Union):
            waiting += [variant.content for variant in named.variants]
    return found


def read():
    reader = Reader(json.loads(DOCUMENT.read_text()))
    for name, schema in reader.schemas.items():
        reader.add(name, schema)
    operations = [
        reader.operation(path, method, raw)
        for path, item in reader.raw["paths"].items()
        for method, raw in item.items()
    ]
    ids = [operation.id for operation in operations]
    if len(set(ids)) != len(ids):
        raise ValueError("operation ids are not unique")
    for operation in operations:
        for name in reachable(reader.types, operation.body):
            reader.types[name].is_sent = True
    return Document(dict(sorted(reader.types.items())), operations)
