//! Tables of the parts and of what they are measured by.

use crate::data::DATASETS;
use crate::document::splice::table;
use crate::model::encoder::ENCODERS;
use crate::model::fusion::FUSIONS;
use crate::model::score::ESTIMATORS;
use crate::protocol::parts::{OPTIMIZERS, SCHEDULES};
use crate::protocol::presets::PRESETS;
use crate::record::metrics::SHARES;
use crate::registry::{Entry, Fallback, Param, Part, Value, find};
use crate::strategy::STRATEGIES;
use crate::suite::catalog::PartInfo;
use crate::task::TASKS;
use crate::task::metric::METRICS;
use crate::train::observer::OBSERVERS;

/// The parts of one kind.
struct Sort {
    /// The name of the block with its tables.
    block: &'static str,
    /// In the plural, as a reader says it.
    title: &'static str,
    parts: Vec<PartInfo>,
}

/// Every sort of part, in the order of a suite's keys.
fn sorts() -> Vec<Sort> {
    let sort = |block, title, parts| Sort { block, title, parts };
    vec![
        sort("datasets", "data sets", of(DATASETS)),
        sort("tasks", "tasks", of(TASKS)),
        sort("encoders", "encoders", of(ENCODERS)),
        sort("fusions", "fusions", of(FUSIONS)),
        sort("strategies", "strategies", of(STRATEGIES)),
        sort("estimators", "score estimators", of(ESTIMATORS)),
        sort("observers", "observers", of(OBSERVERS)),
        sort("optimizers", "optimizers", of(OPTIMIZERS)),
        sort("schedules", "schedules", of(SCHEDULES)),
    ]
}

/// A further column: its title, and what it holds for the part of a name.
type Further = (&'static str, fn(&str) -> String);

fn of<B>(entries: &[Entry<B>]) -> Vec<PartInfo> {
    entries.iter().map(PartInfo::of).collect()
}

fn code(text: impl std::fmt::Display) -> String {
    format!("`{text}`")
}

fn codes<T: std::fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(code).collect::<Vec<_>>().join(", ")
}

/// The block called `name`, if it is one of these.
pub(super) fn block(name: &str) -> Option<String> {
    Some(match name {
        "parts" => overview(),
        "terms" => terms(),
        "metrics" => metrics(),
        "presets" => presets(),
        name => {
            let sort = sorts().into_iter().find(|sort| sort.block == name)?;
            let further: Option<Further> = match name {
                "tasks" => Some(("judged by", judged)),
                "fusions" => Some(("scores where a suite names no estimator", scores)),
                _ => None,
            };
            tables(&sort.parts, further)
        }
    })
}

/// The names of everything, a line for every sort.
fn overview() -> String {
    let rows = sorts()
        .into_iter()
        .map(|sort| vec![sort.title.to_string(), codes(sort.parts.iter().map(|part| part.name))]);
    let metrics = vec![
        "metrics".to_string(),
        codes(METRICS.iter().map(|metric| metric.name).chain(SHARES.map(|(name, _)| name))),
    ];
    let presets = vec!["protocols".to_string(), codes(PRESETS.iter().map(|preset| preset.name))];
    table(&["", "names"], rows.chain([metrics, presets]))
}

/// What the parts are and, in a second table, what can be set of them.
fn tables(parts: &[PartInfo], further: Option<Further>) -> String {
    let mut head = vec!["name", "what it is"];
    head.extend(further.map(|(title, _)| title));
    let parts_table = table(
        &head,
        parts.iter().map(|part| {
            let mut row = vec![code(part.name), part.summary.to_string()];
            row.extend(further.map(|(_, of)| of(part.name)));
            row
        }),
    );
    let mut params: Vec<(&Param, [String; 2], Vec<&str>)> = Vec::new();
    for part in parts {
        for param in part.params {
            let values = [fallback(param.default), param.domain.to_string()];
            let same = params.iter_mut().find(|(other, other_values, _)| {
                other.name == param.name
                    && other.summary == param.summary
                    && *other_values == values
            });
            match same {
                Some((_, _, of)) => of.push(part.name),
                None => params.push((param, values, vec![part.name])),
            }
        }
    }
    if params.is_empty() {
        return parts_table;
    }
    let rows = params.into_iter().map(|(param, [default, values], of)| {
        vec![code(param.name), codes(of), param.summary.to_string(), values, default]
    });
    let head = ["parameter", "of", "what it is", "values", "default"];
    format!("{parts_table}\n\n{}", table(&head, rows))
}

/// A default as a suite writes it.
fn fallback(default: Fallback) -> String {
    match default {
        Fallback::List(names) => code(format!("[{}]", names.join(", "))),
        default => code(Value::from(default)),
    }
}

fn judged(task: &str) -> String {
    find("task", TASKS, task).map_or(String::new(), |entry| code(entry.build.primary.name))
}

fn scores(fusion: &str) -> String {
    find("fusion", FUSIONS, fusion).map_or(String::new(), |entry| code(entry.build.default_scores))
}

/// Where the data come from and under which terms.
fn terms() -> String {
    let rows = DATASETS.iter().map(|entry| {
        let sources = entry.build.origin.sources().iter();
        let packages =
            sources.map(|source| format!("{} {}", source.client.name(), source.folder()));
        vec![code(entry.name), codes(packages), entry.build.licence.to_string()]
    });
    table(&["data set", "packages", "terms, as far as the packages state them"], rows)
}

fn metrics() -> String {
    table(
        &["metric", "what it is"],
        METRICS
            .iter()
            .map(|metric| (metric.name, metric.summary))
            .chain(SHARES)
            .map(|(name, summary)| vec![code(name), summary.to_string()]),
    )
}

/// The presets with everything written out.
fn presets() -> String {
    let settings = |part: &Part| {
        let settings = part.params.0.iter().map(|(name, value)| format!("{name} {value}"));
        format!("`{}`: {}", part.name, settings.collect::<Vec<_>>().join(", "))
    };
    let rows = PRESETS.iter().map(|preset| {
        let protocol = preset.protocol();
        vec![
            code(preset.name),
            preset.summary.to_string(),
            settings(&protocol.optimizer),
            settings(&protocol.schedule),
            protocol.epochs.to_string(),
            protocol.batch_size.to_string(),
        ]
    });
    table(&["preset", "what it is", "optimizer", "schedule", "epochs", "batch"], rows)
}
