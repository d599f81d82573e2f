//! Columns of a query as columns of a Parquet file.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::file::writer::SerializedColumnWriter;
use parquet::schema::types::{Type, TypePtr};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sqlx::postgres::{PgColumn, PgRow};
use sqlx::{Column as _, Row, TypeInfo};
use uuid::Uuid;

use super::file::FileError;

/// Amounts have eighteen digits, two of them decimals: as many as the smallest units of the largest sums have.
const PRECISION: i32 = 18;
const SCALE: u32 = 2;
const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");

/// One column, with the values of the rows that are not written yet.
pub(super) struct Column {
    name: String,
    place: usize,
    values: Values,
    /// 1 where there is a value, 0 where it is null.
    levels: Vec<i16>,
}

enum Values {
    Uuid(Vec<ByteArray>),
    Text(Vec<ByteArray>),
    Day(Vec<i32>),
    Int(Vec<i32>),
    Long(Vec<i64>),
    Instant(Vec<i64>),
    Amount(Vec<i64>),
}

impl Column {
    pub(super) fn of(column: &PgColumn) -> Result<Self, FileError> {
        let values = match column.type_info().name() {
            "UUID" => Values::Uuid(Vec::new()),
            "TEXT" | "VARCHAR" => Values::Text(Vec::new()),
            "DATE" => Values::Day(Vec::new()),
            "INT4" => Values::Int(Vec::new()),
            "INT8" => Values::Long(Vec::new()),
            "TIMESTAMPTZ" => Values::Instant(Vec::new()),
            "NUMERIC" => Values::Amount(Vec::new()),
            other => return Err(FileError::UnknownType(column.name().to_owned(), other.to_owned())),
        };
        Ok(Self { name: column.name().to_owned(), place: column.ordinal(), values, levels: Vec::new() })
    }

    pub(super) fn parquet_type(&self) -> Result<TypePtr, FileError> {
        let timestamp = LogicalType::timestamp(true, TimeUnit::MICROS);
        let amount = LogicalType::decimal(SCALE.cast_signed(), PRECISION);
        let (physical, logical) = match &self.values {
            Values::Uuid(_) | Values::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Values::Day(_) => (Physical::INT32, Some(LogicalType::Date)),
            Values::Int(_) => (Physical::INT32, None),
            Values::Long(_) => (Physical::INT64, None),
            Values::Instant(_) => (Physical::INT64, Some(timestamp)),
            Values::Amount(_) => (Physical::INT64, Some(amount)),
        };
        let column = Type::primitive_type_builder(&self.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .with_precision(if matches!(self.values, Values::Amount(_)) { PRECISION } else { -1 })
            .with_scale(if matches!(self.values, Values::Amount(_)) { SCALE.cast_signed() } else { -1 });
        Ok(Arc::new(column.build()?))
    }

    pub(super) fn push(&mut self, row: &PgRow) -> Result<(), FileError> {
        let place = self.place;
        let is_there = match &mut self.values {
            Values::Uuid(all) => put(all, row.try_get(place)?, |id: Uuid| Ok(text(id.to_string())))?,
            Values::Text(all) => put(all, row.try_get(place)?, |word: String| Ok(text(word)))?,
            Values::Day(all) => put(all, row.try_get(place)?, |day| Ok(days(day)))?,
            Values::Int(all) => put(all, row.try_get(place)?, Ok)?,
            Values::Long(all) => put(all, row.try_get(place)?, Ok)?,
            Values::Instant(all) => {
                put(all, row.try_get(place)?, |at: DateTime<Utc>| Ok(at.timestamp_micros()))?
            }
            Values::Amount(all) => put(all, row.try_get(place)?, |amount| hundredths(&self.name, amount))?,
        };
        self.levels.push(i16::from(is_there));
        Ok(())
    }

    /// Writes what was pushed, and begins anew.
    pub(super) fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> Result<(), FileError> {
        let levels = Some(&*self.levels);
        match &mut self.values {
            Values::Uuid(all) | Values::Text(all) => {
                writer.typed::<ByteArrayType>().write_batch(all, levels, None)?;
                all.clear();
            }
            Values::Day(all) | Values::Int(all) => {
                writer.typed::<Int32Type>().write_batch(all, levels, None)?;
                all.clear();
            }
            Values::Long(all) | Values::Instant(all) | Values::Amount(all) => {
                writer.typed::<Int64Type>().write_batch(all, levels, None)?;
                all.clear();
            }
        }
        self.levels.clear();
        Ok(())
    }
}

fn put<V, T>(
    all: &mut Vec<T>,
    value: Option<V>,
    as_stored: impl FnOnce(V) -> Result<T, FileError>,
) -> Result<bool, FileError> {
    let Some(value) = value else { return Ok(false) };
    all.push(as_stored(value)?);
    Ok(true)
}

fn text(word: String) -> ByteArray {
    ByteArray::from(word.into_bytes())
}

fn days(day: NaiveDate) -> i32 {
    i32::try_from((day - EPOCH).num_days()).expect("the calendar has fewer days than that")
}

/// An amount as so many hundredths, whatever its currency's decimals.
fn hundredths(name: &str, amount: Decimal) -> Result<i64, FileError> {
    let hundredths =
        amount.checked_mul(Decimal::ONE_HUNDRED).filter(|hundredths| hundredths.fract().is_zero());
    let bound = 10_i64.pow(PRECISION.unsigned_abs());
    let stored = hundredths.and_then(|hundredths| hundredths.to_i64()).filter(|stored| stored.abs() < bound);
    stored.ok_or_else(|| FileError::NoAmount(name.to_owned(), amount))
}
