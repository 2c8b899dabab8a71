//! The discrepancy ratio rho over training, and what strategies answer with: k and q.

use crate::error::Result;
use crate::figure::canvas::Pen;
use crate::figure::data::{FigureData, PlottedCell, Role};
use crate::figure::legend::Key;
use crate::figure::panel::Heading;
use crate::figure::strips::{self, Line, Stack, Strip, missing_note, strategy_keys};
use crate::figure::style::{DASHES, Width, look};
use crate::figure::{Drawing, Figure};

pub const FIGURE: Figure = Figure {
    name: "rho",
    title: "Discrepancy ratio and modulation over training",
    caption: "Discrepancy ratio ρ per epoch (logarithmic, line at 1 where the modalities are \
              balanced; geometric mean over seeds), the gradient coefficient k and the drop \
              probability q (means over seeds). With two modalities, ρ is that of the first, drawn \
              solid, the other being near its inverse. Lines of strategies that modulate alike may coincide.",
    needs: "no trace of ρ",
    by_dataset: false,
    draw,
};

fn draw(data: &FigureData, width: Width) -> Result<Vec<Drawing>> {
    let mut drawings = Vec::new();
    for fusion in data.fusions() {
        let cells: Vec<&PlottedCell> = data
            .datasets()
            .into_iter()
            .flat_map(|dataset| data.main_cells(dataset))
            .filter(|cell| cell.role != Role::Unimodal && cell.fusion == fusion)
            .collect();
        let traced = |name: &str| {
            cells.iter().any(|cell| cell.curves.keys().any(|key| key.starts_with(name)))
        };
        if !traced("rho.") {
            continue;
        }
        // A quantity that no strategy traces takes no room.
        let quantities: Vec<&str> =
            ["rho", "k", "q"].into_iter().filter(|name| traced(&format!("{name}."))).collect();
        let stacks: Vec<Stack> = data
            .datasets()
            .into_iter()
            .filter_map(|dataset| {
                let of_dataset: Vec<&PlottedCell> =
                    cells.iter().copied().filter(|cell| cell.dataset == dataset).collect();
                stack(data, dataset, &of_dataset, &quantities)
            })
            .collect();
        let mut keys = vec![Key::note(&format!("{fusion} fusion:"))];
        keys.extend(strategy_keys(data, &cells));
        drawings.push(strips::draw(width, fusion, &stacks, &keys, 46.0)?);
    }
    Ok(drawings)
}

fn stack(
    data: &FigureData,
    dataset: &str,
    cells: &[&PlottedCell],
    quantities: &[&str],
) -> Option<Stack> {
    let modalities = &cells.first()?.modalities;
    let patterns: Vec<String> = modalities
        .iter()
        .zip(DASHES)
        .map(|(modality, (_, pattern))| format!("{modality} {pattern}"))
        .collect();
    let strips = quantities.iter().map(|quantity| strip(data, cells, modalities, quantity));
    Some(Stack {
        heading: Heading::new(
            dataset,
            std::iter::once(patterns.join(", ")).chain(missing_note(cells)),
        ),
        strips: strips.collect(),
    })
}

fn strip(
    data: &FigureData,
    cells: &[&PlottedCell],
    modalities: &[String],
    quantity: &str,
) -> Strip {
    let is_ratio = quantity == "rho";
    let shown = if is_ratio && modalities.len() == 2 { 1 } else { modalities.len() };
    let mut lines = Vec::new();
    for cell in cells {
        let modalities = modalities.iter().take(shown).zip(DASHES.iter().cycle());
        for (modality, (dash, _)) in modalities {
            if let Some(values) = cell.curves.get(&format!("{quantity}.{modality}")) {
                let colour = look(data, &cell.strategy).colour;
                lines.push(Line {
                    values: values.clone(),
                    pen: Pen { colour, width: 0.9, dash: *dash },
                });
            }
        }
    }
    let label = if is_ratio { "ρ".into() } else { quantity.into() };
    Strip { label, log: is_ratio, reference: is_ratio.then_some(1.0), lines }
}
