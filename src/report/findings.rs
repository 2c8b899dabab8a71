//! The findings in words, generated from the statistics.

use crate::document::number::{count, value};
use crate::document::{Block, Inline, text};
use crate::figure::data::Role;
use crate::report::tables;
use crate::results::analysis::Analysis;
use crate::results::effect::Effect;
use crate::results::verdict::Verdict;

/// The answer: a few sentences and a table.
pub fn answer(analysis: &Analysis<'_>) -> Vec<Block> {
    if analysis.comparisons.is_empty() {
        let nothing = "Nothing is compared with joint training.";
        return vec![Block::Paragraph(vec![text(nothing)])];
    }
    let mut blocks = vec![Block::Paragraph(vec![text(summary(analysis))])];
    blocks.extend(tables::effects(analysis).map(Block::Table));
    blocks
}

/// What is found beside the answer: by data set, in full, and over data sets.
pub fn findings(analysis: &Analysis<'_>) -> Vec<Block> {
    if analysis.comparisons.is_empty() {
        return Vec::new();
    }
    let mut blocks = Vec::new();
    let datasets = analysis.datasets();
    let items = datasets.iter().filter_map(|dataset| of_dataset(analysis, dataset));
    blocks.push(Block::List(items.collect()));
    blocks.extend(tables::effects_in_full(analysis).map(Block::Table));
    blocks.push(Block::Paragraph(vec![text(tables::ON_THE_PAGE)]));
    blocks.push(Block::Paragraph(vec![text(single_cells(analysis))]));
    if let Some(table) = tables::overall_effects(analysis) {
        blocks.push(Block::Table(table));
    }
    blocks
}

/// The answer in three sentences.
fn summary(analysis: &Analysis<'_>) -> String {
    let effects = &analysis.effects;
    let with = |verdict| effects.iter().filter(move |effect| effect.judged.verdict == verdict);
    let n = |verdict| with(verdict).count();
    let untested = match n(Verdict::Untested) {
        0 => String::new(),
        untested => format!(", and {untested} could not be tested"),
    };
    let undecided = with(Verdict::Undecided);
    let agree = undecided.filter(|e| e.judged.test.is_some_and(|test| test.one_sided)).count();
    let agree = match agree {
        0 => String::new(),
        n => format!(" In {n} of the undecided all replicates agree in the sign."),
    };
    let beats = with(Verdict::Better).filter(|effect| tables::beats_alone(effect)).count();
    format!(
        "Of {} of strategies on data sets, each averaged over fusion methods, {} better than \
         joint training, {} worse, {} equivalent to it within {}, and {} undecided{untested}. Of \
         those that are better, {beats} surpass the best modality alone too. Verdicts are by \
         paired t tests over replicates, of a difference and of equivalence, each at 5 % after \
         Holm's correction over all of these effects.{agree}",
        count(effects.len(), "effect"),
        are(n(Verdict::Better)),
        are(n(Verdict::Worse)),
        are(n(Verdict::Equivalent)),
        tables::margin(analysis),
        are(n(Verdict::Undecided)),
    )
}

fn are(n: usize) -> String {
    if n == 1 { "1 is".into() } else { format!("{n} are") }
}

/// The strategies by verdict, and what their differences are to be held against: a gain may still end
/// below one modality alone.
fn of_dataset(analysis: &Analysis<'_>, dataset: &str) -> Option<Vec<Inline>> {
    let effects: Vec<&Effect> =
        analysis.effects.iter().filter(|effect| effect.dataset == dataset).collect();
    if effects.is_empty() {
        return None;
    }
    let listed = Verdict::ALL.into_iter().filter_map(|verdict| {
        let with = effects.iter().filter(|effect| effect.judged.verdict == verdict);
        let names: Vec<&str> = with.map(|effect| effect.strategy.as_str()).collect();
        (!names.is_empty()).then(|| format!("{}: {}", verdict.words(), names.join(", ")))
    });
    let listed = listed.collect::<Vec<_>>().join("; ");
    let reference = reference(analysis, dataset).unwrap_or_default();
    Some(vec![Inline::Strong(dataset.into()), text(format!(" – {listed}.{reference}"))])
}

fn reference(analysis: &Analysis<'_>, dataset: &str) -> Option<String> {
    let alone = analysis.best(dataset, |cell| cell.role == Role::Unimodal)?;
    let together = analysis.best(dataset, |cell| cell.role != Role::Unimodal)?;
    let metric = alone.metric();
    let unit = if metric.is_fraction() { " %" } else { "" };
    let shown = |mean| format!("{}{unit}", value(metric, mean));
    Some(format!(
        " The best modality alone, {}, reaches {}, the best mean of all together {}: {} under {}.",
        alone.strategy.trim_start_matches("unimodal "),
        shown(alone.value?.mean),
        shown(together.value?.mean),
        together.strategy,
        together.input.fusion,
    ))
}

/// The other two families.
fn single_cells(analysis: &Analysis<'_>) -> String {
    let of = |variants: bool| {
        let is_variant = |place: usize| analysis.cells[place].variant_of.is_some();
        let family = analysis.comparisons.iter().filter(move |c| is_variant(c.cell) == variants);
        family.map(|comparison| comparison.judged.verdict).collect::<Vec<_>>()
    };
    let counts = |verdicts: &[Verdict]| {
        let n = |verdict| verdicts.iter().filter(|known| **known == verdict).count();
        let counts = Verdict::ALL.map(|verdict| (n(verdict), verdict.words()));
        let counts = counts.into_iter().filter(|(n, _)| 0 < *n);
        counts.map(|(n, words)| format!("{n} {words}")).collect::<Vec<_>>().join(", ")
    };
    let (cells, variants) = (of(false), of(true));
    let single = format!(
        "Single cells, a strategy under one fusion method, are the secondary family: {} ({}), by \
         Holm's correction over the family and only where the strategy's effect on the data set \
         is a finding. Each stands in the table of its data set with its interval.",
        count(cells.len(), "comparison"),
        counts(&cells),
    );
    let exploration = format!(
        " Variants of strategies are an exploration: {} ({}), by a false discovery rate of 5 %.",
        count(variants.len(), "comparison"),
        counts(&variants),
    );
    if variants.is_empty() { single } else { single + &exploration }
}
