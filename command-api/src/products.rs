//! `POST /v1/products` and `/v1/products/{product}/retire`: what a lender offers; and what an application takes of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::id::ProductId;
use domain::product::{Define, Limit, LimitedField, Limits, Offer, Product, ProductCommand, Retire, Version};
use domain::terms::TermsRequest;
use problems::{
    INVALID_TERMS, INVALID_VALUE, NOT_FOUND, PRODUCT_CURRENCY, PRODUCT_RETIRED, PRODUCT_UNKNOWN, Problem,
};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::ProductAnswer;
use crate::checks::{Checks, LONGEST_PRODUCT, LONGEST_REASON};
use crate::endpoint::Endpoint;
use crate::fields::Object;
use crate::loans;
use crate::path::Ids;
use crate::refusals::fault_of;
use crate::serve::{Order, serve};
use crate::state::Shared;
use crate::terms::take;

pub(crate) static DEFINE: Endpoint = Endpoint::beginning(
    "DefineProduct",
    "define_product",
    "/v1/products",
    &[&INVALID_VALUE, &INVALID_TERMS, &PRODUCT_CURRENCY, &PRODUCT_RETIRED],
)
.by_name();
pub(crate) static RETIRE: Endpoint =
    Endpoint::changing("RetireProduct", "retire_product", &[&NOT_FOUND, &INVALID_VALUE, &PRODUCT_RETIRED]);

/// Terms that loans are offered on. A name that is known gets a new version, which only new loans take.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "working capital",
    "currency": "BRL",
    "terms": {
        "method": "price", "rate": {"value": "0.0199", "per": "month", "compounding": "effective"},
        "day_count": "30/360", "every": {"months": 1}
    },
    "limits": {
        "principal": {"least": "1000.00", "most": "50000.00"},
        "rate.value": {"least": "0.015", "most": "0.03"},
        "installments": {"least": 3, "default": 12, "most": 24},
        "method": {"allowed": ["price", "sac"]}
    }
}))]
pub(crate) struct ProductBody {
    /// What applications call it by. At most 100 characters, and no UUID.
    #[schema(max_length = 100)]
    name: String,
    /// Of all its loans. Default: that of its terms, or BRL.
    #[schema(value_type = Option<domain::Currency>)]
    currency: Option<String>,
    /// What a loan has where its application leaves a field open: any of TERMS.
    #[schema(value_type = Option<TermsRequest>)]
    terms: Option<Object<TermsRequest>>,
    /// What the terms of a loan may be, by the field's name, such as `rate.value`: `least`, `default` and `most` for
    /// amounts, rates and numbers, `allowed` and `default` for words.
    #[serde(default)]
    #[schema(value_type = BTreeMap<LimitedField, Limit>)]
    limits: LimitsBody,
}

/// Why a product is no longer offered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "replaced by working capital 2027"}))]
pub(crate) struct RetirementBody {
    /// At most 500 characters.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Limits by field, each field once.
#[derive(Debug, Default)]
struct LimitsBody(Limits);

/// Define a product, or a new version of one.
#[utoipa::path(
    post,
    path = "/v1/products",
    tag = "products",
    request_body = ProductBody,
    responses(
        (status = 201, description = "Defined: the event is ProductDefined, or ProductRevised for a version after \
          the first", body = ProductAnswer)
    ),
)]
pub(crate) async fn define_product(State(state): State<Arc<Shared>>, request: Request) -> Response<Body> {
    serve(&DEFINE, &state, &state.products, request, ProductBody::order).await
}

/// Retire a product: no new loan takes it, those that have its terms keep them.
#[utoipa::path(
    post,
    path = "/v1/products/{product}/retire",
    tag = "products",
    params(("product" = String, Path, description = "The product's name or id")),
    request_body = RetirementBody,
    responses((status = 200, description = "Retired: the event is ProductRetired", body = ProductAnswer)),
)]
pub(crate) async fn retire_product(
    State(state): State<Arc<Shared>>,
    Ids(product): Ids<String>,
    request: Request,
) -> Response<Body> {
    let order = |body: RetirementBody| {
        let mut checks = Checks::default();
        let reason = checks.optional_text("/reason", body.reason, LONGEST_REASON);
        checks.done()?;
        let command = ProductCommand::Retire(Retire { reason: reason.clone() });
        Ok(Order { stream: id_of(&product).uuid(), command, claims: Vec::new(), reason })
    };
    serve(&RETIRE, &state, &state.products, request, order).await
}

/// The current version of the product that an application names, as the log has it.
pub(crate) async fn find_offered(state: &Shared, named: &str) -> Result<Arc<Version>, Problem> {
    let product = state.products.state(id_of(named).uuid()).await;
    match product.map_err(|fault| fault_of(&loans::APPLY, &fault))? {
        Product::Offered(version) => Ok(version),
        Product::Unknown => {
            let detail = format!("there is no product `{named}`");
            Err(PRODUCT_UNKNOWN.because(detail).in_field("/product"))
        }
        Product::Retired { version, on } => {
            let detail = format!("the product `{}` was retired on {on}", version.name);
            Err(PRODUCT_RETIRED.because(detail).in_field("/product"))
        }
    }
}

/// The id of the product that is named by it or by its name. It follows from the name, so that two servers that define
/// the same product at the same time write to the same stream.
pub(crate) fn id_of(named: &str) -> ProductId {
    let named = named.trim();
    ProductId::new(Uuid::try_parse(named).unwrap_or_else(|_| {
        let hash = Sha256::new_with_prefix(b"product\0").chain_update(named).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }))
}

impl ProductBody {
    fn order(self) -> Result<Order<ProductCommand>, Problem> {
        let mut checks = Checks::default();
        let name = checks.text("/name", self.name, LONGEST_PRODUCT);
        if Uuid::try_parse(&name).is_ok() {
            checks.refuse("/name", "is_an_id", format!("`name` {name} is a UUID, which stands for an id"));
        }
        let terms = self.terms.map_or_else(TermsRequest::default, |Object(terms)| terms);
        let offer = Offer::check(self.currency.as_deref(), &terms, self.limits.0);
        let offer = take(offer, "", &mut checks)?;
        checks.done()?;
        let offer = offer.expect("what a check refuses is among its findings");
        let stream = id_of(&name).uuid();
        let command = ProductCommand::Define(Box::new(Define { name, offer }));
        Ok(Order { stream, command, claims: Vec::new(), reason: None })
    }
}

impl<'de> Deserialize<'de> for LimitsBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByField;
        impl<'de> Visitor<'de> for ByField {
            type Value = LimitsBody;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<LimitsBody, A::Error> {
                let mut limits = BTreeMap::new();
                while let Some((field, Object(limit))) = fields.next_entry::<String, Object<Limit>>()? {
                    if limits.contains_key(&field) {
                        return Err(A::Error::custom(format_args!("duplicate field `{field}`")));
                    }
                    limits.insert(field, limit);
                }
                Ok(LimitsBody(limits))
            }
        }
        deserializer.deserialize_map(ByField)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_follows_from_the_name_and_stands_for_itself() {
        let id = id_of("working capital");
        assert_eq!(id, id_of(" working capital "));
        assert_ne!(id, id_of("Working capital"));
        assert_eq!(id, id_of(&id.to_string()));
        assert_eq!(id.uuid().get_version_num(), 8);
    }
}
