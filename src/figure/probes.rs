//! How far each encoder comes over training: what a linear probe reads from it, trained together with
//! the others and alone. The first figure of the conference paper, for every data set.

use crate::error::Result;
use crate::figure::canvas::Pen;
use crate::figure::data::{FigureData, PlottedCell, Role, metric_of};
use crate::figure::legend::Key;
use crate::figure::panel::Heading;
use crate::figure::strips::{self, Line, Stack, Strip, missing_note, strategy_keys};
use crate::figure::style::{Dash, MUTED, Width, look};
use crate::figure::{Drawing, Figure};

pub const FIGURE: Figure = Figure {
    name: "probes",
    title: "What the encoders learn over training",
    caption: "Top: test {metric} of the whole model per epoch. Below: test {metric} by a linear probe \
              of each encoder's frozen features, trained together with the others (coloured) and \
              alone (grey, dashed). Means over seeds. Where a coloured line stays below the grey one, \
              training together leaves the encoder behind.",
    needs: "no run with the observer `linear-probe`",
    by_dataset: false,
    draw,
};

fn draw(data: &FigureData, width: Width) -> Result<Vec<Drawing>> {
    let mut drawings = Vec::new();
    for fusion in data.fusions() {
        let mut stacks = Vec::new();
        let mut shown: Vec<&PlottedCell> = Vec::new();
        for dataset in data.datasets() {
            let cells = data.main_cells(dataset);
            let (alone, together): (Vec<_>, Vec<_>) =
                cells.into_iter().partition(|cell| cell.role == Role::Unimodal);
            let together: Vec<&PlottedCell> =
                together.into_iter().filter(|cell| cell.fusion == fusion).collect();
            let is_probed =
                |cell: &&PlottedCell| cell.curves.keys().any(|name| name.starts_with("probe."));
            if together.iter().any(is_probed) {
                stacks.push(stack(data, dataset, &together, &alone));
                shown.extend(together);
            }
        }
        if stacks.is_empty() {
            continue;
        }
        let mut keys = vec![Key::note(&format!("{fusion} fusion:"))];
        keys.extend(strategy_keys(data, &shown));
        keys.push(Key { marker: None, line: Some(pen_of_alone()), text: "trained alone".into() });
        drawings.push(strips::draw(width, fusion, &stacks, &keys, 52.0)?);
    }
    Ok(drawings)
}

fn pen_of_alone() -> Pen {
    Pen { colour: MUTED, width: 1.1, dash: Dash::Dashed }
}

fn stack(
    data: &FigureData,
    dataset: &str,
    together: &[&PlottedCell],
    alone: &[&PlottedCell],
) -> Stack {
    let metric = metric_of(together);
    let line = |cell: &PlottedCell, name: &str, pen: Pen| {
        let values = cell.curves.get(name)?.iter().map(|value| metric.shown(*value));
        Some(Line { values: values.collect(), pen })
    };
    let lines = |name: &str| {
        let of_cell = |cell: &&PlottedCell| {
            line(cell, name, Pen::solid(look(data, &cell.strategy).colour, 0.9))
        };
        together.iter().filter_map(of_cell).collect::<Vec<_>>()
    };
    let strip = |label: String, lines| Strip { label, log: false, reference: None, lines };
    let mut strips = vec![strip(
        format!("all{}", if metric.is_fraction() { " (%)" } else { "" }),
        lines("value"),
    )];
    let modalities = together.first().map_or(&[][..], |cell| &cell.modalities);
    for modality in modalities {
        let name = format!("probe.{modality}");
        let single = alone.iter().filter_map(|cell| line(cell, &name, pen_of_alone()));
        strips.push(strip(modality.clone(), single.chain(lines(&name)).collect()));
    }
    Stack { heading: Heading::new(dataset, missing_note(together)), strips }
}
