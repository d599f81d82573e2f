//! A schedule request: terms with the disbursements to draw them for.

use std::fmt;

use chrono::NaiveDate;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::check::Check;
use super::{FieldError, Terms, TermsRequest};
use crate::amount::Amount;
use crate::texts::{AmountText, Day};

/// TERMS of the contract with `disbursements`; `principal` may be left out: then their sum.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ScheduleRequest {
    #[serde(flatten)]
    pub terms: TermsRequest,
    pub disbursements: Vec<DisbursementRequest>,
}

/// Money handed out on a day, as a client sends it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisbursementRequest {
    #[schema(value_type = Day)]
    pub on: String,
    #[schema(value_type = AmountText)]
    pub amount: String,
}

/// Money handed out on a day, before anything is kept back from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Disbursement {
    pub on: NaiveDate,
    pub amount: Amount,
}

impl ScheduleRequest {
    /// The terms and disbursements, or everything that is wrong with them.
    pub fn check(self) -> Result<(Terms, Vec<Disbursement>), Vec<FieldError>> {
        let mut check = Check::default();
        let currency = check.currency(self.terms.currency.as_deref());
        let disbursements = check.disbursements(&self.disbursements, currency);
        let terms = check.terms(&self.terms, currency, Some(&disbursements));
        check.finish(terms.map(|terms| (terms, disbursements)))
    }
}

/// The fields of the terms stand beside `disbursements`. Serde's `flatten` would let unknown fields pass, so
/// this takes `disbursements` out on the way and leaves the rest to [`TermsRequest`].
impl<'de> Deserialize<'de> for ScheduleRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RequestVisitor)
    }
}

struct RequestVisitor;

impl<'de> Visitor<'de> for RequestVisitor {
    type Value = ScheduleRequest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("terms with disbursements")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<ScheduleRequest, A::Error> {
        let mut disbursements = None;
        let others = WithoutDisbursements { fields, disbursements: &mut disbursements };
        let terms = TermsRequest::deserialize(MapAccessDeserializer::new(others))?;
        let disbursements = disbursements.ok_or_else(|| de::Error::missing_field("disbursements"))?;
        Ok(ScheduleRequest { terms, disbursements })
    }
}

struct WithoutDisbursements<'a, A> {
    fields: A,
    disbursements: &'a mut Option<Vec<DisbursementRequest>>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutDisbursements<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.fields.next_key::<String>()? {
            if name != "disbursements" {
                return seed.deserialize(name.into_deserializer()).map(Some);
            }
            if self.disbursements.replace(self.fields.next_value()?).is_some() {
                return Err(de::Error::duplicate_field("disbursements"));
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.fields.next_value_seed(seed)
    }
}

impl PartialSchema for ScheduleRequest {
    fn schema() -> RefOr<Schema> {
        let mut schema = TermsRequest::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            let item = Ref::from_schema_name(DisbursementRequest::name());
            let list = ArrayBuilder::new().items(RefOr::Ref(item)).min_items(Some(1)).build();
            object.properties.insert("disbursements".to_owned(), RefOr::T(Schema::Array(list)));
            object.required.push("disbursements".to_owned());
            object.description = Some("TERMS with the disbursements to draw a schedule for.".to_owned());
        }
        schema
    }
}

impl ToSchema for ScheduleRequest {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        TermsRequest::schemas(schemas);
        schemas.push((DisbursementRequest::name().into_owned(), DisbursementRequest::schema()));
        DisbursementRequest::schemas(schemas);
        DisbursementRequest::schemas(schemas);
    }
}
