//! The protocol of every data set.

use crate::document::number::NONE;
use crate::document::{Column, Entry, Row, Table};
use crate::figure::data::Role;
use crate::protocol::{Optimizer, Protocol, Schedule};
use crate::record::EpochRecord;
use crate::record::metrics::Metrics;
use crate::registry::Part;
use crate::results::analysis::Analysis;
use crate::results::names;
use crate::suite::run::CellSpec;

/// What every compared run of a data set shares: a row per property.
const PROPERTIES: [&str; 10] = [
    "Protocol",
    "Encoders",
    "Optimizer",
    "Learning rate",
    "Epochs",
    "Batch",
    "Validation",
    "Test",
    "Selection",
    "Backend",
];

/// The protocol of every data set: a column per distinct one.
pub fn protocol(analysis: &Analysis<'_>) -> Table {
    let mut found: Vec<(&str, [String; 10])> = Vec::new();
    for cell in &analysis.cells {
        // One modality alone follows the protocol of its data set and would only repeat it.
        if cell.role == Role::Unimodal
            && analysis.cells.iter().any(|other| {
                other.role != Role::Unimodal && other.input.dataset == cell.input.dataset
            })
        {
            continue;
        }
        let sizes = split_sizes(analysis, &cell.input.dataset);
        let properties = properties(&cell.input.preset, &cell.input.spec, sizes);
        let one = (cell.input.dataset.as_str(), properties);
        if !found.contains(&one) {
            found.push(one);
        }
    }
    let rows = PROPERTIES.iter().enumerate().map(|(at, title)| {
        let values = found.iter().map(|(_, properties)| Entry::plain(&properties[at]));
        let entries = std::iter::once(Entry::plain(*title)).chain(values).collect();
        Row { entries, starts_group: false }
    });
    let datasets = found.iter().map(|(dataset, _)| Column::prose(dataset));
    Table {
        stem: Some(names::PROTOCOL.into()),
        columns: std::iter::once(Column::words("Setting")).chain(datasets).collect(),
        rows: rows.collect(),
        caption: "What every compared run of a data set shares. Validation, test: numbers of \
                  examples. Everything else is in manifest.json."
            .into(),
        ..Table::default()
    }
}

/// The numbers of examples in the validation and test splits of the finished runs: the smallest and
/// the largest, where draws differ in that.
fn split_sizes(analysis: &Analysis<'_>, dataset: &str) -> [String; 2] {
    let runs = || analysis.of_dataset(dataset).flat_map(|(_, cell)| &cell.runs);
    let splits: [fn(&EpochRecord) -> &Metrics; 2] =
        [|epoch| &epoch.validation, |epoch| &epoch.test];
    splits.map(|split| {
        let sizes = || runs().map(|run| split(run.epoch).n);
        match (sizes().min(), sizes().max()) {
            (Some(least), Some(most)) if least == most => least.to_string(),
            (Some(least), Some(most)) => format!("{least} to {most}"),
            _ => NONE.into(),
        }
    })
}

fn properties(preset: &str, spec: &CellSpec, sizes: [String; 2]) -> [String; 10] {
    let [validation, test] = sizes;
    let Protocol { optimizer, schedule, epochs, batch_size, drop_last, selection } = &spec.protocol;
    let mut encoders = Vec::new();
    for branch in &spec.branches {
        encoders.push(format!("{}: {}", branch.modality.name, shown(&branch.encoder)));
    }
    let rate = match (optimizer.params.0.get("lr"), Schedule::of(schedule)) {
        (Some(lr), Ok(Schedule { every, gamma })) => {
            format!("{lr}, × {gamma} every {every} epochs")
        }
        (Some(lr), Err(_)) => format!("{lr}, {}", shown(schedule)),
        (None, _) => shown(schedule),
    };
    let batch =
        if *drop_last { format!("{batch_size}, drop last") } else { batch_size.to_string() };
    [
        preset.to_string(),
        encoders.join("; "),
        optimizer_name(optimizer),
        rate,
        epochs.to_string(),
        batch,
        validation,
        test,
        selection.name().to_string(),
        spec.backend.clone(),
    ]
}

/// The optimizer without its learning rate, which has a column of its own.
fn optimizer_name(part: &Part) -> String {
    match Optimizer::of(part) {
        Ok(Optimizer::Sgd { momentum, weight_decay, .. }) => {
            format!("SGD, momentum {momentum}, weight decay {weight_decay}")
        }
        Ok(Optimizer::Adam { beta1, beta2, weight_decay, .. }) => {
            format!("Adam, betas {beta1}, {beta2}, weight decay {weight_decay}")
        }
        Ok(Optimizer::AdamW { beta1, beta2, weight_decay, .. }) => {
            format!("AdamW, betas {beta1}, {beta2}, weight decay {weight_decay}")
        }
        Err(_) => shown(part),
    }
}

/// A part with all its parameters.
fn shown(part: &Part) -> String {
    let params = part.params.0.iter().map(|(name, value)| format!("{name}={value}"));
    match params.collect::<Vec<_>>().join(", ") {
        params if params.is_empty() => part.name.clone(),
        params => format!("{} ({params})", part.name),
    }
}
