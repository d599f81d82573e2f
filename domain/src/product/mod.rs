//! A loan product: named, versioned terms with limits. A loan takes them by copy, so a later version touches new
//! loans only.

mod limit;
mod offer;

use std::sync::Arc;

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use limit::{Limit, LimitValue, LimitedField, Limits};
pub use offer::{OUTSIDE_LIMITS, Offer};

use crate::Currency;
use crate::decider::{Decider, DecisionDay, StoredEvent, Undecided};
use crate::terms::TermsRequest;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum ProductEvent {
    #[serde(rename = "ProductDefined")]
    Defined(Arc<Version>),
    #[serde(rename = "ProductRevised")]
    Revised(Arc<Version>),
    #[serde(rename = "ProductRetired")]
    Retired(Retired),
}

/// A version of a product, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProductVersion)]
pub struct Version {
    pub name: String,
    pub version: u32,
    /// The booking day on which it was defined.
    pub on: NaiveDate,
    pub currency: Currency,
    /// What a loan has where its application leaves a field open.
    pub terms: TermsRequest,
    /// What a loan's terms may be, by the field's name, such as `rate.value`.
    #[serde(default, skip_serializing_if = "Limits::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, Limit>)]
    pub limits: Limits,
}

/// No new loan takes the product from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProductRetirement)]
pub struct Retired {
    /// The booking day on which it was retired.
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductCommand {
    /// Defines the product, or a new version of it.
    Define(Box<Define>),
    Retire(Retire),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Define {
    pub name: String,
    pub offer: Offer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retire {
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProductRefusal {
    #[error("there is no such product")]
    Unknown,
    #[error("the product was retired on {on}")]
    AlreadyRetired { on: NaiveDate },
    #[error("currency {asked} is not that of the product, {currency}; another currency is another product")]
    OtherCurrency { asked: Currency, currency: Currency },
}

/// A product as new loans see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Product {
    #[default]
    Unknown,
    Offered(Arc<Version>),
    Retired {
        version: Arc<Version>,
        on: NaiveDate,
    },
}

impl Version {
    pub fn offer(&self) -> Offer {
        Offer { currency: self.currency, terms: self.terms.clone(), limits: self.limits.clone() }
    }
}

impl ProductEvent {
    /// Every type of event, with its current version.
    pub const TYPES: &'static [(&'static str, u32)] =
        &[("ProductDefined", 1), ("ProductRevised", 1), ("ProductRetired", 1)];

    pub const fn name(&self) -> &'static str {
        match self {
            Self::Defined(_) => "ProductDefined",
            Self::Revised(_) => "ProductRevised",
            Self::Retired(_) => "ProductRetired",
        }
    }
}

impl DomainEvent for ProductEvent {
    fn event_type(&self) -> String {
        self.name().to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl StoredEvent for ProductEvent {
    fn read(event_type: &str, payload: &str) -> Result<Self, serde_json::Error> {
        Ok(match event_type {
            "ProductDefined" => Self::Defined(serde_json::from_str(payload)?),
            "ProductRevised" => Self::Revised(serde_json::from_str(payload)?),
            "ProductRetired" => Self::Retired(serde_json::from_str(payload)?),
            _ => serde_json::from_str(payload)?,
        })
    }
}

impl Decider for Product {
    const TYPE: &'static str = "Product";
    const SNAPSHOT_VERSION: u32 = 1;

    type Command = ProductCommand;
    type Event = ProductEvent;
    type Refusal = ProductRefusal;
    type History = ();

    fn decide(
        &self,
        _history: Option<&()>,
        command: &ProductCommand,
        day: DecisionDay,
    ) -> Result<Vec<ProductEvent>, Undecided<ProductRefusal>> {
        let event = match command {
            ProductCommand::Define(command) => define(self, command, day.today)?,
            ProductCommand::Retire(command) => retire(self, command, day.today)?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &ProductEvent) {
        *self = match event {
            ProductEvent::Defined(version) | ProductEvent::Revised(version) => {
                Self::Offered(Arc::clone(version))
            }
            ProductEvent::Retired(retired) => match self {
                Self::Offered(version) => Self::Retired { version: Arc::clone(version), on: retired.on },
                other => panic!("corrupt stream: ProductRetired on {other:?}"),
            },
        };
    }

    fn record((): &mut (), _event: &ProductEvent) {}

    fn weight(&self) -> usize {
        4096
    }
}

fn define(product: &Product, command: &Define, today: NaiveDate) -> Result<ProductEvent, ProductRefusal> {
    let Define { name, offer } = command;
    let version_of = |version| {
        let Offer { currency, terms, limits } = offer.clone();
        Arc::new(Version { name: name.clone(), version, on: today, currency, terms, limits })
    };
    match product {
        Product::Unknown => Ok(ProductEvent::Defined(version_of(1))),
        Product::Retired { on, .. } => Err(ProductRefusal::AlreadyRetired { on: *on }),
        Product::Offered(current) if current.currency != offer.currency => {
            Err(ProductRefusal::OtherCurrency { asked: offer.currency, currency: current.currency })
        }
        Product::Offered(current) => Ok(ProductEvent::Revised(version_of(current.version + 1))),
    }
}

fn retire(product: &Product, command: &Retire, today: NaiveDate) -> Result<ProductEvent, ProductRefusal> {
    match product {
        Product::Unknown => Err(ProductRefusal::Unknown),
        Product::Retired { on, .. } => Err(ProductRefusal::AlreadyRetired { on: *on }),
        Product::Offered(_) => {
            Ok(ProductEvent::Retired(Retired { on: today, reason: command.reason.clone() }))
        }
    }
}
