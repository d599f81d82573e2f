//! The parts of the `razao` binary that its integration tests use too.

pub mod embedded_postgres;
