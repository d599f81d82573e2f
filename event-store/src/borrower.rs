//! Who borrows: kept beside the log, so that it can be forgotten without touching an event.

use std::collections::HashMap;

use domain::id::BorrowerId;
use uuid::Uuid;

use crate::log::LogError;
use crate::reader::LogReader;

/// What identifies a borrower. Stored in the same transaction as the event that first names the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Borrower {
    pub id: BorrowerId,
    /// CPF or CNPJ without punctuation.
    pub tax_id: String,
    pub name: String,
}

impl LogReader {
    pub async fn find_borrower(&self, tax_id: &str) -> Result<Option<BorrowerId>, LogError> {
        let found: Option<(Uuid,)> = sqlx::query_as("select id from borrowers where tax_id = $1")
            .bind(tax_id)
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.map(|(id,)| BorrowerId::new(id)))
    }

    /// Those of `ids` that are known.
    pub async fn borrowers(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Borrower>, LogError> {
        let rows: Vec<(Uuid, String, String)> =
            sqlx::query_as("select id, tax_id, name from borrowers where id = any($1)")
                .bind(ids)
                .fetch_all(&self.pool)
                .await?;
        let borrowers = rows
            .into_iter()
            .map(|(id, tax_id, name)| (id, Borrower { id: BorrowerId::new(id), tax_id, name }));
        Ok(borrowers.collect())
    }
}
