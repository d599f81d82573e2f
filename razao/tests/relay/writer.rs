//! A load on the log: events of every type, on many streams.

use std::collections::HashMap;
use std::path::Path;

use event_store::Log;
use sqlx::PgPool;
use uuid::Uuid;

/// As a stock writer does it: the log fills in positions and instants.
const APPEND: &str = "insert into events \
    (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
    select 'Loan', id, sequence, type, '1', stored::json, $5::json \
    from unnest($1, $2, $3, $4) as written (id, sequence, type, stored)";
const METADATA: &str = r#"{"actor":"ana","command":"Test","correlation_id":"c-1","engine":"0.1.0"}"#;

/// Appends to the log of one test.
pub(crate) struct Writer {
    pool: PgPool,
    streams: u64,
    sequences: HashMap<u64, i64>,
    /// A stored payload of each type of event.
    payloads: Vec<(String, String)>,
    pub(crate) written: i64,
}

impl Writer {
    /// For an empty database, which gets its tables.
    pub(crate) async fn on(pool: &PgPool, streams: u64) -> Self {
        let options = (*pool.connect_options()).clone();
        Log::migrate(&options).await.unwrap();
        reactions::migrate(&options).await.unwrap();
        Self { pool: pool.clone(), streams, sequences: HashMap::new(), payloads: payloads(), written: 0 }
    }

    /// Appends an event of so many bytes.
    pub(crate) async fn append_large(&mut self, bytes: usize) {
        let text = "x".repeat(bytes);
        let large = ("EntryPosted".to_owned(), format!(r#"{{"type":"EntryPosted","description":"{text}"}}"#));
        let usual = std::mem::replace(&mut self.payloads, vec![large]);
        self.append(1).await;
        self.payloads = usual;
    }

    /// Appends so many events in one transaction.
    pub(crate) async fn append(&mut self, events: i64) {
        let (mut ids, mut sequences, mut types, mut stored) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..events {
            let stream = fastrand::u64(..self.streams);
            let sequence = self.sequences.entry(stream).or_default();
            *sequence += 1;
            sequences.push(*sequence);
            ids.push(Uuid::from_u128(u128::from(stream)).to_string());
            let (event_type, payload) = fastrand::choice(&self.payloads).unwrap();
            types.push(event_type.clone());
            stored.push(payload.clone());
            self.written += 1;
        }
        let append = sqlx::query(APPEND).bind(ids).bind(sequences).bind(types).bind(stored).bind(METADATA);
        append.execute(&self.pool).await.unwrap();
    }
}

fn payloads() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/events/fixtures");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut payloads: Vec<_> = files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let event_type = name.split('.').next().unwrap().to_owned();
            let payload: serde_json::Value =
                serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            (event_type, payload.to_string())
        })
        .collect();
    payloads.sort();
    payloads
}
