//! A page as an HTML file beside the folder of its figures: style and script inside, so that it works
//! from a disk too. Without the script everything is shown, and nothing can be sorted or filtered.

mod explorer;

use crate::document::{Block, Chapter, FigureLink, Inline, Page, Rank, Table};
use crate::text;

const STYLE: &str = include_str!("../page.css");
const SCRIPT: &str = include_str!("../page.js");

/// A page with its contents. Its figures are `figures/<stem>.svg`.
pub fn page(page: &Page) -> String {
    let title = escape(&page.title);
    let link = |chapter: &Chapter| {
        format!("<li><a href=\"#{}\">{}</a></li>", chapter.anchor(), escape(&chapter.title))
    };
    let contents: Vec<String> = page.chapters.iter().map(link).collect();
    let lead = blocks(&page.lead);
    let chapters: Vec<String> = page.chapters.iter().map(chapter).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <nav aria-label=\"Contents\">\n<a href=\"#top\">Answer</a>\n<ul>\n{}\n</ul>\n</nav>\n\
         <main id=\"top\">\n<h1>{title}</h1>\n{lead}\n{}\n</main>\n<script>\n{SCRIPT}</script>\n\
         </body>\n</html>\n",
        contents.join("\n"),
        chapters.join("\n"),
    )
}

fn chapter(chapter: &Chapter) -> String {
    let anchor = chapter.anchor();
    format!(
        "<section id=\"{anchor}\">\n<h2><a href=\"#{anchor}\">{}</a></h2>\n{}\n</section>",
        escape(&chapter.title),
        blocks(&chapter.blocks)
    )
}

fn blocks(blocks: &[Block]) -> String {
    blocks.iter().map(block).collect::<Vec<_>>().join("\n")
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(text) => format!("<h3>{}</h3>", escape(text)),
        Block::Paragraph(content) => format!("<p>{}</p>", inlines(content)),
        Block::List(items) => {
            let items: Vec<String> =
                items.iter().map(|item| format!("<li>{}</li>", inlines(item))).collect();
            format!("<ul>\n{}\n</ul>", items.join("\n"))
        }
        Block::Table(content) => table(content),
        Block::Explorer(content) => explorer::explorer(content),
        Block::Code(lines) => format!("<pre><code>{}</code></pre>", escape(lines)),
        Block::Figure(FigureLink { stem, title, caption }) => {
            let (stem, title, caption) = (escape(stem), escape(title), escape(caption));
            format!(
                "<figure id=\"{stem}\">\n<div class=\"card\">\
                 <img src=\"figures/{stem}.svg\" alt=\"{title}\"></div>\n\
                 <figcaption><b>{title}.</b> {caption}</figcaption>\n</figure>"
            )
        }
    }
}

fn table(table: &Table) -> String {
    let caption = escape(&table.caption);
    let stem = table.stem.as_deref().map(escape);
    // Regions are told apart by their names.
    let name = stem.as_ref().map_or(caption.clone(), |stem| format!("table {stem}"));
    let files = stem.map_or(String::new(), |stem| {
        let link = |form: &str| format!("<a href=\"tables/{stem}.{form}\">{stem}.{form}</a>");
        format!(" {}, {}", link("tex"), link("md"))
    });
    let class = |number: bool| if number { " class=\"number\"" } else { "" };
    let head: String = table
        .columns
        .iter()
        .map(|c| format!("<th scope=\"col\"{}>{}</th>", class(c.is_number()), escape(&c.title)))
        .collect();
    let rows: Vec<String> = table
        .rows
        .iter()
        .map(|row| {
            let entries = row.entries.iter().zip(&table.columns).map(|(entry, column)| {
                let text = escape(&entry.text);
                let text = match entry.rank {
                    Rank::None => text,
                    Rank::Best => format!("<b>{text}</b>"),
                    Rank::Second => format!("<u>{text}</u>"),
                };
                format!("<td{}>{text}</td>", class(column.is_number()))
            });
            let group = if row.starts_group { " class=\"group\"" } else { "" };
            format!("<tr{group}>{}</tr>", entries.collect::<String>())
        })
        .collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\"><table>\n\
         <caption>{caption}{files}</caption>\n<thead><tr>{head}</tr></thead>\n\
         <tbody>\n{}\n</tbody>\n</table></div>",
        rows.join("\n")
    )
}

fn inlines(content: &[Inline]) -> String {
    content
        .iter()
        .map(|inline| match inline {
            Inline::Text(text) => escape(text),
            Inline::Strong(text) => format!("<strong>{}</strong>", escape(text)),
            Inline::Code(text) => format!("<code>{}</code>", escape(text)),
            Inline::Link { text, path } => {
                format!("<a href=\"{}\">{}</a>", escape(path), escape(text))
            }
        })
        .collect()
}

/// Escapes whatever HTML, XML or a terminal would read as more than text, in text and in attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text::lines(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::text;

    #[test]
    fn text_cannot_become_markup() {
        let hostile = "<script>alert('x')</script> & \"y\"";
        let blocks = vec![
            Block::Paragraph(vec![text(hostile), Inline::Code(hostile.into())]),
            Block::Code(hostile.into()),
            Block::Heading(hostile.into()),
        ];
        let chapters = vec![Chapter::new(hostile, Vec::new())];
        let page = page(&Page { title: hostile.into(), lead: blocks, chapters });
        assert_eq!(page.matches("<script").count(), 1, "that of the page");
        assert_eq!(page.matches("&lt;script&gt;alert(&#39;x&#39;)").count(), 8);
        assert!(page.contains("<section id=\"script-alert-x-script-y\">"));
    }
}
