//! A page as an HTML file beside the folder of its figures: style inside, no script.

use crate::document::{Block, FigureLink, Inline, Rank, Table};
use crate::text;

const STYLE: &str = include_str!("page.css");

/// A page with its title. Its figures are `figures/<stem>.svg`.
pub fn page(title: &str, blocks: &[Block]) -> String {
    let title = escape(title);
    let body = blocks.iter().map(block).collect::<Vec<_>>().join("\n");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n",
    )
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading { level, text } => format!("<h{level}>{}</h{level}>", escape(text)),
        Block::Paragraph(content) => format!("<p>{}</p>", inlines(content)),
        Block::List(items) => {
            let items: Vec<String> =
                items.iter().map(|item| format!("<li>{}</li>", inlines(item))).collect();
            format!("<ul>\n{}\n</ul>", items.join("\n"))
        }
        Block::Table(content) => table(content),
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
        "<div class=\"scroll\"><table>\n<caption>{}</caption>\n<thead><tr>{head}</tr></thead>\n\
         <tbody>\n{}\n</tbody>\n</table></div>",
        escape(&table.caption),
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
        let blocks = [
            Block::Paragraph(vec![text(hostile), Inline::Code(hostile.into())]),
            Block::Code(hostile.into()),
            Block::Heading { level: 2, text: hostile.into() },
        ];
        let page = page(hostile, &blocks);
        assert!(!page.contains("<script"));
        assert_eq!(page.matches("&lt;script&gt;alert(&#39;x&#39;)").count(), 6);
    }
}
