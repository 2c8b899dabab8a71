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

/// The protocol of every data set: a row per distinct one.
pub fn protocol(analysis: &Analysis<'_>) -> Table {
    let mut rows: Vec<Row> = Vec::new();
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
        let entries =
            protocol_entries(&cell.input.dataset, &cell.input.preset, &cell.input.spec, sizes);
        if rows.iter().all(|row| row.entries != entries) {
            rows.push(Row { entries, starts_group: false });
        }
    }
    let titles = [
        "Data set",
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
    let columns = titles.map(|title| Column {
        title: title.into(),
        is_number: matches!(title, "Epochs" | "Batch" | "Validation" | "Test"),
    });
    Table {
        stem: Some(names::PROTOCOL.into()),
        columns: columns.into(),
        rows,
        note: String::new(),
        caption: "What every compared run of a data set shares. Validation, Test: numbers of \
                  examples. Everything else is in manifest.json."
            .into(),
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

fn protocol_entries(
    dataset: &str,
    preset: &str,
    spec: &CellSpec,
    sizes: [String; 2],
) -> Vec<Entry> {
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
        dataset.to_string(),
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
    .map(Entry::plain)
    .into()
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
