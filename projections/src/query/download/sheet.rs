//! A table as an XLSX workbook of one sheet: amounts and numbers as numbers, all else as text.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::table::Table;

/// A spreadsheet's numbers are exact to so many digits.
const DIGITS: usize = 15;

pub(super) fn of(table: Table) -> Result<Vec<u8>, SheetError> {
    let mut workbook = Workbook::new();
    // Each row is written out as it comes.
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    let (bold, amount) = (Format::new().set_bold(), Format::new().set_num_format("#,##0.00"));
    for (column, name) in (0..).zip(table.columns()) {
        sheet.write_string_with_format(0, column, name, &bold)?;
    }
    let mut place = 0;
    table.for_each_row(|row| {
        place += 1;
        for (column, cell) in (0..).zip(row).filter(|(_, cell)| !cell.is_empty()) {
            match number(cell) {
                Some((value, true)) => sheet.write_number_with_format(place, column, value, &amount)?,
                Some((value, false)) => sheet.write_number(place, column, value)?,
                None => sheet.write_string(place, column, cell.strip_prefix('\'').unwrap_or(cell))?,
            };
        }
        Ok::<_, SheetError>(())
    })?;
    Ok(workbook.save_to_buffer()?)
}

/// The number, and whether it has decimals. Ids, such as tax ids, are no numbers: they are longer, or begin with zeros.
fn number(cell: &str) -> Option<(f64, bool)> {
    let digits = cell.trim_start_matches('-');
    let (whole, decimals) =
        digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = all_digits(whole)
        && decimals.is_none_or(all_digits)
        && (whole == "0" || !whole.starts_with('0'))
        && whole.len() + decimals.map_or(0, str::len) <= DIGITS
        && (decimals.is_some() || whole.len() < 11);
    if is_number { Some((cell.parse().ok()?, decimals.is_some())) } else { None }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum SheetError {
    #[error("the sheet could not be written")]
    Sheet(#[from] XlsxError),
    #[error("the rows could not be read")]
    Rows(#[from] csv::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_numbers_and_tax_ids_are_not() {
        assert_eq!(number("-1234.50"), Some((-1234.5, true)));
        assert_eq!(number("42"), Some((42.0, false)));
        for text in ["12345678901", "0123", "1.2.3", "-", "2025-01-10", "1e9", "99999999999999.99"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn a_sheet_is_a_zip_file() {
        let mut table = Table::default();
        table.push(&serde_json::from_str(r#"{"a": "1.50", "b": "x"}"#).unwrap()).unwrap();
        assert_eq!(&of(table).unwrap()[..4], b"PK\x03\x04");
    }
}
