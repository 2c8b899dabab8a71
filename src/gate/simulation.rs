//! The gate tried on simulated suites: how often it cries wolf, and what it finds.
//!
//! Seeds are fixed, so a figure is always the same, and the ones below are those of docs/methodology.md.
#![allow(clippy::print_stdout, reason = "the figures are shown by --nocapture, to be quoted")]

use super::cell::{Judgement, Samples, Strictness, judge};
use super::outcome::Outcome;
use super::*;
use crate::results::fixture::{self, Block};
use crate::stream::Stream;
use crate::task::metric::ACCURACY;

const SUITES: u64 = 2000;
const ACCEPTED: u64 = 10;
/// The standard deviation of a run, as a fraction.
const SD: f64 = 0.01;

/// 24 cells with so many seeds.
fn suite(seeds: u64) -> SuiteInput {
    let block = Block {
        dataset: "digits",
        modalities: &["audio", "image"],
        fusions: &["sum", "concat", "film", "gated"],
        strategies: &[
            "joint",
            "ogm",
            "ogm-ge",
            "opm(q_base=0.7)",
            "modality-dropout",
            "ogm-ge+opm",
        ],
    };
    fixture::suite("simulated", &[block], seeds, 1)
}

/// What scores are drawn from: in `shift` standard deviations, and with a part that all cells of a
/// seed share, so that any two of them correlate by `correlation`.
#[derive(Clone, Copy)]
struct World {
    shift: f64,
    correlation: f64,
}

const NOTHING: World = World { shift: 0.0, correlation: 0.0 };

fn draw(input: &mut SuiteInput, world: World, stream: &mut Stream) {
    let shared: Vec<f64> = (0..input.cells[0].records.len())
        .map(|_| world.correlation.sqrt() * stream.normal())
        .collect();
    for cell in &mut input.cells {
        for (record, shared) in cell.records.iter_mut().zip(&shared) {
            let own = (1.0 - world.correlation).sqrt() * stream.normal();
            let accuracy = 0.7 + SD * (world.shift + shared + own);
            record.epochs[0].test.set("accuracy", accuracy);
        }
    }
}

/// The outcomes of checks with `seeds` new runs a cell, and `further` ones for the second look.
fn outcomes(seeds: u64, further: u64, margin: f64, world: World) -> Vec<Check> {
    let looks = if 0 < further { 2 } else { 1 };
    let policy = Policy { exact: false, strict: false, margin, alpha: 0.05, looks };
    let (mut accepted, mut new) = (suite(ACCEPTED), suite(seeds + further));
    let mut baseline = Baseline::of(&accepted, ACCURACY, margin, "").unwrap();
    let once = |i| {
        let mut stream = Stream::new(i, "gate/simulation");
        draw(&mut accepted, NOTHING.with(world.correlation), &mut stream);
        for (cell, drawn) in baseline.cells.iter_mut().zip(&accepted.cells) {
            for (run, record) in cell.runs.iter_mut().zip(&drawn.records) {
                run.score = record.epochs[0].test.get("accuracy").unwrap();
            }
        }
        draw(&mut new, world, &mut stream);
        let first = truncated(&new, seeds, |_| true);
        let check = super::check(&first, &baseline, policy).unwrap();
        if further == 0 || check.outcome() != Outcome::Inconclusive {
            return check;
        }
        let open: Vec<_> = check.open().map(|cell| cell.id.clone()).collect();
        let second = truncated(&new, seeds, |cell| !open.contains(&cell.id));
        super::check(&second, &baseline, policy).unwrap()
    };
    (0..SUITES).map(once).collect()
}

impl World {
    fn with(self, correlation: f64) -> Self {
        Self { correlation, ..self }
    }
}

/// The suite with only the first seeds of the cells that are chosen.
fn truncated(input: &SuiteInput, seeds: u64, chosen: impl Fn(&CellInput) -> bool) -> SuiteInput {
    let mut input = input.clone();
    for cell in input.cells.iter_mut().filter(|cell| chosen(cell)) {
        cell.records.truncate(seeds as usize);
        cell.seeds.truncate(seeds as usize);
    }
    input
}

fn rate(checks: &[Check], holds: impl Fn(&Check) -> bool) -> f64 {
    checks.iter().filter(|check| holds(check)).count() as f64 / checks.len() as f64
}

/// Three standard deviations above `level`, as many suites show it.
fn at_most(level: f64) -> f64 {
    level + 3.0 * (level * (1.0 - level) / SUITES as f64).sqrt()
}

/// Without a margin every false drop counts: the worst case.
#[test]
fn false_alarms_are_as_rare_as_stated() {
    for (seeds, further, correlation) in [(3, 0, 0.0), (3, 0, 0.3), (3, 2, 0.3)] {
        let checks = outcomes(seeds, further, 0.0, NOTHING.with(correlation));
        let regressed = rate(&checks, |check| check.outcome() == Outcome::Regressed);
        let cells = rate(&checks, |check| check.with(Judgement::Regressed).next().is_some());
        let whole = rate(&checks, Check::whole_regressed);
        println!(
            "{seeds}+{further} seeds, correlation {correlation}: {regressed:.4} regressed; \
             cells {cells:.4}, suite {whole:.4}"
        );
        assert!(regressed <= at_most(0.05), "{regressed}");
        assert!(cells <= at_most(0.025) && whole <= at_most(0.025), "{cells} {whole}");
        // The test has teeth: it does not merely never alarm.
        assert!(0.01 < regressed, "{regressed}");
    }
}

/// A drop of every cell by 0.6 standard deviations, which hardly any cell shows alone.
#[test]
fn a_small_shift_everywhere_is_found() {
    let checks = outcomes(3, 0, 0.01, World { shift: -0.6, correlation: 0.0 });
    let whole = rate(&checks, Check::whole_regressed);
    let cells = rate(&checks, |check| check.with(Judgement::Regressed).next().is_some());
    println!("0.6 standard deviations everywhere: suite {whole:.4}, any cell {cells:.4}");
    assert!(0.95 < whole && cells < 0.3, "{whole} {cells}");
    // The power that a check tells of itself is the one it has.
    let told = checks.iter().map(|check| {
        let whole = check.whole.unwrap();
        whole.smallest_shift.unwrap() * whole.unit / SD
    });
    let shift = -told.sum::<f64>() / SUITES as f64;
    let found =
        rate(&outcomes(3, 0, 0.01, World { shift, correlation: 0.0 }), Check::whole_regressed);
    println!("{shift:.3} standard deviations everywhere: found {found:.4}");
    assert!((found - crate::stats::power::POWER).abs() < 0.05, "{found}");
}

/// One cell at a one-sided level of 0.05, ten accepted runs and a margin of one standard deviation.
#[test]
fn a_cell_has_the_power_of_the_reference_table() {
    let strictness = Strictness { margin: 1.0, level: 0.05 };
    for (n, expected) in [(3, [0.04, 0.39, 0.88, 0.995]), (5, [0.027, 0.46, 0.955, 1.0])] {
        for (drop, expected) in expected.into_iter().enumerate() {
            let mut stream = Stream::new(n, &format!("gate/power/{drop}"));
            let mut regressed = 0;
            for _ in 0..SUITES {
                let mut runs =
                    |n, mean: f64| -> Vec<f64> { (0..n).map(|_| mean + stream.normal()).collect() };
                let samples = Samples {
                    new: runs(n, -(drop as f64)),
                    accepted: runs(ACCEPTED, 0.0),
                    floor: 0.0,
                };
                let verdict = judge(&[samples.compare().unwrap()], &strictness)[0].0;
                regressed += u64::from(verdict == Judgement::Regressed);
            }
            let found = regressed as f64 / SUITES as f64;
            println!("{n} seeds, {drop} standard deviations down: {found:.4}");
            assert!((found - expected).abs() < 0.035, "{n} seeds, {drop} down: {found}");
        }
    }
}
