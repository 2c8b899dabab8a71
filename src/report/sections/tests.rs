use super::*;
use crate::record::metrics;
use crate::results::fixture;
use crate::results::input::SuiteInput;
use crate::results::items::Items;
use crate::stream::Stream;
use crate::train::observer::OBSERVERS;

/// Runs with every observer, and what they predict item by item: strategies better than joint training.
fn observed() -> SuiteInput {
    let mut input = fixture::small();
    for cell in &mut input.cells {
        let noise = OBSERVERS.iter().find(|entry| entry.name == "noise").unwrap();
        cell.spec.observe = vec![noise.defaults()];
        let names: Vec<String> =
            cell.spec.branches.iter().map(|branch| branch.modality.name.clone()).collect();
        for record in &mut cell.records {
            for epoch in &mut record.epochs {
                for name in &names {
                    epoch.test.set(&metrics::noisy(ACCURACY, name, 1.0), 0.25);
                    epoch.train.insert(format!("joint-gradient.{name}"), 1.0);
                    epoch.train.insert(format!("unimodal-gradient.{name}"), 4.0);
                    epoch.train.insert(format!("gradient-cosine.{name}"), -0.5);
                }
            }
            let reach = if cell.spec.strategy.name == "joint" { 1.0 } else { 3.0 };
            let mut stream = Stream::new(record.spec.seed, "items");
            let labels: Vec<f64> = (0..400).map(|item| f64::from(item % 3)).collect();
            let logits = labels.iter().flat_map(|label| {
                let signal = |class| if f64::from(class) == *label { reach } else { 0.0 };
                (0..3).map(signal).collect::<Vec<f64>>()
            });
            let logits: Vec<f64> = logits.map(|signal| signal + stream.normal()).collect();
            let items = Items::new(&logits, &labels, 3).unwrap();
            cell.items.insert(record.spec.seed, items);
        }
    }
    input
}

fn tables(input: &SuiteInput, title: &str) -> Vec<Table> {
    let section = SECTIONS.iter().find(|section| section.title == title).unwrap();
    (section.tables)(&Analysis::new(input))
}

#[test]
fn every_analysis_has_rows_of_as_many_entries_as_columns() {
    let input = observed();
    for section in SECTIONS {
        let tables = tables(&input, section.title);
        assert!(!tables.is_empty(), "{}", section.title);
        for table in tables {
            assert!(!table.rows.is_empty() && table.stem.is_some());
            for row in &table.rows {
                assert_eq!(row.entries.len(), table.columns.len(), "{}", section.title);
            }
        }
    }
}

#[test]
fn without_observers_and_items_their_analyses_are_left_out() {
    let input = fixture::tiny();
    let shown = SECTIONS.iter().filter(|section| !tables(&input, section.title).is_empty());
    let shown: Vec<&str> = shown.map(|section| section.title).collect();
    assert_eq!(shown, ["A modality missing in testing", "What the encoders have learned", "Cost"]);
}

#[test]
fn what_is_counted_and_compared_stands_in_the_tables() {
    let input = observed();
    let row = |title: &str, strategy: &str| {
        let tables = tables(&input, title);
        let is_of = |row: &&Row| row.entries.iter().any(|entry| entry.text.starts_with(strategy));
        let row = tables[0].rows.iter().find(is_of).unwrap();
        row.entries.iter().map(|entry| entry.text.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        row("Gradients of the joint loss and of each modality's own", "ogm")[4..],
        ["1.000 ± 0.000", "4.000 ± 0.000", "−0.5000 ± 0.0000"]
    );
    assert_eq!(row("Cost", "joint")[5..8], ["1.00", "1.00", "1.00"]);
    let pairs = row("Item by item against joint training", "opm");
    assert_eq!(pairs[5], "5 of 5", "{pairs:?}");
    assert_eq!(pairs[6], "0 of 5");
    assert_eq!(row("A modality noisy in testing", "joint")[5], "25.0 ± 0.0");
}
