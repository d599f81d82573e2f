//! Rules for the fields of commands that hold whatever the state of the stream: all that break one are named at once.

use problems::{
    FieldProblem, INVALID_AMOUNT, INVALID_TAX_ID, INVALID_VALUE, Kind, OUTSIDE_PRODUCT_LIMITS, Problem,
};
use serde_json::{Map, Value};

use crate::terms::own_kind;

/// The longest texts, in characters.
pub(crate) const LONGEST_REASON: usize = 500;
pub(crate) const LONGEST_DESCRIPTION: usize = 500;
pub(crate) const LONGEST_NAME: usize = 200;
pub(crate) const LONGEST_EXTERNAL_ID: usize = 100;
pub(crate) const LONGEST_PRODUCT: usize = 100;
/// As long as the subject of a token can be.
pub(crate) const LONGEST_SUBJECT: usize = 255;
/// The largest `metadata`, in bytes of JSON.
pub(crate) const LARGEST_METADATA: usize = 4096;

/// What was found wrong so far, and the kind of problem that it is unless a rule has one to itself.
pub(crate) struct Checks {
    fields: Vec<FieldProblem>,
    kind: &'static Kind,
}

impl Default for Checks {
    fn default() -> Self {
        Self { fields: Vec::new(), kind: &INVALID_VALUE }
    }
}

impl Checks {
    /// Notes that the field at `pointer` breaks the rule `code`.
    pub(crate) fn refuse(&mut self, pointer: &str, code: &str, detail: String) {
        self.fields.push(FieldProblem { pointer: pointer.to_owned(), code: code.to_owned(), detail });
    }

    /// Notes what was found elsewhere; rules without a kind to themselves are of `kind`.
    pub(crate) fn add(&mut self, kind: &'static Kind, found: Vec<FieldProblem>) {
        if !found.is_empty() {
            self.kind = kind;
            self.fields.extend(found);
        }
    }

    /// A text that has to say something. Blanks around it are cut off.
    pub(crate) fn text(&mut self, pointer: &str, text: String, longest: usize) -> String {
        let trimmed = text.trim();
        let field = pointer.trim_start_matches('/');
        if trimmed.is_empty() {
            self.refuse(pointer, "empty", format!("`{field}` is empty"));
        }
        self.check_characters(pointer, trimmed);
        let length = trimmed.chars().count();
        if length > longest {
            let detail = format!("`{field}` has {length} characters; {longest} is the most");
            self.refuse(pointer, "too_long", detail);
        }
        if trimmed.len() == text.len() { text } else { trimmed.to_owned() }
    }

    /// A text that may be absent; a blank one is.
    pub(crate) fn optional_text(
        &mut self,
        pointer: &str,
        text: Option<String>,
        longest: usize,
    ) -> Option<String> {
        let text = text.filter(|text| !text.trim().is_empty())?;
        Some(self.text(pointer, text, longest))
    }

    /// An id of the client's own. A blank one is refused: the client counts on its being unique.
    pub(crate) fn external_id(&mut self, text: Option<String>) -> Option<String> {
        Some(self.text("/external_id", text?, LONGEST_EXTERNAL_ID))
    }

    pub(crate) fn metadata(&mut self, metadata: &Map<String, Value>) {
        self.check_members("/metadata", metadata);
        let size = serde_json::to_string(metadata).map_or(usize::MAX, |text| text.len());
        if size > LARGEST_METADATA {
            let detail = format!("`metadata` takes {size} bytes; {LARGEST_METADATA} is the most");
            self.refuse("/metadata", "too_long", detail);
        }
    }

    /// The problem, where anything was found.
    pub(crate) fn done(self) -> Result<(), Problem> {
        let Some(first) = self.fields.first() else { return Ok(()) };
        let own_kind = self.fields.iter().find_map(|field| kind_of_rule(&field.code));
        let detail = match self.fields.len() {
            1 => first.detail.clone(),
            count => format!("{}, and {} more", first.detail, count - 1),
        };
        Err(own_kind.unwrap_or(self.kind).because(detail).with_errors(self.fields))
    }

    fn check_members(&mut self, pointer: &str, members: &Map<String, Value>) {
        for (name, value) in members {
            self.check_characters(pointer, name);
            self.check_value(pointer, value);
        }
    }

    fn check_value(&mut self, pointer: &str, value: &Value) {
        match value {
            Value::String(text) => self.check_characters(pointer, text),
            Value::Array(items) => items.iter().for_each(|item| self.check_value(pointer, item)),
            Value::Object(members) => self.check_members(pointer, members),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn check_characters(&mut self, pointer: &str, text: &str) {
        if let Some(control) = text.chars().find(|c| c.is_control()) {
            let field = pointer.trim_start_matches('/');
            let detail = format!("`{field}` holds the control character U+{:04X}", u32::from(control));
            self.refuse(pointer, "control_character", detail);
        }
    }
}

/// The kind of problem that a rule has to itself.
fn kind_of_rule(code: &str) -> Option<&'static Kind> {
    let others = [&INVALID_TAX_ID, &INVALID_AMOUNT, &OUTSIDE_PRODUCT_LIMITS];
    own_kind(code).or_else(|| others.into_iter().find(|kind| kind.code == code))
}
