//! The promises of the read models, on a real Postgres with a fresh database for each test.

mod analysts;
mod apart;
mod asking;
mod authority;
mod book;
mod building;
mod days_for_analysts;
mod downloads;
mod explaining;
mod kept_answers;
mod later_versions;
mod lender;
mod loan_rows;
mod loans;
mod parked_past;
mod parking;
mod point_in_time;
mod projecting;
/// The reader of the unit tests.
#[path = "../../src/query/download/paper/read_back.rs"]
mod read_back;
mod reading;
mod replaying;
mod replicas;
mod standby;
mod trouble;
mod two_axes;

use event_store::Log;
use sqlx::PgPool;

/// The log and the read models in one database.
pub(crate) async fn log_on(pool: &PgPool) -> Log {
    let options = (*pool.connect_options()).clone();
    Log::migrate(&options).await.expect("the log's schema is created");
    projections::migrate(pool).await.expect("the read models' tables are created");
    Log::connect(&options).await.expect("the log is reached")
}
