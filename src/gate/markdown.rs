//! A check as Markdown, as a comment on a change.

use super::Check;
use super::outcome::Outcome;
use super::table::{COLUMNS, NOTE};
use crate::document::{Block, Column, Entry, Rank, Row, Table, markdown, text};

/// The check as a page.
pub fn render(check: &Check) -> String {
    let outcome = check.outcome();
    let sign = match outcome {
        Outcome::Equal | Outcome::Pass => "✅",
        Outcome::Inconclusive => "⚠️",
        Outcome::Drifted | Outcome::Regressed => "❌",
    };
    let sentences = [
        Some(check.drift()),
        check.whole_regressed().then(|| check.shift()).flatten(),
        check.caveat(),
    ];
    let paragraph = |line: String| Block::Paragraph(vec![text(format!("{}.", capital(&line)))]);
    let mut blocks: Vec<Block> = sentences.into_iter().flatten().map(paragraph).collect();
    let rows = check.rows();
    if !rows.is_empty() {
        blocks.push(Block::Table(Table {
            stem: None,
            caption: NOTE.into(),
            columns: COLUMNS
                .iter()
                .map(|(title, number)| match number {
                    true => Column::number(title),
                    false => Column::words(title),
                })
                .collect(),
            rows: rows
                .into_iter()
                .map(|row| Row {
                    entries: row
                        .into_iter()
                        .map(|text| {
                            let rank = match text.as_str() {
                                "regressed" => Rank::Best,
                                _ => Rank::None,
                            };
                            Entry { text, rank }
                        })
                        .collect(),
                    starts_group: false,
                })
                .collect(),
            ..Table::default()
        }));
    }
    blocks.push(paragraph(check.smallest_effects()));
    let title = format!("{sign} Suite {}: {}", check.suite, outcome.name());
    markdown::page(&title, &blocks)
}

/// A page that tells why there is no verdict.
pub(super) fn failed(title: &str, said: &str) -> String {
    // A code block, in which nothing is markup and lines stay lines.
    let said = said.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}");
    markdown::page(title, &[Block::Code(said)])
}

fn capital(line: &str) -> String {
    let mut letters = line.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}
