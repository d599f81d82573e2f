//! What happened to a loan, in plain words beside each event.

use domain::component::Components;
use domain::loan::event::{Effect, Outcome};
use domain::loan::{LoanEvent, Status};
use domain::{Amount, Currency};

/// One sentence or two about an event: what happened, and how the loan stands after it.
pub(super) fn of_loan(event: &LoanEvent) -> String {
    let mut story = what(event);
    let Some(outcome) = event.outcome() else { return story };
    let Some(currency) = event.currency() else { return story };
    if let Some(covered) = event.effect().map(covered).filter(|covered| !covered.is_nothing()) {
        story = format!("{story}, of which {}", in_words(covered, currency));
    }
    story.push('.');
    if let Some((on, booked_on)) = event.days().filter(|(on, booked_on)| on != booked_on) {
        story = format!("{story} {on} lies in a closed period, so it is booked on {booked_on}.");
    }
    match outcome.rederived.len() {
        0 => {}
        1 => story.push_str(" One other fact comes to something else by that."),
        more => story = format!("{story} {more} other facts come to something else by that."),
    }
    story.push(' ');
    story.push_str(&after(outcome, currency));
    story
}

fn what(event: &LoanEvent) -> String {
    let of = |amount: Amount, currency: Currency| money(amount, currency);
    match event {
        LoanEvent::Applied(_) | LoanEvent::Approved(_) | LoanEvent::Rejected(_) | LoanEvent::Withdrawn(_) => {
            application(event)
        }
        LoanEvent::Disbursed(event) => {
            let (amount, released) = (of(event.amount, event.currency), of(event.released, event.currency));
            format!("On {} {amount} were disbursed, of which {released} reached the borrower", event.on)
        }
        LoanEvent::ChargeAdded(event) => {
            let amount = of(event.amount, event.currency);
            format!("A charge ({}) of {amount}, due on {}, was added", event.kind.name(), event.due_on)
        }
        LoanEvent::ChargeWaived(event) => {
            let waived = of(event.waived, event.currency);
            format!("On {} {waived} of a charge were waived: {}", event.on, event.reason)
        }
        LoanEvent::RepaymentRecorded(event) => {
            format!("On {} {} were paid", event.on, of(event.amount, event.currency))
        }
        LoanEvent::SettledEarly(event) => {
            format!("On {} the loan was settled early with {}", event.on, of(event.amount, event.currency))
        }
        LoanEvent::RecoveryRecorded(event) => {
            format!("On {} {} came in after the write-off", event.on, of(event.amount, event.currency))
        }
        LoanEvent::RepaymentReversed(event) => reversed("payment", event),
        LoanEvent::CreditReversed(event) => reversed("credit", event),
        LoanEvent::RecoveryReversed(event) => reversed("recovery", event),
        LoanEvent::RepaymentChargedBack(event) => {
            let amount = of(event.amount, event.currency);
            format!("On {} the payer's bank took {amount} back: {}", event.on, event.reason)
        }
        LoanEvent::CreditGranted(event) => {
            let amount = of(event.amount, event.currency);
            format!("On {} the lender gave up {amount}: {}", event.on, event.reason)
        }
        LoanEvent::OverpaymentRefunded(event) => {
            format!("On {} {} were given back", event.on, of(event.amount, event.currency))
        }
        LoanEvent::Restructured(event) => {
            format!("On {} the loan was restructured: {}", event.on, event.reason)
        }
        LoanEvent::WrittenOff(event) => {
            let open = event.effect.write_off.map_or(Components::NOTHING, |write_off| write_off.open);
            let amount = of(open.total(), event.currency);
            format!("On {} {amount} were written off: {}", event.on, event.reason)
        }
        LoanEvent::WriteOffReversed(event) => {
            format!("On {} the write-off was undone: {}", event.on, event.reason)
        }
    }
}

/// What came of an application, until money goes out.
fn application(event: &LoanEvent) -> String {
    let of = |amount: Amount, currency: Currency| money(amount, currency);
    match event {
        LoanEvent::Applied(event) => {
            let terms = &event.terms;
            let product =
                event.product.as_ref().map(|name| format!(" on the product {name}")).unwrap_or_default();
            format!("A borrower applied for {}{product}.", of(terms.principal, terms.currency))
        }
        LoanEvent::Approved(event) => {
            let reason = because(event.reason.as_deref());
            format!("On {} {} were approved{reason}.", event.on, of(event.principal, event.currency))
        }
        LoanEvent::Rejected(event) => {
            format!("On {} the application was rejected{}.", event.on, because(event.reason.as_deref()))
        }
        LoanEvent::Withdrawn(event) => {
            format!("On {} the application was withdrawn{}.", event.on, because(event.reason.as_deref()))
        }
        _ => String::new(),
    }
}

fn reversed(what: &str, event: &domain::loan::event::PaymentReversed) -> String {
    let amount = money(event.amount, event.currency);
    format!("On {} the {what} of {amount} was undone: {}", event.on, event.reason)
}

fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}

/// What an effect covers of all installments.
fn covered(effect: &Effect) -> Components {
    effect.shares.iter().fold(Components::NOTHING, |sum, share| sum.plus(share.allocation))
}

fn in_words(components: Components, currency: Currency) -> String {
    let named = components.iter().filter(|(_, amount)| !amount.is_zero());
    let named: Vec<String> = named
        .map(|(component, amount)| {
            format!("{} {}", money(amount, currency), component.name().replace('_', " "))
        })
        .collect();
    named.join(", ")
}

fn after(outcome: &Outcome, currency: Currency) -> String {
    let standing = &outcome.standing;
    let owed = || money(standing.balances.total(), currency);
    match standing.status {
        Status::Settled => "Nothing is owed any more.".to_owned(),
        Status::Overpaid => format!("{} were paid too much.", money(standing.overpaid, currency)),
        Status::WrittenOff => "The loan is written off.".to_owned(),
        Status::Active => match standing.oldest_due_on {
            Some(due_on) => format!("{} are owed, the next of it on {due_on}.", owed()),
            None => format!("{} are owed.", owed()),
        },
        Status::Applied | Status::Approved | Status::Rejected | Status::Withdrawn => String::new(),
    }
}

/// Such as `BRL 1,200.00`.
fn money(amount: Amount, currency: Currency) -> String {
    let text = crate::minor::exact(amount, currency).to_string();
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, decimals) =
        text.split_once('.').map_or((text, None), |(whole, decimals)| (whole, Some(decimals)));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let decimals = decimals.map(|decimals| format!(".{decimals}")).unwrap_or_default();
    format!("{} {sign}{grouped}{decimals}", currency.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story_of(fixture: &str) -> String {
        let folder = [env!("CARGO_MANIFEST_DIR"), "/../schemas/events/fixtures/"].concat();
        let text = std::fs::read_to_string(format!("{folder}{fixture}.v1.json")).unwrap();
        of_loan(&serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn every_event_is_told_in_sentences() {
        assert_eq!(
            story_of("LoanRepaymentRecorded"),
            "On 2026-02-15 BRL 324.00 were paid, of which BRL 24.00 interest, BRL 300.00 principal. \
             BRL 936.00 are owed, the next of it on 2026-03-15."
        );
        for (name, _) in LoanEvent::TYPES {
            let story = story_of(name);
            assert!(story.ends_with('.') && !story.contains(".."), "{name}: {story}");
        }
    }
}
