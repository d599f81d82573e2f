//! What the close of a day records.

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AccrualSum, LoanAccrual};
use crate::decider::StoredEvent;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum DayCloseEvent {
    #[serde(rename = "AccrualsBooked")]
    AccrualsBooked(AccrualsBooked),
    #[serde(rename = "DayClosed")]
    Closed(DayClosed),
}

/// The interest of so many loans was booked for a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccrualsBooked {
    pub on: NaiveDate,
    /// The first open day, where the day lies in a closed period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    /// Its number among the events of the day's close, from 1.
    pub chunk: u32,
    /// The position of the log up to which the loans were read.
    pub position: i64,
    /// What is booked: one for each currency.
    pub sums: Vec<AccrualSum>,
    /// In the order of their ids.
    pub loans: Vec<LoanAccrual>,
}

/// The interest of every loan is booked for a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayClosed {
    pub on: NaiveDate,
    /// How many events booked it.
    pub chunks: u32,
    /// The position of the log up to which the loans were read: what came later is booked by the next close.
    pub position: i64,
    /// What all loans come to: one for each currency.
    pub sums: Vec<AccrualSum>,
}

impl DayCloseEvent {
    /// Every type of event, with its current version.
    pub const TYPES: &'static [(&'static str, u32)] = &[("AccrualsBooked", 1), ("DayClosed", 1)];

    pub const fn name(&self) -> &'static str {
        match self {
            Self::AccrualsBooked(_) => "AccrualsBooked",
            Self::Closed(_) => "DayClosed",
        }
    }

    /// The day that is closed.
    pub const fn on(&self) -> NaiveDate {
        match self {
            Self::AccrualsBooked(booked) => booked.on,
            Self::Closed(closed) => closed.on,
        }
    }
}

impl DomainEvent for DayCloseEvent {
    fn event_type(&self) -> String {
        self.name().to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl StoredEvent for DayCloseEvent {
    fn read(event_type: &str, payload: &str) -> Result<Self, serde_json::Error> {
        Ok(match event_type {
            "AccrualsBooked" => Self::AccrualsBooked(serde_json::from_str(payload)?),
            "DayClosed" => Self::Closed(serde_json::from_str(payload)?),
            _ => serde_json::from_str(payload)?,
        })
    }
}
