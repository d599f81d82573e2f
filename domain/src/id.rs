//! Ids that say what they are the id of. All are UUIDs; version 7 where the server makes them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// What an [`Id`] can be the id of.
pub mod kind {
    #[derive(Debug, Clone, Copy)]
    pub enum Loan {}
    #[derive(Debug, Clone, Copy)]
    pub enum Borrower {}
    #[derive(Debug, Clone, Copy)]
    pub enum Payment {}
    #[derive(Debug, Clone, Copy)]
    pub enum Charge {}
    #[derive(Debug, Clone, Copy)]
    pub enum Disbursement {}
    #[derive(Debug, Clone, Copy)]
    pub enum Entry {}
    #[derive(Debug, Clone, Copy)]
    pub enum Product {}
    #[derive(Debug, Clone, Copy)]
    pub enum Transaction {}
}

/// The id of one `Kind` of thing.
pub struct Id<Kind>(Uuid, PhantomData<fn() -> Kind>);

pub type LoanId = Id<kind::Loan>;
pub type BorrowerId = Id<kind::Borrower>;
/// The id of a repayment, an early settlement, a credit or a recovery: of what serves the installments of a loan.
pub type PaymentId = Id<kind::Payment>;
pub type ChargeId = Id<kind::Charge>;
pub type DisbursementId = Id<kind::Disbursement>;
pub type EntryId = Id<kind::Entry>;
pub type ProductId = Id<kind::Product>;
/// The id of a refund, a chargeback, a waiver or a restructuring.
pub type TransactionId = Id<kind::Transaction>;

impl<Kind> Id<Kind> {
    pub const fn new(id: Uuid) -> Self {
        Self(id, PhantomData)
    }

    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl<Kind> Clone for Id<Kind> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Kind> Copy for Id<Kind> {}

impl<Kind> PartialEq for Id<Kind> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<Kind> Eq for Id<Kind> {}

impl<Kind> Hash for Id<Kind> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<Kind> fmt::Debug for Id<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<Kind> fmt::Display for Id<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<Kind> FromStr for Id<Kind> {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::from_str(text).map(Self::new)
    }
}

impl<Kind> Serialize for Id<Kind> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, Kind> Deserialize<'de> for Id<Kind> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self::new)
    }
}

impl<Kind> PartialSchema for Id<Kind> {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Uuid);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl<Kind> ToSchema for Id<Kind> {
    fn name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }
}
