//! The primary metric over epochs: all modalities together, and each alone.

use crate::error::Result;
use crate::figure::canvas::Pen;
use crate::figure::data::{FigureData, PlottedCell, Role, metric_of};
use crate::figure::legend::Key;
use crate::figure::panel::Heading;
use crate::figure::strips::{self, Line, Stack, Strip, missing_note, strategy_keys};
use crate::figure::style::{Dash, MUTED, Width, look};
use crate::figure::{Drawing, Figure};
use crate::task::words;

pub const FIGURE: Figure = Figure {
    name: "modality",
    title: "{metric} of each modality over training",
    caption: "Test {metric} per epoch, mean over seeds: with all modalities, and by \
              each modality alone inside the jointly trained model, by the run's score estimator. \
              Dashed: the same encoder trained on that modality alone. Strips have their own \
              scales.",
    needs: "no finished run",
    by_dataset: false,
    draw,
};

fn draw(data: &FigureData, width: Width) -> Result<Vec<Drawing>> {
    let several = 1 < data.metrics().len();
    let mut drawings = Vec::new();
    for fusion in data.fusions() {
        let mut shown: Vec<&PlottedCell> = Vec::new();
        let mut stacks = Vec::new();
        let mut has_reference = false;
        for dataset in data.datasets() {
            let main = data.main_cells(dataset);
            let (alone, multimodal): (Vec<&PlottedCell>, Vec<&PlottedCell>) =
                main.into_iter().partition(|cell| cell.role == Role::Unimodal);
            let cells: Vec<&PlottedCell> =
                multimodal.into_iter().filter(|cell| cell.fusion == fusion).collect();
            if let Some(first) = cells.first() {
                has_reference |= !alone.is_empty();
                let mut strips = vec![strip(data, &cells, None, "all", "value")];
                strips.extend(first.modalities.iter().map(|modality| {
                    let reference = alone.iter().find(|cell| cell.modalities == [modality.clone()]);
                    let series = format!("value.{modality}");
                    strip(data, &cells, reference.copied(), modality, &series)
                }));
                let title = several.then(|| words::title(metric_of(&cells)));
                let notes = title.into_iter().chain(missing_note(&cells));
                stacks.push(Stack { heading: Heading::new(dataset, notes), strips });
                shown.extend(cells);
            }
        }
        if shown.iter().all(|cell| cell.curves.is_empty()) {
            continue;
        }
        let metrics = data.metrics();
        let what = if several { words::noun(&metrics) } else { words::titles(&metrics) };
        let mut keys = vec![Key::note(&format!("{fusion} fusion, test {what}:"))];
        keys.extend(strategy_keys(data, &shown));
        if has_reference {
            keys.push(Key::line(MUTED, Dash::Dashed, "trained alone"));
        }
        drawings.push(strips::draw(width, fusion, &stacks, &keys, 46.0)?);
    }
    Ok(drawings)
}

fn strip(
    data: &FigureData,
    cells: &[&PlottedCell],
    alone: Option<&PlottedCell>,
    label: &str,
    series: &str,
) -> Strip {
    let metric = metric_of(cells);
    let shown = |values: &Vec<f64>| values.iter().map(|value| metric.shown(*value)).collect();
    let reference = alone.and_then(|cell| cell.curves.get("value")).map(|values| Line {
        values: shown(values),
        pen: Pen { colour: MUTED, width: 0.9, dash: Dash::Dashed },
    });
    let lines = cells.iter().filter_map(|cell| {
        let values = shown(cell.curves.get(series)?);
        Some(Line { values, pen: Pen::solid(look(data, &cell.strategy).colour, 0.9) })
    });
    let lines = reference.into_iter().chain(lines).collect();
    Strip { label: label.into(), log: false, reference: None, lines }
}
