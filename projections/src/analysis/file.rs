//! A Parquet file that is written row by row, so many rows in memory at a time.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use rust_decimal::Decimal;
use sqlx::postgres::{PgColumn, PgRow};

use super::columns::Column;

/// How many rows are written at once.
const GROUP: usize = 20_000;

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("the column {0} is of the type {1}, which is not known here")]
    UnknownType(String, String),
    #[error("{0}: {1} is no amount of sixteen digits and two decimals")]
    NoAmount(String, Decimal),
    #[error(transparent)]
    Parquet(#[from] ParquetError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

pub(super) struct Rows {
    writer: SerializedFileWriter<File>,
    columns: Vec<Column>,
    waiting: usize,
    written: u64,
}

impl Rows {
    pub(super) fn create(path: &Path, columns: &[PgColumn]) -> Result<Self, FileError> {
        let columns = columns.iter().map(Column::of).collect::<Result<Vec<_>, _>>()?;
        let fields = columns.iter().map(Column::parquet_type).collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder("rows").with_fields(fields).build()?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = SerializedFileWriter::new(File::create(path)?, Arc::new(schema), Arc::new(properties))?;
        Ok(Self { writer, columns, waiting: 0, written: 0 })
    }

    pub(super) fn push(&mut self, row: &PgRow) -> Result<(), FileError> {
        self.columns.iter_mut().try_for_each(|column| column.push(row))?;
        self.waiting += 1;
        if self.waiting == GROUP { self.write_group() } else { Ok(()) }
    }

    /// Writes the rest and makes sure that it is on the disk: how many rows there are.
    pub(super) fn finish(mut self) -> Result<u64, FileError> {
        if self.waiting > 0 {
            self.write_group()?;
        }
        self.writer.into_inner()?.sync_all()?;
        Ok(self.written)
    }

    fn write_group(&mut self) -> Result<(), FileError> {
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            let mut writer = group.next_column()?.expect("the file has the columns of the query");
            column.write(&mut writer)?;
            writer.close()?;
        }
        group.close()?;
        self.written += self.waiting as u64;
        self.waiting = 0;
        Ok(())
    }
}
