//! What a statement says in the language of its reader: English, or Portuguese as it is written in Brazil.

use axum::http::{HeaderMap, header};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Language {
    English,
    Portuguese,
}

/// Each word by what the answer or this program calls it, in English and in Portuguese.
const WORDS: &[(&str, &str, &str)] = &[
    ("title", "Loan statement", "Extrato do empréstimo"),
    ("loan", "Loan", "Empréstimo"),
    ("external_id", "Reference", "Referência"),
    ("borrower", "Borrower", "Cliente"),
    ("currency", "Currency", "Moeda"),
    ("period", "Period", "Período"),
    ("to", "to", "a"),
    ("seen_on", "Seen on", "Data-base"),
    ("as_of", "As of", "Posição"),
    ("position", "event", "evento"),
    ("recorded", "recorded", "registrado em"),
    ("on", "Date", "Data"),
    ("what", "Description", "Descrição"),
    ("amount", "Amount", "Valor"),
    ("principal_after", "Principal", "Principal"),
    ("balance", "Balance", "Saldo"),
    ("principal_owed", "Outstanding principal", "Saldo devedor do principal"),
    ("balance_on", "Balance on", "Saldo em"),
    ("closing_balance", "Closing balance", "Saldo final"),
    ("later", "Due after", "A vencer após"),
    ("no_lines", "Nothing has been disbursed yet.", "Ainda não houve liberação de crédito."),
    ("page", "Page", "Página"),
    ("of", "of", "de"),
    ("reversed", "reversed", "estornado"),
    ("reversed_on", "reversed on", "estornado em"),
    ("disbursement", "Disbursement", "Liberação do crédito"),
    ("repayment", "Repayment", "Pagamento"),
    ("settlement", "Early settlement", "Quitação antecipada"),
    ("credit", "Credit granted", "Crédito concedido"),
    ("recovery", "Recovery", "Recuperação"),
    ("chargeback", "Repayment taken back", "Devolução de pagamento"),
    ("refund", "Refund", "Restituição"),
    ("installment", "Installment", "Parcela"),
    ("late_charges", "Late charges, installment", "Encargos por atraso, parcela"),
    ("waiver", "Charge waived", "Encargo dispensado"),
    ("credit_applied", "Credit applied", "Crédito aplicado"),
    ("restructuring", "Restructuring", "Renegociação"),
    ("write_off", "Write-off", "Baixa para prejuízo"),
    ("origination_fee", "Origination fee", "Tarifa de abertura de crédito"),
    ("registration_fee", "Registration fee", "Tarifa de registro"),
    ("service_fee", "Service fee", "Tarifa de serviço"),
    ("insurance", "Insurance", "Seguro"),
    ("collection_cost", "Collection cost", "Custo de cobrança"),
    ("late_fee", "late fee", "multa"),
    ("late_interest", "late-payment interest", "juros de mora"),
    ("penalty", "penalty", "penalidade"),
    ("fee", "fee", "tarifa"),
    ("interest", "interest", "juros"),
    ("principal", "principal", "principal"),
    ("overpaid", "overpaid", "pago a maior"),
    ("kept_credit", "kept for the next due date", "guardado para o próximo vencimento"),
    ("taken_credit", "taken from what was kept", "retirado do valor guardado"),
    (
        "note",
        "Balance: what fell due until then, less what was paid, credited and waived. Above zero it is in arrears, \
         below zero paid in advance; the closing balance is all that is owed once every line has fallen due.",
        "Saldo: o que venceu até a data, menos o que foi pago, creditado ou dispensado. Acima de zero está em atraso, \
         abaixo de zero foi pago adiantado; o saldo final é tudo o que se deve quando todas as linhas tiverem vencido.",
    ),
];

impl Language {
    /// The one that is asked for most.
    pub(in super::super) fn accepted(headers: &HeaderMap) -> Self {
        let ranges = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        let known = ranges.flat_map(|ranges| ranges.split(',')).filter_map(|range| {
            let (name, quality) = range.split_once(';').unwrap_or((range, "q=1"));
            let language = match name.trim().split('-').next()?.to_ascii_lowercase().as_str() {
                "en" => Self::English,
                "pt" => Self::Portuguese,
                _ => return None,
            };
            let quality: Decimal = quality.trim().strip_prefix("q=")?.parse().ok()?;
            (quality > Decimal::ZERO).then_some((language, quality))
        });
        let best = known.reduce(|best, other| if other.1 > best.1 { other } else { best });
        best.map_or(Self::English, |(language, _)| language)
    }

    pub(in super::super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Portuguese => "pt-BR",
        }
    }

    /// The word for what is called so; what has none is called as it is.
    pub(super) fn word(self, called: &str) -> &str {
        let found = WORDS.iter().find(|(key, ..)| *key == called);
        found.map_or(called, |(_, english, portuguese)| match self {
            Self::English => english,
            Self::Portuguese => portuguese,
        })
    }

    pub(super) fn day(self, day: NaiveDate) -> String {
        match self {
            Self::English => day.to_string(),
            Self::Portuguese => day.format("%d/%m/%Y").to_string(),
        }
    }

    pub(super) fn instant(self, instant: DateTime<Utc>) -> String {
        format!("{} {} UTC", self.day(instant.date_naive()), instant.format("%H:%M:%S"))
    }

    /// With all its decimals, and its thousands apart.
    pub(super) fn amount(self, amount: Decimal) -> String {
        let (thousands, point) = match self {
            Self::English => (',', '.'),
            Self::Portuguese => ('.', ','),
        };
        let text = amount.abs().to_string();
        let (whole, decimals) =
            text.split_once('.').map_or((&text[..], None), |(whole, rest)| (whole, Some(rest)));
        let mut shown = String::from(if amount.is_sign_negative() && !amount.is_zero() { "-" } else { "" });
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place) % 3 == 0 {
                shown.push(thousands);
            }
            shown.push(digit);
        }
        shown.extend(decimals.into_iter().flat_map(|decimals| [point].into_iter().chain(decimals.chars())));
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_that_is_wanted_most_of_those_there_are() {
        let accepted = |text: &str| {
            Language::accepted(&HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, text.parse().unwrap())]))
        };
        assert_eq!(Language::accepted(&HeaderMap::new()), Language::English);
        for portuguese in
            ["pt", "pt-BR,pt;q=0.9,en;q=0.8", "de, PT-br", "en;q=0.5, pt;q=0.7", "en;q=0, pt-PT"]
        {
            assert_eq!(accepted(portuguese), Language::Portuguese, "{portuguese}");
        }
        for english in ["en-GB", "*", "de", "pt;q=0", "en,pt", "pt;q=x"] {
            assert_eq!(accepted(english), Language::English, "{english}");
        }
    }

    #[test]
    fn figures_are_written_as_the_reader_writes_them() {
        let both = |text: &str| {
            let amount: Decimal = text.parse().unwrap();
            [Language::English, Language::Portuguese].map(|language| language.amount(amount))
        };
        assert_eq!(both("1234567.50"), ["1,234,567.50", "1.234.567,50"]);
        assert_eq!(both("-123.00"), ["-123.00", "-123,00"]);
        assert_eq!(both("-0.00"), ["0.00", "0,00"]);
        assert_eq!(both("1000"), ["1,000", "1.000"], "a currency without decimals");
        let day = NaiveDate::from_ymd_opt(2025, 3, 9).unwrap();
        assert_eq!(
            [Language::English, Language::Portuguese].map(|language| language.day(day)),
            ["2025-03-09", "09/03/2025"]
        );
    }

    #[test]
    fn no_word_is_there_twice() {
        for (place, (key, ..)) in WORDS.iter().enumerate() {
            assert!(WORDS[..place].iter().all(|(other, ..)| other != key), "{key}");
        }
    }
}
