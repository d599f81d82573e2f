//! Lines about the same wait for each other, whatever else is executed meanwhile.

use std::collections::HashMap;

use tokio::sync::oneshot::{self, error::TryRecvError};

use super::line::Subject;

/// How often what is over is forgotten, in lines.
const SWEEP: usize = 1024;

/// Who comes after whom.
#[derive(Default)]
pub(super) struct Order {
    last: HashMap<Subject, oneshot::Receiver<()>>,
    since_sweep: usize,
}

/// A line's place: it begins when the one before it is over, and is over when this is dropped.
#[derive(Default)]
pub(super) struct Turn {
    before: Option<oneshot::Receiver<()>>,
    _over: Option<oneshot::Sender<()>>,
}

impl Order {
    pub(super) fn next(&mut self, subject: Option<Subject>) -> Turn {
        let Some(subject) = subject else { return Turn::default() };
        self.since_sweep += 1;
        if self.since_sweep >= SWEEP {
            self.since_sweep = 0;
            self.last.retain(|_, last| matches!(last.try_recv(), Err(TryRecvError::Empty)));
        }
        let (over, last) = oneshot::channel();
        Turn { before: self.last.insert(subject, last), _over: Some(over) }
    }
}

impl Turn {
    pub(super) async fn come(&mut self) {
        if let Some(before) = self.before.take() {
            // Nothing is ever sent: it ends when the other line does.
            let _ = before.await;
        }
    }
}
