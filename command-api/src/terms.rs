//! Which problem it is when terms, or the plan that follows from them, break a rule.

use domain::{FieldError, PlanError};
use problems::{FieldProblem, INVALID_AMOUNT, INVALID_FIELD, INVALID_TERMS, Kind, Problem};

use crate::checks::Checks;

/// What the fields of terms are found to be.
pub(crate) enum Found {
    /// Some cannot be read.
    Unreadable(Problem),
    /// All can be read, and these break rules.
    Broken(Vec<FieldProblem>),
}

/// What a check of the terms at `prefix` gave; the rules that they break are noted among the `checks`.
pub(crate) fn take<T>(
    checked: Result<T, Vec<FieldError>>,
    prefix: &str,
    checks: &mut Checks,
) -> Result<Option<T>, Problem> {
    match checked.map_err(|errors| found(errors, prefix)) {
        Ok(taken) => Ok(Some(taken)),
        Err(Found::Unreadable(problem)) => Err(problem),
        Err(Found::Broken(fields)) => {
            checks.add(&INVALID_TERMS, fields);
            Ok(None)
        }
    }
}

/// Sorts what a check found; the terms stand at `prefix` in the body.
pub(crate) fn found(errors: Vec<FieldError>, prefix: &str) -> Found {
    let unreadable: Vec<FieldProblem> = errors.iter().filter_map(|error| unreadable(error, prefix)).collect();
    if let Some(first) = unreadable.first() {
        return Found::Unreadable(INVALID_FIELD.because(first.detail.clone()).with_errors(unreadable));
    }
    let broken = errors.into_iter().map(|FieldError { pointer, code, detail }| {
        let code = if is_of_amount(&pointer, code) { INVALID_AMOUNT.code } else { code };
        FieldProblem { pointer: format!("{prefix}{pointer}"), code: code.to_owned(), detail }
    });
    Found::Broken(broken.collect())
}

/// The problem of a plan that cannot be drawn; `pointer` is the field of the body that it lies in.
pub(crate) fn plan_problem(error: &PlanError, pointer: String) -> Problem {
    let kind = own_kind(error.code()).unwrap_or(&INVALID_TERMS);
    let detail = error.to_string();
    kind.because(detail.clone()).at(pointer, error.code(), detail)
}

/// The kind of problem that a rule for terms has to itself.
pub(crate) fn own_kind(code: &str) -> Option<&'static Kind> {
    problems::OF_TERMS.iter().copied().find(|kind| kind.code == code)
}

/// The field with the code that a body's other fields would have, where it cannot be read.
fn unreadable(error: &FieldError, prefix: &str) -> Option<FieldProblem> {
    let code = match error.code {
        "required" => "missing",
        "malformed" => "invalid_form",
        "unknown_value" | "unknown_currency" => "unknown_word",
        _ => return None,
    };
    let pointer = format!("{prefix}{}", error.pointer);
    Some(FieldProblem { pointer, code: code.to_owned(), detail: error.detail.clone() })
}

/// Whether a rule for all amounts is broken: rates have the same codes.
fn is_of_amount(pointer: &str, code: &str) -> bool {
    let field = pointer.rsplit('/').next().unwrap_or_default();
    let amount = matches!(field, "principal" | "amount" | "installment_amount" | "multiple_of" | "interest");
    amount && matches!(code, "not_positive" | "too_many_decimals" | "too_large")
}
