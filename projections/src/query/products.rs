//! Loan products, as new loans see them and in their earlier versions.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use chrono::{DateTime, NaiveDate, Utc};
use domain::Currency;
use domain::product::Limit;
use domain::terms::TermsRequest;
use problems::{NOT_FOUND, Problem};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{Answer, AsOf, List, NotThere, ReadProblems, answer};
use super::loan_row::{read_currency, read_json};
use super::request::{Limit as PageLimit, Params, ReadHeaders, Reading, invalid};
use super::{QueryState, State};
use crate::event::StreamKind;
use crate::products;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProductStatus {
    /// New loans may take it.
    Active,
    Retired,
}

/// A product in one of its versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductView {
    id: Uuid,
    name: String,
    currency: Currency,
    status: ProductStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    retired_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retirement_reason: Option<String>,
    #[serde(flatten)]
    shown: VersionView,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionView {
    /// The number of the version, from 1.
    version: i32,
    /// The booking day on which it was defined.
    on: NaiveDate,
    /// What a loan has where its application leaves a field open.
    #[schema(value_type = TermsRequest)]
    terms: Box<RawValue>,
    /// What the terms of a loan may be, by the field's name.
    #[schema(value_type = BTreeMap<String, Limit>)]
    limits: Box<RawValue>,
    /// The position of the event that defined it.
    position: i64,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProductFilter {
    status: Option<ProductStatus>,
    #[param(value_type = Option<Currency>)]
    currency: Option<Currency>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: PageLimit,
    /// The `next` of the page before.
    after: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedVersion {
    /// The version to show in place of the current one.
    #[param(value_type = Option<u32>, minimum = 1)]
    version: Option<i32>,
}

#[derive(Serialize, ToSchema)]
struct ProductFound {
    #[serde(flatten)]
    product: ProductView,
    /// All versions, from the first.
    versions: Vec<VersionView>,
    as_of: AsOf,
}

/// The name or the id in the path.
pub(crate) struct ProductInPath(String);

const COLUMNS: &str = include_str!("product_columns.sql");

const VERSIONS: &str = "select v.version, v.defined_on, v.terms, v.limits, v.position \
    from versions v where v.product_id = $1 order by v.version";

impl<S: Send + Sync> FromRequestParts<S> for ProductInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| invalid("product", "the path is not UTF-8"))?;
        Ok(Self(text.trim().to_owned()))
    }
}

/// Products in the order of their first versions, each in its current one.
#[utoipa::path(
    get, path = "/v1/products", tag = "products", operation_id = "list_products",
    params(ProductFilter, ReadHeaders),
    responses((status = 200, description = "A page of products", body = List<ProductView>), ReadProblems),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    Params(filter): Params<ProductFilter>,
    reading: Reading,
) -> Answer {
    let after = reading.place(filter.after.as_deref(), |place| place.parse::<i64>().ok())?;
    let mut query = QueryBuilder::<Postgres>::new(COLUMNS);
    query.push(" and v.version = p.version where p.first_position > ").push_bind(after.unwrap_or(0));
    match filter.status {
        Some(ProductStatus::Active) => drop(query.push(" and p.retired_on is null")),
        Some(ProductStatus::Retired) => drop(query.push(" and p.retired_on is not null")),
        None => {}
    }
    if let Some(currency) = filter.currency {
        query.push(" and p.currency = ").push_bind(currency.code());
    }
    query.push(" order by p.first_position limit ").push_bind(filter.limit.and_one_more());
    let mut snapshot = state.snapshot(&products::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    let rows = query.build().fetch_all(&mut *snapshot.transaction).await?;
    let mut rows = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let next = reading.page(filter.limit, &mut rows, |(first_position, _)| first_position.to_string());
    let items: Vec<ProductView> = rows.into_iter().map(|(_, product)| product).collect();
    Ok(answer(&reading, as_of, state.booking_day.today(), List { items, next, as_of }))
}

/// A product, in its current version or another, with all of its versions.
#[utoipa::path(
    get, path = "/v1/products/{product}", tag = "products", operation_id = "find_product",
    params(("product" = String, Path, description = "The product's name or id"), WantedVersion, ReadHeaders),
    responses((status = 200, description = "The product", body = ProductFound), NotThere, ReadProblems),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    ProductInPath(named): ProductInPath,
    Params(wanted): Params<WantedVersion>,
    reading: Reading,
) -> Answer {
    if wanted.version.is_some_and(|version| version < 1) {
        return Err(invalid("version", "versions are counted from 1").into());
    }
    let mut snapshot = state.snapshot(&products::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    let select = format!("{COLUMNS} and v.version = coalesce($3, p.version) where p.id = $1 or p.name = $2");
    let row = sqlx::query(&select)
        .bind(Uuid::try_parse(&named).ok())
        .bind(&named)
        .bind(wanted.version)
        .fetch_optional(&mut *snapshot.transaction)
        .await?;
    let row = row.ok_or_else(|| {
        let version = wanted.version.map(|version| format!(" in version {version}")).unwrap_or_default();
        NOT_FOUND.because(format!("there is no product `{named}`{version} as of position {}", as_of.position))
    })?;
    let (_, product) = read(&row)?;
    snapshot.refuse_parked(StreamKind::Product, product.id).await?;
    let rows = sqlx::query(VERSIONS).bind(product.id).fetch_all(&mut *snapshot.transaction).await?;
    let versions = rows.iter().map(read_version).collect::<Result<Vec<_>, _>>()?;
    Ok(answer(&reading, as_of, state.booking_day.today(), ProductFound { product, versions, as_of }))
}

/// A product, and the position of its first event.
fn read(row: &PgRow) -> Result<(i64, ProductView), sqlx::Error> {
    let retired_on: Option<NaiveDate> = row.try_get("retired_on")?;
    let view = ProductView {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        currency: read_currency(row)?,
        status: if retired_on.is_some() { ProductStatus::Retired } else { ProductStatus::Active },
        retired_on,
        retirement_reason: row.try_get("retirement_reason")?,
        shown: read_version(row)?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    };
    Ok((row.try_get("first_position")?, view))
}

fn read_version(row: &PgRow) -> Result<VersionView, sqlx::Error> {
    Ok(VersionView {
        version: row.try_get("version")?,
        on: row.try_get("defined_on")?,
        terms: read_json(row, "terms")?,
        limits: read_json(row, "limits")?,
        position: row.try_get("position")?,
    })
}
