//! The fonts that every reader of PDF has: what they can write, how wide it comes out, and where lines break.

use unicode_normalization::UnicodeNormalization;

/// A line that goes on, in `WinAnsiEncoding`.
const ELLIPSIS: u8 = 0x85;
/// What stands for a character that the fonts do not have.
const UNKNOWN: u8 = b'?';

/// What `WinAnsiEncoding` has from 0x80 to 0x9f; the rest is as in Unicode.
const HIGH: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', //
    '\0', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Font {
    Regular,
    Bold,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) font: Font,
    /// In tenths of a point.
    pub(super) size: i16,
    /// From 0.0, which is black, to 1.0.
    pub(super) gray: f32,
}

/// A text as the fonts have it, on one line: all that is white is a space.
pub(super) fn written(text: &str) -> Vec<u8> {
    // An `ã` may come as an `a` and a tilde.
    text.nfc().map(|c| if c.is_whitespace() || c.is_control() { b' ' } else { byte_of(c) }).collect()
}

fn byte_of(c: char) -> u8 {
    match c {
        ' '..='~' | '\u{a1}'..='ÿ' => u8::try_from(u32::from(c)).unwrap_or(UNKNOWN),
        _ => {
            let place = HIGH.iter().position(|high| *high == c).and_then(|place| u8::try_from(place).ok());
            place.map_or(UNKNOWN, |place| 0x80 + place)
        }
    }
}

impl Style {
    /// In tenths of a point.
    pub(super) fn width(self, text: &[u8]) -> i32 {
        let widths = match self.font {
            Font::Regular => &HELVETICA,
            Font::Bold => &HELVETICA_BOLD,
        };
        let of = |byte: &u8| i32::from(widths[usize::from(byte.saturating_sub(b' '))]);
        text.iter().map(of).sum::<i32>() * i32::from(self.size) / 1000
    }

    fn fits(self, text: &[u8], width: i16) -> bool {
        self.width(text) <= i32::from(width)
    }

    /// The text in lines of that width, `most` at most: what is left out is marked.
    pub(super) fn lines(self, text: &[u8], width: i16, most: usize) -> Vec<Vec<u8>> {
        let mut lines: Vec<Vec<u8>> = Vec::new();
        let mut line: Vec<u8> = Vec::new();
        for mut word in text.split(|byte| *byte == b' ').filter(|word| !word.is_empty()) {
            loop {
                let joined = if line.is_empty() { word.to_vec() } else { [&line[..], b" ", word].concat() };
                if self.fits(&joined, width) {
                    line = joined;
                    break;
                }
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    continue;
                }
                let fitting = (1..word.len()).take_while(|end| self.fits(&word[..*end], width));
                let room = fitting.last().unwrap_or(1);
                lines.push(word[..room].to_vec());
                word = &word[room..];
            }
        }
        lines.extend(Some(line).filter(|line| !line.is_empty()));
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                last.push(ELLIPSIS);
                while last.len() > 1 && !self.fits(last, width) {
                    last.remove(last.len() - 2);
                }
            }
        }
        lines
    }
}

// Adobe's metrics of the standard fonts: thousandths of the size, for each byte from the space on.
#[rustfmt::skip]
const HELVETICA: [u16; 224] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, 350,
    556, 350, 222, 556, 333, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350,
    350, 222, 222, 333, 333, 350, 556, 1000, 333, 1000, 500, 333, 944, 350, 500, 667,
    278, 333, 556, 556, 556, 556, 260, 556, 333, 737, 370, 556, 584, 333, 737, 333,
    400, 584, 333, 333, 333, 556, 537, 278, 333, 333, 365, 556, 834, 834, 834, 611,
    667, 667, 667, 667, 667, 667, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278,
    722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611,
    556, 556, 556, 556, 556, 556, 889, 500, 556, 556, 556, 556, 278, 278, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500,
];

#[rustfmt::skip]
const HELVETICA_BOLD: [u16; 224] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584, 350,
    556, 350, 278, 556, 500, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350,
    350, 278, 278, 500, 500, 350, 556, 1000, 333, 1000, 556, 333, 944, 350, 500, 667,
    278, 333, 556, 556, 556, 556, 280, 556, 333, 737, 370, 556, 584, 333, 737, 333,
    400, 584, 333, 333, 333, 611, 556, 278, 333, 333, 365, 556, 834, 834, 834, 611,
    722, 722, 722, 722, 722, 722, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278,
    722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611,
    556, 556, 556, 556, 556, 556, 889, 556, 556, 556, 556, 556, 278, 278, 278, 278,
    611, 611, 611, 611, 611, 611, 611, 584, 611, 611, 611, 611, 611, 556, 611, 556,
];

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style { font: Font::Regular, size: 100, gray: 0.0 };

    #[test]
    fn portuguese_is_written_and_other_scripts_are_question_marks() {
        assert_eq!(written("Ação, Razão"), b"A\xe7\xe3o, Raz\xe3o");
        assert_eq!(written("Jo\u{61}\u{303}o"), b"Jo\xe3o", "an accent of its own");
        assert_eq!(written("“1 €”\u{a0}–\tŽ"), b"\x931 \x80\x94 \x96 \x8e");
        assert_eq!(written("Łódź 東京 🙂\0"), b"?\xf3d? ?? ? ");
    }

    #[test]
    fn widths_are_those_of_the_fonts() {
        assert_eq!(PLAIN.width(b"1,234.56"), (6 * 556 + 2 * 278) / 10, "six digits and two marks");
        let bold = Style { font: Font::Bold, ..PLAIN };
        assert_eq!((PLAIN.width(b"\xe3l"), bold.width(b"\xe3l")), (77, 83));
    }

    #[test]
    fn lines_break_at_spaces_and_within_what_has_none() {
        let lines = |text: &str, width, most| {
            let lines = PLAIN.lines(text.as_bytes(), width, most);
            assert!(lines.iter().all(|line| PLAIN.fits(line, width)), "{text}");
            lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(lines("one two  three", 400, 9), ["one two", "three"]);
        assert_eq!(lines("aaaaaaaaaa b", 300, 9), ["aaaaa", "aaaaa", "b"]);
        assert_eq!(lines("one two three four", 400, 1), ["one tw\u{fffd}"], "with an ellipsis");
        assert_eq!(lines("", 400, 9), [""; 0]);
    }
}
