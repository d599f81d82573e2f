//! A frozen corpus: packs as they were made once, in `schemas/corpus`. Every later version replays their events to the
//! balances that they had.

use std::path::{Path, PathBuf};

use crate::lender::{SOUND, both};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/corpus")
}

/// `UPDATE_EXPECT=1` keeps a pack with the public key that signed it. One that exists is never written again.
pub(crate) fn keep(name: &str, pack: &Path, public_key: &str) {
    let kept = folder().join(format!("{name}.pack"));
    if std::env::var_os("UPDATE_EXPECT").is_some() && !kept.exists() {
        std::fs::create_dir_all(folder()).unwrap();
        std::fs::copy(pack, &kept).unwrap();
        std::fs::write(folder().join(format!("{name}.pub")), format!("{public_key}\n")).unwrap();
    }
}

#[tokio::test]
async fn old_packs_come_to_the_balances_that_they_had() {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let packs: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "pack")).collect();
    assert!(packs.len() >= 2, "schemas/corpus has too few packs");
    for pack in packs {
        let key = std::fs::read_to_string(pack.with_extension("pub")).unwrap();
        assert_eq!(both(&pack, key.trim()).await, SOUND, "{}", pack.display());
    }
}
