//! The figures of a report: from an analysis to files and the blocks that show them.

use crate::error::Result;
use crate::figure::convert::Converter;
use crate::figure::data::{self, FigureData};
use crate::figure::style::{PAGE_HEIGHT, Width};
use crate::figure::{FIGURES, Figure};
use crate::hash::canonical_json;
use crate::registry::{Params, Value};
use crate::report::analysis::{Analysis, Cell};
use crate::report::compare::Verdict;
use crate::report::document::{Block, FigureLink, text};
use crate::report::tables::slug;
use crate::stats::summary::mean;
use std::collections::BTreeMap;

/// In what forms the folder of figures holds them.
const FORMS: &str = "Every figure is there as SVG, PDF and PNG, for both columns of a paper (6.9 \
     in) and for one (3.3 in). Where one column would be taller than a page, there is one figure \
     per data set instead, and none of those that are drawn per fusion method.";

/// Every figure of a report.
#[derive(Debug, Default)]
pub struct Gallery {
    /// By path in the report's folder.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The published SVG of the wide figures, by stem.
    pub pictures: BTreeMap<String, String>,
    /// What the pages show: wide figures, and a sentence for each that is left out.
    pub blocks: Vec<Block>,
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
    for figure in FIGURES {
        if !gallery.add(&converter, &data, figure)? {
            left_out.push(vec![text(format!(
                "“{}” is left out: there is {}.",
                figure.title, figure.needs
            ))]);
        }
    }
    if !gallery.files.is_empty() {
        gallery.blocks.insert(0, Block::Paragraph(vec![text(FORMS)]));
    }
    if !left_out.is_empty() {
        gallery.blocks.push(Block::List(left_out));
    }
    Ok(gallery)
}

impl Gallery {
    /// Adds one figure in all widths and formats; `false` when it has nothing to show.
    fn add(&mut self, converter: &Converter, data: &FigureData, figure: &Figure) -> Result<bool> {
        let mut any = false;
        for drawing in (figure.draw)(data, Width::Double)? {
            any = true;
            let stem = stem(figure, drawing.part.as_deref(), Width::Double);
            let title = match &drawing.part {
                None => figure.title.to_string(),
                Some(part) => format!("{}, {part}", figure.title),
            };
            let svg = self.publish(converter, &drawing.svg, &stem)?;
            let caption = figure.caption.to_string();
            self.blocks.push(Block::Figure(FigureLink { stem: stem.clone(), title, caption }));
            self.pictures.insert(stem, svg);
        }
        for drawing in (figure.draw)(data, Width::Single)? {
            if drawing.height <= PAGE_HEIGHT {
                let stem = stem(figure, drawing.part.as_deref(), Width::Single);
                self.publish(converter, &drawing.svg, &stem)?;
            } else if drawing.part.is_none() {
                // A column that no page holds: one figure per data set instead.
                for dataset in data.datasets() {
                    for one in (figure.draw)(&data.of_dataset(dataset), Width::Single)? {
                        let stem = stem(figure, Some(dataset), Width::Single);
                        self.publish(converter, &one.svg, &stem)?;
                    }
                }
            }
        }
        Ok(any)
    }

    fn publish(&mut self, converter: &Converter, svg: &str, stem: &str) -> Result<String> {
        let published = converter.publish(svg, stem)?;
        self.files.insert(format!("figures/{stem}.svg"), published.svg.clone().into_bytes());
        self.files.insert(format!("figures/{stem}.png"), published.png);
        self.files.insert(format!("figures/{stem}.pdf"), published.pdf);
        Ok(published.svg)
    }
}

fn stem(figure: &Figure, part: Option<&str>, width: Width) -> String {
    let part = part.map_or(String::new(), |part| format!("-{}", slug(part)));
    format!("{}{part}-{}", figure.name, width.name())
}

/// What figures are drawn from.
///
/// # Errors
/// When a description cannot be encoded.
pub fn figure_data(analysis: &Analysis<'_>) -> Result<FigureData> {
    let strategies = analysis.cells.iter().filter(|cell| cell.role == data::Role::Strategy);
    let palette = data::distinct(strategies.map(|cell| cell.strategy.as_str()));
    let cells = analysis.cells.iter().map(figure_cell).collect::<Result<_>>()?;
    let comparisons = analysis.comparisons.iter().map(|comparison| {
        let cell = &analysis.cells[comparison.cell];
        let difference = comparison.paired.map(|test| test.difference);
        data::Comparison {
            dataset: cell.input.dataset.clone(),
            fusion: cell.input.fusion.clone(),
            strategy: cell.strategy.clone(),
            mean: difference.map(|difference| difference.mean),
            interval: difference.and_then(|difference| difference.interval),
            distinguishable: matches!(comparison.verdict, Verdict::Positive | Verdict::Negative),
        }
    });
    Ok(FigureData {
        palette: palette.into_iter().map(str::to_string).collect(),
        cells,
        comparisons: comparisons.collect(),
    })
}

fn figure_cell(cell: &Cell<'_>) -> Result<data::Cell> {
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
    Ok(data::Cell {
        dataset: cell.input.dataset.clone(),
        fusion: cell.input.fusion.clone(),
        strategy: cell.strategy.clone(),
        method: spec.strategy.name.clone(),
        role: cell.role,
        parameters: numbers.collect(),
        setting: canonical_json(&setting)?,
        modalities: spec.branches.iter().map(|branch| branch.modality.name.clone()).collect(),
        runs: cell
            .runs
            .iter()
            .map(|run| data::Run {
                accuracy: run.test().accuracy,
                imbalance: run.test().imbalance,
                seconds: run.record.cost.wall_seconds,
            })
            .collect(),
        n_missing: cell.failures.len(),
        accuracy: cell.accuracy,
        curves: curves(cell),
    })
}

/// The means over seeds of everything that is drawn over epochs.
fn curves(cell: &Cell<'_>) -> BTreeMap<String, Vec<f64>> {
    let mut series: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
    for run in &cell.runs {
        let branches = &run.record.spec.branches;
        for (at, epoch) in run.record.epochs.iter().enumerate() {
            let mut add = |name: String, value: f64| {
                let epochs = series.entry(name).or_default();
                epochs.resize(epochs.len().max(at + 1), Vec::new());
                epochs[at].push(value);
            };
            add("accuracy".into(), epoch.test.accuracy);
            for (branch, accuracy) in branches.iter().zip(&epoch.test.modality_accuracy) {
                add(format!("accuracy.{}", branch.modality.name), *accuracy);
            }
            for (name, value) in &epoch.train {
                if ["rho.", "k.", "q."].iter().any(|prefix| name.starts_with(prefix)) {
                    add(name.clone(), *value);
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
