//! The findings in words, generated from the statistics: every comparison is named with its
//! difference, whatever its outcome.

use crate::document::number::{count, difference, difference_interval, value};
use crate::document::{Block, Inline, text};
use crate::figure::data::Role;
use crate::report::tables;
use crate::results::analysis::Analysis;
use crate::results::comparison::{ALPHA, Comparison, Verdict};
use crate::task::metric::Metric;
use crate::task::words;

/// The section of findings, without its heading.
pub fn findings(analysis: &Analysis<'_>) -> Vec<Block> {
    if analysis.comparisons.is_empty() {
        let nothing = "Nothing is compared with joint training.";
        return vec![Block::Paragraph(vec![text(nothing)])];
    }
    let mut blocks = vec![Block::Paragraph(vec![text(summary(analysis))])];
    blocks.extend(tables::verdicts(analysis).map(Block::Table));
    blocks.push(Block::Paragraph(vec![text(words::of(&analysis.metrics(), DETAIL))]));
    for dataset in analysis.datasets() {
        let of_dataset =
            |comparison: &&Comparison| analysis.cells[comparison.cell].input.dataset == dataset;
        let compared: Vec<&Comparison> = analysis.comparisons.iter().filter(of_dataset).collect();
        if !compared.is_empty() {
            blocks.push(Block::Heading { level: 3, text: dataset.to_string() });
            let items = VERDICTS.map(|verdict| item(analysis, &compared, verdict));
            let items = items.into_iter().flatten().chain(reference(analysis, dataset));
            blocks.push(Block::List(items.collect()));
        }
    }
    blocks
}

const VERDICTS: [Verdict; 4] =
    [Verdict::Positive, Verdict::Negative, Verdict::NotDistinguishable, Verdict::Untested];

const DETAIL: &str = "By data set and verdict, variants included: the mean difference of test \
     {metric}, of a fraction in percentage points, and, in brackets, its 95 % t interval, which is \
     not corrected for the number of comparisons.";

fn summary(analysis: &Analysis<'_>) -> String {
    let comparisons = &analysis.comparisons;
    let n = |verdict| comparisons.iter().filter(|c| c.verdict == verdict).count();
    let untested = match n(Verdict::Untested) {
        0 => String::new(),
        untested => format!(", and {untested} could not be tested"),
    };
    let uncorrected = |sign: f64| {
        let found = comparisons.iter().filter(|comparison| {
            let gain = analysis.cells[comparison.cell].metric().better.sign() * sign;
            comparison.paired.is_some_and(|test| {
                test.p.is_some_and(|p| p < ALPHA) && 0.0 < gain * test.difference.mean
            })
        });
        found.count()
    };
    let by_chance = ALPHA * (comparisons.len() - n(Verdict::Untested)) as f64;
    format!(
        "Of {} with joint training, {} positive, {} negative and {} not distinguishable from \
         zero{untested}. The verdict is that of a two-sided paired t test over seeds at 5 %, after \
         Holm's correction over all of them. Before the correction {} would be positive and {} \
         negative, where chance alone would give about {by_chance:.0} in all.",
        count(comparisons.len(), "comparison"),
        are(n(Verdict::Positive)),
        are(n(Verdict::Negative)),
        are(n(Verdict::NotDistinguishable)),
        uncorrected(1.0),
        uncorrected(-1.0),
    )
}

fn are(n: usize) -> String {
    if n == 1 { "1 is".into() } else { format!("{n} are") }
}

/// All comparisons of one verdict; what a reader expects is said even where there is none.
fn item(
    analysis: &Analysis<'_>,
    compared: &[&Comparison],
    verdict: Verdict,
) -> Option<Vec<Inline>> {
    let found: Vec<String> = compared
        .iter()
        .filter(|comparison| comparison.verdict == verdict)
        .map(|comparison| {
            let cell = &analysis.cells[comparison.cell];
            format!(
                "{} under {} ({})",
                cell.strategy,
                cell.input.fusion,
                evidence(comparison, cell.metric())
            )
        })
        .collect();
    if found.is_empty() && verdict == Verdict::Untested {
        return None;
    }
    let listed = if found.is_empty() { "none".into() } else { found.join("; ") };
    let title = format!("{} ({})", verdict.words(), found.len());
    Some(vec![Inline::Strong(title), text(format!(": {listed}."))])
}

/// What the differences are to be held against: a gain may still end below one modality alone.
fn reference(analysis: &Analysis<'_>, dataset: &str) -> Option<Vec<Inline>> {
    let alone = analysis.best(dataset, |cell| cell.role == Role::Unimodal)?;
    let together = analysis.best(dataset, |cell| cell.role != Role::Unimodal)?;
    let metric = alone.metric();
    let unit = if metric.is_fraction() { " %" } else { "" };
    let shown = |mean| format!("{}{unit}", value(metric, mean));
    let sentence = format!(
        ": the best modality alone, {}, reaches {}; the best mean of all modalities together is {}, \
         of {} under {}.",
        alone.strategy.trim_start_matches("unimodal "),
        shown(alone.value?.mean),
        shown(together.value?.mean),
        together.strategy,
        together.input.fusion,
    );
    Some(vec![Inline::Strong("for reference".into()), text(sentence)])
}

fn evidence(comparison: &Comparison, metric: Metric) -> String {
    let Some(test) = comparison.paired else {
        return "no pair of finished runs".into();
    };
    let range = test.difference.interval;
    let shown = |range| format!(" {}", difference_interval(metric, Some(range)));
    let range = range.map_or(String::new(), shown);
    let few = if range.is_empty() { format!(", n = {}", test.difference.n) } else { String::new() };
    format!("{}{range}{few}", difference(metric, test.difference.mean))
}
