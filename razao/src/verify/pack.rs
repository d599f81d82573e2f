//! `razao verify --pack`: checks an auditor's pack offline, and recalculates its loan.

use std::fs::File;
use std::io::{BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use audit::keys::Keys;
use audit::note::Verifier;
use audit::pack::check::{Finding, Report, check};
use audit::pack::file::read;
use audit::pack::{EVENTS, Subject};
use domain::decider::{Decider, WholeStream};
use domain::loan::{Loan, LoanEvent};
use serde_json::json;
use uuid::Uuid;

use super::difference;
use crate::failure::Failure;
use crate::settings::Settings;

/// Prints what is wrong, a JSON object a line, and last what was checked. Fails where anything is wrong.
pub fn verify_pack(settings: &Settings, file: &Path, public_keys: &[String]) -> anyhow::Result<()> {
    let verifiers = verifiers(settings, public_keys)?;
    let opened = File::open(file);
    let opened = opened
        .map_err(|error| Failure::WrongUsage(format!("{} cannot be opened: {error}", file.display())))?;
    // What no ledger can have decided makes calculations panic; that is caught, and told as what is wrong.
    std::panic::set_hook(Box::new(|panic| tracing::debug!(%panic, "what cannot be was in the pack")));
    let report = match read(BufReader::new(opened)) {
        Ok(parts) => check(&parts, &verifiers),
        Err(why) => {
            let detail = why;
            let finding = Finding {
                fault: "malformed",
                part: String::new(),
                line: None,
                position: None,
                figure: None,
                detail,
            };
            Report { findings: vec![finding], ..Report::default() }
        }
    };
    let mut out = std::io::stdout().lock();
    for finding in &report.findings {
        writeln!(out, "{}", serde_json::to_string(finding)?)?;
    }
    // Of events that are not those that were signed nothing follows.
    let is_sound = report.findings.iter().all(|finding| finding.part != EVENTS);
    let differences = match report.subject {
        Some(Subject::Loan(loan)) if is_sound => recalculate(loan, &report.loan),
        _ => Vec::new(),
    };
    for difference in &differences {
        writeln!(out, "{}", serde_json::to_string(difference)?)?;
    }
    let found = report.findings.len() + differences.len();
    let of = report.subject.map(|subject| subject.to_string());
    let (log, size) = report.checkpoint.map(|checkpoint| (checkpoint.origin, checkpoint.size)).unzip();
    let said = json!({"of": of, "log": log, "size": size, "events": report.events, "found": found});
    writeln!(out, "{said}")?;
    if found > 0 {
        return Err(Failure::FoundAProblem(format!(
            "{} is not as it was signed: {found} faults",
            file.display()
        ))
        .into());
    }
    Ok(())
}

/// What the events say, against what this version calculates.
fn recalculate(loan: Uuid, events: &[(i64, LoanEvent)]) -> Vec<difference::Difference> {
    // Events that contradict each other make the fold panic.
    let calculated = catch_unwind(AssertUnwindSafe(|| {
        let mut whole: WholeStream<Loan> = WholeStream::default();
        for (_, event) in events {
            whole.state.apply(event);
            Loan::record(&mut whole.history, event);
        }
        difference::of_loan(loan, &whole)
    }));
    calculated.unwrap_or_else(|_| vec![difference::Difference::contradiction(loan)])
}

/// The keys by which signatures count: those named, else those of this server.
pub(crate) fn verifiers(settings: &Settings, public_keys: &[String]) -> Result<Vec<Verifier>, Failure> {
    let mut verifiers = Vec::new();
    for named in public_keys {
        let text = if Path::new(named).is_file() {
            std::fs::read_to_string(named)
                .map_err(|error| Failure::WrongUsage(format!("{named} cannot be read: {error}")))?
        } else {
            named.clone()
        };
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let key = Verifier::parse(line);
            verifiers
                .push(key.map_err(|error| Failure::WrongUsage(format!("--public-key {named}: {error}")))?);
        }
    }
    if verifiers.is_empty() {
        let folder = settings.audit_keys();
        verifiers = Keys::load(&folder).map(|keys| keys.verifiers()).map_err(|error| {
            let why = crate::keys::in_words(&error);
            Failure::WrongUsage(format!("--public-key names no key of the log, and none is here: {why}"))
        })?;
    }
    Ok(verifiers)
}
