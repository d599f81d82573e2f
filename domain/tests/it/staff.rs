//! Approval limits: who may decide alone up to how much.

use domain::staff::{
    Limits, LimitsSet, MOST_STAFF, Operation, PolicySet, SetLimits, SetPolicy, Staff, StaffCommand,
    StaffEvent, StaffRefusal, Verdict,
};
use domain::{Currency, Money};

use crate::support::*;

pub(crate) fn limit(operation: Operation, amount: &str) -> Limits {
    Limits::default().with(operation, Currency::Brl, brl(amount))
}

pub(crate) fn set(subject: &str, limits: Limits) -> StaffCommand {
    let reason = Some("credit committee of March".to_owned());
    StaffCommand::SetLimits(SetLimits { by: "admin".to_owned(), subject: subject.to_owned(), limits, reason })
}

pub(crate) fn policy(second_person_above: Limits) -> StaffCommand {
    StaffCommand::SetPolicy(SetPolicy { second_person_above, reason: None })
}

fn money(amount: &str) -> Money {
    Money { amount: brl(amount), currency: Currency::Brl }
}

fn judge(staff: &Given<Staff>, subject: &str, amount: &str) -> Verdict {
    staff.state.judge(subject, Operation::Approve, money(amount))
}

#[test]
fn limits_are_set_by_somebody_else() {
    let limits = limit(Operation::Approve, "50000.00");
    given::<Staff>([]).when(&set("ana", limits.clone())).then([StaffEvent::LimitsSet(LimitsSet {
        subject: "ana".to_owned(),
        limits: limits.clone(),
        on: day(TODAY),
        reason: Some("credit committee of March".to_owned()),
    })]);
    given::<Staff>([])
        .when(&set("admin", limits))
        .refused(&StaffRefusal::OwnLimits { subject: "admin".to_owned() });
}

#[test]
fn an_operation_is_free_until_anybody_has_a_limit_for_it() {
    let staff = given::<Staff>([]);
    assert!(!staff.state.is_limited(Operation::Approve));
    assert_eq!(judge(&staff, "ana", "1000000.00"), Verdict::Alone);
    let staff = staff.and(&set("ana", limit(Operation::WriteOff, "100.00")));
    assert_eq!(judge(&staff, "ana", "1000000.00"), Verdict::Alone, "limits for other operations");
    let staff = staff.and(&set("ben", limit(Operation::Approve, "100.00")));
    assert_eq!(judge(&staff, "ana", "0.01"), Verdict::AboveLimit(None));
    assert_eq!(judge(&staff, "ben", "100.00"), Verdict::Alone, "up to the limit");
    assert_eq!(judge(&staff, "ben", "100.01"), Verdict::AboveLimit(Some(brl("100.00"))));
    let dollars = Money { amount: brl("1.00"), currency: Currency::Usd };
    assert_eq!(staff.state.judge("ben", Operation::Approve, dollars), Verdict::AboveLimit(None));
}

#[test]
fn new_limits_take_the_place_of_the_old_and_none_takes_them_away() {
    let staff = given::<Staff>([])
        .and(&set("ana", limit(Operation::Approve, "100.00")))
        .and(&set("ben", limit(Operation::Approve, "10.00")))
        .and(&set("ana", limit(Operation::WriteOff, "5.00")));
    assert_eq!(judge(&staff, "ana", "50.00"), Verdict::AboveLimit(None));
    let staff = staff.and(&set("ben", Limits::default()));
    assert_eq!(judge(&staff, "ben", "50.00"), Verdict::Alone, "nobody has a limit for it any more");
}

#[test]
fn the_policy_wants_a_second_person_whatever_the_limit() {
    let above = limit(Operation::Approve, "0.00");
    let staff = given::<Staff>([]).and(&set("ana", limit(Operation::Approve, "100.00")));
    staff.clone().when(&policy(above.clone())).then([StaffEvent::PolicySet(PolicySet {
        second_person_above: above.clone(),
        on: day(TODAY),
        reason: None,
    })]);
    let staff = staff.and(&policy(above));
    assert_eq!(judge(&staff, "ana", "0.01"), Verdict::SecondPerson(brl("0.00")));
    assert_eq!(judge(&staff, "ana", "0.00"), Verdict::Alone);
    let staff = staff.and(&policy(Limits::default()));
    assert_eq!(judge(&staff, "ana", "0.01"), Verdict::Alone);
}

#[test]
fn so_many_people_have_limits_and_no_more() {
    let all = (0..MOST_STAFF).fold(given::<Staff>([]), |staff, number| {
        staff.and(&set(&format!("{number}"), limit(Operation::Waive, "1.00")))
    });
    all.clone().when(&set("one more", limit(Operation::Waive, "1.00"))).refused(&StaffRefusal::TooMany);
    all.clone().when(&set("7", limit(Operation::Waive, "2.00"))).accepted();
    all.when(&set("one more", Limits::default())).accepted();
}
