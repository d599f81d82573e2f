//! Products with all their versions.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::product::{ProductEvent, Version};
use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::copy::{CopyRows, storable};
use crate::event::{Event, Fact, StreamKind};
use crate::read_model::{Changes, ReadModel, Table};

pub(crate) static READ_MODEL: ReadModel = ReadModel {
    name: "products",
    schema: "read_products",
    tables: &[Table { name: "products", key: "id" }, Table { name: "versions", key: "product_id, version" }],
    tables_sql: include_str!("schema.sql"),
    indexes_sql: include_str!("indexes.sql"),
    views_sql: "",
    kinds: &[StreamKind::Product],
    begin: || Box::new(ProductChanges::default()),
};

const COPY_PRODUCTS: &str = "copy products (id, name, currency, version, first_position, position, created_at, \
    updated_at) from stdin (format binary)";
const COPY_VERSIONS: &str = "copy versions (product_id, version, defined_on, terms, limits, position, recorded_at) \
    from stdin (format binary)";

/// What a page of events says of products.
#[derive(Default)]
struct ProductChanges {
    versions: Vec<NewVersion>,
    products: BTreeMap<Uuid, Change>,
}

struct NewVersion {
    product: Uuid,
    version: Arc<Version>,
    position: i64,
    recorded_at: DateTime<Utc>,
}

/// How a product stands after the page, as far as the page says.
#[derive(Default)]
struct Change {
    /// The first version, and where it was recorded, if that is in the page.
    defined: Option<(Arc<Version>, i64, DateTime<Utc>)>,
    version: Option<u32>,
    retired_on: Option<NaiveDate>,
    reason: Option<String>,
    position: i64,
    updated_at: DateTime<Utc>,
}

impl Changes for ProductChanges {
    fn fold(&mut self, event: &Event) {
        let Fact::Product(fact) = &event.fact else { return };
        let change = self.products.entry(event.stream_id).or_default();
        (change.position, change.updated_at) = (event.position, event.recorded_at);
        match fact {
            ProductEvent::Defined(version) | ProductEvent::Revised(version) => {
                change.version = Some(version.version);
                if matches!(fact, ProductEvent::Defined(_)) {
                    change.defined = Some((Arc::clone(version), event.position, event.recorded_at));
                }
                self.versions.push(NewVersion {
                    product: event.stream_id,
                    version: Arc::clone(version),
                    position: event.position,
                    recorded_at: event.recorded_at,
                });
            }
            ProductEvent::Retired(retired) => {
                change.retired_on = Some(retired.on);
                change.reason.clone_from(&retired.reason);
            }
        }
    }

    fn write(self: Box<Self>, connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        async move {
            let mut products = CopyRows::new(8);
            for (id, change) in &self.products {
                change.encode_defined(*id, &mut products);
            }
            products.write(connection, COPY_PRODUCTS).await?;
            let mut versions = CopyRows::new(7);
            for version in &self.versions {
                version.encode(&mut versions);
            }
            versions.write(connection, COPY_VERSIONS).await?;
            change(&self.products, connection).await
        }
        .boxed()
    }
}

impl Change {
    fn encode_defined(&self, id: Uuid, rows: &mut CopyRows) {
        let Some((version, position, recorded_at)) = &self.defined else { return };
        rows.row()
            .uuid(id)
            .text(version.name.as_str())
            .text(version.currency.code())
            .int(version.version)
            .bigints([*position, *position])
            .instant(*recorded_at)
            .instant(*recorded_at);
    }
}

impl NewVersion {
    fn encode(&self, rows: &mut CopyRows) {
        let terms = serde_json::to_string(&self.version.terms).expect("terms are plain data");
        let limits = serde_json::to_string(&self.version.limits).expect("limits are plain data");
        rows.row()
            .uuid(self.product)
            .int(self.version.version)
            .date(self.version.on)
            .text(terms.as_str())
            .text(limits.as_str())
            .bigint(self.position)
            .instant(self.recorded_at);
    }
}

async fn change(changes: &BTreeMap<Uuid, Change>, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if changes.is_empty() {
        return Ok(());
    }
    let number = |version: u32| i32::try_from(version).expect("a product has few versions");
    let all = || changes.values();
    sqlx::query(include_str!("change.sql"))
        .bind(changes.keys().copied().collect::<Vec<_>>())
        .bind(all().map(|change| change.version.map(number)).collect::<Vec<_>>())
        .bind(all().map(|change| change.retired_on).collect::<Vec<_>>())
        .bind(all().map(|change| change.reason.as_deref().map(storable)).collect::<Vec<_>>())
        .bind(all().map(|change| change.position).collect::<Vec<_>>())
        .bind(all().map(|change| change.updated_at).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
