//! What is an event's own fault: to try it again at once would fail again.

use std::any::Any;

/// Why the database does not take the rows of an event, where these rows and not the database are at fault: data
/// that it cannot hold (SQLSTATE class 22), a constraint (23), a limit of the program (54), or a value that cannot
/// even be sent. Everything else may pass by itself.
pub(crate) fn refusal(error: &sqlx::Error) -> Option<String> {
    match error {
        sqlx::Error::Database(refused) => {
            let code = refused.code()?;
            let is_of_data = matches!(code.get(..2), Some("22" | "23" | "54"));
            // Without the detail, which may show the row: it is not for logs.
            is_of_data.then(|| format!("the database refuses it: {} ({code})", refused.message()))
        }
        sqlx::Error::Encode(cause) => Some(format!("its rows cannot be written: {cause}")),
        _ => None,
    }
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!("this version of the program fails on it: {}", said.unwrap_or("it does not say why"))
}
