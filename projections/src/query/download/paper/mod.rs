//! A loan's statement as a PDF on A4, to print or to send to the borrower.
//!
//! `pdf-writer` brings no crate that is not here already. `krilla` brings thirty and asks for a newer Rust, to shape and embed
//! fonts; Portuguese needs none but those that every reader has.

mod font;
mod line;
mod page;
#[cfg(test)]
mod read_back;
#[cfg(test)]
mod tests;
mod words;

use std::io;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use uuid::Uuid;

use self::font::{Font, Style, written};
use self::line::Line;
use self::page::{About, Paper};
pub(super) use self::words::Language;

const TITLE: Style = Style { font: Font::Bold, size: 170, gray: 0.0 };
const STRONG: Style = Style { font: Font::Bold, size: 85, gray: 0.0 };
const PLAIN: Style = Style { font: Font::Regular, size: 85, gray: 0.0 };
const LABEL: Style = Style { font: Font::Regular, size: 85, gray: 0.4 };
const SMALL: Style = Style { font: Font::Regular, size: 70, gray: 0.4 };
const SUM: Style = Style { font: Font::Bold, size: 110, gray: 0.0 };

/// Where things are, in tenths of a point from the upper left corner.
const LEFT: i16 = 450;
const RIGHT: i16 = 5503;
const TOP: i16 = 520;
const BOTTOM: i16 = 7850;
const FOOT: i16 = 8080;
/// How far a line of text is below the one before.
const LEADING: i16 = 115;
const SMALL_LEADING: i16 = 92;
/// The heading's values are right of their labels, and its sums in a box beside them.
const VALUES: i16 = 1150;
const BOX: (i16, i16) = (3700, 1803);
/// The columns: a date and what it is from the left, and amounts that end at the right.
const WHAT: (i16, i16) = (1050, 2100);
const AMOUNTS: [i16; 3] = [3963, 4733, RIGHT];
const AMOUNT: i16 = 720;

const RULE: f32 = 0.85;
const SHADE: f32 = 0.94;

/// A statement as it is answered.
#[derive(Debug, Deserialize)]
pub(super) struct Statement {
    currency: String,
    lines: Vec<Line>,
    effective_on: NaiveDate,
    as_of: AsOf,
}

#[derive(Debug, Deserialize)]
struct AsOf {
    position: i64,
    recorded_at: Option<DateTime<Utc>>,
}

/// Whose statement it is: what the answer does not have.
#[derive(Debug)]
pub(super) struct Heading {
    pub(super) loan: Uuid,
    pub(super) external_id: Option<String>,
    /// Absent once forgotten.
    pub(super) borrower: Option<String>,
}

/// The bytes of the file, which are always the same for the same answer.
pub(super) fn of(statement: &Statement, heading: &Heading, language: Language) -> io::Result<Vec<u8>> {
    let mut sheet = Sheet { paper: Paper::new(), y: TOP, language };
    sheet.head(statement, heading);
    sheet.columns();
    let mut is_later = false;
    for line in &statement.lines {
        if !is_later && line.on > statement.effective_on {
            is_later = true;
            sheet.part(&format!("{} {}", language.word("later"), language.day(statement.effective_on)))?;
        }
        sheet.line(line)?;
    }
    sheet.note(if statement.lines.is_empty() { "no_lines" } else { "note" })?;
    let title = format!("{} {}", language.word("title"), heading.loan);
    let about = About { title: &title, language: language.tag() };
    sheet.paper.finish(&about, (SMALL, LEFT, RIGHT, FOOT), |page, pages| {
        let [number, of] = ["page", "of"].map(|word| language.word(word));
        [written(&title), written(&format!("{number} {page} {of} {pages}"))]
    })
}

impl Statement {
    /// What the heading says, each by its label.
    fn said(&self, heading: &Heading, language: Language) -> [(&'static str, Option<String>); 7] {
        let day = |line: &Line| language.day(line.on);
        let period = self.lines.first().zip(self.lines.last());
        let period =
            period.map(|(first, last)| format!("{} {} {}", day(first), language.word("to"), day(last)));
        let event = format!("{} {}", language.word("position"), self.as_of.position);
        let as_of = self.as_of.recorded_at.map_or(event.clone(), |at| {
            format!("{event}, {} {}", language.word("recorded"), language.instant(at))
        });
        [
            ("borrower", heading.borrower.clone()),
            ("loan", Some(heading.loan.to_string())),
            ("external_id", heading.external_id.clone()),
            ("currency", Some(self.currency.clone())),
            ("period", period),
            ("seen_on", Some(language.day(self.effective_on))),
            ("as_of", Some(as_of)),
        ]
    }
}

/// The pages, and how far down the last one is written.
struct Sheet {
    paper: Paper,
    y: i16,
    language: Language,
}

impl Sheet {
    fn head(&mut self, statement: &Statement, heading: &Heading) {
        self.y += TITLE.size;
        self.paper.text(TITLE, (LEFT, self.y), &written(self.language.word("title")));
        self.y += 260;
        let above = self.y;
        let said = statement.said(heading, self.language).into_iter();
        for (label, value) in said.filter_map(|(label, value)| Some((label, value?))) {
            self.paper.text(LABEL, (LEFT, self.y), &written(self.language.word(label)));
            for line in PLAIN.lines(&written(&value), BOX.0 - VALUES - 100, 2) {
                self.paper.text(PLAIN, (VALUES, self.y), &line);
                self.y += LEADING;
            }
            self.y += 20;
        }
        let reached = self.y;
        self.sums(above, statement);
        self.y = self.y.max(reached) + 120;
    }

    /// What is owed: on the day, and in the end.
    fn sums(&mut self, above: i16, statement: &Statement) {
        let Some(last) = statement.lines.last() else { return };
        let (language, on) = (self.language, statement.effective_on);
        // Without a line by the day nothing is due; the last one has the currency's decimals.
        let by_then = statement.lines.iter().rfind(|line| line.on <= on).map(|line| line.balance);
        let sums = [
            (language.word("principal_owed").to_owned(), last.principal),
            (
                format!("{} {}", language.word("balance_on"), language.day(on)),
                by_then.unwrap_or(Decimal::new(0, last.balance.scale())),
            ),
            (language.word("closing_balance").to_owned(), last.balance),
        ];
        let (left, width) = BOX;
        self.paper.fill(SHADE, (left, above - 120), (width, 880));
        self.y = above + 20;
        for (label, sum) in sums {
            self.paper.text(LABEL, (left + 100, self.y), &written(&label));
            let sum = written(&language.amount(sum));
            self.paper.text_to(SUM, (left + width - 100, self.y + 135), width - 200, &sum);
            self.y += 280;
        }
    }

    /// The names of the columns, which are on each page.
    fn columns(&mut self) {
        self.paper.fill(SHADE, (LEFT, self.y), (RIGHT - LEFT, 190));
        let y = self.y + 125;
        let [on, what, amounts @ ..] = ["on", "what", "amount", "principal_after", "balance"]
            .map(|word| written(self.language.word(word)));
        self.paper.text(STRONG, (LEFT + 40, y), &on);
        self.paper.text(STRONG, (WHAT.0, y), &what);
        for (right, name) in AMOUNTS.into_iter().zip(amounts) {
            self.paper.text_to(STRONG, (right - 40, y), AMOUNT, &name);
        }
        self.y += 190;
    }

    /// Sees to it that so much fits on the page: else what comes is on the next.
    fn make_room(&mut self, height: i16) -> io::Result<()> {
        if self.y + height > BOTTOM {
            self.paper.turn()?;
            self.y = TOP;
            self.columns();
        }
        Ok(())
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        let what = PLAIN.lines(&written(&line.title(self.language)), WHAT.1, 2);
        let more = SMALL.lines(&written(&line.details(self.language)), WHAT.1, 4);
        let lines = |count: usize, leading: i16| i16::try_from(count).map_or(0, |count| count * leading);
        let height = lines(what.len(), LEADING) + lines(more.len(), SMALL_LEADING) + 60;
        self.make_room(height)?;
        let mut y = self.y + LEADING;
        self.paper.text(PLAIN, (LEFT + 40, y), &written(&self.language.day(line.on)));
        let amounts = [line.amount(), Some(line.principal), Some(line.balance)];
        for (right, amount) in AMOUNTS.into_iter().zip(amounts) {
            let amount = written(&amount.map(|amount| self.language.amount(amount)).unwrap_or_default());
            self.paper.text_to(PLAIN, (right - 40, y), AMOUNT, &amount);
        }
        for text in &what {
            self.paper.text(PLAIN, (WHAT.0, y), text);
            y += LEADING;
        }
        y -= LEADING - SMALL_LEADING;
        for text in &more {
            self.paper.text(SMALL, (WHAT.0, y), text);
            y += SMALL_LEADING;
        }
        self.y += height;
        self.paper.fill(RULE, (LEFT, self.y), (RIGHT - LEFT, 5));
        Ok(())
    }

    /// A line of its own above those that come.
    fn part(&mut self, name: &str) -> io::Result<()> {
        // Never alone at the end of a page.
        self.make_room(500)?;
        self.paper.text(STRONG, (LEFT + 40, self.y + 170), &written(name));
        self.y += 230;
        self.paper.fill(RULE, (LEFT, self.y), (RIGHT - LEFT, 5));
        Ok(())
    }

    fn note(&mut self, word: &str) -> io::Result<()> {
        let lines = SMALL.lines(&written(self.language.word(word)), RIGHT - LEFT - 80, 9);
        self.make_room(400)?;
        self.y += 80;
        for line in lines {
            self.y += SMALL_LEADING;
            self.paper.text(SMALL, (LEFT + 40, self.y), &line);
        }
        Ok(())
    }
}
