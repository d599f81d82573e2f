//! What the API document says of fields that take one thing or another.

use utoipa::openapi::schema::{
    AdditionalProperties, KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::late::ContractWord;
use super::request::{
    AdaptedCalendarRequest, CalendarRequest, EveryRequest, LateDaysRequest, RateOrWordRequest, RateRequest,
};
use crate::calendar::BaseCalendar;

/// Either of two types, with all that they name.
fn either<A: ToSchema, B: ToSchema>(description: &str) -> RefOr<Schema> {
    let (one, other) = (Ref::from_schema_name(A::name()), Ref::from_schema_name(B::name()));
    OneOfBuilder::new().item(one).item(other).description(Some(description)).into()
}

fn both<A: ToSchema, B: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    schemas.push((A::name().into_owned(), A::schema()));
    schemas.push((B::name().into_owned(), B::schema()));
    A::schemas(schemas);
    B::schemas(schemas);
}

impl PartialSchema for CalendarRequest {
    fn schema() -> RefOr<Schema> {
        either::<BaseCalendar, AdaptedCalendarRequest>("A calendar by name, or one adapted by single dates.")
    }
}

impl ToSchema for CalendarRequest {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        both::<BaseCalendar, AdaptedCalendarRequest>(schemas);
    }
}

impl PartialSchema for RateOrWordRequest {
    fn schema() -> RefOr<Schema> {
        either::<ContractWord, RateRequest>("A rate, or the word `contract`.")
    }
}

impl ToSchema for RateOrWordRequest {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        both::<ContractWord, RateRequest>(schemas);
    }
}

impl PartialSchema for LateDaysRequest {
    fn schema() -> RefOr<Schema> {
        let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["30", "actual"]));
        let number = ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([30]));
        let description = "30, `\"30\"` or `\"actual\"`.";
        OneOfBuilder::new().item(word).item(number).description(Some(description)).into()
    }
}

impl ToSchema for LateDaysRequest {}

/// One of three, and nothing besides.
impl PartialSchema for EveryRequest {
    fn schema() -> RefOr<Schema> {
        let number = || {
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
                .minimum(Some(1))
        };
        let only = |unit: &str| {
            let object = ObjectBuilder::new().property(unit, number()).required(unit);
            object.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
        };
        let description = "The time between due dates: one of the three.";
        let units = OneOfBuilder::new().item(only("months")).item(only("weeks")).item(only("days"));
        units.description(Some(description)).into()
    }
}

impl ToSchema for EveryRequest {}
