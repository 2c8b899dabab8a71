//! The tables of a report.

use crate::figure::data::{Role, distinct};
use crate::protocol::{Optimizer, Protocol, Selection};
use crate::report::analysis::{Analysis, Cell};
use crate::report::compare::Verdict;
use crate::report::document::{Column, Entry, Rank, Row, Table};
use crate::report::number::{NONE, interval, p_value, percent, points, spread};
use crate::spec::run::RunSpec;

/// How the tables of accuracy are to be read.
pub const READING: &str = "Test accuracy in percent at the selected epoch, mean ± standard \
     deviation (n − 1) over seeds, with 95 % t intervals. Bold and underlined: the highest and \
     second highest mean under one fusion, whether or not they can be told apart. † (‡): higher \
     (lower) than joint training after Holm's correction over all comparisons of the report. Δ \
     joint: mean difference to joint training under the same fusion, paired by seed, in points. \
     Detectable Δ: the smallest difference that a one-sided test at 5 % finds four times in five. \
     Imbalance: largest less smallest Shapley contribution of a modality, in points.";

/// The main table of one data set: a row per cell.
pub fn dataset(analysis: &Analysis<'_>, dataset: &str) -> Table {
    let columns = vec![
        Column::words("Fusion"),
        Column::words("Strategy"),
        Column::number("n"),
        Column::number("Accuracy (%)"),
        Column::number("95 % interval"),
        Column::number("Δ joint"),
        Column::number("95 % interval"),
        Column::number("p (Holm)"),
        Column::number("Detectable Δ"),
        Column::number("Macro F1 (%)"),
        Column::number("Imbalance"),
    ];
    let mut last_fusion = None;
    let rows = analysis.of_dataset(dataset).map(|(place, cell)| {
        let starts_group =
            last_fusion.replace(cell.fusion().to_string()) != Some(cell.fusion().to_string());
        let comparison = analysis.comparison(place);
        let test = comparison.and_then(|comparison| comparison.paired);
        let planned = cell.runs.len() + cell.failures.len();
        let n = match cell.failures.len() {
            0 => planned.to_string(),
            _ => format!("{} of {planned}", cell.runs.len()),
        };
        let entries = vec![
            Entry::plain(cell.fusion()),
            Entry::plain(&cell.strategy),
            Entry::plain(n),
            accuracy(analysis, place, cell),
            Entry::plain(interval(cell.accuracy.and_then(|a| a.interval), percent)),
            Entry::plain(test.map_or(NONE.into(), |test| points(test.difference.mean))),
            Entry::plain(interval(test.and_then(|test| test.difference.interval), points)),
            Entry::plain(p_value(comparison.and_then(|comparison| comparison.holm))),
            Entry::plain(test.and_then(|test| test.smallest_effect).map_or(NONE.into(), percent)),
            Entry::plain(spread(cell.macro_f1)),
            Entry::plain(spread(cell.imbalance.filter(|_| cell.role != Role::Unimodal))),
        ];
        Row { entries, starts_group }
    });
    Table {
        stem: Some(slug(dataset)),
        rows: rows.collect(),
        columns,
        caption: format!("{dataset}: every strategy and fusion."),
        note: READING.into(),
    }
}

/// Accuracy of every strategy and fusion on every data set.
pub fn overall(analysis: &Analysis<'_>) -> Table {
    let datasets = analysis.datasets();
    let multimodal = || analysis.cells.iter().filter(|cell| cell.role != Role::Unimodal);
    let strategies = distinct(multimodal().map(|cell| cell.strategy.as_str()));
    let mut rows = Vec::new();
    for fusion in analysis.fusions() {
        let mut starts_group = true;
        for strategy in &strategies {
            let find = |dataset: &str| {
                analysis.of_dataset(dataset).find(|(_, cell)| {
                    cell.role != Role::Unimodal
                        && cell.input.fusion == fusion
                        && cell.strategy == *strategy
                })
            };
            let found: Vec<_> = datasets.iter().map(|dataset| find(dataset)).collect();
            if found.iter().all(Option::is_none) {
                continue;
            }
            let mut entries = vec![Entry::plain(fusion), Entry::plain(*strategy)];
            entries.extend(found.into_iter().map(|cell| match cell {
                None => Entry::plain(""),
                Some((place, cell)) => accuracy(analysis, place, cell),
            }));
            rows.push(Row { entries, starts_group });
            starts_group = false;
        }
    }
    let words = ["Fusion", "Strategy"].map(Column::words);
    let numbers = datasets.iter().map(|dataset| Column::number(dataset));
    Table {
        stem: Some("overall".into()),
        columns: words.into_iter().chain(numbers).collect(),
        rows,
        caption:
            "Test accuracy of every strategy and fusion on every data set. Empty: not planned."
                .into(),
        note: READING.into(),
    }
}

/// Accuracy of every cell under each selection rule.
pub fn selection(analysis: &Analysis<'_>) -> Table {
    let mut last_dataset = None;
    let rows = analysis.cells.iter().map(|cell| {
        let words = [cell.input.dataset.as_str(), cell.fusion(), cell.strategy.as_str()];
        let numbers = cell.by_selection.into_iter().map(|estimate| Entry::plain(spread(estimate)));
        let starts_group = last_dataset.replace(words[0].to_string()) != Some(words[0].into());
        Row { entries: words.map(Entry::plain).into_iter().chain(numbers).collect(), starts_group }
    });
    Table {
        stem: Some("selection".into()),
        rows: rows.collect(),
        columns: vec![
            Column::words("Data set"),
            Column::words("Fusion"),
            Column::words("Strategy"),
            Column::number("last"),
            Column::number("best-val"),
            Column::number("best-test (optimistic)"),
        ],
        note: String::new(),
        caption: "Test accuracy (%) of the same runs by the rule that selects the epoch, mean ± \
                  standard deviation. best-test is optimistic: selected on test, for comparison \
                  with old papers only."
            .into(),
    }
}

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
        let entries = protocol_entries(cell.input.dataset.as_str(), &cell.input.spec);
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
        "Selection",
        "Backend",
    ];
    let columns = titles.map(|title| Column {
        title: title.into(),
        is_number: matches!(title, "Epochs" | "Batch"),
    });
    Table {
        stem: Some("protocol".into()),
        columns: columns.into(),
        rows,
        note: String::new(),
        caption: "What every compared run of a data set shares. Everything else is in \
                  manifest.json."
            .into(),
    }
}

fn protocol_entries(dataset: &str, spec: &RunSpec) -> Vec<Entry> {
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
        selection_name(*selection).to_string(),
        spec.backend.clone(),
    ]
    .map(Entry::plain)
    .into()
}

/// The planned runs without a usable result.
pub fn failures(analysis: &Analysis<'_>) -> Option<Table> {
    let rows: Vec<Row> = analysis
        .cells
        .iter()
        .flat_map(|cell| cell.failures.iter().map(move |failure| (cell, failure)))
        .map(|(cell, (seed, why))| {
            let seed = seed.to_string();
            let words = [cell.input.dataset.as_str(), cell.fusion(), &cell.strategy, &seed, why];
            Row { entries: words.map(Entry::plain).into(), starts_group: false }
        })
        .collect();
    let titles = ["Data set", "Fusion", "Strategy", "Seed", "Reason"];
    (!rows.is_empty()).then(|| Table {
        stem: None,
        columns: titles.map(Column::words).into(),
        rows,
        note: String::new(),
        caption: "Runs without a usable result.".into(),
    })
}

/// Mean ± standard deviation, ranked among the cells of the same data set and fusion, and marked
/// where it can be told from joint training.
fn accuracy(analysis: &Analysis<'_>, place: usize, cell: &Cell<'_>) -> Entry {
    let mark = match analysis.comparison(place).map(|comparison| comparison.verdict) {
        Some(Verdict::Positive) => "†",
        Some(Verdict::Negative) => "‡",
        _ => "",
    };
    let text = match cell.accuracy {
        None => "missing".to_string(),
        accuracy => format!("{}{mark}", spread(accuracy)),
    };
    Entry { text, rank: rank(analysis, cell) }
}

fn rank(analysis: &Analysis<'_>, cell: &Cell<'_>) -> Rank {
    let Some(own) = cell.accuracy.filter(|_| cell.role != Role::Unimodal) else {
        return Rank::None;
    };
    let rivals: Vec<f64> = analysis
        .of_dataset(&cell.input.dataset)
        .filter(|(_, other)| {
            other.role != Role::Unimodal && other.input.fusion == cell.input.fusion
        })
        .filter_map(|(_, other)| Some(other.accuracy?.mean))
        .collect();
    let better = rivals.iter().filter(|rival| own.mean < **rival).count();
    match better {
        0 if rivals.len() > 1 => Rank::Best,
        1 if rivals.len() > 2 => Rank::Second,
        _ => Rank::None,
    }
}

/// The name of a selection rule, as a suite writes it.
pub fn selection_name(selection: Selection) -> &'static str {
    match selection {
        Selection::Last => "last",
        Selection::BestVal => "best-val",
        Selection::BestTest => "best-test",
    }
}

/// A label as part of a file name: letters, digits and single hyphens.
pub fn slug(label: &str) -> String {
    let words: Vec<&str> =
        label.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-").to_ascii_lowercase()
}
