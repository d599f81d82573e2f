//! `razao`: the one binary. Reads the command line and the settings, and hands over.

use std::process::ExitCode;

use clap::Parser;
use razao::cli::{Cli, run};
use razao::failure::Failure;
use razao::telemetry;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::start();
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("razao: {failure:#}");
            Failure::exit_code(&failure).into()
        }
    }
}
