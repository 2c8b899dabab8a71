//! A page as blocks: written once, rendered as Markdown and as HTML.

pub mod explorer;
pub mod html;
pub mod latex;
pub mod markdown;
pub mod number;
pub mod splice;

pub use explorer::Explorer;

/// A piece of running text.
#[derive(Clone, Debug, PartialEq)]
pub enum Inline {
    Text(String),
    Strong(String),
    Code(String),
    /// A link to a file of the report.
    Link {
        text: String,
        path: String,
    },
}

/// A page: what is read first, and chapters that are looked up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub title: String,
    pub lead: Vec<Block>,
    pub chapters: Vec<Chapter>,
}

/// A chapter of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Chapter {
    pub title: String,
    pub blocks: Vec<Block>,
}

impl Chapter {
    pub fn new(title: impl Into<String>, blocks: Vec<Block>) -> Self {
        Self { title: title.into(), blocks }
    }

    /// What can be linked to: its title in small letters and hyphens.
    pub fn anchor(&self) -> String {
        let letters = self.title.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' });
        let words = letters.collect::<String>().to_ascii_lowercase();
        words.split_whitespace().collect::<Vec<_>>().join("-")
    }
}

impl Page {
    /// Every table, in order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        let chapters = self.chapters.iter().flat_map(|chapter| &chapter.blocks);
        self.lead.iter().chain(chapters).filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        })
    }
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Below the title of a chapter.
    Heading(String),
    Paragraph(Vec<Inline>),
    List(Vec<Vec<Inline>>),
    Table(Table),
    /// Lines to be typed.
    Code(String),
    Figure(FigureLink),
    /// Only where there is a screen.
    Explorer(Explorer),
}

/// A figure of the report.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureLink {
    /// The stem of the file to show.
    pub stem: String,
    pub title: String,
    pub caption: String,
}

/// A table, rendered as Markdown, HTML and LaTeX.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The stem of its own files, where it has any.
    pub stem: Option<String>,
    pub caption: String,
    /// How to read it: in the table's own files, where no page says it.
    pub note: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    /// How many of the first columns name a block of rows; on paper they stand once above it.
    pub blocks: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub title: String,
    pub kind: ColumnKind,
    /// Whether paper, which is narrow, does without it.
    pub on_screen: bool,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// At the left.
    Words,
    /// At the right.
    Numbers,
    /// Text of any length, broken into lines on paper.
    Prose,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub entries: Vec<Entry>,
    /// A rule stands above it.
    pub starts_group: bool,
}

/// An entry of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub text: String,
    pub rank: Rank,
}

/// The place of a value among those that it is ranked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    None,
    Best,
    Second,
}

impl Column {
    pub fn words(title: &str) -> Self {
        Self { title: title.into(), kind: ColumnKind::Words, on_screen: false }
    }

    pub fn number(title: &str) -> Self {
        Self { kind: ColumnKind::Numbers, ..Self::words(title) }
    }

    pub fn prose(title: &str) -> Self {
        Self { kind: ColumnKind::Prose, ..Self::words(title) }
    }

    /// The same column, left out on paper.
    pub fn on_screen(self) -> Self {
        Self { on_screen: true, ..self }
    }

    pub fn is_number(&self) -> bool {
        self.kind == ColumnKind::Numbers
    }
}

impl Entry {
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), rank: Rank::None }
    }
}

/// Plain running text.
pub fn text(text: impl Into<String>) -> Inline {
    Inline::Text(text.into())
}
