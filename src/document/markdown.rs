//! Pages and tables as Markdown, as GitHub reads it.

use crate::document::{Block, FigureLink, Inline, Page, Rank, Table, html};
use crate::text;

/// A page with its title.
pub fn page(title: &str, blocks: &[Block]) -> String {
    let mut parts = vec![format!("# {}", escape(title))];
    parts.extend(blocks.iter().map(block));
    parts.join("\n\n") + "\n"
}

/// A page that is short whatever it is about: chapters are folded, and tables and figures in them are
/// links to their files.
pub fn folded(page: &Page) -> String {
    let mut parts = vec![self::page(&page.title, &page.lead).trim_end().to_string()];
    parts.extend(page.chapters.iter().filter_map(|chapter| {
        let title = html::escape(&chapter.title);
        let blocks = short(&chapter.blocks);
        let folded = format!("<details><summary>{title}</summary>\n\n{blocks}\n\n</details>");
        (!blocks.is_empty()).then_some(folded)
    }));
    parts.join("\n\n") + "\n"
}

/// The blocks of a chapter, with links in the place of what has a file of its own.
fn short(blocks: &[Block]) -> String {
    let link = |name: &str, path: String| format!("[{}]({path})", escape(name));
    let is_linked =
        |part: &Block| matches!(part, Block::Table(Table { stem: Some(_), .. }) | Block::Figure(_));
    let links = blocks.iter().any(is_linked);
    let mut parts = Vec::new();
    let mut tables = Vec::new();
    let mut figures = Vec::new();
    for part in blocks {
        match part {
            Block::Table(Table { stem: Some(stem), .. }) => {
                tables.push(link(stem, format!("tables/{stem}.md")));
            }
            Block::Figure(FigureLink { stem, title, .. }) => {
                figures.push(link(title, format!("figures/{stem}.svg")));
            }
            Block::Heading(_) | Block::Explorer(_) => {}
            // How tables and figures are to be read stands with them.
            Block::Paragraph(_) if links => {}
            part => parts.push(block(part)),
        }
    }
    for (what, links) in [("Tables", tables), ("Figures", figures)] {
        if !links.is_empty() {
            parts.push(format!("{what}: {}.", links.join(", ")));
        }
    }
    parts.join("\n\n")
}

/// A table as a file of its own, with its caption and how to read it.
pub fn table_file(content: &Table) -> String {
    let note = if content.note.is_empty() { "" } else { " " };
    format!("{}{note}{}\n", table(content), escape(&content.note))
}

/// A table with its caption below.
fn table(table: &Table) -> String {
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![
        line(table.columns.iter().map(|column| escape(&column.title)).collect()),
        line(
            table
                .columns
                .iter()
                .map(|column| if column.is_number() { "---:".into() } else { "---".into() })
                .collect(),
        ),
    ];
    lines.extend(table.rows.iter().map(|row| {
        let entries = row.entries.iter().map(|entry| match entry.rank {
            Rank::None => escape(&entry.text),
            Rank::Best => format!("**{}**", escape(&entry.text)),
            Rank::Second => format!("<u>{}</u>", escape(&entry.text)),
        });
        line(entries.collect())
    }));
    format!("{}\n\n{}", lines.join("\n"), escape(&table.caption))
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(text) => format!("### {}", escape(text)),
        // What has no place on paper.
        Block::Explorer(_) => String::new(),
        Block::Paragraph(content) => inlines(content),
        Block::List(items) => {
            let items: Vec<String> =
                items.iter().map(|item| format!("- {}", inlines(item))).collect();
            items.join("\n")
        }
        Block::Table(content) => table(content),
        Block::Code(lines) => {
            lines.lines().map(|l| format!("    {}", text::line(l))).collect::<Vec<_>>().join("\n")
        }
        Block::Figure(FigureLink { stem, title, caption }) => {
            let title = escape(title);
            let caption = escape(caption);
            format!("![{title}](figures/{stem}.svg)\n\n**{title}.** {caption}")
        }
    }
}

fn inlines(content: &[Inline]) -> String {
    content.iter().map(inline).collect()
}

fn inline(content: &Inline) -> String {
    match content {
        Inline::Text(text) => escape(text),
        Inline::Strong(text) => format!("**{}**", escape(text)),
        // A backtick cannot stand inside a code span of one backtick.
        Inline::Code(code) => format!("`{}`", text::line(code).replace('`', "'")),
        Inline::Link { text, path } => format!("[{}]({path})", escape(text)),
    }
}

/// Escapes whatever Markdown, HTML or a terminal would read as more than text; lines are joined.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text::line(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '|' | '[' | ']' | '~' | '#' | '$' => escaped.extend(['\\', c]),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Column, Entry, Row, text};

    #[test]
    fn markup_in_text_is_escaped() {
        let blocks = [Block::Paragraph(vec![text("a|b *c* <script> _d_")])];
        let page = page("T", &blocks);
        assert_eq!(page, "# T\n\na\\|b \\*c\\* &lt;script&gt; \\_d\\_\n");
    }

    #[test]
    fn a_table_has_its_alignment_and_its_ranks() {
        let content = Table {
            stem: None,
            caption: "C.".into(),
            note: "N.".into(),
            columns: vec![Column::words("a"), Column::number("b")],
            rows: vec![Row {
                entries: vec![Entry::plain("x"), Entry { text: "1".into(), rank: Rank::Best }],
                starts_group: false,
            }],
            ..Table::default()
        };
        assert_eq!(table(&content), "| a | b |\n| --- | ---: |\n| x | **1** |\n\nC.");
        assert!(table_file(&content).ends_with("\n\nC. N.\n"));
    }
}
