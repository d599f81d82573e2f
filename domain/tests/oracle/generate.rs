//! Random histories: terms, and commands in any order of their dates, with reversals and backdating.

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::answer;
use crate::fractions::{Fraction, Mode, part, rounded, shown, whole};
use crate::generate_terms::{is_redrawable, list, listed, terms};
use crate::history::facts;
use crate::loan::Loan;
use crate::parts::PRINCIPAL;
use crate::requests::{cents, date, maybe, without_nulls};
use crate::rest::Rest;
use crate::running::Running;
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
        // Moved to a business day a due date may lie before the disbursement, and the last one on it: both are refused.
        if rows.iter().any(|row| row.due_on < start) || rows.last().is_none_or(|last| last.due_on <= start) {
            return None;
        }
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
        let drafts: Vec<(usize, &Draft)> = drafts.iter().enumerate().collect();
        for some in drafts.chunks(8) {
            let before = self.clone();
            self.write(some);
            // What a loan refuses is not recorded: then they are taken one by one.
            if self.is_refused() {
                self = before;
                for one in some {
                    let before = self.clone();
                    self.write(std::slice::from_ref(one));
                    if self.is_refused() {
                        self = before;
                    }
                }
            }
        }
        self.case
    }

    fn write(&mut self, drafts: &[(usize, &Draft)]) {
        for (at, draft) in drafts {
            let command = self.command(*at, draft);
            self.case["commands"].as_array_mut().unwrap().push(command);
        }
    }

    fn is_refused(&self) -> bool {
        self.is_redrawn.is_some() && self.replayed(None).refused.is_some()
    }

    /// The loan as it stands, or as a fact of a day would find it.
    fn replayed(&self, on: Option<NaiveDate>) -> Loan {
        let (terms, facts) = (Terms::read(&self.case["terms"]), facts(&self.case, usize::MAX));
        if terms.basis == "plan" {
            return on
                .map_or_else(|| Loan::replay(&terms, &facts, None), |on| Loan::found_on(&terms, &facts, on));
        }
        let last = facts.iter().map(|fact| fact.on).max().unwrap_or(self.start);
        if terms.basis == "running_balance" {
            return Running::replay(&terms, &facts, on.unwrap_or(last)).loan;
        }
        Rest::replay(&terms, &facts, on.unwrap_or(last)).loan
    }

    fn day(&self, draft: &Draft) -> NaiveDate {
        let life = (*self.due_dates.last().unwrap() - self.start).num_days() + 40;
        if draft.on_due_date {
            self.due_dates[draft.target % self.due_dates.len()]
        } else {
            self.start + Days::new(u64::try_from(life * i64::from(draft.day) / 1000).unwrap())
        }
    }

    fn amount(&self, draft: &Draft) -> String {
        let amount = &self.installment * part(i64::from(draft.share), 100);
        shown(&rounded(&amount, 2, Mode::HalfEven).max(part(1, 100)), 2)
    }

    fn command(&mut self, at: usize, draft: &Draft) -> Value {
        let id = format!("00000000-0000-4000-8000-{at:012}");
        let on = self.day(draft);
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
            34..37 if self.payments.iter().any(|(path, _)| path.starts_with("repayments")) => {
                let found =
                    self.payments.iter().position(|(path, _)| path.starts_with("repayments")).unwrap();
                let (path, paid_on) = self.payments.swap_remove(found);
                json!({"path": format!("{path}/chargeback"), "body": {"on": paid_on.max(on).to_string(),
                    "amount": cents(u64::from(draft.share) * 7), "reason": "disputed"}})
            }
            37..41 => self.refund_or_settlement(&id, on, draft),
            41..43 if self.is_written_off.is_none() && self.is_redrawn.is_none_or(|day| day < on) => {
                self.is_written_off = Some(on);
                self.payments.push(("write-off".to_owned(), on));
                json!({"path": "write-off", "body": {"on": on.to_string(), "reason": "not recoverable"}})
            }
            43..47 if self.is_written_off.is_none() => self.drawn_anew(&id, on, draft),
            _ => self.repayment(&id, on, draft),
        }
    }

    /// A further disbursement or a restructuring, where something is owed.
    fn drawn_anew(&mut self, id: &str, on: NaiveDate, draft: &Draft) -> Value {
        if self.case["terms"]["interest_basis"] == "running_balance" {
            return self.released(id, on, draft);
        }
        let loan = self.replayed(Some(on));
        if loan.refused.is_some() || loan.balances()[PRINCIPAL] == whole(0) {
            return self.repayment(id, on, draft);
        }
        let redraws = is_redrawable(&loan.terms.method);
        self.is_redrawn = self.is_redrawn.max(Some(on));
        let due_on = |days: u64| on + Days::new(days);
        match draft.target % 5 {
            0 | 1 if redraws && (loan.terms.basis == "plan" || Self::may_release(&loan)) => {
                let amount = self.amount(draft);
                json!({"path": "disburse", "body": {"on": on.to_string(), "amount": amount}})
            }
            // Past due principal in rows of the grace period, whose interest is not due, is nowhere spoken of.
            2 if loan.terms.grace_interest == 0 => {
                json!({"path": "restructure", "body": {"on": on.to_string(), "mode": "re_amortize"}})
            }
            0..3 => {
                let (first, rows) = (due_on(u64::from(draft.share) % 40 + 8), draft.share % 7 + 1);
                self.due_dates.extend([first, first + Days::new(61)]);
                json!({"path": "restructure", "body": {"on": on.to_string(), "mode": "re_age",
                    "installments": rows, "every": {"months": 1}, "first_due_on": first.to_string()}})
            }
            _ => {
                let mut terms = self.case["terms"].clone();
                for field in ["principal", "custom", "every", "grace"] {
                    terms[field] = Value::Null;
                }
                let other = if loan.terms.basis == "plan" { "flat" } else { "interest_only" };
                terms["method"] = ["price", "sac", other, "price"][draft.share as usize % 4].into();
                if terms["method"] == "flat"
                    && terms["excess"].as_str().is_some_and(|x| x.starts_with("reduce"))
                {
                    terms["excess"] = "next".into();
                }
                if terms["method"] != "flat" {
                    (terms["charges"], terms["rounding"]["places"]) = (Value::Null, Value::Null);
                }
                terms["rounding"]["factor_decimals"] = Value::Null;
                terms["installments"] = (draft.share % 9 + 1).into();
                let capitalize = ["interest", "fee", "penalty", "late_fee", "late_interest"];
                let capitalize = &capitalize[..draft.target / 5 % 6];
                self.due_dates.extend([due_on(31), due_on(92)]);
                without_nulls(json!({"path": "restructure", "body": {"on": on.to_string(), "terms": terms,
                    "capitalize": capitalize}}))
            }
        }
    }

    /// Of a running balance, since its rows are nowhere said, only what is released is drawn.
    fn released(&mut self, id: &str, on: NaiveDate, draft: &Draft) -> Value {
        let terms = Terms::read(&self.case["terms"]);
        let rounding = &terms.rounding;
        let is_exact = rounding.installment && rounding.interest && rounding.factor_decimals.is_none();
        if !is_exact || terms.grace_principal > 0 {
            return self.repayment(id, on, draft);
        }
        self.is_redrawn = self.is_redrawn.max(Some(on));
        let amount = self.amount(draft);
        json!({"path": "disburse", "body": {"on": on.to_string(), "amount": amount}})
    }

    /// Whether what is released under a rest is drawn by A alone: not by shares of a remainder or rows in grace.
    fn may_release(loan: &Loan) -> bool {
        loan.terms.grace_principal == 0 && loan.terms.rounding.remainder != "respread"
    }

    fn repayment(&mut self, id: &str, on: NaiveDate, draft: &Draft) -> Value {
        let terms = &self.case["terms"];
        let redraws = is_redrawable(text(&terms["method"])) || self.is_redrawn.is_some();
        let basis = text(&terms["interest_basis"]);
        let is_recovery = self.is_written_off.is_some_and(|written_off| written_off < on);
        let path = if is_recovery { "recoveries" } else { "repayments" };
        let mut body = json!({"id": id, "on": on.to_string(), "amount": self.amount(draft)});
        if !is_recovery && redraws && draft.kind >= 90 && draft.target % 4 == 0 && self.due_dates.len() > 4 {
            body["as"] = "anticipation".into();
            body["amount"] = cents(u64::from(draft.share) * 3).into();
        }
        let word = draft.word.as_str().unwrap_or("");
        let is_known = match basis {
            "plan" => redraws || !word.starts_with("reduce"),
            "running_balance" => false,
            _ => word == "next" || word.starts_with("reduce"),
        };
        if !is_recovery && draft.kind % 4 == 0 && is_known {
            body["excess"] = draft.word.clone();
        }
        self.payments.push((format!("{path}/{id}"), on));
        without_nulls(json!({"path": path, "body": body}))
    }

    /// A refund of what is overpaid by then, or else the settlement of that day, as a lender would record them.
    fn refund_or_settlement(&mut self, id: &str, on: NaiveDate, draft: &Draft) -> Value {
        let (terms, facts) = (Terms::read(&self.case["terms"]), facts(&self.case, usize::MAX));
        let seer = (on, usize::MAX);
        let (loan, to_settle) = if terms.basis == "plan" {
            let loan = Loan::found_on(&terms, &facts, on);
            (loan.clone(), loan.quote(on, seer.1).amount)
        } else if terms.basis == "running_balance" {
            let running = Running::replay(&terms, &facts, on);
            (running.loan.clone(), running.quote(seer)[0].clone())
        } else {
            let rest = Rest::replay(&terms, &facts, on);
            (rest.loan.clone(), rest.quote(seer).amount)
        };
        let amount = |amount: &Fraction| json!({"id": id, "on": on.to_string(), "amount": shown(amount, 2)});
        if loan.refused.is_none() && loan.overpaid > whole(0) {
            return json!({"path": "refunds", "body": amount(&loan.overpaid)});
        }
        let may_settle = loan.refused.is_none() && self.is_written_off.is_none();
        if may_settle && to_settle > whole(0) && draft.share % 3 == 0 {
            self.payments.push((format!("settle/{id}"), on));
            return json!({"path": "settle", "body": amount(&to_settle)});
        }
        let mut repayment = self.repayment(id, on, draft);
        if terms.basis != "plan" && draft.target % 2 == 0 {
            let owed = if terms.basis == "running_balance" { to_settle } else { loan.balances().total() };
            let all = owed + whole(i64::from(draft.share));
            repayment["body"]["amount"] = shown(&rounded(&all, 2, Mode::HalfEven), 2).into();
        }
        repayment
    }
}
