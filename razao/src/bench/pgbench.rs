//! What the same Postgres does for `pgbench`: one row of an event's size per commit.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, bail};
use fastrand::Rng;
use sqlx::{Connection, PgConnection};
use tokio::process::Command;

use super::load::Span;

const CLIENTS: &str = "32";

/// The size of a repayment's row in the log with all its columns, in bytes.
const ROW_SIZE: &str =
    "select avg(pg_column_size(e))::int from events e where event_type = 'LoanRepaymentRecorded'";
/// What a row has besides its text: the header of the row, the number, the length of the text.
const BESIDES_TEXT: usize = 24 + 8 + 4;

pub(super) struct Pgbench {
    program: PathBuf,
    script: PathBuf,
    url: String,
}

impl Pgbench {
    /// Makes the table and the script in a database that has the book. Answers the size of the row too.
    pub(super) async fn prepare(home: &Path, url: &str) -> anyhow::Result<(Self, usize)> {
        let mut connection = PgConnection::connect_with(&url.parse()?).await?;
        let (size,): (i32,) = sqlx::query_as(ROW_SIZE).fetch_one(&mut connection).await?;
        let size = usize::try_from(size)?;
        sqlx::query("create table pgbench_rows (id bigserial primary key, row text not null)")
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        let mut rng = Rng::with_seed(1);
        let text: String = (BESIDES_TEXT..size).map(|_| rng.alphanumeric()).collect();
        let script = home.join("pgbench.sql");
        std::fs::write(&script, format!("insert into pgbench_rows (row) values ('{text}');\n"))?;
        Ok((Self { program: find()?, script, url: url.to_owned() }, size))
    }

    /// One that selects one row by its key, out of as many as a read model has loans.
    pub(super) async fn selecting(home: &Path, url: &str) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect_with(&url.parse()?).await?;
        sqlx::query(
            "create table pgbench_loans as select row_number() over () as id, l.terms, s.* \
             from read_loans.loans l join read_loans.standings s on s.loan_id = l.id",
        )
        .execute(&mut connection)
        .await?;
        sqlx::query("alter table pgbench_loans add primary key (id)").execute(&mut connection).await?;
        let (loans,): (i64,) =
            sqlx::query_as("select count(*) from pgbench_loans").fetch_one(&mut connection).await?;
        connection.close().await?;
        let script = home.join("pgbench-select.sql");
        let select = format!("\\set id random(1, {loans})\nselect * from pgbench_loans where id = :id;\n");
        std::fs::write(&script, select)?;
        Ok(Self { program: find()?, script, url: url.to_owned() })
    }

    /// Transactions a second.
    pub(super) async fn measure(&self, span: Span) -> anyhow::Result<f64> {
        let seconds = span.measured.as_secs().max(1).to_string();
        let output = Command::new(&self.program)
            .args(["-n", "-c", CLIENTS, "-j", "2", "-T", &seconds, "-f"])
            .arg(&self.script)
            .arg(&self.url)
            .stdin(Stdio::null())
            .output()
            .await
            .with_context(|| format!("{} cannot be run", self.program.display()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        match tps {
            Some(tps) if output.status.success() => Ok(tps),
            _ => bail!("pgbench failed:\n{said}{}", String::from_utf8_lossy(&output.stderr)),
        }
    }
}

/// `pgbench` beside the Postgres binaries, of the newest version, or on the path.
fn find() -> anyhow::Result<PathBuf> {
    let chosen = std::env::var_os("RAZAO_POSTGRES_BIN").map(PathBuf::from).into_iter();
    let mut installed: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .collect();
    installed.sort_unstable_by_key(|(version, _)| std::cmp::Reverse(*version));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let candidates =
        chosen.chain(installed.into_iter().map(|(_, bin)| bin)).chain(std::env::split_paths(&path));
    let mut programs = candidates.map(|bin| bin.join("pgbench"));
    programs
        .find(|program| program.is_file())
        .context("pgbench is not installed: it comes with PostgreSQL's server")
}
