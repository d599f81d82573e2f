//! Random histories: terms, and commands in any order of their dates, with reversals and backdating.

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::answer;
use crate::fractions::{Fraction, Mode, part, rounded, shown, whole};
use crate::history::facts;
use crate::loan::Loan;
use crate::parts::PRINCIPAL;
use crate::requests::{calendar, cents, date, day_count, every, maybe, rate, rounding, without_nulls};
use crate::terms::{Terms, text};

pub(crate) const FEWEST_COMMANDS: usize = 30;

/// A command before it is known what it can be about.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    kind: u32,
    /// Days after the first disbursement, in thousandths of the loan's life.
    day: u32,
    /// On a due date, whatever the day.
    on_due_date: bool,
    /// Of the installment, in hundredths.
    share: u32,
    word: Value,
    target: usize,
}

fn draft() -> impl Strategy<Value = Draft> {
    let word = maybe(&["next", "last", "equal", "credit", "reduce_term", "reduce_installment"]);
    (0..100_u32, 0..1150_u32, prop::bool::weighted(0.3), 1..250_u32, word, any::<usize>()).prop_map(
        |(kind, day, on_due_date, share, word, target)| Draft { kind, day, on_due_date, share, word, target },
    )
}

fn late() -> impl Strategy<Value = Value> {
    let some = (
        maybe(&["0.02", "0", "0.013"]),
        maybe(&["overdue", "installment", "principal"]),
        maybe(&["0.01", "0.035"]),
        maybe(&["simple", "compound"]),
        maybe(&["30", "actual"]),
        maybe(&["installment", "principal"]),
        maybe(&["none", "none", "daily", "period"]),
        prop_oneof![2 => Just(Value::Null), 1 => (1..6_u32).prop_map(Value::from)],
        maybe(&["half_even", "half_up", "down"]),
    )
        .prop_map(
            |(fee_rate, fee_base, monthly, interest, days, base, contract, grace_days, rounding)| {
                // Whether contract interest itself bears compound late interest is nowhere said.
                let contract = if interest == "compound" { Value::Null } else { contract };
                json!({"fee_rate": fee_rate, "fee_base": fee_base, "interest_rate_per_month": monthly,
                "interest": interest, "interest_days": days, "interest_base": base,
                "contract_interest": contract, "grace_days": grace_days, "rounding": rounding})
            },
        );
    prop_oneof![1 => Just(Value::Null), 3 => some]
}

fn order() -> impl Strategy<Value = Value> {
    let all = vec!["late_fee", "late_interest", "penalty", "fee", "interest", "principal"];
    let some = prop::sample::subsequence(all, 1..=6).prop_shuffle().prop_map(Value::from);
    prop_oneof![1 => Just(Value::Null), 1 => some]
}

fn grace(plan: bool) -> impl Strategy<Value = Value> {
    let some = (1..4_u32, 0..4_u32, maybe(&["capitalized", "deferred", "free"])).prop_map(
        |(principal, interest, mode)| {
            json!({"principal": principal, "interest": interest.min(principal), "mode": mode})
        },
    );
    prop_oneof![2 => Just(Value::Null), if plan { 1 } else { 0 } => some]
}

/// The rows of a custom plan: days since the one before, a share of the principal, and maybe its interest.
fn listed() -> impl Strategy<Value = Vec<(u64, u64, Option<u64>)>> {
    prop::collection::vec((1..70_u64, 0..100_u64, prop::option::weighted(0.3, 0..9_000_u64)), 1..12)
}

/// Puts a custom plan in place of dates by a rule.
fn list(terms: &mut Value, start: NaiveDate, principal: u64, rows: &[(u64, u64, Option<u64>)]) {
    let all: u64 = rows.iter().map(|(_, share, _)| share).sum();
    let (mut day, mut left) = (start, principal);
    let row = |(k, (gap, share, interest)): (usize, &(u64, u64, Option<u64>))| {
        day = day + Days::new(*gap);
        let part = if k + 1 == rows.len() { left } else { principal * share / (all + 1) };
        left -= part;
        json!({"due_on": day.to_string(), "principal": cents(part), "interest": interest.map(cents)})
    };
    terms["custom"] = rows.iter().enumerate().map(row).collect();
    terms["installments"] = Value::Null;
    terms["every"] = Value::Null;
}

/// Terms of a loan of the basis, without its principal.
fn terms(basis: &'static str) -> impl Strategy<Value = Value> {
    let plan = basis == "plan";
    let methods: &[&str] = if plan {
        &["price", "price", "sac", "interest_only", "flat", "sam", "bullet", "custom"]
    } else {
        &["price"]
    };
    let excess: &[&str] = match basis {
        "plan" => &["next", "last", "equal", "credit", "reduce_term", "reduce_installment"],
        "running_balance" => &["next"],
        _ => &["next", "reduce_term", "reduce_installment"],
    };
    let dates = (1..15_u32, every(), prop_oneof![2 => Just(None), 1 => (0..50_u64).prop_map(Some)]);
    let days = (day_count(), calendar(), maybe(&["none", "following", "modified_following", "preceding"]));
    let money = (
        rate(),
        rounding(if plan { &["last", "first", "respread"] } else { &["last", "respread"] }),
        late(),
        prop::option::weighted(0.3, 100..900_u64),
    );
    let paying = (
        order(),
        order(),
        maybe(&["installment", "loan"]),
        select(excess),
        maybe(&["present_value", "interest_to_date", "interest_to_due_date"]),
    );
    let all = (select(methods), dates, days, money, paying, grace(plan));
    all.prop_map(move |(method, dates, days, money, paying, mut grace)| {
        let (installments, every, _) = dates;
        // A flat loan cannot capitalize, and grace leaves rows to repay the principal.
        let is_flat = method == "flat";
        if !(is_flat || ["price", "sac", "interest_only"].contains(&method))
            || is_flat && (grace["mode"].is_null() || grace["mode"] == "capitalized")
            || grace["principal"].as_u64().is_some_and(|rows| rows >= u64::from(installments))
        {
            grace = Value::Null;
        }
        let (day_count, calendar, shift) = days;
        let (rate, mut rounding, late, fee) = money;
        let (order, in_advance, scope, excess, settlement) = paying;
        rounding["decimals"] = Value::Null;
        let redraws = ["price", "sac", "interest_only"].contains(&method);
        let excess = if excess.starts_with("reduce") && !redraws { "next" } else { excess };
        // Open questions: fees of rows that a shorter plan lacks, and cents of rows drawn again from exact ones.
        let fee = fee.filter(|_| !redraws);
        let mut rate = rate;
        if method == "interest_only" && crate::terms::Rate::read(&rate).value == whole(0) {
            rate["value"] = "0.01".into();
        }
        if redraws && basis != "running_balance" {
            rounding["places"] = Value::Null;
        }
        let fee = fee.map(|fee| json!([{"kind": "service_fee", "due": "installment", "amount": cents(fee)}]));
        let (mut calendar, mut shift, mut order, mut late) = (calendar, shift, order, late);
        if basis == "running_balance" {
            // It says nothing of weekends, days of grace, or an order of its own (§9).
            (calendar, shift, order) = ("none".into(), Value::Null, Value::Null);
            let fee_rate = late["fee_rate"].clone();
            late = if late.is_null() {
                late
            } else {
                json!({"fee_rate": fee_rate, "interest_rate": "contract"})
            };
        }
        json!({"method": method, "interest_basis": basis, "installments": installments, "every": every,
            "day_count": day_count, "calendar": calendar, "due_date_shift": shift, "rate": rate,
            "rounding": rounding, "late": late, "allocation": order, "allocation_in_advance": in_advance,
            "allocation_scope": scope, "excess": excess, "settlement": settlement,
            "charges": fee.unwrap_or(Value::Null), "grace": grace})
    })
}

/// A case as the worked ones are: terms, disbursements, commands.
pub(crate) fn history(basis: &'static str) -> impl Strategy<Value = Value> {
    let drafts = prop::collection::vec(draft(), FEWEST_COMMANDS..45);
    (terms(basis), date(2024..2027), 20_000..2_000_000_u64, listed(), drafts).prop_filter_map(
        "terms that can be drawn",
        |(mut terms, start, principal, listed, drafts)| {
            terms["principal"] = cents(principal).into();
            if terms["method"] == "custom" {
                list(&mut terms, start, principal, &listed);
            }
            let releases = json!([{"on": start.to_string(), "amount": cents(principal)}]);
            Book::open(without_nulls(terms), releases).map(|book| book.written(&drafts))
        },
    )
}

/// What is known of a history while it is being written.
#[derive(Clone)]
struct Book {
    case: Value,
    start: NaiveDate,
    due_dates: Vec<NaiveDate>,
    installment: Fraction,
    payments: Vec<(String, NaiveDate)>,
    charges: Vec<String>,
    is_written_off: Option<NaiveDate>,
    /// The last day on which the plan was drawn anew, by a disbursement or a restructuring.
    is_redrawn: Option<NaiveDate>,
}

impl Book {
    fn open(terms: Value, releases: Value) -> Option<Self> {
        let read = Terms::read(&terms);
        let drawn = answer::draw(&read, &answer::releases(&releases), true).ok()?;
        let rows = drawn.shown();
        let (paid, count) = (rows.iter().map(|row| &row.total).sum::<Fraction>(), rows.len());
        let start = drawn.line.start;
        Some(Self {
            case: json!({"terms": terms, "disbursements": releases, "commands": []}),
            start,
            due_dates: rows.iter().map(|row| row.due_on).collect(),
            installment: paid / whole(i64::try_from(count).unwrap()),
            payments: Vec::new(),
            charges: Vec::new(),
            is_written_off: None,
            is_redrawn: None,
        })
    }

    fn written(mut self, drafts: &[Draft]) -> Value {
        for (at, draft) in drafts.iter().enumerate() {
            let before = self.clone();
            let command = self.command(at, draft);
            self.case["commands"].as_array_mut().unwrap().push(command);
            // What a loan refuses is not recorded.
            if self.is_redrawn.is_some() && self.replayed(None).refused.is_some() {
                self = before;
            }
        }
        self.case
    }

    /// The loan as it stands, or as a fact of a day would find it.
    fn replayed(&self, on: Option<NaiveDate>) -> Loan {
        let (terms, facts) = (Terms::read(&self.case["terms"]), facts(&self.case, usize::MAX));
        on.map_or_else(|| Loan::replay(&terms, &facts, None), |on| Loan::found_on(&terms, &facts, on))
    }

    fn day(&self, draft: &Draft) -> NaiveDate {
        if draft.on_due_date {
            return self.due_dates[draft.target % self.due_dates.len()];
        }
        let life = (*self.due_dates.last().unwrap() - self.start).num_days() + 40;
        self.start + Days::new(u64::try_from(life * i64::from(draft.day) / 1000).unwrap())
    }

    fn amount(&self, draft: &Draft) -> String {
        let amount = &self.installment * part(i64::from(draft.share), 100);
        shown(&rounded(&amount, 2, Mode::HalfEven).max(part(1, 100)), 2)
    }

    fn command(&mut self, at: usize, draft: &Draft) -> Value {
        let id = format!("00000000-0000-4000-8000-{at:012}");
        let on = self.day(draft);
        let plan = self.case["terms"]["interest_basis"] == "plan";
        let pick = |count: usize| draft.target % count.max(1);
        match draft.kind {
            0..8 => {
                let kind = if draft.share % 2 == 0 { "goodwill" } else { "interest_waiver" };
                self.payments.push((format!("credits/{id}"), on));
                json!({"path": "credits", "body": {"id": id, "on": on.to_string(), "kind": kind,
                    "amount": self.amount(draft), "reason": "customer care"}})
            }
            8..18 => {
                let kind = if draft.share % 2 == 0 { "penalty" } else { "fee" };
                self.charges.push(id.clone());
                json!({"path": "charges", "body": {"id": id, "kind": kind, "due_on": on.to_string(),
                    "amount": cents(u64::from(draft.share) * 13)}})
            }
            18..24 if !self.charges.is_empty() => {
                let charge = self.charges[pick(self.charges.len())].clone();
                let amount = (draft.share % 3 == 0).then(|| cents(u64::from(draft.share) * 5));
                without_nulls(json!({"path": format!("charges/{charge}/waive"),
                    "body": {"on": on.to_string(), "amount": amount, "reason": "commercial decision"}}))
            }
            24..34 if !self.payments.is_empty() => {
                let (path, paid_on) = self.payments.swap_remove(pick(self.payments.len()));
                json!({"path": format!("{path}/reverse"),
                    "body": {"on": paid_on.max(on).to_string(), "reason": "entered by mistake"}})
            }
            34..37 if plan && self.payments.iter().any(|(path, _)| path.starts_with("repayments")) => {
                let found =
                    self.payments.iter().position(|(path, _)| path.starts_with("repayments")).unwrap();
                let (path, paid_on) = self.payments.swap_remove(found);
                json!({"path": format!("{path}/chargeback"), "body": {"on": paid_on.max(on).to_string(),
                    "amount": cents(u64::from(draft.share) * 7), "reason": "disputed"}})
            }
            37..41 if plan => self.refund_or_settlement(&id, on, draft),
            41..43 if plan && self.is_written_off.is_none() && self.is_redrawn.is_none_or(|day| day < on) => {
                self.is_written_off = Some(on);
                self.payments.push(("write-off".to_owned(), on));
                json!({"path": "write-off", "body": {"on": on.to_string(), "reason": "not recoverable"}})
            }
            43..47 if plan && self.is_written_off.is_none() => self.drawn_anew(&id, on, draft),
            _ => self.repayment(&id, on, draft),
        }
    }

    /// A further disbursement or a restructuring, where something is owed.
    fn drawn_anew(&mut self, id: &str, on: NaiveDate, draft: &Draft) -> Value {
        let loan = self.replayed(Some(on));
        if loan.refused.is_some() || loan.balances()[PRINCIPAL] == whole(0) {
            return self.repayment(id, on, draft);
        }
        let redraws = ["price", "sac", "interest_only"].contains(&loan.terms.method.as_str());
        self.is_redrawn = self.is_redrawn.max(Some(on));
        let due_on = |days: u64| on + Days::new(days);
        match draft.target % 5 {
            0 | 1 if redraws => {
                let amount = self.amount(draft);
                json!({"path": "disburse", "body": {"on": on.to_string(), "amount": amount}})
            }
            // Past due principal in rows of the grace period, whose interest is not due, is nowhere spoken of.
            2 if loan.terms.grace_interest == 0 => {
                json!({"path": "restructure", "body": {"on": on.to_string(), "mode": "re_amortize"}})
            }
            0..3 => {
                let (first, rows) = (due_on(u64::from(draft.share) % 40 + 1), draft.share % 7 + 1);
                self.due_dates.extend([first, first + Days::new(61)]);
                json!({"path": "restructure", "body": {"on": on.to_string(), "mode": "re_age",
                    "installments": rows, "every": {"months": 1}, "first_due_on": first.to_string()}})
            }
            _ => {
                let mut terms = self.case["terms"].clone();
                for field in ["principal", "custom", "every", "grace"] {
                    terms[field] = Value::Null;
                }
                terms["method"] = ["price", "sac", "flat", "price"][draft.share as usize % 4].into();
                if terms["method"] == "flat"
                    && terms["excess"].as_str().is_some_and(|x| x.starts_with("reduce"))
                {
                    terms["excess"] = "next".into();
                }
                if terms["method"] != "flat" {
                    (terms["charges"], terms["rounding"]["places"]) = (Value::Null, Value::Null);
                }
                terms["installments"] = (draft.share % 9 + 1).into();
                let capitalize = ["interest", "fee", "penalty", "late_fee", "late_interest"];
                let capitalize = &capitalize[..draft.target / 5 % 6];
                self.due_dates.extend([due_on(31), due_on(92)]);
                without_nulls(json!({"path": "restructure", "body": {"on": on.to_string(), "terms": terms,
                    "capitalize": capitalize}}))
            }
        }
    }

    fn repayment(&mut self, id: &str, on: NaiveDate, draft: &Draft) -> Value {
        let terms = &self.case["terms"];
        let redraws = ["price", "sac", "interest_only"].iter().any(|method| terms["method"] == *method);
        let redraws = redraws || self.is_redrawn.is_some();
        let basis = text(&terms["interest_basis"]);
        let is_recovery = self.is_written_off.is_some_and(|written_off| written_off < on);
        let path = if is_recovery { "recoveries" } else { "repayments" };
        let mut body = json!({"id": id, "on": on.to_string(), "amount": self.amount(draft)});
        let may_redraw = redraws && ["plan", "running_balance"].contains(&basis);
        if !is_recovery && may_redraw && draft.kind >= 90 && draft.target % 4 == 0 && self.due_dates.len() > 4
        {
            body["as"] = "anticipation".into();
            body["amount"] = cents(u64::from(draft.share) * 3).into();
        }
        let word = draft.word.as_str().unwrap_or("");
        if !is_recovery && basis == "plan" && draft.kind % 4 == 0 && (redraws || !word.starts_with("reduce"))
        {
            body["excess"] = draft.word.clone();
        }
        self.payments.push((format!("{path}/{id}"), on));
        without_nulls(json!({"path": path, "body": body}))
    }

    /// A refund of what is overpaid by then, or else the settlement of that day, as a lender would record them.
    fn refund_or_settlement(&mut self, id: &str, on: NaiveDate, draft: &Draft) -> Value {
        let loan = self.replayed(Some(on));
        if loan.refused.is_none() && loan.overpaid > whole(0) {
            let amount = shown(&loan.overpaid, 2);
            return json!({"path": "refunds", "body": {"id": id, "on": on.to_string(), "amount": amount}});
        }
        let quote = loan.quote(on, usize::MAX);
        if loan.refused.is_none()
            && quote.amount > whole(0)
            && draft.share % 3 == 0
            && self.is_written_off.is_none()
        {
            let amount = shown(&quote.amount, 2);
            self.payments.push((format!("settle/{id}"), on));
            return json!({"path": "settle", "body": {"id": id, "on": on.to_string(), "amount": amount}});
        }
        self.repayment(id, on, draft)
    }
}
