//! Pages of A4: text and rules at places that are counted in tenths of a point from the upper left corner, and a foot on
//! each page that knows how many there are.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use super::font::{Font, Style};

/// A4, in points and in tenths of them.
const A4: Rect = Rect { x1: 0.0, y1: 0.0, x2: 595.28, y2: 841.89 };
const HEIGHT: i16 = 8419;
const TENTH: f32 = 0.1;

const CATALOG: Ref = Ref::new(1);
const TREE: Ref = Ref::new(2);
const ABOUT: Ref = Ref::new(3);
const FONTS: [(Name<'_>, Ref, Name<'_>); 2] = [
    (Name(b"Regular"), Ref::new(4), Name(b"Helvetica")),
    (Name(b"Bold"), Ref::new(5), Name(b"Helvetica-Bold")),
];
const FIRST_FREE: Ref = Ref::new(6);

/// A document that grows page by page: of those that are full only the compressed content is kept.
pub(super) struct Paper {
    pdf: Pdf,
    next: Ref,
    /// The content of each page that is full.
    full: Vec<Ref>,
    /// The page that is written.
    page: Content,
}

/// What a document says of itself.
pub(super) struct About<'a> {
    pub(super) title: &'a str,
    pub(super) language: &'a str,
}

impl Paper {
    pub(super) fn new() -> Self {
        Self { pdf: Pdf::new(), next: FIRST_FREE, full: Vec::new(), page: blank() }
    }

    pub(super) fn text(&mut self, style: Style, (x, y): (i16, i16), text: &[u8]) {
        write_text(&mut self.page, style, (x, y), text);
    }

    /// A text that ends at `right`; one that is wider than `width` is squeezed, for no figure may be cut.
    pub(super) fn text_to(&mut self, style: Style, (right, y): (i16, i16), width: i16, text: &[u8]) {
        write_text_to(&mut self.page, style, (right, y), width, text);
    }

    /// A rectangle in a shade of gray.
    pub(super) fn fill(&mut self, gray: f32, (x, y): (i16, i16), (width, height): (i16, i16)) {
        let [x, y, width, height] = [x, HEIGHT - y - height, width, height].map(f32::from);
        self.page.set_fill_gray(gray).rect(x, y, width, height).fill_nonzero();
    }

    /// Goes on with the next page.
    pub(super) fn turn(&mut self) -> io::Result<()> {
        let page = std::mem::replace(&mut self.page, blank());
        let content = self.content(page)?;
        self.full.push(content);
        Ok(())
    }

    /// The file, with a foot on each page: a text on its left and one on its right, by the page's number and how many
    /// pages there are.
    pub(super) fn finish(
        mut self,
        about: &About<'_>,
        (style, left, right, y): (Style, i16, i16, i16),
        foot: impl Fn(usize, usize) -> [Vec<u8>; 2],
    ) -> io::Result<Vec<u8>> {
        self.turn()?;
        let bodies = std::mem::take(&mut self.full);
        let mut pages = Vec::with_capacity(bodies.len());
        for (number, body) in (1..).zip(&bodies) {
            let [on_left, on_right] = foot(number, bodies.len());
            let mut below = blank();
            write_text(&mut below, style, (left, y), &on_left);
            write_text_to(&mut below, style, (right, y), right - left, &on_right);
            let below = self.content(below)?;
            let id = self.next.bump();
            let mut page = self.pdf.page(id);
            page.parent(TREE).contents_array([*body, below]);
            page.finish();
            pages.push(id);
        }
        self.describe(about, pages);
        Ok(self.pdf.finish())
    }

    fn content(&mut self, mut page: Content) -> io::Result<Ref> {
        page.restore_state();
        let id = self.next.bump();
        let mut compressed = ZlibEncoder::new(Vec::new(), Compression::default());
        compressed.write_all(page.finish().as_slice())?;
        self.pdf.stream(id, &compressed.finish()?).filter(Filter::FlateDecode);
        Ok(id)
    }

    /// Nothing of it comes from a clock or from chance: the same answer has to be the same file.
    fn describe(&mut self, about: &About<'_>, pages: Vec<Ref>) {
        let mut catalog = self.pdf.catalog(CATALOG);
        catalog.pages(TREE).lang(TextStr(about.language));
        catalog.viewer_preferences().display_doc_title(true);
        catalog.finish();
        self.pdf.document_info(ABOUT).title(TextStr(about.title)).producer(TextStr("Razão"));
        let count = i32::try_from(pages.len()).expect("fewer pages than a PDF can count");
        let mut tree = self.pdf.pages(TREE);
        tree.media_box(A4).kids(pages).count(count);
        let mut resources = tree.resources();
        resources.fonts().pairs(FONTS.map(|(name, id, _)| (name, id)));
        resources.finish();
        tree.finish();
        for (_, id, font) in FONTS {
            self.pdf.type1_font(id).base_font(font).encoding_predefined(Name(b"WinAnsiEncoding"));
        }
    }
}

/// The contents of a page are read as one, so each of them ends as it began.
fn blank() -> Content {
    let mut page = Content::new();
    page.save_state().transform([TENTH, 0.0, 0.0, TENTH, 0.0, 0.0]);
    page
}

fn write_text(page: &mut Content, style: Style, (x, y): (i16, i16), text: &[u8]) {
    let [(regular, ..), (bold, ..)] = FONTS;
    let font = match style.font {
        Font::Regular => regular,
        Font::Bold => bold,
    };
    page.set_fill_gray(style.gray).begin_text().set_font(font, f32::from(style.size));
    page.next_line(f32::from(x), f32::from(HEIGHT - y)).show(Str(text)).end_text();
}

fn write_text_to(page: &mut Content, style: Style, (right, y): (i16, i16), width: i16, text: &[u8]) {
    let wide = style.width(text);
    let Some(wide) = i16::try_from(wide).ok().filter(|wide| *wide <= width) else {
        let percent = i16::try_from(i32::from(width) * 100 / wide).unwrap_or(1);
        page.set_horizontal_scaling(f32::from(percent));
        write_text(page, style, (right - width, y), text);
        page.set_horizontal_scaling(100.0);
        return;
    };
    write_text(page, style, (right - wide, y), text);
}
