//! Finding the installed PostgreSQL programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{EmbeddedPostgresError, OLDEST_MAJOR};

/// Where packages put the programs: the directory above, the prefix of a versioned directory, what follows.
const USUAL_PLACES: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/local", "pgsql", "bin"),
    ("/usr/local", "bin", ""),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
];

/// One installed PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Binaries {
    pub(super) major: u32,
    minor: u32,
    /// As `postgres --version` says it, without the program's name.
    pub(super) version: String,
    dir: PathBuf,
}

impl Binaries {
    /// The programs in `only`, else the newest on this machine; of the major version `made_with` if the
    /// database in `cluster` exists already.
    pub(super) fn find(
        only: Option<&Path>,
        made_with: Option<&str>,
        cluster: &Path,
    ) -> Result<Self, EmbeddedPostgresError> {
        let dirs = only.map_or_else(search_path, |dir| vec![dir.to_owned()]);
        let mut all: Vec<Self> = dirs.iter().filter_map(|dir| Self::examine(dir)).collect();
        all.sort();
        all.dedup();
        let found = describe(&all);
        if let Some(made_with) = made_with {
            let fitting = all.iter().rfind(|binaries| binaries.major.to_string() == made_with);
            if fitting.is_none() && !all.is_empty() {
                let (path, made_with) = (cluster.to_owned(), made_with.to_owned());
                return Err(EmbeddedPostgresError::OtherMajorVersion { path, made_with, found });
            }
            all = fitting.cloned().into_iter().collect();
        }
        let newest = all.pop().filter(|newest| newest.major >= OLDEST_MAJOR);
        newest.ok_or_else(|| match only {
            Some(dir) => EmbeddedPostgresError::UnusableBinDir { dir: dir.to_owned(), found },
            None => EmbeddedPostgresError::NotInstalled { found },
        })
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.dir.join("initdb")
    }

    /// Whether the server was built with LZ4; if it cannot be told, it is taken to be without.
    pub(super) fn has_lz4(&self) -> bool {
        let configured = Command::new(self.dir.join("pg_config")).arg("--configure").output();
        configured.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("--with-lz4"))
    }

    /// Names on the path may be links or wrappers, so what counts is what the program says of itself.
    fn examine(dir: &Path) -> Option<Self> {
        let dir = resolve(dir)?;
        let output = Command::new(dir.join("postgres")).arg("--version").output().ok()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let version = said.trim().strip_prefix("postgres (PostgreSQL) ")?;
        let mut numbers = version.split(|c: char| !c.is_ascii_digit());
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next().and_then(|minor| minor.parse().ok()).unwrap_or(0);
        Some(Self { major, minor, version: version.to_owned(), dir })
    }
}

/// The directory that holds both programs: the one that a link to `postgres` leads to, else `dir` itself.
fn resolve(dir: &Path) -> Option<PathBuf> {
    let linked = dir.join("postgres").canonicalize().ok()?;
    let complete = |dir: &Path| dir.join("postgres").is_file() && dir.join("initdb").is_file();
    let target = linked.parent().filter(|target| complete(target)).map(Path::to_owned);
    target.or_else(|| dir.canonicalize().ok().filter(|dir| complete(dir)))
}

fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).filter(|dir| dir.is_absolute());
    on_path.chain(USUAL_PLACES.into_iter().flat_map(usual_place)).collect()
}

fn usual_place((above, prefix, below): (&str, &str, &str)) -> Vec<PathBuf> {
    let entries = Path::new(above).read_dir().into_iter().flatten().flatten();
    let fitting = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    fitting.map(|entry| entry.path().join(below)).collect()
}

fn describe(all: &[Binaries]) -> String {
    if all.is_empty() {
        return "found none".to_owned();
    }
    let each =
        all.iter().map(|one| format!("PostgreSQL {}.{} in {}", one.major, one.minor, one.dir.display()));
    each.collect::<Vec<_>>().join(", ")
}
