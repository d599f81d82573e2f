//! Rust sources as the words that count: names with the paths they are reached by, without comments and texts.

/// What must not be named in `domain`, because it reaches the world, reads a clock, draws at random or is a float.
pub(crate) const IMPURE_WORDS: [&str; 13] = [
    "SystemTime",
    "eprint",
    "eprintln",
    "f32",
    "f64",
    "new_v4",
    "now_v7",
    "print",
    "println",
    "rand",
    "reqwest",
    "sqlx",
    "tokio",
];

/// A name in the code. `use std::{fmt, fs::File}` gives `std`, `std::fmt`, `std::fs`, `fs::File`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) line: usize,
    /// The name, after the one that it is reached by.
    pub(crate) path: Vec<String>,
}

pub(crate) fn words(source: &str) -> Vec<Word> {
    let code = without_comments_and_texts(source);
    let tokens = tokens(&code);
    let mut found = Vec::new();
    // The depth of braces inside `std::{…}`; only names at depth one lie directly under `std`.
    let mut depth = 0;
    for (index, (line, token)) in tokens.iter().enumerate() {
        let before = |back: usize| index.checked_sub(back).map_or("", |at| tokens[at].1.as_str());
        let parent = if before(1) == ":" && before(2) == ":" { before(3) } else { "" };
        match token.as_str() {
            "{" if depth > 0 || parent == "std" => depth += 1,
            "}" if depth > 0 => depth -= 1,
            name if name.starts_with(|c: char| c.is_alphanumeric() || c == '_') => {
                let listed = depth == 1 && matches!(before(1), "{" | ",");
                let parent = if listed { "std" } else { parent };
                let path = [parent, name].into_iter().filter(|part| !part.is_empty());
                found.push(Word { line: *line, path: path.map(str::to_owned).collect() });
            }
            _ => {}
        }
    }
    found
}

/// Names and numbers whole, everything else by its characters, each with its line.
fn tokens(code: &str) -> Vec<(usize, String)> {
    let mut tokens: Vec<(usize, String)> = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut inside = false;
        for c in line.chars() {
            let part = c.is_alphanumeric() || c == '_';
            match tokens.last_mut() {
                Some((_, word)) if part && inside => word.push(c),
                _ if c.is_whitespace() => {}
                _ => tokens.push((number + 1, c.to_string())),
            }
            inside = part;
        }
    }
    tokens
}

/// The source with blanks for comments, texts and characters; lines stay where they are.
fn without_comments_and_texts(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let hidden = hidden_length(rest, code.chars().next_back());
        let (taken, left) = rest.split_at(if hidden > 0 { hidden } else { first.len_utf8() });
        if hidden > 0 {
            code.push(' ');
            code.extend(taken.chars().filter(|&c| c == '\n'));
        } else {
            code.push_str(taken);
        }
        rest = left;
    }
    code
}

/// The length of the comment, text or character that `rest` begins with, or nought.
fn hidden_length(rest: &str, before: Option<char>) -> usize {
    let up_to = |end: Option<usize>| end.unwrap_or(rest.len());
    if rest.starts_with("//") {
        return up_to(rest.find('\n'));
    }
    if rest.starts_with("/*") {
        return block_comment_length(rest);
    }
    if let Some(text) = rest.strip_prefix('"') {
        return 1 + end_of_text(text, '"');
    }
    let in_name = before.is_some_and(|c| (c.is_alphanumeric() && c != 'b') || c == '_');
    if let Some(raw) = rest.strip_prefix('r').filter(|_| !in_name) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let from = 1 + hashes + 1;
            return up_to(rest[from..].find(&end).map(|at| from + at + end.len()));
        }
    }
    if let Some(quoted) = rest.strip_prefix('\'') {
        let mut inside = quoted.chars();
        return match (inside.next(), inside.next()) {
            (Some('\\'), _) => 1 + end_of_text(quoted, '\''),
            (Some(c), Some('\'')) => 1 + c.len_utf8() + 1,
            _ => 0, // a lifetime
        };
    }
    0
}

fn end_of_text(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn block_comment_length(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}
