"""Writes the types and operations of the Rust client."""

import re
import subprocess
from pathlib import Path

from document import ROOT, Struct, Type, Union, Words, camel, inlined, reachable, snake

MARK = "// Written by scripts/write-clients.sh from schemas/openapi.json: change the server, then run it.\n"
ALLOWED = (
    "#![allow(clippy::doc_markdown, clippy::large_enum_variant, clippy::struct_field_names,"
    " clippy::struct_excessive_bools, clippy::too_many_arguments,"
    " clippy::wildcard_imports,"
    ' reason = "the words are those of the API document")]\n\n'
)
SCALARS = {
    "text": "String",
    "integer": "i64",
    "count": "u64",
    "count32": "u32",
    "amount": "Decimal",
    "day": "NaiveDate",
    "instant": "DateTime<Utc>",
    "uuid": "Uuid",
    "boolean": "bool",
    "anything": "Value",
}
KEYWORDS = {"type", "as", "in", "for", "where", "match", "move", "mod", "ref", "use", "self", "loop", "fn"}


def spelt(kind: Type) -> str:
    if kind.name == "list":
        return f"Vec<{spelt(kind.of)}>"
    if kind.name == "map":
        return f"BTreeMap<String, {spelt(kind.of)}>"
    if kind.name == "page":
        return f"Page<{spelt(kind.of)}>"
    return SCALARS[kind.name] if not kind.is_named else kind.name


def name_of(wire: str) -> str:
    name = snake(wire)
    return f"r#{name}" if name in KEYWORDS else name


def docs(text: str, indent: str = "") -> str:
    lines = [line.rstrip() for line in text.strip().split("\n")] if text.strip() else []
    # A link of the server's code leads nowhere here.
    lines = [re.sub(r"\[`(\w+)`\]", r"`\1`", line) for line in lines]
    return "".join(f"{indent}/// {line}".rstrip() + "\n" for line in lines)


def is_optional(field) -> bool:
    return not field.flattened and (not field.required or field.nullable)


def field_type(field) -> str:
    kind = spelt(field.type)
    return f"Option<{kind}>" if is_optional(field) else kind


def struct(document, one: Struct) -> str:
    fields = inlined(document.types, one)
    optional = all(is_optional(field) for field in fields)
    derives = "Debug, Clone, PartialEq, Serialize, Deserialize" + (", Default" if optional else "")
    text = docs(one.doc) + f"#[derive({derives})]\npub struct {one.name} {{\n"
    for field in fields:
        text += docs(field.doc, "    ")
        attributes = []
        if field.flattened:
            attributes.append("flatten")
        name = name_of(field.wire)
        if name.removeprefix("r#") != field.wire and not field.flattened:
            attributes.append(f'rename = "{field.wire}"')
        if is_optional(field):
            attributes.append("default")
            if not field.required:
                attributes.append('skip_serializing_if = "Option::is_none"')
        if attributes:
            text += f"    #[serde({', '.join(attributes)})]\n"
        text += f"    pub {name}: {field_type(field)},\n"
    text += "}\n\n"
    needed = [field for field in fields if not is_optional(field)]
    if one.is_sent and needed and not optional:
        text += maker(one, fields, needed)
    return text


def maker(one: Struct, fields: list, needed: list) -> str:
    taken = ", ".join(
        f"{name_of(field.wire)}: {'impl Into<String>' if field.type.name == 'text' else spelt(field.type)}"
        for field in needed
    )
    sets = "".join(
        f"            {name_of(field.wire)}"
        + ("" if field in needed and field.type.name != "text" else f": {given(field, needed)}")
        + ",\n"
        for field in fields
    )
    return (
        f"impl {one.name} {{\n    /// With what is needed; the rest is left to its default.\n"
        f"    #[must_use]\n    pub fn new({taken}) -> Self {{\n        Self {{\n{sets}        }}\n    }}\n}}\n\n"
    )


def given(field, needed) -> str:
    return f"{name_of(field.wire)}.into()" if field in needed else "None"


def words(document, one: Words) -> str:
    text = docs(one.doc) + "#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]\n"
    text += f"pub enum {one.name} {{\n"
    for word in one.words:
        variant = camel(word) if not word.isupper() else word.capitalize()
        text += f'    #[serde(rename = "{word}")]\n    {variant},\n'
    text += "    /// A word that a later server may say.\n    #[serde(untagged)]\n    Other(String),\n}\n\n"
    return text


def union(document, one: Union) -> str:
    text = docs(one.doc) + "#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]\n"
    text += f'#[serde(tag = "{one.tag}")]\n' if one.tag else "#[serde(untagged)]\n"
    text += f"pub enum {one.name} {{\n"
    for variant in one.variants:
        text += docs(variant.doc, "    ")
        if one.tag:
            text += f'    #[serde(rename = "{variant.tag}")]\n'
        content = f"({spelt(variant.content)})" if variant.content else ""
        text += f"    {variant.name}{content},\n"
    if not one.is_sent:
        text += "    /// What a later server may say.\n"
        text += "    #[serde(untagged)]\n" if one.tag else ""
        text += "    Other(Value),\n"
    return text + "}\n\n"


def write(document, one) -> str:
    return {Struct: struct, Words: words, Union: union}[type(one)](document, one)


# Operations


def query_of(operation):
    return camel(operation.id) + "Query" if operation.query else None


def query(operation) -> str:
    optional = all(not field.required for field in operation.query)
    derives = "Debug, Clone, PartialEq, Serialize" + (", Default" if optional else "")
    text = f"/// The parameters of [`Client::{operation.id}`].\n#[derive({derives})]\npub struct {query_of(operation)} {{\n"
    for field in operation.query:
        text += docs(field.doc, "    ")
        name = name_of(field.wire)
        if not field.required:
            text += '    #[serde(skip_serializing_if = "Option::is_none")]\n'
            text += f"    pub {name}: Option<{spelt(field.type)}>,\n"
        else:
            text += f"    pub {name}: {spelt(field.type)},\n"
    return text + "}\n\n"


def kind_of(operation) -> str:
    if operation.takes_key:
        return f"Command<{spelt(operation.answer)}>"
    if operation.answer is None:
        return "Plain"
    return f"{'Read' if operation.method == 'GET' else 'Question'}<{spelt(operation.answer)}>"


def method(operation) -> str:
    arguments, path = ["&self"], operation.path
    for name, kind in operation.segments:
        taken = "&str" if kind.name == "text" else spelt(kind)
        arguments.append(f"{name}: {taken}")
    pieces = [f'"{piece}"' if not piece.startswith("{") else piece[1:-1] for piece in path.strip("/").split("/")]
    segments = ", ".join(
        piece if piece.startswith('"') or kind_is_text(operation, piece) else f"&{piece}.to_string()" for piece in pieces
    )
    if operation.takes_key:
        arguments.append("key: &str")
    if operation.query:
        arguments.append(f"query: &{query_of(operation)}")
    if operation.body:
        arguments.append(f"body: &{spelt(operation.body)}")
    kind = kind_of(operation)
    calls = f"Call::{operation.method.lower()}(&[{segments}])"
    if operation.query:
        calls += ".query(query)"
    if operation.body:
        calls += ".body(body)"
    text = docs(operation.doc, "    ")
    text += f"    pub fn {operation.id}({', '.join(arguments)}) -> {kind} {{\n"
    made = {"Command": f"Command::new(self, {calls}, key)"}.get(kind.split("<")[0])
    made = made or f"{kind.split('<')[0]}::new(self, {calls})"
    return text + f"        {made}\n    }}\n\n"


def kind_is_text(operation, piece) -> bool:
    return dict(operation.segments)[piece].name == "text"


def write_operations(document) -> str:
    text = MARK + "//! Every operation of the API.\n" + ALLOWED
    text += (
        "use chrono::NaiveDate;\nuse serde::Serialize;\nuse uuid::Uuid;\n\n"
        "use crate::call::Call;\nuse crate::command::Command;\nuse crate::plain::Plain;\n"
        "use crate::question::Question;\nuse crate::read::{Page, Read};\n"
        "use crate::models::*;\nuse crate::Client;\n\n"
    )
    for operation in document.operations:
        if operation.query and operation.id != "send_bulk":
            text += query(operation)
    text += "impl Client {\n"
    for operation in document.operations:
        if operation.id != "send_bulk":
            text += method(operation)
    text = text.rstrip("\n") + "\n}\n\n"
    text += "/// Each operation by its id, with its method and its path.\npub const OPERATIONS: &[(&str, &str, &str)] = &[\n"
    for operation in document.operations:
        text += f'    ("{operation.id}", "{operation.method}", "{operation.path}"),\n'
    return text + "];\n"


def write_pages(document) -> str:
    """Pages that have more than a page has: each is a type of its own."""
    text = ""
    seen = set()
    for operation in document.operations:
        if not operation.is_paged or operation.answer.name == "page" or operation.answer.name in seen:
            continue
        one = document.types[operation.answer.name]
        seen.add(one.name)
        fields = {field.wire: field for field in inlined(document.types, one)}
        item = spelt(fields["items"].type.of)
        following = "self.next" if fields["next"].type.name == "text" else "self.next.map(|next| next.to_string())"
        text += (
            f"impl Paged for {one.name} {{\n    type Item = {item};\n\n"
            f"    fn into_parts(self) -> (Vec<{item}>, Option<String>) {{\n"
            f"        (self.items, {following})\n    }}\n}}\n\n"
        )
    return text


def module(document, name, title, wanted) -> str:
    body = "".join(write(document, document.types[one]) for one in wanted)
    if name == "answers":
        body += write_pages(document)
    uses = []
    if "BTreeMap<" in body:
        uses.append("use std::collections::BTreeMap;\n")
    chrono = [one for one in ("DateTime", "NaiveDate", "Utc") if re.search(rf"\b{one}\b", body)]
    if chrono:
        uses.append(f"use chrono::{{{', '.join(chrono)}}};\n")
    if "Decimal" in body:
        uses.append("use rust_decimal::Decimal;\n")
    uses.append("use serde::{Deserialize, Serialize};\n")
    if "Value" in re.sub(r"LimitValue", "", body):
        uses.append("use serde_json::Value;\n")
    if "Uuid" in body:
        uses.append("use uuid::Uuid;\n")
    uses.append("\n#[allow(unused_imports, reason = \"each module names what it needs of the others\")]\nuse super::*;\n")
    if "Paged" in body:
        uses.append("use crate::read::{Page, Paged};\n" if "Page<" in body else "use crate::read::Paged;\n")
    return MARK + f"//! {title}\n" + ALLOWED + "".join(uses) + "\n" + body.rstrip("\n") + "\n"


def write_all(document, folder: Path):
    events = {name for name in document.types if name.endswith("Event") and name not in ("ToldEvent", "WaitingEvent")}
    of_events = set()
    for name in events:
        of_events |= reachable(document.types, Type(name, is_named=True))
    sent = {name for name, one in document.types.items() if one.is_sent}
    parts = {
        "requests": ("What is sent: the bodies of commands, and what they are made of.", sent),
        "events": ("Events, as commands are answered with them, and what they are made of.", of_events - sent),
        "answers": ("What reads and simulations are answered with.", set(document.types) - of_events - sent),
    }
    models = folder / "models"
    models.mkdir(parents=True, exist_ok=True)
    for name, (title, wanted) in parts.items():
        (models / f"{name}.rs").write_text(module(document, name, title, sorted(wanted)))
    mods = "".join(f"mod {name};\n" for name in sorted(parts))
    uses = "".join(f"pub use {name}::*;\n" for name in sorted(parts))
    (models / "mod.rs").write_text(
        MARK + "//! The types of the API, by their names in its document.\n\n" + mods + "\n" + uses
    )
    (folder / "operations.rs").write_text(write_operations(document))
    written = [str(models / f"{name}.rs") for name in parts] + [str(models / "mod.rs"), str(folder / "operations.rs")]
    config = str(ROOT / "rustfmt.toml")
    subprocess.run(["rustfmt", "--edition", "2024", "--config-path", config, *written], check=True)
