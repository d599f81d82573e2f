//! How a run of the binary can fail, as its exit code says.

/// A failure that has an exit code of its own; any other error exits with 1.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A check found something wrong.
    #[error("{0}")]
    FoundAProblem(String),
    /// The command line, a setting or an input file is wrong.
    #[error("{0}")]
    WrongUsage(String),
    /// A server or a program that is needed cannot be reached.
    #[error("{0}")]
    Unreachable(String),
}

impl Failure {
    /// 1 found a problem, 2 wrong usage or settings, 3 a dependency cannot be reached.
    pub fn exit_code(error: &anyhow::Error) -> u8 {
        match error.downcast_ref() {
            Some(Self::WrongUsage(_)) => 2,
            Some(Self::Unreachable(_)) => 3,
            Some(Self::FoundAProblem(_)) | None => 1,
        }
    }
}
