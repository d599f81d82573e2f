//! All that can be asked of a loan that is there, by the paths under it: for questions of what would follow.

use std::str::FromStr;

use domain::Currency;
use domain::id::{Id, LoanId};
use domain::loan::LoanCommand;
use problems::{INVALID_FIELD, Problem};

use crate::applications::OutcomeBody;
use crate::body::parse;
use crate::charges::{ChargeBody, WaiverBody};
use crate::credits::CreditBody;
use crate::disbursements::DisbursementBody;
use crate::endpoint::Endpoint;
use crate::recoveries::RecoveryBody;
use crate::refunds::RefundBody;
use crate::repayments::{ChargebackBody, RepaymentBody};
use crate::restructures::RestructureBody;
use crate::reversal::ReversalBody;
use crate::serve::Order;
use crate::settlements::SettlementBody;
use crate::write_offs::WriteOffBody;
use crate::{
    applications, charges, credits, disbursements, recoveries, refunds, repayments, restructures,
    settlements, write_offs,
};

/// Their endpoints.
pub(crate) static ENDPOINTS: &[&Endpoint] = &[
    &applications::APPROVE,
    &applications::REJECT,
    &applications::WITHDRAW,
    &disbursements::DISBURSE,
    &repayments::RECORD,
    &repayments::REVERSE,
    &repayments::CHARGE_BACK,
    &credits::GRANT,
    &credits::REVERSE,
    &settlements::SETTLE,
    &refunds::REFUND,
    &charges::ADD,
    &charges::WAIVE,
    &restructures::RESTRUCTURE,
    &write_offs::WRITE_OFF,
    &write_offs::REVERSE,
    &recoveries::RECORD,
    &recoveries::REVERSE,
];

/// What the `body` of a command to `loan` asks for, whose currency is `currency` where it is known. Pointers of a
/// problem begin at `/path` or `/body`.
pub(crate) fn read(
    loan: LoanId,
    currency: Option<Currency>,
    path: &str,
    body: &[u8],
) -> Result<Order<LoanCommand>, Problem> {
    let segments: Vec<&str> = path.split('/').collect();
    let ordered = match segments[..] {
        ["approve"] => parse(body).and_then(|body: OutcomeBody| body.approve(loan)),
        ["reject"] => parse(body).and_then(|body: OutcomeBody| body.reject(loan)),
        ["withdraw"] => parse(body).and_then(|body: OutcomeBody| body.withdraw(loan)),
        ["disburse"] => parse(body).and_then(|body: DisbursementBody| body.order(loan)),
        ["repayments"] => parse(body).and_then(|body: RepaymentBody| body.order(loan)),
        ["repayments", id, "reverse"] => {
            let id = id_in(path, id)?;
            parse(body).and_then(|body: ReversalBody| body.order(loan, id, LoanCommand::ReverseRepayment))
        }
        ["repayments", id, "chargeback"] => {
            let id = id_in(path, id)?;
            parse(body).and_then(|body: ChargebackBody| body.order(loan, id))
        }
        ["credits"] => parse(body).and_then(|body: CreditBody| body.order(loan)),
        ["credits", id, "reverse"] => {
            let id = id_in(path, id)?;
            parse(body).and_then(|body: ReversalBody| body.order(loan, id, LoanCommand::ReverseCredit))
        }
        ["settle"] => parse(body).and_then(|body: SettlementBody| body.order(loan)),
        ["refunds"] => parse(body).and_then(|body: RefundBody| body.order(loan)),
        ["charges"] => parse(body).and_then(|body: ChargeBody| body.order(loan)),
        ["charges", id, "waive"] => {
            let id = id_in(path, id)?;
            parse(body).and_then(|body: WaiverBody| body.order(loan, id))
        }
        ["restructure"] => parse(body).and_then(|body: RestructureBody| body.order(loan, currency)),
        ["write-off"] => parse(body).and_then(|body: WriteOffBody| body.write_off(loan)),
        ["write-off", "reverse"] => parse(body).and_then(|body: WriteOffBody| body.reverse(loan)),
        ["recoveries"] => parse(body).and_then(|body: RecoveryBody| body.order(loan)),
        ["recoveries", id, "reverse"] => {
            let id = id_in(path, id)?;
            parse(body).and_then(|body: ReversalBody| body.order(loan, id, LoanCommand::ReverseRecovery))
        }
        _ => return Err(not_a_path(path)),
    };
    ordered.map_err(|problem| problem.under("/body"))
}

fn id_in<Kind>(path: &str, id: &str) -> Result<Id<Kind>, Problem>
where
    Id<Kind>: FromStr,
{
    id.parse().map_err(|_| {
        let detail = format!("`path`: {id} in {path} is no UUID");
        INVALID_FIELD.because(detail.clone()).at("/path", "invalid_form", detail)
    })
}

fn not_a_path(path: &str) -> Problem {
    let shown: String = path.chars().take(100).collect();
    let detail = format!(
        "`path`: {shown} is no command of a loan, such as repayments or charges/018f0000-0000-7000-8000-000000000001/waive"
    );
    INVALID_FIELD.because(detail.clone()).at("/path", "unknown_word", detail)
}
