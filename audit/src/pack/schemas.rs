//! The JSON Schemas of every event, to go with a pack.

/// Each by the name of its file.
pub static SCHEMAS: [(&str, &str); 36] = [
    ("AccrualsBooked.v1.schema.json", include_str!("../../../schemas/events/AccrualsBooked.v1.schema.json")),
    (
        "ApprovalPolicySet.v1.schema.json",
        include_str!("../../../schemas/events/ApprovalPolicySet.v1.schema.json"),
    ),
    ("DayClosed.v1.schema.json", include_str!("../../../schemas/events/DayClosed.v1.schema.json")),
    ("EntryPosted.v1.schema.json", include_str!("../../../schemas/events/EntryPosted.v1.schema.json")),
    ("EntryReversed.v1.schema.json", include_str!("../../../schemas/events/EntryReversed.v1.schema.json")),
    ("LoanApplied.v1.schema.json", include_str!("../../../schemas/events/LoanApplied.v1.schema.json")),
    ("LoanApproved.v1.schema.json", include_str!("../../../schemas/events/LoanApproved.v1.schema.json")),
    (
        "LoanChargeAdded.v1.schema.json",
        include_str!("../../../schemas/events/LoanChargeAdded.v1.schema.json"),
    ),
    (
        "LoanChargeWaived.v1.schema.json",
        include_str!("../../../schemas/events/LoanChargeWaived.v1.schema.json"),
    ),
    (
        "LoanCreditGranted.v1.schema.json",
        include_str!("../../../schemas/events/LoanCreditGranted.v1.schema.json"),
    ),
    (
        "LoanCreditReversed.v1.schema.json",
        include_str!("../../../schemas/events/LoanCreditReversed.v1.schema.json"),
    ),
    ("LoanDisbursed.v1.schema.json", include_str!("../../../schemas/events/LoanDisbursed.v1.schema.json")),
    (
        "LoanOverpaymentRefunded.v1.schema.json",
        include_str!("../../../schemas/events/LoanOverpaymentRefunded.v1.schema.json"),
    ),
    (
        "LoanRecoveryRecorded.v1.schema.json",
        include_str!("../../../schemas/events/LoanRecoveryRecorded.v1.schema.json"),
    ),
    (
        "LoanRecoveryReversed.v1.schema.json",
        include_str!("../../../schemas/events/LoanRecoveryReversed.v1.schema.json"),
    ),
    ("LoanRejected.v1.schema.json", include_str!("../../../schemas/events/LoanRejected.v1.schema.json")),
    (
        "LoanRepaymentChargedBack.v1.schema.json",
        include_str!("../../../schemas/events/LoanRepaymentChargedBack.v1.schema.json"),
    ),
    (
        "LoanRepaymentRecorded.v1.schema.json",
        include_str!("../../../schemas/events/LoanRepaymentRecorded.v1.schema.json"),
    ),
    (
        "LoanRepaymentReversed.v1.schema.json",
        include_str!("../../../schemas/events/LoanRepaymentReversed.v1.schema.json"),
    ),
    (
        "LoanRestructured.v1.schema.json",
        include_str!("../../../schemas/events/LoanRestructured.v1.schema.json"),
    ),
    (
        "LoanSettledEarly.v1.schema.json",
        include_str!("../../../schemas/events/LoanSettledEarly.v1.schema.json"),
    ),
    ("LoanWithdrawn.v1.schema.json", include_str!("../../../schemas/events/LoanWithdrawn.v1.schema.json")),
    (
        "LoanWriteOffReversed.v1.schema.json",
        include_str!("../../../schemas/events/LoanWriteOffReversed.v1.schema.json"),
    ),
    ("LoanWrittenOff.v1.schema.json", include_str!("../../../schemas/events/LoanWrittenOff.v1.schema.json")),
    ("PeriodClosed.v1.schema.json", include_str!("../../../schemas/events/PeriodClosed.v1.schema.json")),
    ("PeriodReopened.v1.schema.json", include_str!("../../../schemas/events/PeriodReopened.v1.schema.json")),
    ("ProductDefined.v1.schema.json", include_str!("../../../schemas/events/ProductDefined.v1.schema.json")),
    ("ProductRetired.v1.schema.json", include_str!("../../../schemas/events/ProductRetired.v1.schema.json")),
    ("ProductRevised.v1.schema.json", include_str!("../../../schemas/events/ProductRevised.v1.schema.json")),
    (
        "ProposalAccepted.v1.schema.json",
        include_str!("../../../schemas/events/ProposalAccepted.v1.schema.json"),
    ),
    (
        "ProposalExecuted.v1.schema.json",
        include_str!("../../../schemas/events/ProposalExecuted.v1.schema.json"),
    ),
    ("ProposalFailed.v1.schema.json", include_str!("../../../schemas/events/ProposalFailed.v1.schema.json")),
    ("ProposalMade.v1.schema.json", include_str!("../../../schemas/events/ProposalMade.v1.schema.json")),
    (
        "ProposalRefused.v1.schema.json",
        include_str!("../../../schemas/events/ProposalRefused.v1.schema.json"),
    ),
    (
        "ProposalWithdrawn.v1.schema.json",
        include_str!("../../../schemas/events/ProposalWithdrawn.v1.schema.json"),
    ),
    ("StaffLimitsSet.v1.schema.json", include_str!("../../../schemas/events/StaffLimitsSet.v1.schema.json")),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::SCHEMAS;

    #[test]
    fn every_schema_goes_along() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/events");
        let files =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let there: BTreeSet<String> = files.filter(|name| name.contains(".schema.")).collect();
        assert_eq!(SCHEMAS.map(|(name, _)| name.to_owned()).into_iter().collect::<BTreeSet<_>>(), there);
    }
}
