//! `razao schedule`: the schedule of a request, without a server.

use std::io::{Read, Write, stdin, stdout};
use std::path::Path;

use anyhow::Context;
use domain::{ScheduleRequest, draw};

use crate::failure::Failure;

/// Reads a schedule request from `file` (`-`: standard input) and prints its answer.
pub fn schedule(file: &Path) -> anyhow::Result<()> {
    let mut text = String::new();
    if file == Path::new("-") {
        stdin().read_to_string(&mut text).context("standard input cannot be read")?;
    } else {
        text = std::fs::read_to_string(file)
            .map_err(|error| Failure::WrongUsage(format!("{}: {error}", file.display())))?;
    }
    let request: ScheduleRequest = serde_json::from_str(&text)
        .map_err(|error| Failure::WrongUsage(format!("the request cannot be read: {error}")))?;
    let (terms, disbursements) = request.check().map_err(|errors| {
        let lines: Vec<_> =
            errors.iter().map(|e| format!("{}: {} ({})", e.pointer, e.detail, e.code)).collect();
        Failure::WrongUsage(lines.join("\n"))
    })?;
    let plan = draw(&terms, &disbursements)
        .map_err(|error| Failure::WrongUsage(format!("{error} ({})", error.code())))?;
    let mut out = stdout().lock();
    serde_json::to_writer_pretty(&mut out, &plan)?;
    Ok(writeln!(out)?)
}
