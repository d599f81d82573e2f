//! Whole plans as tables, for people to read.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use std::fmt::Write;

use domain::{ScheduleRequest, draw_for_loan};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

/// The plan of a loan as a table.
fn table(request: Value) -> String {
    let request: ScheduleRequest = serde_json::from_value(request).unwrap();
    let (terms, disbursements) = request.check().unwrap();
    let plan = draw_for_loan(&terms, &disbursements).unwrap();
    let mut table = String::from("#    due on      days  principal  interest     total   balance\n");
    for row in &plan.installments {
        let figures = [row.principal, row.interest, row.total, row.balance].map(|amount| amount.to_string());
        let [principal, interest, total, balance] = figures;
        writeln!(
            table,
            "{:<3}  {}  {:4} {principal:>10} {interest:>9} {total:>9} {balance:>9}",
            row.number, row.due_on, row.days
        )
        .unwrap();
    }
    let totals = plan.totals;
    writeln!(
        table,
        "sum                   {:>10} {:>9} {:>9}",
        totals.principal, totals.interest, totals.total
    )
    .unwrap();
    let cost = plan.effective_cost.unwrap();
    writeln!(table, "effective cost {} a year, {} a month", cost.yearly, cost.monthly).unwrap();
    table
}

fn check(request: Value, expected: &Expect) {
    expected.assert_eq(&table(request));
}

#[test]
fn price_has_equal_installments_and_a_last_one_that_takes_the_cents() {
    let request = json!({
        "method": "price", "rate": {"value": "0.0199"}, "installments": 6,
        "disbursements": [{"on": "2026-01-31", "amount": "10000.00"}],
    });
    check(
        request,
        &expect![[r#"
            #    due on      days  principal  interest     total   balance
            1    2026-02-28    28    1599.33    183.05   1782.38   8400.67
            2    2026-03-31    31    1611.97    170.41   1782.38   6788.70
            3    2026-04-30    30    1649.15    133.23   1782.38   5139.55
            4    2026-05-31    31    1678.12    104.26   1782.38   3461.43
            5    2026-06-30    30    1714.45     67.93   1782.38   1746.98
            6    2026-07-31    31    1746.98     35.44   1782.42      0.00
            sum                     10000.00    694.32  10694.32
            effective cost 0.2668 a year, 0.0199 a month
        "#]],
    );
}

#[test]
fn sac_has_equal_principal_and_falling_installments() {
    let request = json!({
        "method": "sac", "rate": {"value": "0.24", "per": "year", "compounding": "nominal"}, "day_count": "30/360",
        "installments": 6, "disbursements": [{"on": "2026-03-10", "amount": "10000.00"}],
    });
    check(
        request,
        &expect![[r#"
            #    due on      days  principal  interest     total   balance
            1    2026-04-10    31    1666.67    200.00   1866.67   8333.33
            2    2026-05-10    30    1666.67    166.67   1833.34   6666.66
            3    2026-06-10    31    1666.67    133.33   1800.00   4999.99
            4    2026-07-10    30    1666.67    100.00   1766.67   3333.32
            5    2026-08-10    31    1666.67     66.67   1733.34   1666.65
            6    2026-09-10    31    1666.65     33.33   1699.98      0.00
            sum                     10000.00    700.00  10700.00
            effective cost 0.2662 a year, 0.0199 a month
        "#]],
    );
}

#[test]
fn flat_charges_interest_on_the_whole_amount_to_the_end() {
    let request = json!({
        "method": "flat", "rate": {"value": "0.02", "compounding": "nominal"}, "day_count": "30/360",
        "installments": 6, "disbursements": [{"on": "2026-03-10", "amount": "10000.00"}],
    });
    check(
        request,
        &expect![[r#"
            #    due on      days  principal  interest     total   balance
            1    2026-04-10    31    1666.67    200.00   1866.67   8333.33
            2    2026-05-10    30    1666.67    200.00   1866.67   6666.66
            3    2026-06-10    31    1666.67    200.00   1866.67   4999.99
            4    2026-07-10    30    1666.67    200.00   1866.67   3333.32
            5    2026-08-10    31    1666.67    200.00   1866.67   1666.65
            6    2026-09-10    31    1666.65    200.00   1866.65      0.00
            sum                     10000.00   1200.00  11200.00
            effective cost 0.4789 a year, 0.0331 a month
        "#]],
    );
}

#[test]
fn a_loan_whose_interest_is_exact_inside_still_adds_up() {
    let request = json!({
        "method": "price", "rate": {"value": "0.0265", "compounding": "nominal"}, "day_count": "30/360",
        "installments": 6, "rounding": {"places": []},
        "disbursements": [{"on": "2026-02-16", "amount": "15500.00"}],
    });
    check(
        request,
        &expect![[r#"
            #    due on      days  principal  interest     total   balance
            1    2026-03-16    28    2417.41    410.75   2828.16  13082.59
            2    2026-04-16    31    2481.47    346.69   2828.16  10601.12
            3    2026-05-16    30    2547.23    280.93   2828.16   8053.89
            4    2026-06-16    31    2614.73    213.43   2828.16   5439.16
            5    2026-07-16    30    2684.02    144.14   2828.16   2755.14
            6    2026-08-16    31    2755.14     73.02   2828.16      0.00
            sum                     15500.00   1468.96  16968.96
            effective cost 0.3770 a year, 0.0270 a month
        "#]],
    );
}
