//! Every version of every event has a JSON Schema and a fixture, and the fixture still loads.
//!
//! `UPDATE_EXPECT=1 cargo test -p domain` writes schemas that are missing or out of date, and fixtures that are
//! missing. A fixture that exists is never written again: it is what was released.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use cqrs_es::DomainEvent;
use domain::day_close::{self, DayCloseEvent};
use domain::decider::StoredEvent;
use domain::entry::{self, Entry, EntryCommand, EntryEvent, Post, PostLine, Reverse};
use domain::journal::{Account, Side};
use domain::loan::command::{AddedCharge, CreditKind, Restructure};
use domain::loan::{Loan, LoanEvent, event};
use domain::period::{self, PeriodEvent, Periods};
use domain::product::{self, Product, ProductEvent};
use domain::proposal::{self, Proposal, ProposalCommand, ProposalEvent};
use domain::staff::{self, Operation, Staff, StaffEvent};
use domain::terms::Excess;
use domain::{Currency, event_types};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::support::*;
use crate::{day_closes, periods, products, proposals, staff as limits};

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schemas/events")
}

pub(crate) fn updating() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}

fn schema_of<Event: ToSchema>(event_type: &str) -> Value {
    let mut referenced = Vec::new();
    Event::schemas(&mut referenced);
    let definitions: BTreeMap<String, Value> =
        referenced.into_iter().map(|(name, schema)| (name, serde_json::to_value(schema).unwrap())).collect();
    let mut schema = serde_json::to_value(Event::schema()).unwrap();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(event_type);
    schema["properties"]["type"] = json!({"const": event_type});
    schema["required"].as_array_mut().expect("events have required fields").push(json!("type"));
    schema["$defs"] = json!(definitions);
    let text = schema.to_string().replace("#/components/schemas/", "#/$defs/");
    serde_json::from_str(&text).unwrap()
}

fn schemas() -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        ("LoanApplied", schema_of::<event::Applied>("LoanApplied")),
        ("LoanApproved", schema_of::<event::Approved>("LoanApproved")),
        ("LoanRejected", schema_of::<event::Closed>("LoanRejected")),
        ("LoanWithdrawn", schema_of::<event::Closed>("LoanWithdrawn")),
        ("LoanDisbursed", schema_of::<event::Disbursed>("LoanDisbursed")),
        ("LoanChargeAdded", schema_of::<event::ChargeAdded>("LoanChargeAdded")),
        ("LoanRepaymentRecorded", schema_of::<event::RepaymentRecorded>("LoanRepaymentRecorded")),
        ("LoanSettledEarly", schema_of::<event::SettledEarly>("LoanSettledEarly")),
        ("LoanChargeWaived", schema_of::<event::ChargeWaived>("LoanChargeWaived")),
        ("LoanRepaymentReversed", schema_of::<event::PaymentReversed>("LoanRepaymentReversed")),
        ("LoanRepaymentChargedBack", schema_of::<event::RepaymentChargedBack>("LoanRepaymentChargedBack")),
        ("LoanCreditGranted", schema_of::<event::CreditGranted>("LoanCreditGranted")),
        ("LoanCreditReversed", schema_of::<event::PaymentReversed>("LoanCreditReversed")),
        ("LoanOverpaymentRefunded", schema_of::<event::OverpaymentRefunded>("LoanOverpaymentRefunded")),
        ("LoanRestructured", schema_of::<event::Restructured>("LoanRestructured")),
        ("LoanWrittenOff", schema_of::<event::WrittenOff>("LoanWrittenOff")),
        ("LoanWriteOffReversed", schema_of::<event::WriteOffReversed>("LoanWriteOffReversed")),
        ("LoanRecoveryRecorded", schema_of::<event::RecoveryRecorded>("LoanRecoveryRecorded")),
        ("LoanRecoveryReversed", schema_of::<event::PaymentReversed>("LoanRecoveryReversed")),
        ("EntryPosted", schema_of::<entry::Posted>("EntryPosted")),
        ("EntryReversed", schema_of::<entry::Reversed>("EntryReversed")),
        ("PeriodClosed", schema_of::<period::Changed>("PeriodClosed")),
        ("PeriodReopened", schema_of::<period::Changed>("PeriodReopened")),
        ("AccrualsBooked", schema_of::<day_close::AccrualsBooked>("AccrualsBooked")),
        ("DayClosed", schema_of::<day_close::DayClosed>("DayClosed")),
        ("StaffLimitsSet", schema_of::<staff::LimitsSet>("StaffLimitsSet")),
        ("ApprovalPolicySet", schema_of::<staff::PolicySet>("ApprovalPolicySet")),
        ("ProposalMade", schema_of::<proposal::Made>("ProposalMade")),
        ("ProposalAccepted", schema_of::<proposal::Accepted>("ProposalAccepted")),
        ("ProposalRefused", schema_of::<proposal::Ended>("ProposalRefused")),
        ("ProposalWithdrawn", schema_of::<proposal::Ended>("ProposalWithdrawn")),
        ("ProposalExecuted", schema_of::<proposal::Executed>("ProposalExecuted")),
        ("ProposalFailed", schema_of::<proposal::Failed>("ProposalFailed")),
        ("ProductDefined", schema_of::<product::Version>("ProductDefined")),
        ("ProductRevised", schema_of::<product::Version>("ProductRevised")),
        ("ProductRetired", schema_of::<product::Retired>("ProductRetired")),
    ])
}

/// An event of every type, as the rules decide it.
fn samples() -> BTreeMap<String, Value> {
    let settled = disbursed(four_installments())
        .and(&pay(1, "2026-03-15", "324.00"))
        .and(&pay(2, "2026-02-15", "324.00"))
        .and(&charge(1, AddedCharge::Penalty, "2026-02-20", "10.00"))
        .and(&waive(1, "2026-02-21", Some("4.00")));
    let quote = settled.history().quote(day("2026-03-20")).unwrap().amount.to_string();
    let settled = settled
        .and(&settle(3, "2026-03-20", &quote))
        .and(&reverse(1, "2026-03-25"))
        .and(&credit(4, "2026-03-25", "400.00", CreditKind::Goodwill))
        .and(&refund(5, "2026-03-26", "1.00"))
        .and(&reverse_credit(4, "2026-03-27"));
    let written_off = disbursed(four_installments())
        .and(&pay_with(1, "2026-02-15", "324.00", Excess::Next))
        .and(&charge_back(1, "2026-02-20", Some("100.00")))
        .and(&restructure("2026-03-20", Restructure::ReAmortize))
        .and_closed_through("2026-06-30", &write_off("2026-06-15"))
        .and(&recover(2, "2026-07-01", "50.00"))
        .and(&reverse_recovery(2, "2026-07-02"))
        .and(&reverse_write_off("2026-07-03"));
    let applied = given::<Loan>([]).and(&apply_for(four_installments()));
    let rejected = applied.clone().and(&reject("2026-01-10"));
    let withdrawn = applied.and(&withdraw("2026-01-10"));
    let loans = [settled.events, written_off.events, rejected.events, withdrawn.events].concat();
    let line =
        |account, side| PostLine { account: Account::parse(account).unwrap(), side, amount: decimal("9.90") };
    let entry = given::<Entry>([])
        .and(&EntryCommand::Post(Post {
            on: day("2026-03-02"),
            description: "bank fee".to_owned(),
            currency: Currency::Brl,
            lines: vec![line("expenses:bank", Side::Debit), line("assets:cash", Side::Credit)],
            external_id: Some("2026-03-02/17".to_owned()),
        }))
        .and(&EntryCommand::Reverse(Reverse { on: day("2026-03-03"), reason: "refunded".to_owned() }));
    let product = products::define(&products::working_capital());
    let product = given::<Product>([]).and(&product).and(&product).and(&products::retire());
    let periods = given::<Periods>([]).and(&periods::close("2026-03")).and(&periods::reopen("2026-03"));
    let staff = given::<Staff>([])
        .and(&limits::set("ana", limits::limit(Operation::Approve, "50000.00")))
        .and(&limits::policy(limits::limit(Operation::WriteOff, "0.00")));
    let proposed = given::<Proposal>([]).and(&proposals::make());
    let accepted = proposed.clone().and(&proposals::accept("ben", Some("80000.00")));
    let mut samples = BTreeMap::new();
    samples.extend(staff.events.iter().map(sample));
    for (proposal, command) in [
        (&accepted, proposals::executed()),
        (&accepted, proposals::failed()),
        (&proposed, ProposalCommand::Refuse(proposals::end("ben"))),
        (&proposed, ProposalCommand::Withdraw(proposals::end("ana"))),
    ] {
        samples.extend(proposal.clone().and(&command).events.iter().map(sample));
    }
    samples.extend(loans.iter().map(sample));
    samples.extend(entry.events.iter().map(sample));
    samples.extend(periods.events.iter().map(sample));
    samples.extend(day_closes::with_a_write_off().events.iter().map(sample));
    samples.extend(product.events.iter().map(sample));
    samples
}

fn sample<Event: DomainEvent>(event: &Event) -> (String, Value) {
    (event.event_type(), serde_json::to_value(event).unwrap())
}

/// The event of a fixture, written again.
fn read_again(event_type: &str, text: &str) -> Value {
    fn again<Event: StoredEvent>(event_type: &str, text: &str) -> Value {
        serde_json::to_value(Event::read(event_type, text).expect(event_type)).unwrap()
    }
    let is_of = |types: &[(&str, u32)]| types.iter().any(|(name, _)| *name == event_type);
    match event_type {
        _ if is_of(LoanEvent::TYPES) => again::<LoanEvent>(event_type, text),
        _ if is_of(EntryEvent::TYPES) => again::<EntryEvent>(event_type, text),
        _ if is_of(PeriodEvent::TYPES) => again::<PeriodEvent>(event_type, text),
        _ if is_of(DayCloseEvent::TYPES) => again::<DayCloseEvent>(event_type, text),
        _ if is_of(ProductEvent::TYPES) => again::<ProductEvent>(event_type, text),
        _ if is_of(StaffEvent::TYPES) => again::<StaffEvent>(event_type, text),
        _ if is_of(ProposalEvent::TYPES) => again::<ProposalEvent>(event_type, text),
        _ => panic!("{event_type} is of no kind of stream"),
    }
}

#[test]
fn the_schemas_are_those_of_the_code() {
    let schemas = schemas();
    assert_eq!(schemas.len(), event_types().len());
    for (event_type, version) in event_types() {
        let file = folder().join(format!("{event_type}.v{version}.schema.json"));
        let text = serde_json::to_string_pretty(&schemas[event_type]).unwrap() + "\n";
        if updating() {
            fs::create_dir_all(folder()).unwrap();
            fs::write(&file, &text).unwrap();
        }
        let stored = fs::read_to_string(&file).unwrap_or_default();
        assert!(stored == text, "{} is out of date: UPDATE_EXPECT=1 writes it", file.display());
    }
}

#[test]
fn every_fixture_still_loads_and_fits_its_schema() {
    let (schemas, samples) = (schemas(), samples());
    for (event_type, version) in event_types() {
        let file = folder().join(format!("fixtures/{event_type}.v{version}.json"));
        if updating() && !file.exists() {
            fs::create_dir_all(folder().join("fixtures")).unwrap();
            fs::write(&file, serde_json::to_string_pretty(&samples[event_type]).unwrap() + "\n").unwrap();
        }
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let fixture: Value = serde_json::from_str(&text).unwrap();
        let read_again = read_again(event_type, &text);
        assert_eq!(read_again, fixture, "{event_type}: nothing of it is lost or added by reading");
        for event in [&fixture, &samples[event_type]] {
            if let Err(error) = jsonschema::validate(&schemas[event_type], event) {
                panic!("{event_type} does not fit its schema: {error} at {}", error.instance_path);
            }
        }
    }
}
