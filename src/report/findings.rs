//! The findings in words, generated from the statistics: every comparison gets the same sentence,
//! whatever its outcome.

use crate::figure::data::{Role, distinct};
use crate::report::analysis::Analysis;
use crate::report::compare::{Comparison, Verdict};
use crate::report::document::{Block, Inline, text};
use crate::report::number::{count, interval, p_value, points};

/// The section of findings, without its heading.
pub fn findings(analysis: &Analysis<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::Paragraph(vec![text(summary(analysis))])];
    for dataset in analysis.datasets() {
        let cells = analysis.of_dataset(dataset).filter(|(_, cell)| cell.role == Role::Strategy);
        let strategies: Vec<&str> = distinct(cells.map(|(_, cell)| cell.strategy.as_str()));
        if strategies.is_empty() {
            continue;
        }
        blocks.push(Block::Heading { level: 3, text: dataset.to_string() });
        let items = strategies.iter().map(|strategy| finding(analysis, dataset, strategy));
        blocks.push(Block::List(items.collect()));
    }
    blocks
}

fn summary(analysis: &Analysis<'_>) -> String {
    if analysis.comparisons.is_empty() {
        return "Nothing is compared with joint training.".into();
    }
    let n = |verdict| analysis.comparisons.iter().filter(|c| c.verdict == verdict).count();
    let total = count(analysis.comparisons.len(), "comparison");
    let untested = match n(Verdict::Untested) {
        0 => String::new(),
        untested => format!(", {untested} could not be tested"),
    };
    format!(
        "Of {total} with joint training, {} positive, {} negative and {} not distinguishable from \
         zero{untested}. A verdict is that of a two-sided paired t test over seeds at 5 %, after \
         Holm's correction over all of them, and p is the corrected value. Brackets hold the \
         unadjusted 95 % t interval of the mean difference, in percentage points of test accuracy.",
        are(n(Verdict::Positive)),
        are(n(Verdict::Negative)),
        are(n(Verdict::NotDistinguishable)),
    )
}

fn are(n: usize) -> String {
    if n == 1 { "1 is".into() } else { format!("{n} are") }
}

fn finding(analysis: &Analysis<'_>, dataset: &str, strategy: &str) -> Vec<Inline> {
    let mut content = vec![Inline::Strong(strategy.to_string()), text(" against joint: ")];
    let cells = analysis
        .of_dataset(dataset)
        .filter(|(_, cell)| cell.role == Role::Strategy && cell.strategy == strategy);
    for (i, (place, cell)) in cells.enumerate() {
        let separator = if i == 0 { "" } else { "; " };
        let fusion = &cell.input.fusion;
        match analysis.comparison(place) {
            None => content.push(text(format!("{separator}under {fusion} not compared"))),
            Some(comparison) => {
                content.push(text(format!("{separator}under {fusion} ")));
                content.push(Inline::Strong(comparison.verdict.words().to_string()));
                content.push(text(evidence(comparison)));
            }
        }
    }
    content.push(text("."));
    content
}

fn evidence(comparison: &Comparison) -> String {
    let Some(test) = comparison.paired else {
        return " (no pair of finished runs)".into();
    };
    let p = match comparison.holm {
        None => String::new(),
        Some(p) if p < 0.001 => ", p < 0.001".into(),
        Some(_) => format!(", p = {}", p_value(comparison.holm)),
    };
    let range = test
        .difference
        .interval
        .map_or(String::new(), |range| format!(" {}", interval(Some(range), points)));
    format!(" ({}{range}, n = {}{p})", points(test.difference.mean), test.difference.n)
}
