//! A page as blocks: written once, rendered as Markdown and as HTML.

pub mod html;
pub mod latex;
pub mod markdown;
pub mod number;
pub mod splice;

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

/// A part of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Level 2 or 3; the page's title is level 1.
    Heading {
        level: usize,
        text: String,
    },
    Paragraph(Vec<Inline>),
    List(Vec<Vec<Inline>>),
    Table(Table),
    /// Lines to be typed.
    Code(String),
    Figure(FigureLink),
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
