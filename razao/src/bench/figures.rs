//! What was measured, round by round, and what it is held against.

use std::collections::BTreeMap;

/// A quantity that is measured, in the unit that its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Figure {
    Pgbench,
    Append,
    AppendP99Ms,
    AppendOneStream,
    Stock,
    StockOneStream,
    Http,
    HttpP99Ms,
    HttpOneLoan,
    HttpAllRoles,
    HttpAllRolesP99Ms,
    HttpAllRolesOneLoan,
    ShortLoanMs,
    LongLoanMs,
    Feed,
    Rebuild,
    Relay,
    BareProducer,
    BareValues,
    RelayMemoryMb,
    FeedByKafka,
    VisibleByKafkaP50Ms,
    VisibleByKafkaP99Ms,
    CaughtUpByKafka,
    HttpByKafka,
    CommandApiMb,
    QueryApiMb,
    ProjectionsMb,
    RelayMb,
    VisibleP50Ms,
    VisibleP99Ms,
    ReadySeconds,
    MemoryMb,
    Derive250Ms,
    Derive500Ms,
    Derive1000Ms,
    QuoteMs,
    QuoteHeldMs,
    FirstClose,
    SecondClose,
    LaterClose,
    CloseMemoryMb,
    CommandsAlone,
    CommandsBesideClose,
    CloseBesideCommands,
    CommandsUnsealed,
    CommandsSealed,
    Sealing,
    CheckTree,
    Recalculate,
    Refold,
    ProofP99Ms,
    Export,
    ExportMemoryMb,
    RebuildAll,
    Replay,
    PgbenchSelect,
    LoanReads,
    LoanReadsP99Ms,
    LoanReadsKept,
    LoanReadsKeptP99Ms,
    PlainMs(ReadOf),
    PlainP99Ms(ReadOf),
    PastMs(ReadOf),
    PastP99Ms(ReadOf),
    /// Of a book with a fifth of the events.
    YoungP99Ms(ReadOf),
    YoungPastP99Ms(ReadOf),
    CommandsWithReads,
    CommandsWithoutReads,
    Anonymous,
    Authenticated,
    AuthenticatedP99Ms,
    BulkLines,
    FloodOffered,
    FloodAccepted,
    FloodP99Ms,
    FloodRefusedMs,
    FloodRefusedP99Ms,
    IdleMemoryMb,
    BesideIdleP99Ms,
    WithoutIdleP99Ms,
}

/// What is read of a large book, plain and as it stood and was known earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ReadOf {
    Loan,
    Loans,
    Schedule,
    Transactions,
    LongLoan,
    LongStatement,
    Accounts,
    Lines,
    YearOfBalances,
    TrialBalance,
    Portfolio,
}

impl ReadOf {
    pub(super) const ALL: [Self; 11] = [
        Self::Loan,
        Self::Loans,
        Self::Schedule,
        Self::Transactions,
        Self::LongLoan,
        Self::LongStatement,
        Self::Accounts,
        Self::Lines,
        Self::YearOfBalances,
        Self::TrialBalance,
        Self::Portfolio,
    ];
}

/// The measurements of every figure. What was not measured has none.
#[derive(Debug, Default)]
pub(super) struct Figures(BTreeMap<Figure, Vec<f64>>);

/// What a figure must come to and what it aims at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Limit {
    /// At least this many times the other figure.
    Times { of: Figure, must: f64, aim: f64 },
    /// At most this many times the other figure.
    AtMostTimes { of: Figure, must: f64, aim: f64 },
    /// At most this much.
    AtMost { must: f64, aim: f64 },
    /// At least this much.
    AtLeast { must: f64, aim: f64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Aim,
    Pass,
    Miss,
}

impl Figures {
    pub(super) fn note(&mut self, figure: Figure, value: f64) {
        eprintln!("  {figure:?}: {value:.2}");
        self.0.entry(figure).or_default().push(value);
    }

    pub(super) fn median(&self, figure: Figure) -> Option<f64> {
        let mut values = self.0.get(&figure)?.clone();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        if values.len() % 2 == 1 {
            Some(values[middle])
        } else {
            Some(f64::midpoint(values[middle - 1], values[middle]))
        }
    }

    /// The least and the most that was measured.
    pub(super) fn spread(&self, figure: Figure) -> Option<(f64, f64)> {
        let values = self.0.get(&figure)?;
        let least = values.iter().copied().min_by(f64::total_cmp)?;
        let most = values.iter().copied().max_by(f64::total_cmp)?;
        Some((least, most))
    }

    /// The median as a multiple of another's.
    pub(super) fn ratio(&self, figure: Figure, of: Figure) -> Option<f64> {
        Some(self.median(figure)? / self.median(of)?)
    }

    /// How a figure does. `None` where something was not measured.
    pub(super) fn verdict(&self, figure: Figure, limit: Limit) -> Option<Verdict> {
        let (reaches_must, reaches_aim) = match limit {
            Limit::Times { of, must, aim } => {
                let ratio = self.ratio(figure, of)?;
                (ratio >= must, ratio >= aim)
            }
            Limit::AtMostTimes { of, must, aim } => {
                let ratio = self.ratio(figure, of)?;
                (ratio <= must, ratio <= aim)
            }
            Limit::AtMost { must, aim } => {
                let median = self.median(figure)?;
                (median <= must, median <= aim)
            }
            Limit::AtLeast { must, aim } => {
                let median = self.median(figure)?;
                (median >= must, median >= aim)
            }
        };
        Some(match (reaches_must, reaches_aim) {
            (true, true) => Verdict::Aim,
            (true, false) => Verdict::Pass,
            (false, _) => Verdict::Miss,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures {
        let mut figures = Figures::default();
        for (append, pgbench) in [(20_000.0, 10_000.0), (26_000.0, 11_000.0), (23_000.0, 12_000.0)] {
            figures.note(Figure::Append, append);
            figures.note(Figure::Pgbench, pgbench);
        }
        figures
    }

    #[test]
    fn the_median_and_not_the_mean_is_held_against_the_limit() {
        assert_eq!(figures().median(Figure::Append), Some(23_000.0));
        assert_eq!(figures().spread(Figure::Append), Some((20_000.0, 26_000.0)));
        let limit = |must, aim| Limit::Times { of: Figure::Pgbench, must, aim };
        assert_eq!(figures().verdict(Figure::Append, limit(1.5, 2.0)), Some(Verdict::Aim));
        assert_eq!(figures().verdict(Figure::Append, limit(1.5, 2.5)), Some(Verdict::Pass));
        assert_eq!(figures().verdict(Figure::Append, limit(2.5, 3.0)), Some(Verdict::Miss));
    }

    #[test]
    fn a_rate_may_have_to_reach_a_figure() {
        let limit = |must, aim| Limit::AtLeast { must, aim };
        assert_eq!(figures().verdict(Figure::Append, limit(23_000.0, 24_000.0)), Some(Verdict::Pass));
        assert_eq!(figures().verdict(Figure::Append, limit(23_001.0, 24_000.0)), Some(Verdict::Miss));
    }

    #[test]
    fn what_was_not_measured_has_no_verdict() {
        assert_eq!(figures().verdict(Figure::MemoryMb, Limit::AtMost { must: 200.0, aim: 60.0 }), None);
    }
}
