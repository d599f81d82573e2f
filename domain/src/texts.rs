//! How numbers and days stand in requests, for the API document: what has another form is not read at all.

use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// A day that exists, in the years that calendars and plans know.
pub const DAY_PATTERN: &str = "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";

/// A calendar day in a request.
#[derive(Debug)]
pub struct Day;

/// An amount in a request, whose currency is not known yet.
#[derive(Debug)]
pub struct AmountText;

/// A rate in a request, as a fraction.
#[derive(Debug)]
pub struct RateText;

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .pattern(Some(DAY_PATTERN))
            .description(Some("A calendar day, as `YYYY-MM-DD`, from 1900 to 2199."))
            .examples(["2026-03-10"])
            .into()
    }
}

impl ToSchema for Day {}

impl PartialSchema for AmountText {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^[0-9]{1,13}(\.[0-9]{1,15})?$"))
            .description(Some("An amount with at most the decimals of its currency, at most 1000000000000."))
            .examples(["1234.50"])
            .into()
    }
}

impl ToSchema for AmountText {}

impl PartialSchema for RateText {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^[0-9]{1,3}(\.[0-9]{1,25})?$"))
            .description(Some("A fraction: `0.0199` is 1.99 %."))
            .examples(["0.0199"])
            .into()
    }
}

impl ToSchema for RateText {}
