//! Stock postgres-es code works on the same table.

use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore, SerializedEvent};
use cqrs_es::{Aggregate, EventStore};
use domain::decider::WholeStream;
use event_store::{CommandContext, Metadata};
use postgres_es::PostgresEventRepository;
use serde_json::json;
use sqlx::PgPool;

use crate::counter::{Count, Counter, keyed, without_key};
use crate::{counters_on, id};

type StockCounter = WholeStream<Counter>;

/// With all metadata that there are: stock readers know texts alone.
fn with_all_metadata() -> CommandContext {
    let text = |text: &str| Some(text.to_owned());
    let metadata = Metadata {
        actor: "ana".to_owned(),
        roles: ["operator".into(), "approver".into()].into(),
        command: "count",
        idempotency_key: Some("key".into()),
        correlation_id: "a3".to_owned(),
        causation_id: text("a2"),
        accepted_by: text("rui"),
        reason: text("counted twice"),
        engine: "1",
    };
    CommandContext { metadata, ..keyed("key", 1) }
}

#[sqlx::test(migrations = false)]
async fn the_stock_repository_reads_our_events(pool: PgPool) {
    let counters = counters_on(&pool).await;
    counters.execute(id(1), &Count::By(3), &without_key()).await.unwrap();
    counters.execute(id(1), &Count::By(4), &with_all_metadata()).await.unwrap();

    let repository = PostgresEventRepository::new(pool.clone());
    let events = repository.get_events::<StockCounter>(&id(1).to_string()).await.unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!((events[1].sequence, events[1].event_type.as_str()), (2, "Counted"));
    assert_eq!(events[1].payload, json!({"type": "Counted", "by": 4}));

    let store = PersistedEventStore::<_, StockCounter>::new_event_store(PostgresEventRepository::new(pool));
    let context = store.load_aggregate(&id(1).to_string()).await.unwrap();
    assert_eq!(context.aggregate.state, Counter(7));
    let metadata = &store.load_events(&id(1).to_string()).await.unwrap()[1].metadata;
    assert_eq!(metadata["roles"], "operator approver");
}

#[sqlx::test(migrations = false)]
async fn the_stock_repository_writes_events_that_we_read(pool: PgPool) {
    let counters = counters_on(&pool).await;
    let event = SerializedEvent::new(
        id(1).to_string(),
        1,
        <StockCounter as Aggregate>::TYPE.to_owned(),
        "Counted".to_owned(),
        "1".to_owned(),
        json!({"type": "Counted", "by": 3}),
        json!({}),
    );
    PostgresEventRepository::new(pool.clone()).persist::<StockCounter>(&[event], None).await.unwrap();
    let receipt = counters.execute(id(1), &Count::UpTo { by: 1, limit: 4 }, &without_key()).await.unwrap();
    assert_eq!((receipt.version, receipt.position), (2, 2));
}
