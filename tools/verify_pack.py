#!/usr/bin/env python3
"""Checks an auditor's pack offline, with nothing but Python's own library: a second opinion on `razao verify --pack`.

    verify_pack.py PACK PUBLIC-KEY...      a key, or a file with some, one a line

Prints what is wrong, a JSON object a line, and last what was checked. Exits with 0 where nothing is, 1 where something
is, 2 where the arguments are no pack and no key. `docs/AUDIT.md` describes the format.
"""

import base64
import binascii
import datetime
import hashlib
import json
import os
import re
import sys
import tarfile
from decimal import Decimal

# --- Ed25519 (RFC 8032), checking only -------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def point(data):
    """The point of 32 bytes, in extended coordinates; None where they are none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar, p):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, p)
        p = add(p, p)
        scalar >>= 1
    return result


def is_signed(key, text, signature):
    """Whether 64 bytes are the key's signature of the text."""
    if len(signature) != 64:
        return False
    a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    one, other = times(s, BASE), add(r, times(k, a))
    same = lambda i: (one[i] * other[2] - other[i] * one[2]) % P == 0
    return same(0) and same(1)


# --- Notes and checkpoints (C2SP signed-note, tlog-checkpoint) -------------------------------------------------------


class Unsigned(Exception):
    """A note that no known key signed."""


class Malformed(Exception):
    """Something that cannot be read as what it has to be."""


def parse_key(text):
    """(name, id, key) of NAME+ID+KEY."""
    try:
        name, key_id, key = text.strip().split("+", 2)
        key = base64.b64decode(key, validate=True)
    except (ValueError, binascii.Error):
        raise Malformed(f"`{text}` is no public key") from None
    expected = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if len(key) != 33 or key[0] != 1 or expected.hex() != key_id:
        raise Malformed(f"`{text}` is no public key of Ed25519 with its id")
    return name, expected, key[1:]


def open_note(note, keys):
    """The text of a note that one of the keys signed, and no wrong signature in the name of any."""
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise Unsigned("it is not a signed note")
    text += "\n"
    signed = False
    for line in signatures[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014":
            raise Unsigned("it is not a signed note")
        try:
            signature = base64.b64decode(parts[2], validate=True)
        except (ValueError, binascii.Error):
            raise Unsigned("a signature is not base64") from None
        for name, key_id, key in keys:
            if name == parts[1] and key_id == signature[:4]:
                if not is_signed(key, text.encode(), signature[4:]):
                    raise Unsigned(f"the signature by {name} is not one of this text")
                signed = True
    if not signed:
        raise Unsigned("no known key signed it")
    return text


def open_checkpoint(note, keys):
    """(origin, size, root) of a signed checkpoint of the log that the keys are of."""
    lines = open_note(note, keys)[:-1].split("\n")
    if len(lines) < 3 or "" in lines or not re.fullmatch("0|[1-9][0-9]*", lines[1]):
        raise Malformed("the note is not of a checkpoint")
    root = read_hash(lines[2])
    if root is None:
        raise Malformed("its root is no hash in base64")
    if any(name != lines[0] for name, _, _ in keys):
        raise Unsigned(f"it is of another log: of {lines[0]}")
    return lines[0], int(lines[1]), root


# --- The tree (RFC 6962) ---------------------------------------------------------------------------------------------


def sha256(data):
    return hashlib.sha256(data).digest()


def node(left, right):
    return sha256(b"\x01" + left + right)


def leaf_of(line):
    """The entry of the tree is the SHA-256 of the event's line."""
    return sha256(b"\x00" + sha256(line))


def read_hash(text):
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, TypeError, binascii.Error):
        return None
    return data if len(data) == 32 else None


def is_included(index, leaf, hashes, size, root):
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    place, last, result = index, size - 1, leaf
    for proof in hashes:
        if last == 0:
            return False
        if place & 1 or place == last:
            result = node(proof, result)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            result = node(result, proof)
        place, last = place >> 1, last >> 1
    return last == 0 and result == root


def levels(start, end):
    """The heights of the fewest whole subtrees that cover the leaves from start up to end, from left to right."""
    found = []
    while start < end:
        aligned = (start & -start).bit_length() - 1 if start else 64
        found.append(min(aligned, (end - start).bit_length() - 1))
        start += 1 << found[-1]
    return found


def range_root(start, left, leaves, right, size):
    """The root of the tree of `size` leaves, of which those from `start` on are given, the others by subtrees."""
    heights = levels(start + len(leaves), size)
    if len(left) != bin(start).count("1") or len(right) != len(heights) or start + len(leaves) > size:
        return None
    peaks, at = list(left), start
    for height, root in [(0, leaf) for leaf in leaves] + list(zip(heights, right)):
        above = at >> height
        while above & 1:
            root = node(peaks.pop(), root)
            above >>= 1
        peaks.append(root)
        at += 1 << height
    result = peaks.pop()
    while peaks:
        result = node(peaks.pop(), result)
    return result


# --- What an event books ---------------------------------------------------------------------------------------------

INCOME = {
    "late_fee": "income:late_fees",
    "late_interest": "income:late_interest",
    "penalty": "income:penalties",
    "fee": "income:fees",
    "interest": "income:interest",
    "principal": "assets:loans:principal",
}
CREDIT_OF = {"goodwill": "expenses:goodwill", "interest_waiver": "income:interest"}
CASH, PRINCIPAL, IOF = "assets:cash", "assets:loans:principal", "liabilities:taxes:iof"
OVERPAYMENTS, CREDITS = "liabilities:overpayments", "liabilities:credits"
LOSSES, RECEIVABLE = "expenses:credit_losses", "assets:loans:interest"


class Sums(dict):
    """What is debited (above zero) or credited (below) of each account."""

    def debit(self, account, amount):
        self[account] = self.get(account, Decimal(0)) + amount

    def credit(self, account, amount):
        self.debit(account, -amount)

    def receive(self, components, is_off, sign=1):
        for component, amount in components.items():
            self.credit("income:recoveries" if is_off else INCOME[component], sign * Decimal(amount))

    def effect(self, effect, is_off, sign=1):
        for share in effect.get("shares", []):
            self.receive(share["allocation"], is_off, sign)
        for applied in effect.get("applied", []):
            for share in applied["shares"]:
                self.receive(share["allocation"], is_off, sign)
                self.debit(CREDITS, sign * sum(map(Decimal, share["allocation"].values())))
        self.credit(OVERPAYMENTS, sign * Decimal(effect.get("overpaid", "0")))
        self.credit(CREDITS, sign * Decimal(effect.get("credit", "0")))
        if "write_off" in effect:
            principal = sign * Decimal(effect["write_off"]["open"].get("principal", "0"))
            self.debit(LOSSES, principal)
            self.credit(PRINCIPAL, principal)

    def tax(self, tax, is_kept_back):
        if tax is None or tax["collected"] == "installment":
            return
        if not (tax["collected"] == "financed" or (tax["collected"] == "withheld" and is_kept_back)):
            self.debit(CASH, Decimal(tax["amount"]))
        self.credit(IOF, Decimal(tax["amount"]))

    def lines(self, currency):
        return [
            (account, "credit" if amount < 0 else "debit", abs(amount), currency)
            for account, amount in sorted(self.items())
            if amount
        ]


MONEY_IN = {"LoanRepaymentRecorded", "LoanSettledEarly", "LoanRecoveryRecorded"}
MONEY_BACK = {"LoanRepaymentChargedBack", "LoanOverpaymentRefunded"}
UNDOES = {"LoanRepaymentReversed", "LoanCreditReversed", "LoanRecoveryReversed"}


def loan_postings(kind, event):
    """[(booked_on, lines)] of an event of a loan."""
    outcome = event.get("outcome")
    if outcome is None:
        return []
    amount = Decimal(event.get("amount") or "0")
    booked_on = event.get("booked_on", event["on"])
    is_off = outcome["standing"]["status"] == "written_off"
    own = Sums()
    if kind in MONEY_IN:
        own.debit(CASH, amount)
    elif kind in MONEY_BACK:
        own.credit(CASH, amount)
    elif kind == "LoanDisbursed":
        own.credit(CASH, Decimal(event["released"]))
        own.credit("income:fees", Decimal(event.get("fees", "0")))
        own.tax(event.get("tax"), True)
    elif kind == "LoanCreditGranted":
        own.debit(CREDIT_OF[event["kind"]], amount)
    elif kind in UNDOES:
        own.credit(CREDIT_OF[event["credit"]] if event.get("credit") else CASH, amount)
        own.effect(event["undone"], event.get("written_off_before", False), -1)
    elif kind == "LoanRestructured":
        own.tax(event.get("tax"), False)
    elif kind == "LoanWriteOffReversed":
        own.effect(event["undone"], False, -1)
    if event.get("effect"):
        gives_back = kind == "LoanOverpaymentRefunded" and is_off
        own.effect(event["effect"], gives_back or kind == "LoanRecoveryRecorded")
    by_time = outcome.get("by_time", {})
    own.debit(PRINCIPAL, Decimal(outcome.get("principal_added", "0")))
    own.receive(by_time.get("allocation", {}), False)
    own.credit(OVERPAYMENTS, Decimal(by_time.get("overpaid", "0")))
    own.credit(CREDITS, Decimal(by_time.get("credit", "0")))
    own.credit("liabilities:deferred_income", Decimal(outcome.get("deferred", "0")))
    own.credit(IOF, Decimal(outcome.get("tax", "0")))
    own.debit("income:fees", Decimal(outcome.get("tax", "0")))
    own.credit(IOF, Decimal(outcome.get("financed_tax", "0")))
    days = {booked_on: own}
    for moved in outcome.get("rederived", []):
        sums = days.setdefault(max(moved["on"], booked_on), Sums())
        if moved.get("before"):
            sums.effect(moved["before"], moved.get("written_off_before", False), -1)
        if moved.get("after"):
            sums.effect(moved["after"], moved.get("written_off_after", False))
    lost = is_off or kind in ("LoanWrittenOff", "LoanWriteOffReversed")
    for sums in days.values():
        # What is left over is income that became principal, or was received as principal.
        sums.credit(LOSSES if lost else "income:interest", sum(sums.values(), Decimal(0)))
    postings = [(day, sums.lines(event["currency"])) for day, sums in sorted(days.items())]
    return [(day, lines) for day, lines in postings if lines]


def entry_postings(event):
    lines = []
    for line in event["lines"]:
        side = "debit" if "debit" in line else "credit"
        lines.append((line["account"], side, Decimal(line[side]), event["currency"]))
    return [(event.get("booked_on", event["on"]), lines)]


def close_postings(kind, event):
    """Of a day's close: the receivable against income, and what of it is lost."""
    if kind != "AccrualsBooked":
        return []
    lines = []
    for booked in event["sums"]:
        lost = -Decimal(booked.get("written_off", "0"))
        for change, against in ((Decimal(booked["earned"]), "income:interest"), (lost, LOSSES)):
            if change:
                sides = ("credit", "debit") if change < 0 else ("debit", "credit")
                lines.append((RECEIVABLE, sides[0], abs(change), booked["currency"]))
                lines.append((against, sides[1], abs(change), booked["currency"]))
    return [(event.get("booked_on", event["on"]), lines)] if lines else []


def postings_of(event):
    kind, payload = event["type"], event["payload"]
    if event["stream_type"] == "Loan":
        return loan_postings(kind, payload)
    if event["stream_type"] == "Entry":
        return entry_postings(payload)
    return close_postings(kind, payload) if event["stream_type"] == "DayClose" else []


def balances(lines):
    sums = {}
    for _, side, amount, currency in lines:
        sums[currency] = sums.get(currency, Decimal(0)) + (amount if side == "debit" else -amount)
    return not any(sums.values())


# --- The pack --------------------------------------------------------------------------------------------------------


class Check:
    def __init__(self, parts, keys):
        self.parts, self.keys, self.findings, self.events = parts, keys, [], []

    def tell(self, fault, part, detail, line=None, position=None, figure=None):
        finding = {"fault": fault, "part": part, "line": line, "position": position, "figure": figure, "detail": detail}
        self.findings.append({name: value for name, value in finding.items() if value is not None})

    def text(self, name):
        if name not in self.parts:
            return None
        try:
            return self.parts[name].decode()
        except UnicodeDecodeError:
            self.tell("malformed", name, "it is not UTF-8")
            return None

    def run(self):
        if not self.read_list():
            return
        self.checkpoint = None
        note = self.text("checkpoint")
        if note is not None:
            try:
                self.checkpoint = open_checkpoint(note, self.keys)
            except Unsigned as error:
                self.tell("signature", "checkpoint", str(error))
            except Malformed as error:
                self.tell("malformed", "checkpoint", str(error))
        self.read_events()
        if self.kind == "loan":
            self.check_order()
            self.check_proofs()
        else:
            self.check_positions()
            self.check_leaves()
        self.book()
        figures = self.text("figures.json")
        if figures is None:
            return
        try:
            figures = json.loads(figures)
            self.compare_loan(figures) if self.kind == "loan" else self.compare_month(figures)
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:
            self.tell("malformed", "figures.json", repr(error))

    def read_list(self):
        if "pack.note" not in self.parts:
            self.tell("part_missing", "pack.note", "the signed list of the parts is not there")
        note = self.text("pack.note")
        if note is None:
            return False
        try:
            text = open_note(note, self.keys)
        except Unsigned as error:
            self.tell("signature", "pack.note", str(error))
            text = note[: note.rfind("\n\n") + 1]  # what an unsigned list says is still worth comparing
        head = re.fullmatch(
            r"razao pack 1\n(.*)\n(loan|month) (\S+)\nevents (\d+) from (\d+) to (\d+)\n((?:[0-9a-f]+ .*\n)*)", text
        )
        if head is None:
            self.tell("malformed", "pack.note", "it is no list of a pack's parts")
            return False
        self.origin, self.kind, self.subject = head[1], head[2], head[3]
        self.count, self.first, self.last = int(head[4]), int(head[5]), int(head[6])
        if any(name != self.origin for name, _, _ in self.keys):
            self.tell("signature", "pack.note", f"it is of the log {self.origin}")
        listed = {"pack.note"}
        for line in head[7].splitlines():
            digest, name = line.split(" ", 1)
            listed.add(name)
            if name not in self.parts:
                self.tell("part_missing", name, "it is listed and not there")
            elif hashlib.sha256(self.parts[name]).hexdigest() != digest:
                self.tell("part_changed", name, "it is not the part that was listed")
        for name in sorted(set(self.parts) - listed):
            self.tell("part_added", name, "it is there and not listed")
        return True

    def read_events(self):
        """(line number, the line, the event) of each that can be read."""
        text = self.text("events.ndjson")
        if text is None:
            return
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        for number, line in enumerate(lines, 1):
            try:
                event = json.loads(line)
                for name, kind in (("position", int), ("sequence", int), ("type", str), ("stream_type", str),
                                   ("stream_id", str), ("version", int), ("recorded_at", str)):
                    if type(event[name]) is not kind:
                        raise ValueError(f"{name} is no {kind.__name__}")
                datetime.datetime.fromisoformat(event["recorded_at"].replace("Z", "+00:00"))
                event["metadata"], event["payload"]
                self.events.append((number, line.encode(), event))
            except (ValueError, KeyError, TypeError) as error:
                self.tell("event_unreadable", "events.ndjson", repr(error), number)
        if len(lines) != self.count:
            self.tell("events_missing", "events.ndjson", f"there are {len(lines)} lines, and {self.count} events are listed")

    def check_order(self):
        expected, last = 1, 0
        for number, _, event in self.events:
            position, sequence = event["position"], event["sequence"]
            tell = lambda fault, detail: self.tell(fault, "events.ndjson", detail, number, position)
            if event["stream_type"] != "Loan" or event["stream_id"].lower() != self.subject.lower():
                tell("event_misplaced", f"it is of {event['stream_type']} {event['stream_id']}")
            if sequence != expected:
                tell("events_missing", f"sequence {sequence} comes where {expected} is expected")
            if position <= last:
                tell("event_misplaced", f"position {position} comes after {last}")
            expected, last = sequence + 1, position

    def check_proofs(self):
        proofs = self.text("proofs.ndjson")
        if proofs is None or self.checkpoint is None:
            return
        by_position = {}
        for number, line in enumerate(proofs.splitlines(), 1):
            try:
                proof = json.loads(line)
                by_position[proof["position"]] = [read_hash(text) for text in proof["hashes"]]
                if None in by_position[proof["position"]]:
                    raise ValueError("no hash")
            except (ValueError, KeyError, TypeError):
                self.tell("malformed", "proofs.ndjson", "there is no proof that can be read", number)
        _, size, root = self.checkpoint
        for number, line, event in self.events:
            position = event["position"]
            hashes = by_position.get(position)
            if hashes is None:
                self.tell("proof_missing", "proofs.ndjson", "there is no proof of the event", number, position)
                continue
            if not is_included(position - 1, leaf_of(line), hashes, size, root):
                self.tell("event_changed", "events.ndjson", "it is not the event of its position in the log", number, position)

    def check_positions(self):
        expected = self.first
        for number, _, event in self.events:
            position = event["position"]
            if position != expected:
                detail = f"position {position} comes where {expected} is expected"
                self.tell("events_missing", "events.ndjson", detail, number, position)
            expected = position + 1

    def check_leaves(self):
        leaves, proof = self.text("leaves"), self.text("range.json")
        if leaves is None or proof is None:
            return
        leaves = [read_hash(line) for line in leaves.splitlines()]
        if self.checkpoint is not None:
            try:
                proof = json.loads(proof)
                left, right = ([read_hash(text) for text in proof[side]] for side in ("left", "right"))
                whole = None not in leaves + left + right and len(leaves) == self.last - self.first + 1
                root = range_root(self.first - 1, left, leaves, right, self.checkpoint[1]) if whole else None
            except (ValueError, KeyError, TypeError):
                root = None
            if root != self.checkpoint[2]:
                self.tell("leaves_changed", "leaves", f"they are not those of positions {self.first} to {self.last} in the log")
        for number, line, event in self.events:
            # By its position, so that an event that is missing spoils no other.
            place = event["position"] - self.first
            if not 0 <= place < len(leaves) or leaves[place] != leaf_of(line):
                detail = "it is not the event of its position in the log"
                self.tell("event_changed", "events.ndjson", detail, number, event["position"])

    def book(self):
        """What the events book, by position: [(booked_on, account, side, amount, currency)]."""
        self.lines = {}
        for number, _, event in self.events:
            position = event["position"]
            try:
                postings = postings_of(event)
            except (ValueError, KeyError, TypeError, ArithmeticError, AttributeError) as error:
                self.tell("event_unreadable", "events.ndjson", repr(error), number, position)
                continue
            if not all(balances(lines) for _, lines in postings):
                self.tell("unbalanced", "events.ndjson", "what it books does not sum to zero", number, position)
            booked = [(day, *line) for day, lines in postings for line in lines]
            if booked:
                self.lines.setdefault(position, []).extend(booked)

    def moved(self):
        """{(account, currency, day): (debits, credits)}"""
        moved = {}
        for booked in self.lines.values():
            for day, account, side, amount, currency in booked:
                debits, credits = moved.get((account, currency, day), (Decimal(0), Decimal(0)))
                sums = (debits + amount, credits) if side == "debit" else (debits, credits + amount)
                moved[(account, currency, day)] = sums
        return moved

    def compare_loan(self, figures):
        self.compare_standing(figures["loan"])
        said = {}
        for line in figures["lines"]:
            row = (line["booked_on"], line["account"], line["side"], Decimal(line["amount"]), line["currency"])
            said.setdefault(line["position"], []).append(row)
        for position in sorted(set(said) | set(self.lines)):
            if said.get(position) != self.lines.get(position):
                self.tell("lines_differ", "figures.json", "the event books other lines", position=position)
        found, before = {}, {}
        for (account, currency, day), (debits, credits) in sorted(self.moved().items()):
            opening = before.get((account, currency), Decimal(0))
            before[(account, currency)] = opening + debits - credits
            found[(account, currency, day)] = (opening, debits, credits, opening + debits - credits)
        names = ("opening", "debits", "credits", "closing")
        said = {
            (row["account"], row["currency"], row["date"]): tuple(Decimal(row[name]) for name in names)
            for row in figures["balances"]
        }
        for key in sorted(set(said) | set(found)):
            if said.get(key) != found.get(key):
                self.tell("balance_differs", "figures.json", "the events come to another balance", figure=" ".join(key))

    def compare_standing(self, said):
        events = [event for _, _, event in self.events]
        if not events or events[0]["type"] != "LoanApplied":
            self.tell("loan_differs", "events.ndjson", "they do not begin with an application", figure="events")
            return
        found = {"status": "applied", "currency": events[0]["payload"]["terms"]["currency"], "balances": {},
                 "overpaid": "0", "credit": "0", "version": len(events), "position": events[-1]["position"]}
        received = Decimal(0)
        for event in events:
            kind, payload = event["type"], event["payload"]
            status = {"LoanApproved": "approved", "LoanRejected": "rejected", "LoanWithdrawn": "withdrawn"}.get(kind)
            found["status"] = status or found["status"]
            if kind in MONEY_IN:
                received += Decimal(payload["amount"])
            elif kind in MONEY_BACK or kind in ("LoanRepaymentReversed", "LoanRecoveryReversed"):
                received -= Decimal(payload["amount"])
            if "outcome" in payload:
                standing = payload["outcome"]["standing"]
                found.update({name: standing[name] for name in ("status", "balances", "overpaid")})
                found["credit"] = standing.get("credit", "0")
        amount = lambda figures, name: Decimal(figures[name])
        components = lambda figures: {name: Decimal(value) for name, value in figures["balances"].items() if Decimal(value)}
        found["received"] = received
        same = {name: said[name] == found[name] for name in ("status", "currency", "version", "position")}
        same.update({name: amount(said, name) == amount(found, name) for name in ("overpaid", "credit", "received")})
        same["balances"] = components(said) == components(found)
        for name in sorted(name for name, is_same in same.items() if not is_same):
            detail = f"it says {said[name]}, the events {found[name]}"
            self.tell("loan_differs", "figures.json", detail, figure=name)

    def compare_month(self, figures):
        found = {}
        for (account, currency, day), sums in self.moved().items():
            found.setdefault((account, currency), {})[day] = sums
        said, totals = {}, {}
        for row in figures["accounts"]:
            said[(row["account"], row["currency"])] = row
            opening, closing = totals.get(row["currency"], (Decimal(0), Decimal(0)))
            totals[row["currency"]] = (opening + Decimal(row["opening"]), closing + Decimal(row["closing"]))
        for key in sorted(set(said) | set(found)):
            row, days = said.get(key, {"opening": "0", "days": []}), found.get(key, {})
            of = {day["date"]: (Decimal(day["debits"]), Decimal(day["credits"])) for day in row["days"]}
            for day in sorted(set(of) | set(days)):
                if of.get(day) != days.get(day):
                    detail = "the events move another amount"
                    self.tell("balance_differs", "figures.json", detail, figure=" ".join((*key, day)))
            closing = Decimal(row["opening"]) + sum((debits - credits for debits, credits in days.values()), Decimal(0))
            if "closing" not in row or Decimal(row["closing"]) != closing:
                detail = "it closes with another amount by the events"
                self.tell("balance_differs", "figures.json", detail, figure=" ".join(key))
        for currency, sums in sorted(totals.items()):
            for when, total in zip(("opening", "closing"), sums):
                if total:
                    detail = f"all accounts together come to {total}"
                    self.tell("unbalanced", "figures.json", detail, figure=f"{when} {currency}")


def read_parts(path):
    parts = {}
    with tarfile.open(path, "r:") as archive:
        for member in archive:
            if not member.isfile() or member.name in parts:
                raise Malformed(f"`{member.name}` is there twice or no plain file")
            parts[member.name] = archive.extractfile(member).read()
    return parts


def read_keys(arguments):
    keys = []
    for argument in arguments:
        text = open(argument).read() if os.path.isfile(argument) else argument
        keys += [parse_key(line) for line in text.splitlines() if line.strip()]
    return keys


def main():
    if len(sys.argv) < 3 or not os.path.isfile(sys.argv[1]):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        keys = read_keys(sys.argv[2:])
    except (Malformed, OSError) as error:
        print(f"verify_pack: {error}", file=sys.stderr)
        return 2
    check = Check({}, keys)
    try:
        check.parts = read_parts(sys.argv[1])
        check.run()
    except (tarfile.TarError, EOFError, OSError, Malformed) as error:
        check.tell("malformed", "", f"it is no whole tar file: {error}")
    for finding in check.findings:
        print(json.dumps(finding, ensure_ascii=False))
    subject = f"{check.kind} {check.subject}" if hasattr(check, "kind") else None
    print(json.dumps({"of": subject, "events": len(check.events), "found": len(check.findings)}))
    return 1 if check.findings else 0


if __name__ == "__main__":
    sys.exit(main())
