//! Rows as lines of CSV, under columns that are found as the rows come.

use std::collections::HashMap;

use csv::{ReaderBuilder, StringRecord, Terminator, Writer, WriterBuilder};
use rust_decimal::Decimal;

use super::json::Json;

/// How deep objects become columns of their own, parted by dots; deeper ones are shown as JSON.
const DEPTH: usize = 3;
/// Objects that are shown as JSON in one cell, whatever they hold: their members differ from row to row.
const IN_ONE_CELL: [&str; 5] = ["terms", "metadata", "payload", "limits", "current_terms"];

#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<String>,
    places: HashMap<String, usize>,
    /// Each row as far as the columns went when it came.
    lines: Writer<Vec<u8>>,
    rows: usize,
}

impl Default for Table {
    fn default() -> Self {
        let lines = WriterBuilder::new().flexible(true).from_writer(Vec::new());
        Self { columns: Vec::new(), places: HashMap::new(), lines, rows: 0 }
    }
}

impl Table {
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn push(&mut self, row: &Json) -> Result<(), csv::Error> {
        let mut cells = vec![String::new(); self.columns.len()];
        self.fill(&mut cells, "", row, 0);
        self.rows += 1;
        self.lines.write_record(&cells)
    }

    fn fill(&mut self, cells: &mut Vec<String>, name: &str, value: &Json, depth: usize) {
        match value {
            Json::Object(members) if depth < DEPTH && !IN_ONE_CELL.contains(&name) => {
                for (member, value) in members {
                    let column = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
                    self.fill(cells, &column, value, depth + 1);
                }
            }
            value => {
                let place = *self.places.entry(name.to_owned()).or_insert_with(|| {
                    self.columns.push(name.to_owned());
                    self.columns.len() - 1
                });
                cells.resize(self.columns.len().max(cells.len()), String::new());
                cells[place] = match value {
                    Json::Null => String::new(),
                    Json::Plain(text) => text.clone(),
                    Json::Text(text) => harmless(text),
                    value => value.shown(),
                };
            }
        }
    }

    /// The whole file: the columns, then the rows.
    pub(super) fn into_csv(self) -> Result<Vec<u8>, csv::Error> {
        let columns = self.columns.clone();
        let mut file = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        if !columns.is_empty() {
            file.write_record(&columns)?;
        }
        self.for_each_row(|row| {
            let missing = columns.len() - row.len();
            file.write_record(row.iter().chain(std::iter::repeat_n("", missing)))
        })?;
        file.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The rows as they came; those before a column was found are shorter.
    pub(super) fn for_each_row<E: From<csv::Error>>(
        self,
        mut take: impl FnMut(&StringRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        let lines = self.lines.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&lines[..]);
        let mut row = StringRecord::new();
        while reader.read_record(&mut row)? {
            take(&row)?;
        }
        Ok(())
    }
}

/// A spreadsheet reads a text that begins like a formula as one, and runs it: an apostrophe keeps it a text.
fn harmless(text: &str) -> String {
    let begins_like_a_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if begins_like_a_formula && text.parse::<Decimal>().is_err() {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv_of(rows: &[&str]) -> String {
        let mut table = Table::default();
        for row in rows {
            table.push(&serde_json::from_str(row).unwrap()).unwrap();
        }
        String::from_utf8(table.into_csv().unwrap()).unwrap()
    }

    #[test]
    fn columns_are_in_the_order_in_which_they_come() {
        let rows = [
            r#"{"z": "1.50", "a": {"c": 7, "b": null}, "list": [1, {"x": "y"}]}"#,
            r#"{"z": "-2.00", "late": "so, \"quoted\"\nhere"}"#,
        ];
        assert_eq!(
            csv_of(&rows),
            "z,a.c,a.b,list,late\r\n1.50,7,,\"[1,{\"\"x\"\":\"\"y\"\"}]\",\r\n\
             -2.00,,,,\"so, \"\"quoted\"\"\nhere\"\r\n"
        );
    }

    #[test]
    fn a_text_that_begins_like_a_formula_stays_a_text() {
        assert_eq!(csv_of(&[r#"{"a": "=1+1", "b": "-3.10", "c": "-x"}"#]), "a,b,c\r\n'=1+1,-3.10,'-x\r\n");
    }

    #[test]
    fn without_rows_there_are_no_columns() {
        assert_eq!(csv_of(&[]), "");
    }
}
