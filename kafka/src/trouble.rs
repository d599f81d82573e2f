//! What librdkafka says of its connections.

use std::sync::{Mutex, PoisonError};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// The last thing that is wrong with a connection, as far as it says something.
#[derive(Debug, Default)]
pub struct Trouble(Mutex<Option<(RDKafkaErrorCode, String)>>);

impl Trouble {
    /// Notes an error that a client tells of: its code, and whether it is news. It may come several times.
    pub fn note(&self, error: &KafkaError, reason: &str) -> (RDKafkaErrorCode, bool) {
        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said = Some((code, reason.to_owned()));
        let is_news = *last != said;
        // That all brokers are down follows from something that says more.
        if last.is_none() || code != RDKafkaErrorCode::AllBrokersDown {
            *last = said;
        }
        (code, is_news)
    }

    /// What was noted last.
    pub fn last(&self) -> Option<(RDKafkaErrorCode, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: RDKafkaErrorCode) -> KafkaError {
        KafkaError::Global(code)
    }

    #[test]
    fn that_all_brokers_are_down_does_not_hide_why() {
        let trouble = Trouble::default();
        let login = error(RDKafkaErrorCode::Authentication);
        assert_eq!(trouble.note(&login, "no"), (RDKafkaErrorCode::Authentication, true));
        assert!(!trouble.note(&login, "no").1, "it comes twice");
        assert!(trouble.note(&error(RDKafkaErrorCode::AllBrokersDown), "all down").1);
        assert_eq!(trouble.last(), Some((RDKafkaErrorCode::Authentication, "no".to_owned())));
    }
}
