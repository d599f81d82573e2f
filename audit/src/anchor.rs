//! Anchors: checkpoints kept in a second place, a file to which notes are appended.
//!
//! Who holds an anchor can tell a log that was rewritten, tree, checkpoints and all.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Appends a note to the file, durably.
pub fn append(path: &Path, note: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
    // After a crash within a write, the next note begins on a line of its own.
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let torn = last != [b'\n'];
    let note = if torn { format!("\n{note}") } else { note.to_owned() };
    file.write_all(note.as_bytes())?;
    file.sync_all()?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// The notes of a file of anchors, which may also be just one checkpoint as it was answered. What a crash left half
/// written comes as a note that cannot be read.
pub fn notes(text: &str) -> Vec<&str> {
    let (mut notes, mut start, mut at, mut is_signed) = (Vec::new(), 0, 0, false);
    for line in text.split_inclusive('\n') {
        let is_signature = line.starts_with('\u{2014}');
        if is_signed && !is_signature {
            notes.push(&text[start..at]);
            start = at;
        }
        is_signed = is_signature;
        at += line.len();
    }
    if start < text.len() {
        notes.push(&text[start..]);
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::{NoteSigner, open, sign};

    #[test]
    fn notes_are_read_as_they_were_appended() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("anchors");
        let signers = [1, 2].map(|_| NoteSigner::generate("lender.example/log").unwrap());
        let written = ["one\n", "two\n\nmore\n", "three\n"].map(|text| sign(text, &signers));
        for note in &written {
            append(&path, note).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(notes(&text), written);
        assert_eq!(notes(""), [""; 0]);
        std::fs::write(&path, format!("{}four\n1", written[0])).unwrap();
        append(&path, &written[2]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let known = [signers[0].verifier()];
        let opened: Vec<bool> = notes(&text).iter().map(|note| open(note, &known).is_ok()).collect();
        assert_eq!(opened, [true, false], "what a torn write spoils is told, and what comes before is not");
    }
}
