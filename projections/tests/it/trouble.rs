//! What happens to loans besides being repaid: credits, chargebacks, restructurings, write-offs and what follows.

use chrono::NaiveDate;
use domain::id::{ChargeId, DisbursementId, PaymentId, TransactionId};
use domain::loan::LoanCommand;
use domain::loan::command::{
    AddCharge, AddedCharge, ChargeBack, Disburse, GrantCredit, RecordRecovery, RestructureLoan, Reverse,
    WaiveCharge, WriteOffLoan,
};
use domain::loan::facts::{CreditKind, Restructure};
use sqlx::PgPool;
use uuid::Uuid;

use crate::book::{Book, Borrowing, day, decimal};
use crate::loans::projected;

impl Book {
    /// One kind of trouble or another, with days so many months after the disbursement.
    pub(crate) fn trouble(
        &mut self,
        loan: &mut Borrowing,
        kind: u128,
        paid: PaymentId,
        later: impl Fn(u32) -> NaiveDate,
    ) {
        match kind % 5 {
            0 => {
                self.write_off(loan, later(6));
                let recovery = self.recover(loan, later(7), "80.00");
                self.recover(loan, later(8), "20.00");
                self.reverse_recovery(loan, recovery, later(8));
            }
            1 => {
                self.credit(loan, later(4), "25.00");
                self.write_off(loan, later(5));
                let (on, reason) = (later(6), "found".to_owned());
                self.command(loan, &LoanCommand::ReverseWriteOff(WriteOffLoan { on, reason }));
            }
            2 => {
                self.restructure(loan, later(5));
                // Dated before it, so it moves what was restructured.
                self.repay(loan, later(4), "60.00");
            }
            3 => {
                let charge = self.waived_charge(loan, later(6), later(7));
                assert!(!charge.uuid().is_nil());
                self.write_off(loan, later(9));
                // Dated before it, so less was written off.
                self.repay(loan, later(4), "110.00");
            }
            _ => {
                let chargeback_id = TransactionId::new(loan.next_id());
                let (on, reason) = (later(4), "disputed".to_owned());
                let amount = Some(decimal("50.00"));
                let back = ChargeBack { chargeback_id, repayment_id: paid, on, amount, reason };
                self.command(loan, &LoanCommand::ChargeBack(back));
            }
        }
    }

    pub(crate) fn write_off(&mut self, loan: &mut Borrowing, on: NaiveDate) {
        let reason = "insolvent".to_owned();
        self.command(loan, &LoanCommand::WriteOff(WriteOffLoan { on, reason }));
    }

    pub(crate) fn recover(&mut self, loan: &mut Borrowing, on: NaiveDate, amount: &str) -> PaymentId {
        let recovery_id = PaymentId::new(loan.next_id());
        let recovery = RecordRecovery { recovery_id, on, amount: decimal(amount), external_id: None };
        self.command(loan, &LoanCommand::RecordRecovery(recovery));
        recovery_id
    }

    fn reverse_recovery(&mut self, loan: &mut Borrowing, recovery: PaymentId, on: NaiveDate) {
        let reverse = Reverse { payment_id: recovery, on, reason: "bounced".to_owned() };
        self.command(loan, &LoanCommand::ReverseRecovery(reverse));
    }

    pub(crate) fn credit(&mut self, loan: &mut Borrowing, on: NaiveDate, amount: &str) {
        let credit_id = PaymentId::new(loan.next_id());
        let (amount, reason) = (decimal(amount), "delay of ours".to_owned());
        let credit = GrantCredit { credit_id, on, amount, kind: CreditKind::Goodwill, reason };
        self.command(loan, &LoanCommand::GrantCredit(credit));
    }

    pub(crate) fn restructure(&mut self, loan: &mut Borrowing, on: NaiveDate) {
        let restructure_id = TransactionId::new(loan.next_id());
        let (restructure, reason) = (Restructure::ReAmortize, "agreed".to_owned());
        let command = RestructureLoan { restructure_id, on, restructure, reason };
        self.command(loan, &LoanCommand::Restructure(command));
    }

    pub(crate) fn waived_charge(
        &mut self,
        loan: &mut Borrowing,
        due_on: NaiveDate,
        on: NaiveDate,
    ) -> ChargeId {
        let charge_id = ChargeId::new(loan.next_id());
        let add = AddCharge { charge_id, kind: AddedCharge::Fee, amount: decimal("12.00"), due_on };
        self.command(loan, &LoanCommand::AddCharge(add));
        let (waiver_id, reason) = (TransactionId::new(loan.next_id()), "courtesy".to_owned());
        let waive = WaiveCharge { waiver_id, charge_id, on, amount: None, reason };
        self.command(loan, &LoanCommand::WaiveCharge(waive));
        charge_id
    }

    /// A loan that is handed out in two parts.
    pub(crate) fn lend_in_parts(&mut self, id: Uuid, on: NaiveDate, later: NaiveDate) -> Borrowing {
        let mut loan = self.apply_with(id, "equipment", TERMS_IN_PARTS);
        self.approve(&mut loan, on);
        for (on, amount) in [(on, "700.00"), (later, "500.00")] {
            let disbursement_id = DisbursementId::new(loan.next_id());
            let disburse = Disburse { disbursement_id, on, amount: Some(decimal(amount)) };
            self.command(&mut loan, &LoanCommand::Disburse(disburse));
        }
        loan
    }
}

const TERMS_IN_PARTS: &str = r#"{"principal": "1200.00", "method": "price", "installments": 12,
    "rate": {"value": "0.02"}, "day_count": "30/360"}"#;

#[sqlx::test(migrations = false)]
async fn the_list_says_of_a_loan_in_trouble_what_its_own_read_says(pool: PgPool) {
    let mut book = Book::default();
    let mut lost = book.lend(Uuid::from_u128(1), "equipment", day("2025-01-10"));
    book.repay(&mut lost, day("2025-02-10"), "110.00");
    book.waived_charge(&mut lost, day("2025-03-01"), day("2025-03-02"));
    book.write_off(&mut lost, day("2025-05-12"));
    book.repay(&mut lost, day("2025-03-10"), "60.00");
    book.recover(&mut lost, day("2025-06-20"), "30.00");
    let mut eased = book.lend(Uuid::from_u128(2), "equipment", day("2025-01-10"));
    book.credit(&mut eased, day("2025-02-10"), "15.00");
    book.restructure(&mut eased, day("2025-06-20"));
    book.lend_in_parts(Uuid::from_u128(3), day("2025-01-10"), day("2025-06-20"));
    let (_log, running, client) = projected(&pool, book).await;
    let list = client.ask("/v1/loans").await.json();
    for (number, listed) in list["items"].as_array().unwrap().iter().enumerate() {
        let id = Uuid::from_u128(number as u128 + 1);
        let mut one = client.ask(&format!("/v1/loans/{id}")).await.json();
        for only in ["as_of", "effective_on"] {
            one.as_object_mut().unwrap().remove(only);
        }
        assert_eq!(&one, listed);
    }
    let lost = &list["items"][0];
    assert_eq!((&lost["status"], &lost["write_off"]["amount"]), (&"written_off".into(), &"1150.00".into()));
    assert_eq!(list["items"][2]["disbursed_amount"], "1200.00");
    let portfolio = client.ask("/v1/portfolio").await.json();
    let portfolio = &portfolio["currencies"][0];
    assert_eq!((&portfolio["written_off"], &portfolio["recovered"]), (&"1150.00".into(), &"30.00".into()));
    running.stop().await;
}
