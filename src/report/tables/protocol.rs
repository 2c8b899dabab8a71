//! The protocol of every data set.

use super::selection_name;
use crate::figure::data::Role;
use crate::protocol::{Optimizer, Protocol};
use crate::report::analysis::Analysis;
use crate::report::document::{Column, Entry, Row, Table};
use crate::report::names;
use crate::report::number::NONE;
use crate::spec::run::RunSpec;

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
        let entries = protocol_entries(cell.input.dataset.as_str(), &cell.input.spec, sizes);
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

/// The numbers of examples in the validation and test splits, from any finished run.
fn split_sizes(analysis: &Analysis<'_>, dataset: &str) -> [String; 2] {
    let mut runs = analysis.of_dataset(dataset).flat_map(|(_, cell)| &cell.runs);
    runs.next().map_or([NONE.into(), NONE.into()], |run| {
        [&run.epoch.validation, &run.epoch.test].map(|metrics| metrics.n.to_string())
    })
}

fn protocol_entries(dataset: &str, spec: &RunSpec, sizes: [String; 2]) -> Vec<Entry> {
    let [validation, test] = sizes;
    let Protocol { name, optimizer, schedule, epochs, batch_size, drop_last, selection, .. } =
        &spec.protocol;
    let mut encoders = Vec::new();
    for branch in &spec.branches {
        let params = branch.encoder.params.0.iter().map(|(name, value)| format!("{name}={value}"));
        let params = params.collect::<Vec<_>>().join(", ");
        let params = if params.is_empty() { params } else { format!(" ({params})") };
        encoders.push(format!("{}: {}{params}", branch.modality.name, branch.encoder.name));
    }
    let (optimizer, lr) = match optimizer {
        Optimizer::Sgd { lr, momentum, weight_decay } => {
            (format!("SGD, momentum {momentum}, weight decay {weight_decay}"), lr)
        }
        Optimizer::Adam { lr, beta1, beta2, weight_decay, .. } => {
            (format!("Adam, betas {beta1}, {beta2}, weight decay {weight_decay}"), lr)
        }
        Optimizer::AdamW { lr, beta1, beta2, weight_decay, .. } => {
            (format!("AdamW, betas {beta1}, {beta2}, weight decay {weight_decay}"), lr)
        }
    };
    let rate = format!("{lr}, × {} every {} epochs", schedule.gamma, schedule.every);
    let batch =
        if *drop_last { format!("{batch_size}, drop last") } else { batch_size.to_string() };
    [
        dataset.to_string(),
        name.clone(),
        encoders.join("; "),
        optimizer,
        rate,
        epochs.to_string(),
        batch,
        validation,
        test,
        selection_name(*selection).to_string(),
        spec.backend.clone(),
    ]
    .map(Entry::plain)
    .into()
}
