//! What analysts see: views that agree with the reads, and nothing else.

use domain::Currency;
use rust_decimal::Decimal;
use sqlx::{Connection, PgPool};

use crate::asking::Client;
use crate::book::varied;
use crate::log_on;
use crate::projecting::{caught_up, rebuild_each, start};

#[sqlx::test(migrations = false)]
async fn an_analyst_sees_the_views_and_nothing_else_also_after_a_rebuild(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    varied(60).append(&pool).await;
    caught_up(&pool, &log).await;
    rebuild_each(&pool, &log).await;
    running.stop().await;
    let portfolio = Client::new(&pool, &log).ask("/v1/portfolio").await.json();
    let of = |name: &str| {
        let amount = portfolio["currencies"][0][name].as_str().expect("an amount");
        amount.parse::<Decimal>().expect("an amount")
    };
    let mut connection = pool.acquire().await.unwrap();
    let mut analyst = connection.begin().await.unwrap();
    sqlx::query("set local role razao_bi").execute(&mut *analyst).await.unwrap();
    let flows: (Decimal, Decimal, Decimal, Decimal) = sqlx::query_as(
        "select sum(disbursed), sum(collected), sum(written_off), sum(recovered) from bi.flows",
    )
    .fetch_one(&mut *analyst)
    .await
    .unwrap();
    assert_eq!(flows, (of("disbursed"), of("collected"), of("written_off"), of("recovered")));
    let loans: (Decimal, Decimal, Decimal) = sqlx::query_as(
        "select sum(disbursed_amount), sum(received), sum(principal) filter (where status <> 'written_off') \
         from bi.loans where disbursed_amount is not null",
    )
    .fetch_one(&mut *analyst)
    .await
    .unwrap();
    let principal = portfolio["currencies"][0]["outstanding"]["principal"].as_str().unwrap();
    assert_eq!(loans, (flows.0, flows.1, principal.parse().unwrap()));
    let differing: (i64,) = sqlx::query_as(
        "select count(*) from (select distinct on (account) account, closing from bi.daily_balances \
         order by account, booked_on desc) b full join (select account, \
         sum(case side when 'debit' then amount else -amount end) as closing from bi.journal_lines group by account) j \
         using (account) where b.closing is distinct from j.closing",
    )
    .fetch_one(&mut *analyst)
    .await
    .unwrap();
    assert_eq!(differing.0, 0);
    for view in ["bi.positions", "bi.loan_changes"] {
        let (rows,): (i64,) =
            sqlx::query_as(&format!("select count(*) from {view}")).fetch_one(&mut *analyst).await.unwrap();
        assert!(rows >= 6, "{view}");
    }
    analyst.rollback().await.unwrap();
    for forbidden in [
        "select * from read_loans.loans",
        "select * from events",
        "select * from borrowers",
        "delete from bi.journal_lines",
        "create table bi.mine (id int)",
    ] {
        let mut analyst = connection.begin().await.unwrap();
        sqlx::query("set local role razao_bi").execute(&mut *analyst).await.unwrap();
        let refused = sqlx::query(forbidden).execute(&mut *analyst).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "42501", "{forbidden}: {refused}");
        analyst.rollback().await.unwrap();
    }
}

#[sqlx::test(migrations = false)]
async fn the_views_know_the_decimals_of_each_currency(pool: PgPool) {
    log_on(&pool).await;
    for currency in Currency::ALL {
        let (amount,): (Decimal,) = sqlx::query_as("select bi.amount(12345, $1)")
            .bind(currency.code())
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(amount, Decimal::new(12345, currency.decimals()), "{currency}");
    }
}
