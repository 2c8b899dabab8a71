//! The figures of a report: from an analysis to files and the blocks that show them.

use crate::document::{Block, FigureLink, text};
use crate::error::Result;
use crate::figure::convert::Converter;
use crate::figure::data::{self, FigureData, Swatch};
use crate::figure::style::{PAGE_HEIGHT, Width};
use crate::figure::{FIGURES, Figure};
use crate::hash::canonical_json;
use crate::record::metrics;
use crate::registry::{Params, Value};
use crate::results::analysis::Analysis;
use crate::results::cell::CellResults;
use crate::results::names::{self, Stems};
use crate::stats::summary::mean;
use crate::task::words;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// In what forms the folder of figures holds them.
const FORMS: &str = "Every figure is in the folder figures as SVG, PDF and PNG, for both columns of \
     a paper (6.9 in) and for one (3.3 in). Where one column would be taller than a page, accuracy \
     and differences have one figure per data set instead, and the others have none.";

/// Every figure of a report.
#[derive(Debug, Default)]
pub struct Gallery {
    /// By path in the report's folder.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What the pages show: wide figures, each with the name of its kind, and a sentence for each that
    /// is left out.
    pub blocks: Vec<(&'static str, Block)>,
}

/// Draws and converts every figure.
///
/// # Errors
/// When a figure cannot be drawn or converted.
pub fn gallery(analysis: &Analysis<'_>) -> Result<Gallery> {
    let data = figure_data(analysis)?;
    let converter = Converter::new();
    let mut gallery = Gallery::default();
    let mut left_out = Vec::new();
    // Each by itself, then joined in order: most of a report's time goes into their pixels.
    let drawn: Vec<Result<Gallery>> = FIGURES
        .par_iter()
        .map(|figure| {
            let mut gallery = Gallery::default();
            gallery.add(&converter, analysis, &data, figure)?;
            Ok(gallery)
        })
        .collect();
    for (figure, drawn) in FIGURES.iter().zip(drawn) {
        let drawn = drawn?;
        let is_drawn = !drawn.blocks.is_empty();
        gallery.blocks.extend(drawn.blocks);
        drawn
            .files
            .into_iter()
            .try_for_each(|(path, bytes)| names::add(&mut gallery.files, path, bytes))?;
        if !is_drawn {
            left_out.push(vec![text(format!(
                "“{}” is left out: there is {}.",
                words::of(&analysis.metrics(), figure.title),
                figure.needs
            ))]);
        }
    }
    if !gallery.files.is_empty() {
        gallery.blocks.insert(0, ("", Block::Paragraph(vec![text(FORMS)])));
    }
    if !left_out.is_empty() {
        gallery.blocks.push(("", Block::List(left_out)));
    }
    Ok(gallery)
}

impl Gallery {
    /// Adds one figure in all widths and formats, where it has something to show.
    fn add(
        &mut self,
        converter: &Converter,
        analysis: &Analysis<'_>,
        data: &FigureData,
        figure: &Figure,
    ) -> Result<()> {
        let (fusions, metrics) = (&analysis.fusion_stems, analysis.metrics());
        for drawing in (figure.draw)(data, Width::Double)? {
            let stem = stem(figure, drawing.part.as_deref(), fusions, Width::Double);
            let title = words::of(&metrics, figure.title);
            let title = match &drawing.part {
                None => title.clone(),
                Some(part) => format!("{title}, {part}"),
            };
            self.publish(converter, &drawing.svg, &stem)?;
            let caption = words::of(&metrics, figure.caption);
            let link = Block::Figure(FigureLink { stem, title, caption });
            self.blocks.push((figure.name, link));
        }
        for drawing in (figure.draw)(data, Width::Single)? {
            if drawing.height <= PAGE_HEIGHT {
                let stem = stem(figure, drawing.part.as_deref(), fusions, Width::Single);
                self.publish(converter, &drawing.svg, &stem)?;
            } else if figure.by_dataset {
                // A column that no page holds: one figure per data set instead.
                let datasets = &analysis.dataset_stems;
                for dataset in data.datasets() {
                    for one in (figure.draw)(&data.of_dataset(dataset), Width::Single)? {
                        let stem = stem(figure, Some(dataset), datasets, Width::Single);
                        self.publish(converter, &one.svg, &stem)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn publish(&mut self, converter: &Converter, svg: &str, stem: &str) -> Result<()> {
        let published = converter.publish(svg, stem)?;
        for (form, bytes) in
            [("svg", published.svg.into_bytes()), ("png", published.png), ("pdf", published.pdf)]
        {
            names::add(&mut self.files, format!("figures/{stem}.{form}"), bytes)?;
        }
        Ok(())
    }
}

/// The stem of a figure's files; `stems` are those of what it has parts of.
fn stem(figure: &Figure, part: Option<&str>, stems: &Stems, width: Width) -> String {
    let part = part.map_or(String::new(), |part| format!("-{}", stems.of(part)));
    format!("{}{part}-{}", figure.name, width.name())
}

/// What figures are drawn from.
///
/// # Errors
/// When a description cannot be encoded.
pub fn figure_data(analysis: &Analysis<'_>) -> Result<FigureData> {
    let strategies = analysis.cells.iter().filter(|cell| cell.role == data::Role::Strategy);
    let main = strategies.filter(|cell| cell.variant_of.is_none());
    let mut palette: Vec<Swatch> = Vec::new();
    for cell in main {
        if palette.iter().all(|known| known.strategy != cell.strategy) {
            let method = cell.input.spec.strategy.name.clone();
            palette.push(Swatch { strategy: cell.strategy.clone(), method });
        }
    }
    let cells = analysis.cells.iter().map(|cell| figure_cell(analysis, cell));
    let cells = cells.collect::<Result<_>>()?;
    let comparisons = analysis.comparisons.iter().map(|comparison| {
        let cell = &analysis.cells[comparison.cell];
        let difference = comparison.judged.test.map(|test| test.difference);
        data::Comparison {
            dataset: cell.input.dataset.clone(),
            fusion: cell.input.fusion.clone(),
            strategy: cell.strategy.clone(),
            is_variant: cell.variant_of.is_some(),
            metric: cell.metric(),
            mean: difference.map(|difference| difference.mean),
            interval: difference.and_then(|difference| difference.interval),
            differs: comparison.judged.verdict.differs(),
        }
    });
    let effects = analysis.effects.iter().map(|effect| {
        let difference = effect.judged.test.map(|test| test.difference);
        data::Comparison {
            dataset: effect.dataset.clone(),
            fusion: String::new(),
            strategy: effect.strategy.clone(),
            is_variant: false,
            metric: effect.metric,
            mean: difference.map(|difference| difference.mean),
            interval: difference.and_then(|difference| difference.interval),
            differs: effect.judged.verdict.differs(),
        }
    });
    Ok(FigureData {
        palette,
        cells,
        comparisons: comparisons.collect(),
        effects: effects.collect(),
    })
}

fn figure_cell(analysis: &Analysis<'_>, cell: &CellResults<'_>) -> Result<data::PlottedCell> {
    let spec = &cell.input.spec;
    let (numbers, words): (BTreeMap<_, _>, BTreeMap<_, _>) = spec
        .strategy
        .params
        .0
        .clone()
        .into_iter()
        .partition(|(_, value)| matches!(value, Value::Float(_) | Value::Int(_)));
    let number = |value: Value| match value {
        Value::Float(x) => Some(x),
        Value::Int(x) => Some(x as f64),
        _ => None,
    };
    let numbers = numbers.into_iter().filter_map(|(name, value)| Some((name, number(value)?)));
    let setting = (Params(words), &spec.scores, &spec.protocol, &spec.branches);
    Ok(data::PlottedCell {
        dataset: cell.input.dataset.clone(),
        fusion: cell.input.fusion.clone(),
        strategy: cell.strategy.clone(),
        method: spec.strategy.name.clone(),
        variant_of: cell.variant_of.map(|main| analysis.cells[main].strategy.clone()),
        role: cell.role,
        parameters: numbers.collect(),
        setting: canonical_json(&setting)?,
        modalities: spec.branches.iter().map(|branch| branch.modality.name.clone()).collect(),
        runs: cell
            .runs
            .iter()
            .map(|run| data::Run {
                value: run.value,
                imbalance: run.imbalance,
                multiply_adds: run.record.work.multiply_adds as f64,
            })
            .collect(),
        n_missing: cell.failures.len(),
        metric: cell.metric(),
        value: cell.value,
        curves: curves(cell),
    })
}

/// The means over seeds of everything that is drawn over epochs.
fn curves(cell: &CellResults<'_>) -> BTreeMap<String, Vec<f64>> {
    let mut series: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
    for run in &cell.runs {
        let branches = &run.record.spec.cell.branches;
        for (at, epoch) in run.record.epochs.iter().enumerate() {
            let mut add = |name: String, value: Option<f64>| {
                let Some(value) = value else { return };
                let epochs = series.entry(name).or_default();
                epochs.resize(epochs.len().max(at + 1), Vec::new());
                epochs[at].push(value);
            };
            add("value".into(), epoch.test.get(cell.metric().name));
            for branch in branches {
                let name = &branch.modality.name;
                let alone = epoch.test.get(&metrics::modality(cell.metric(), name));
                add(format!("value.{name}"), alone);
                let probed = epoch.test.get(&metrics::probe(cell.metric(), name));
                add(format!("probe.{name}"), probed);
            }
            for (name, value) in &epoch.train {
                if ["rho.", "k.", "q."].iter().any(|prefix| name.starts_with(prefix)) {
                    add(name.clone(), Some(*value));
                }
            }
        }
    }
    let averaged = series.into_iter().map(|(name, epochs)| {
        let ratio = name.starts_with("rho.");
        let means = epochs.iter().map(|seeds| if ratio { geometric(seeds) } else { mean(seeds) });
        (name, means.map(|mean| mean.unwrap_or(f64::NAN)).collect())
    });
    averaged.collect()
}

/// The geometric mean: ratios and their inverses average to inverses.
fn geometric(values: &[f64]) -> Option<f64> {
    let logs: Vec<f64> = values.iter().map(|value| libm::log(*value)).collect();
    mean(&logs).map(libm::exp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixture;

    fn drawn(data: &FigureData, name: &str) -> Vec<String> {
        let figure = FIGURES.iter().find(|figure| figure.name == name).unwrap();
        let drawings = (figure.draw)(data, Width::Double).unwrap();
        drawings.into_iter().map(|drawing| drawing.svg).collect()
    }

    #[test]
    fn every_seed_is_a_dot_in_the_figure_of_accuracy() {
        let input = fixture::small();
        let analysis = Analysis::new(&input);
        let data = figure_data(&analysis).unwrap();
        let main = data.cells.iter().filter(|cell| cell.variant_of.is_none());
        let n_runs: usize = main.map(|cell| cell.runs.len()).sum();
        assert_eq!(drawn(&data, "accuracy")[0].matches("<circle").count(), n_runs);
    }

    #[test]
    fn variants_are_in_the_sensitivity_figure_alone_with_their_default_marked() {
        let input = fixture::small();
        let data = figure_data(&Analysis::new(&input)).unwrap();
        let sensitivity = drawn(&data, "sensitivity").remove(0);
        assert!(sensitivity.contains("0.8*") && sensitivity.contains("0.3"));
        for name in ["accuracy", "rho", "modality", "imbalance", "cost"] {
            assert!(drawn(&data, name).iter().all(|svg| !svg.contains("alpha=0.3")), "{name}");
        }
    }

    #[test]
    fn a_data_set_without_a_finished_run_keeps_its_place() {
        let mut input = fixture::small();
        for cell in input.cells.iter_mut().filter(|cell| cell.dataset == "three-views") {
            cell.records.clear();
        }
        let data = figure_data(&Analysis::new(&input)).unwrap();
        for name in ["accuracy", "imbalance", "cost"] {
            let svg = drawn(&data, name).concat();
            assert!(svg.contains("three-views") && svg.contains("no finished run"), "{name}");
            assert!(!svg.contains("NaN"), "{name}");
        }
    }
}
