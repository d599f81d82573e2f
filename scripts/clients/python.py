"""Writes the types and operations of the Python client."""

import re
from pathlib import Path

from document import Struct, Type, Union, Words, camel, snake

MARK = "# Written by scripts/write-clients.sh from schemas/openapi.json: change the server, then run it.\n"
LONGEST_LINE = 111  # with its end

PAGE = '''class Page(Paged[T], Generic[T]):
    """A page of a list."""

    next: str | None
    """What to send as `after` for the next page; `None` at the end."""
    as_of: AsOf


'''
SCALARS = {
    "text": "str",
    "integer": "int",
    "count": "int",
    "count32": "int",
    "amount": "Amount",
    "day": "date",
    "instant": "datetime",
    "uuid": "UUID",
    "boolean": "bool",
    "anything": "Any",
}
# Words of the language, and names that a model has already.
TAKEN = {"as", "from", "in", "for", "is", "not", "or", "and", "with", "class", "def", "import", "global", "copy", "json"}
TYPES = {"date", "datetime"}


def spelt(kind: Type) -> str:
    if kind.name == "list":
        return f"list[{spelt(kind.of)}]"
    if kind.name == "map":
        return f"dict[str, {spelt(kind.of)}]"
    if kind.name == "page":
        return f"Page[{spelt(kind.of)}]"
    return SCALARS[kind.name] if not kind.is_named else kind.name


def name_of(wire: str) -> str:
    name = snake(wire)
    return name + "_" if name in TAKEN or name in TYPES else name


def docs(text: str, indent: str) -> str:
    text = re.sub(r"\[`(\w+)`\]", r"`\1`", text.strip()).replace("\\", "\\\\").replace('"""', "'''")
    if not text:
        return ""
    lines = text.split("\n")
    if len(lines) == 1:
        # A quotation mark at the end would end the text.
        return f'{indent}"""{text}{" " if text.endswith(chr(34)) else ""}"""\n'
    body = "".join(f"{indent}{line}".rstrip() + "\n" for line in lines[1:])
    return f'{indent}"""{lines[0]}\n{body}{indent}"""\n'


def all_fields(document, one: Struct) -> list:
    """With those that are flattened: a union among them cannot be, its fields are had from `model_extra`."""
    found = []
    for field in one.fields:
        inner = document.types.get(field.type.name) if field.flattened else None
        if isinstance(inner, Struct):
            found += all_fields(document, inner)
        elif field.flattened:
            found += union_fields(document, inner)
        else:
            found.append(field)
    unique = {field.wire: field for field in found}
    return sorted(unique.values(), key=lambda field: not field.required)


def union_fields(document, one: Union) -> list:
    """The fields of all of its variants; those that not all have are optional."""
    each = []
    for variant in one.variants:
        content = document.types.get(variant.content.name) if variant.content else None
        fields = all_fields(document, content) if isinstance(content, Struct) else []
        each.append({field.wire: field for field in fields})
    found = {}
    for fields in each:
        for wire, field in fields.items():
            everywhere = all(wire in other for other in each)
            kept = type(field)(wire, field.type, field.required and everywhere, field.nullable, field.doc)
            if wire in found and spelt(found[wire].type) != spelt(field.type):
                kept.type = Type("anything")
            found[wire] = kept
    if one.tag:
        found[one.tag] = type(next(iter(found.values())))(one.tag, Type("text"), True, False, "Which of its kinds it is.")
    return list(found.values())


def struct(document, one: Struct) -> str:
    wires = {field.wire: field for field in one.fields}
    base = f"Paged[{spelt(wires['items'].type.of)}]" if {"items", "next"} <= set(wires) else "Model"
    text = f"class {one.name}({base}):\n" + (docs(one.doc, "    ") or "")
    fields = all_fields(document, one)
    if one.doc and fields:
        text += "\n"
    for field in fields:
        kind, name = spelt(field.type), name_of(field.wire)
        optional = not field.required or field.nullable
        kind = f"{kind} | None" if optional and kind != "Any" else kind
        set_to = ""
        # `alias` alone would be the name that type checkers ask for, which no program can write where it is a keyword.
        alias = f'validation_alias="{field.wire}", serialization_alias="{field.wire}"' if name != field.wire else ""
        if not field.required:
            set_to = f" = Field(default=None, {alias})" if alias else " = None"
        elif alias:
            set_to = f" = Field({alias})"
        text += f"    {name}: {kind}{set_to}\n" + docs(field.doc, "    ")
    return text + ("    pass\n" if not fields and not one.doc else "") + "\n\n"


def comment(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.split("\n") if line)


def listed(before: str, items: list, after: str, indent: str = "") -> str:
    """Items between brackets, on one line where they fit."""
    line = f"{indent}{before}{', '.join(items)}{after}\n"
    if len(line) <= LONGEST_LINE:
        return line
    return f"{indent}{before}\n" + "".join(f"{indent}    {item},\n" for item in items) + f"{indent}{after}\n"


def words(document, one: Words) -> str:
    said = [f'"{word}"' for word in one.words]
    # A later server may say more words.
    after = "]" if one.is_sent else "] | str"
    return comment(one.doc) + listed(f"{one.name}: TypeAlias = Literal[", said, after) + "\n\n"


def variant_class(one: Union, variant) -> str:
    name = one.name + variant.name
    return f"{name}Tagged" if variant.content and variant.content.name == name else name


def union(document, one: Union) -> str:
    if not one.tag:
        kinds = list(dict.fromkeys(spelt(variant.content) for variant in one.variants))
        return comment(one.doc) + listed(f"{one.name}: TypeAlias = Union[", kinds, "]") + "\n\n"
    assert name_of(one.tag) == one.tag, f"{one.name}: the tag needs an alias"
    text = ""
    for variant in one.variants:
        base = spelt(variant.content) if variant.content else "Model"
        # A struct that was made for this variant alone becomes it.
        name = variant_class(one, variant)
        text += f"class {name}({base}):\n"
        text += docs(variant.doc, "    ") + f'    {name_of(one.tag)}: Literal["{variant.tag}"]'
        text += "\n\n\n"
    # What a later server may say is read as it is.
    kinds = [variant_class(one, variant) for variant in one.variants] + ["Unknown"]
    return text + comment(one.doc) + listed(f"{one.name}: TypeAlias = Union[", kinds, "]") + "\n\n"


def write_models(document) -> str:
    text = MARK + '"""The types of the API, by their names in its document."""\n\nfrom __future__ import annotations\n\n'
    text += "from datetime import date, datetime\nfrom typing import Any, Generic, Literal, TypeAlias, Union\nfrom uuid import UUID\n\n"
    text += "from pydantic import Field\n\nfrom .base import Amount, Model, Paged, T, Unknown\n\n\n"
    # A class comes after the one that it extends.
    structs = [one for one in document.types.values() if isinstance(one, Struct)]
    others = [one for one in document.types.values() if not isinstance(one, Struct)]
    said = {Words: words, Union: union, Struct: struct}
    structs.sort(key=lambda one: any(field.wire == "next" for field in one.fields))
    for one in [*(o for o in others if isinstance(o, Words)), *structs, *(o for o in others if isinstance(o, Union))]:
        text += said[type(one)](document, one)
    text += PAGE
    names = sorted([*document.types, "Page"])
    return text + "__all__ = [\n" + "".join(f'    "{name}",\n' for name in names) + "]\n"


# Operations


def answer_of(operation) -> str:
    if operation.answer is None:
        return "str" if operation.answer_is_text else "bytes"
    return spelt(operation.answer)


def argument(field) -> str:
    kind = spelt(field.type)
    return f"{name_of(field.wire)}: {kind}" + ("" if field.required else " | None = None")


def method(operation) -> str:
    taken = ["self"]
    taken += [f"{name_of(name)}: {'UUID | str' if kind.name == 'uuid' else spelt(kind)}" for name, kind in operation.segments]
    if operation.takes_key:
        taken.append("key: str | None" if any(field.wire == "preview" for field in operation.query) else "key: str")
    if operation.body:
        taken.append(f"body: {spelt(operation.body)}")
    taken.append("*")
    taken += [argument(field) for field in operation.query]
    if operation.takes_key:
        taken += ["if_version: int | None = None", "request_id: str | None = None", "later: bool = False"]
    if operation.reads:
        taken += ["min_position: int | None = None", "max_wait_ms: int | None = None"]
    if taken[-1] == "*":
        taken.pop()
    path = ", ".join(
        f'"{piece}"' if not piece.startswith("{") else name_of(piece[1:-1]) for piece in operation.path.strip("/").split("/")
    )
    passed = [f'"{operation.method}"', f"({path})"]
    query = ", ".join(f'"{field.wire}": {name_of(field.wire)}' for field in operation.query)
    passed.append(f"query={{{query}}}" if query else "query={}")
    if operation.body:
        passed.append("body=body")
    kind = answer_of(operation)
    answer = kind
    if operation.takes_key:
        passed += ["key=key", "if_version=if_version", "request_id=request_id", "later=later"]
        call, answer = ("self._command(", [kind, *passed], ")"), f"Done[{kind}]"
    elif operation.answer is None:
        call = ("self._plain(", passed, f").{'text' if operation.answer_is_text else 'content'}")
    else:
        if operation.reads:
            passed += ["min_position=min_position", "max_wait_ms=max_wait_ms"]
        call = ("self._read(", [kind, *passed], ")")
    text = listed(f"def {operation.id}(", taken, f") -> {answer}:", "    ") + docs(operation.doc, "        ")
    text += called(call)
    if operation.is_file:
        text += download(operation, taken, passed)
    return text


def download(operation, taken, passed) -> str:
    name = "download_" + re.sub("^(list|find)_", "", operation.id)
    at = taken.index("*") if "*" in taken else len(taken)
    form, forms = ("PaperForm", "CSV, XLSX or PDF") if operation.is_paper else ("FileForm", "CSV or XLSX")
    taken = [*taken[:at], f"form: {form}", *taken[at:]]
    text = listed(f"def {name}(", taken, ") -> Download:", "    ")
    text += f'        """The same as `{operation.id}`, all of it as a {forms} file."""\n'
    return text + called(("self._download(", ["form", *passed], ")"))


def called(call) -> str:
    before, passed, after = call
    return listed(f"return {before}", passed, after, "        ") + "\n"


def write_operations(document) -> str:
    text = MARK + '"""Every operation of the API."""\n\nfrom __future__ import annotations\n\n'
    body = "".join(method(operation) for operation in document.operations if operation.id != "send_bulk")
    named = sorted({name for name in [*document.types, "Page"] if re.search(rf"\b{name}\b", body)})
    text += "from datetime import date\nfrom uuid import UUID\n\n"
    text += "from .base import Done, Download, FileForm, PaperForm\nfrom .calls import Calls\n"
    text += "from .models import (\n" + "".join(f"    {name},\n" for name in named) + ")\n\n\n"
    text += "class Operations(Calls):\n" + '    """Each by its id in the API document."""\n\n' + body.rstrip("\n") + "\n\n\n"
    text += "# Each operation by its id, with its method and its path.\nOPERATIONS: dict[str, tuple[str, str]] = {\n"
    text += "".join(f'    "{one.id}": ("{one.method}", "{one.path}"),\n' for one in document.operations)
    return text + "}\n"


def write_all(document, folder: Path):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "models.py").write_text(write_models(document))
    (folder / "operations.py").write_text(write_operations(document))
