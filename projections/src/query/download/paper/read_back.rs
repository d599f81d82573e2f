//! What is written on the pages of a file of ours, for tests.

use std::io::Read;

use flate2::read::ZlibDecoder;

/// The operators of each page, those of its foot last: each on a line of its own.
pub(crate) fn pages(file: &[u8]) -> Vec<String> {
    assert!(file.starts_with(b"%PDF-1.7\n") && file.ends_with(b"%%EOF"), "a whole file");
    let mut pages = streams(file);
    // The contents of all pages stand before the first foot.
    let feet = pages.split_off(pages.len() / 2);
    pages.into_iter().zip(feet).map(|(page, foot)| format!("{page}\n{foot}")).collect()
}

/// What is written on all of them, each text on a line of its own.
pub(crate) fn text(file: &[u8]) -> String {
    let pages = pages(file);
    let shown = pages.iter().flat_map(|page| page.lines()).filter_map(|line| line.strip_suffix(" Tj"));
    shown.map(|text| unescaped(text) + "\n").collect()
}

fn streams(file: &[u8]) -> Vec<String> {
    let mut streams = Vec::new();
    let mut rest = file;
    while let Some((_, after)) = split(rest, b"stream\n") {
        let (stream, after) = split(after, b"\nendstream").expect("a stream ends");
        let mut content = String::new();
        ZlibDecoder::new(stream).read_to_string(&mut content).expect("compressed operators");
        streams.push(content);
        rest = after;
    }
    streams
}

fn split<'a>(bytes: &'a [u8], by: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(by.len()).position(|window| window == by)?;
    Some((&bytes[..at], &bytes[at + by.len()..]))
}

/// Plain text in parentheses, anything else in hexadecimal digits.
pub(crate) fn unescaped(shown: &str) -> String {
    if let Some(text) = shown.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        return text.replace("\\(", "(").replace("\\)", ")").replace("\\\\", "\\");
    }
    let digits = shown.strip_prefix('<').and_then(|text| text.strip_suffix('>')).expect("a text");
    let bytes = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16));
    bytes.map(|byte| if let Ok(0x85) = byte { '…' } else { char::from(byte.expect("digits")) }).collect()
}
