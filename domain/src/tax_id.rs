//! Brazilian identifiers: CNPJ, CPF and the Pix endToEndId (LENDING.md §15).

use std::fmt;

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// The number of a company, upper case and without punctuation; letters since July 2026 (IN RFB 2.229/2024).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cnpj(String);

/// The number of a person, without punctuation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cpf(String);

/// The number of whoever borrows: a company's or a person's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TaxId {
    Cnpj(Cnpj),
    Cpf(Cpf),
}

/// The identifier of a Pix receipt: E, ISPB (8 digits), yyyyMMddHHmm in UTC, 11 letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EndToEndId(String);

/// Why a text is no identifier. The text itself is left out: it may be someone's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("it has not the length and characters of such an identifier")]
    Shape,
    #[error("its characters are all the same")]
    Repeated,
    #[error("its check digits do not follow from the rest")]
    CheckDigits,
    #[error("its year, month, day, hour and minute are no instant")]
    Instant,
}

impl IdError {
    /// A stable name: `shape`, `repeated`, `check_digits`, `instant`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::Repeated => "repeated",
            Self::CheckDigits => "check_digits",
            Self::Instant => "instant",
        }
    }
}

impl Cnpj {
    /// Reads 14 characters without punctuation, letters in upper case.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let shaped = text.len() == 14
            && text.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
            && text.bytes().skip(12).all(|c| c.is_ascii_digit());
        check(text, shaped, 12, 9)?;
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As people write it: `12.345.678/0001-95`.
    pub fn formatted(&self) -> String {
        punctuated(&self.0, &[(2, '.'), (5, '.'), (8, '/'), (12, '-')])
    }
}

impl Cpf {
    /// Reads 11 digits without punctuation.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let shaped = text.len() == 11 && text.bytes().all(|c| c.is_ascii_digit());
        check(text, shaped, 9, 12)?;
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As people write it: `123.456.789-09`.
    pub fn formatted(&self) -> String {
        punctuated(&self.0, &[(3, '.'), (6, '.'), (9, '-')])
    }
}

impl TaxId {
    /// Reads a CNPJ or CPF, with or without punctuation and in either case, and keeps it without and in upper
    /// case.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let plain: String =
            text.chars().filter(|c| !matches!(c, '.' | '-' | '/')).map(|c| c.to_ascii_uppercase()).collect();
        if plain.len() == 11 {
            Cpf::parse(&plain).map(Self::Cpf)
        } else {
            Cnpj::parse(&plain).map(Self::Cnpj)
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Cnpj(cnpj) => cnpj.as_str(),
            Self::Cpf(cpf) => cpf.as_str(),
        }
    }

    pub fn formatted(&self) -> String {
        match self {
            Self::Cnpj(cnpj) => cnpj.formatted(),
            Self::Cpf(cpf) => cpf.formatted(),
        }
    }
}

impl EndToEndId {
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 32
            && bytes[0] == b'E'
            && bytes[1..21].iter().all(u8::is_ascii_digit)
            && bytes[21..].iter().all(u8::is_ascii_alphanumeric);
        if !shaped {
            return Err(IdError::Shape);
        }
        NaiveDateTime::parse_from_str(&text[9..21], "%Y%m%d%H%M").map_err(|_| IdError::Instant)?;
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Check digits by modulus 11 with weights from 2 to `top_weight` from the right, starting over after it; the
/// second counts the first. The value of a character is its ASCII code less 48.
fn check(text: &str, shaped: bool, own: usize, top_weight: u32) -> Result<(), IdError> {
    if !shaped {
        return Err(IdError::Shape);
    }
    let values: Vec<u32> = text.bytes().map(|c| u32::from(c) - 48).collect();
    if values.iter().all(|value| *value == values[0]) {
        return Err(IdError::Repeated);
    }
    let right = [own, own + 1].into_iter().all(|end| {
        let weights = (2..=top_weight).cycle();
        let sum: u32 = values[..end].iter().rev().zip(weights).map(|(value, weight)| value * weight).sum();
        let digit = if sum % 11 < 2 { 0 } else { 11 - sum % 11 };
        values[end] == digit
    });
    if right { Ok(()) } else { Err(IdError::CheckDigits) }
}

fn punctuated(text: &str, marks: &[(usize, char)]) -> String {
    let mut formatted = String::with_capacity(text.len() + marks.len());
    for (at, character) in text.chars().enumerate() {
        formatted.extend(marks.iter().find(|mark| mark.0 == at).map(|mark| mark.1));
        formatted.push(character);
    }
    formatted
}

impl fmt::Display for TaxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for EndToEndId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Cnpj {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl TryFrom<String> for Cpf {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl TryFrom<String> for TaxId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl TryFrom<String> for EndToEndId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<Cnpj> for String {
    fn from(id: Cnpj) -> Self {
        id.0
    }
}

impl From<Cpf> for String {
    fn from(id: Cpf) -> Self {
        id.0
    }
}

impl From<TaxId> for String {
    fn from(id: TaxId) -> Self {
        id.as_str().to_owned()
    }
}

impl From<EndToEndId> for String {
    fn from(id: EndToEndId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tax_id_is_kept_without_punctuation_and_in_upper_case() {
        assert_eq!(TaxId::parse("12.345.678/0001-95").unwrap().as_str(), "12345678000195");
        assert_eq!(TaxId::parse("a1.b2c.3d4/0001-93").unwrap().as_str(), "A1B2C3D4000193");
        assert_eq!(TaxId::parse("529.982.247-25").unwrap().formatted(), "529.982.247-25");
    }

    #[test]
    fn text_beyond_ascii_is_refused_for_its_shape() {
        assert_eq!(TaxId::parse("1234567800019é"), Err(IdError::Shape));
        assert_eq!(EndToEndId::parse("E9999901020260304153012345678éé"), Err(IdError::Shape));
    }
}
