//! The kill test: SIGKILL to workers and to the program at random moments, again and again.
//!
//! `COUNTERPOISE_KILLS` is the number of kills, 8 where it is not given:
//!
//! ```text
//! COUNTERPOISE_KILLS=60 cargo test --test program kills -- --nocapture
//! ```
//!
//! Victims and moments come from a keyed stream; what a process does at such a moment differs from
//! call to call, and must not matter. Linux, where processes are found in /proc.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "the figures are shown by --nocapture, to be quoted")]

use crate::bench::{Bench, PROGRAM};
use crate::processes::{await_some, inside, kill};
use crate::suites::{TINY, edit};
use counterpoise::stream::Stream;
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const JOBS: u32 = 2;

/// What was done to a store, and what came of it.
#[derive(Debug, Default)]
struct Figures {
    workers: usize,
    programs: usize,
    /// Of both: those in the first milliseconds, and those with a record written and not published.
    at_start: usize,
    publishing: usize,
    /// Programs that were done with their runs before their moment came.
    survivors: usize,
}

/// Two strategies with as many seeds as there are kills: a kill waits for half a run's time on
/// average, so that the runs outlast the kills.
fn suite(kills: usize) -> String {
    let seeds: Vec<String> = (0..kills).map(|seed| seed.to_string()).collect();
    let text = edit(TINY, "epochs: 2", "epochs: 200");
    edit(&text, "seeds: [0, 1]", &format!("seeds: [{}]", seeds.join(", ")))
}

fn start(bench: &Bench) -> Child {
    Command::new(PROGRAM)
        .args(["suite", "tiny", "--jobs", &JOBS.to_string()])
        .current_dir(bench.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn is_running(program: &mut Child) -> bool {
    program.try_wait().unwrap().is_none()
}

/// The process ids of the workers, also of those whose program is gone.
fn workers(bench: &Bench, program: &Child) -> Vec<u32> {
    let mut ids = inside(&bench.path(""));
    ids.retain(|id| *id != program.id());
    ids
}

/// Whether a run has its record and is not in the store yet.
fn is_publishing(bench: &Bench) -> bool {
    let mut attempts = bench.attempts("runs").into_iter();
    attempts.any(|attempt| bench.path(&format!("{attempt}/record.json")).exists())
}

/// Waits for the moment of a kill. A run takes about `span`.
fn await_moment(
    bench: &Bench,
    program: &mut Child,
    moments: &mut Stream,
    span: Duration,
    figures: &mut Figures,
) {
    match moments.below(4) {
        0 => figures.at_start += 1,
        1 => {
            let begun = Instant::now();
            while begun.elapsed() < span * 3 && is_running(program) {
                if is_publishing(bench) {
                    figures.publishing += 1;
                    return;
                }
            }
        }
        _ => std::thread::sleep(span.mul_f64(moments.uniform())),
    }
}

/// Starts the program, kills one of its workers and then itself, each at a moment of its own.
fn strike(bench: &Bench, moments: &mut Stream, span: Duration, figures: &mut Figures) {
    let mut program = start(bench);
    // Every third program is killed without its worker having been: also before it has any.
    if 0 < moments.below(3) {
        await_some("a worker", || {
            (!workers(bench, &program).is_empty() || !is_running(&mut program)).then_some(())
        });
        await_moment(bench, &mut program, moments, span, figures);
        let ids = workers(bench, &program);
        if let Some(id) = ids.get(moments.below(ids.len().max(1) as u64) as usize) {
            figures.workers += usize::from(kill(*id));
        }
    }
    await_moment(bench, &mut program, moments, span, figures);
    // It may have come to its end meanwhile.
    let _ = program.kill();
    match program.wait().unwrap().signal() {
        Some(9) => figures.programs += 1,
        _ => figures.survivors += 1,
    }
    await_some("the end of the orphaned workers", || {
        workers(bench, &program).is_empty().then_some(())
    });
}

/// The record of every finished run, by the run's id.
fn records(bench: &Bench) -> BTreeMap<String, String> {
    let ids = bench.roots("runs").into_keys();
    ids.map(|id| (id.clone(), bench.read(&format!("runs/{id}/record.json")))).collect()
}

/// Every run that was finished before is as it was, and the store can be used.
fn inspect(bench: &Bench, before: &BTreeMap<String, String>, runs: usize) {
    let now = records(bench);
    for (id, record) in before {
        assert_eq!(now.get(id), Some(record), "the finished run {id} is lost or changed");
    }
    // Just after its first start, the program may not have come to make a store.
    let plan = format!("{runs} runs, {} of them to train", runs - now.len());
    bench.run("suite tiny --plan").exits(0).says(&plan);
}

fn report_root(bench: &Bench) -> String {
    let versions = bench.names("reports/tiny");
    let newest = versions.iter().max_by_key(|name| name[1..].parse::<usize>().unwrap()).unwrap();
    let manifest = bench.read(&format!("reports/tiny/{newest}/manifest.json"));
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    manifest["root"].as_str().unwrap().to_string()
}

#[test]
fn no_kill_loses_a_run_or_changes_a_bit() {
    let wanted = std::env::var("COUNTERPOISE_KILLS").map_or(8, |text| text.parse().unwrap());
    let runs = 2 * wanted;
    let undisturbed = Bench::with(&suite(wanted));
    let begun = Instant::now();
    undisturbed.run(&format!("suite tiny --jobs {JOBS}")).exits(0);
    let span = begun.elapsed() * JOBS / runs as u32;

    let begun = Instant::now();
    let bench = Bench::with(&suite(wanted));
    let mut moments = Stream::new(0, "kills");
    let mut figures = Figures::default();
    while figures.workers + figures.programs < wanted {
        let before = records(&bench);
        assert!(before.len() < runs, "all runs are done after {figures:?}");
        strike(&bench, &mut moments, span, &mut figures);
        inspect(&bench, &before, runs);
    }
    let finished = records(&bench).len();
    bench.run(&format!("suite tiny --jobs {JOBS}")).exits(0);
    let seconds = begun.elapsed().as_secs_f64();

    assert_eq!(bench.roots("runs"), undisturbed.roots("runs"));
    assert_eq!(report_root(&bench), report_root(&undisturbed));
    for left in [".work", ".failed"] {
        let names: Vec<String> = bench.files(&format!("runs/{left}")).into_keys().collect();
        let folders = bench.names(&format!("runs/{left}"));
        assert!(folders.is_empty(), "{left} holds {folders:?} with {names:?}");
    }
    let logs = bench.roots("runs").into_keys().map(|id| bench.read(&format!("runs/{id}/log.txt")));
    let logs: String = logs.collect();
    let [resumed, anew] =
        ["going on after", "beginning anew"].map(|words| logs.matches(words).count());
    assert!(0 < resumed, "no kill hit a run in the middle: {figures:?}");
    assert_eq!(anew, 0, "a kill damaged a checkpoint");
    let Figures { workers, programs, at_start, publishing, survivors } = figures;
    println!(
        "{} kills in {seconds:.0} s: {workers} of workers, {programs} of the program; {at_start} \
         at once, {publishing} while a run was published; {survivors} programs ended first\n\
         {finished} of {runs} runs finished between kills, 0 lost; runs were taken up in the \
         middle {resumed} times, {anew} checkpoints damaged; all roots equal",
        workers + programs,
    );
}
