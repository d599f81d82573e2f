//! Answers that are kept: the same as those that are worked out, never older than they say, in memory and in a Redis.

use std::time::{Duration, Instant};

use event_store::{BookingDay, Log};
use projections::{AnswerCache, Owner, QueryState};
use sqlx::PgPool;

use crate::asking::{Client, TODAY};
use crate::book::{Book, day, varied};
use crate::log_on;
use crate::projecting::{Running, caught_up, start};
use crate::standby::Redis;

const LIFETIME: Duration = Duration::from_secs(60);
const LOAN: &str = "/v1/loans/00000000-0000-0000-0000-000000000001";

/// A lender who keeps answers, beside one who works each out.
struct Lender {
    pool: PgPool,
    log: Log,
    running: Running,
    keeping: Client,
    plain: Client,
}

impl Lender {
    async fn keeping(pool: PgPool, cache: AnswerCache, mut book: Book) -> Self {
        let log = log_on(&pool).await;
        let running = start(&pool, &log);
        book.append(&pool).await;
        caught_up(&pool, &log).await;
        let state = QueryState::new(pool.clone(), log.clone(), BookingDay::Fixed(day(TODAY)));
        let keeping = Client::of(state.clone().with_cache(cache));
        Self { pool, log, running, keeping, plain: Client::of(state) }
    }

    async fn execute(&self, statement: &str) {
        sqlx::raw_sql(statement).execute(&self.pool).await.expect("the statement is right");
    }

    /// Each read, twice: both answers, tags and positions are those of a lender without a cache.
    async fn answers_as_without(&self, paths: &[String]) {
        for path in paths {
            let plain = self.plain.ask(path).await;
            for _ in 0..2 {
                let kept = self.keeping.ask(path).await;
                assert_eq!((kept.status, &kept.text), (plain.status, &plain.text), "{path}");
                for header in ["etag", "razao-position", "content-type"] {
                    assert_eq!(kept.headers.get(header), plain.headers.get(header), "{path}: {header}");
                }
            }
        }
    }
}

fn paths() -> Vec<String> {
    let of_a_loan = ["", "/schedule", "/transactions", "/statement", "/accruals", "/settlement-quote"];
    let of_a_loan = of_a_loan.iter().map(|end| format!("{LOAN}{end}"));
    let past = of_a_loan.clone().map(|path| format!("{path}?known_at=150&effective_on=2025-03-02"));
    let others = [
        "/v1/loans",
        "/v1/loans?limit=2",
        "/v1/loans?effective_on=2025-03-02&known_at=150",
        "/v1/portfolio",
        "/v1/portfolio?on=2025-04-15",
        "/v1/trial-balance",
        "/v1/trial-balance?known_at=150",
        "/v1/accounts",
        "/v1/accounts/assets:cash/lines",
        "/v1/balances/daily?account=assets:cash&from=2025-01-01&to=2025-06-01",
        "/v1/balances/daily/assets:cash/2025-02-03/explain",
        "/v1/entries",
        "/v1/products",
        "/v1/periods",
    ];
    of_a_loan.chain(past).chain(others.map(str::to_owned)).collect()
}

#[sqlx::test(migrations = false)]
async fn kept_answers_are_those_that_are_worked_out(pool: PgPool) {
    let cache = AnswerCache::in_memory(8 << 20, LIFETIME);
    let mut pieces = varied(40).in_pieces_of(200).into_iter();
    let lender = Lender::keeping(pool, cache, pieces.next().unwrap()).await;
    lender.answers_as_without(&paths()).await;
    // And again as of another position.
    pieces.next().unwrap().append(&lender.pool).await;
    caught_up(&lender.pool, &lender.log).await;
    lender.answers_as_without(&paths()).await;
    lender.running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_answer_is_kept_until_what_it_is_answered_from_moves(pool: PgPool) {
    let cache = AnswerCache::in_memory(8 << 20, LIFETIME);
    is_kept_until_it_moves(pool, cache).await;
}

#[sqlx::test(migrations = false)]
async fn a_redis_keeps_answers_as_memory_does(pool: PgPool) {
    let redis = Redis::start();
    let cache = AnswerCache::in_redis(&redis.url(), owner(1), LIFETIME).unwrap();
    is_kept_until_it_moves(pool, cache).await;
    let kept: i64 = redis.run(&["dbsize"]).trim().parse().unwrap();
    assert!(kept >= 2, "{kept}");
    assert!(redis.run(&["ttl", redis.run(&["randomkey"]).trim()]).trim().parse::<i64>().unwrap() > 0);
}

async fn is_kept_until_it_moves(pool: PgPool, cache: AnswerCache) {
    let lender = Lender::keeping(pool, cache, varied(20)).await;
    let products = lender.keeping.ask("/v1/products").await;
    let loan = lender.keeping.ask(LOAN).await;
    until_kept().await;
    // Behind the cache's back: who asks again sees that nothing was worked out.
    lender.execute("update read_products.products set name = 'old ' || name").await;
    let again = lender.keeping.ask("/v1/products").await;
    assert_eq!(again.text, products.text);
    let tag = products.headers["etag"].to_str().expect("a tag");
    let none = lender.keeping.ask_with("/v1/products", &[("If-None-Match", tag)]).await;
    assert_eq!((none.status.as_u16(), none.text.as_str()), (304, ""));
    // Somebody else's event: the loan is as it was, as of now.
    let mut book = Book::default();
    book.post(uuid::Uuid::from_u128(99), day("2025-06-02"), "5.00", None);
    book.append(&lender.pool).await;
    caught_up(&lender.pool, &lender.log).await;
    assert_ne!(lender.keeping.ask("/v1/products").await.text, products.text);
    let head = lender.log.head().await.expect("the log answers").position;
    let now = lender.keeping.ask(LOAN).await;
    assert_eq!(now.json()["as_of"]["position"], head);
    assert_eq!(now.json()["version"], loan.json()["version"]);
    assert_eq!(now.headers["razao-position"], head.to_string().as_str());
    // A name that is there, or forgotten, is so at once.
    let borrower = now.json()["borrower"]["id"].as_str().expect("an id").to_owned();
    for (statement, name) in [
        (format!("insert into borrowers (id, tax_id, name) values ('{borrower}', '1', 'Ana')"), Some("Ana")),
        ("update borrowers set name = 'Eva'".to_owned(), Some("Eva")),
        ("delete from borrowers".to_owned(), None),
    ] {
        lender.execute(&statement).await;
        let named = lender.keeping.ask(LOAN).await;
        assert_eq!(named.json()["borrower"]["name"].as_str(), name, "{}", named.text);
        until_kept().await;
    }
    lender.running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_redis_that_is_down_slow_full_or_lies_costs_speed_only(pool: PgPool) {
    let mut redis = Redis::start();
    let cache = AnswerCache::in_redis(&redis.url(), owner(1), LIFETIME).unwrap();
    let lender = Lender::keeping(pool, cache, varied(20)).await;
    let paths: Vec<String> = paths().into_iter().filter(|path| !path.contains("150")).collect();
    lender.answers_as_without(&paths).await;
    until_kept().await;
    // It lies: every value is another one's, or none of ours.
    let keys = redis.run(&["keys", "*"]);
    let keys: Vec<&str> = keys.lines().collect();
    assert!(keys.len() > 5, "{keys:?}");
    for (at, key) in keys.iter().enumerate() {
        match at % 3 {
            0 => redis.run(&["set", key, "{\"balance\":\"0.00\"}"]),
            1 => redis.run(&["copy", keys[at - 1], key, "replace"]),
            _ => redis.run(&["setrange", key, "40", "9"]),
        };
    }
    lender.answers_as_without(&paths).await;
    // It hangs.
    redis.run(&["client", "pause", "20000", "all"]);
    let asked = Instant::now();
    lender.answers_as_without(&paths).await;
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    // It is gone.
    redis.kill();
    lender.answers_as_without(&paths).await;
    // It is there again, and full.
    redis.again(&["--maxmemory", "1kb", "--maxmemory-policy", "noeviction"]);
    lender.answers_as_without(&paths).await;
    redis.kill();
    // It is there again, and is used again by itself.
    redis.again(&[]);
    let begin = Instant::now();
    while redis.run(&["dbsize"]).trim() == "0" {
        assert!(begin.elapsed() < Duration::from_secs(30), "the Redis is not used any more");
        lender.answers_as_without(&paths).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    lender.running.stop().await;
}

fn owner(seal: u8) -> Owner {
    Owner { name: "a lender".to_owned(), seal: [seal; 32] }
}

/// A Redis is written behind the answer's back.
async fn until_kept() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}
