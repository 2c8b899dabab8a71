//! How far the runs are: bars on a terminal, else a line for every run that comes to an end.

use crate::cli::output;
use crate::exec::scheduler::{Progress, Step};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

const TOTAL: &str = "{bar:24} {pos}/{len} runs  {elapsed_precise}  {msg}";
const WORKER: &str = "  {bar:22} {msg}";

/// The display of a suite's progress on stderr.
pub(super) struct Display {
    bars: Option<Bars>,
}

struct Bars {
    all: MultiProgress,
    total: ProgressBar,
    workers: Vec<ProgressBar>,
}

impl Display {
    /// A display for up to `jobs` workers.
    pub(super) fn new(jobs: usize) -> Self {
        Self { bars: std::io::stderr().is_terminal().then(|| Bars::new(jobs)) }
    }

    /// Shows a step.
    pub(super) fn show(&self, progress: &Progress<'_>) {
        match &self.bars {
            Some(bars) => bars.show(progress),
            None => {
                if let Some(line) = line(progress) {
                    output::note(&line);
                }
            }
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some(bars) = &self.bars {
            // Only the terminal itself could fail here.
            let _ = bars.all.clear();
        }
    }
}

impl Bars {
    fn new(jobs: usize) -> Self {
        let all = MultiProgress::new();
        let total = all.add(bar(TOTAL));
        total.enable_steady_tick(Duration::from_secs(1));
        let workers = (0..jobs).map(|_| all.add(bar(WORKER))).collect();
        Self { all, total, workers }
    }

    fn show(&self, progress: &Progress<'_>) {
        self.total.set_length(progress.total as u64);
        self.total.set_position(progress.settled as u64);
        self.total.set_message(standing(progress).join(", "));
        let Some(worker) = self.workers.get(progress.lane) else { return };
        match progress.step {
            Step::Started => worker.set_message(progress.label.to_string()),
            Step::Epoch { epoch, epochs, validation } => {
                worker.set_length(*epochs as u64);
                worker.set_position(*epoch as u64);
                let accuracy = percent(*validation);
                worker.set_message(format!(
                    "{}, epoch {epoch} of {epochs}, validation {accuracy}",
                    progress.label
                ));
            }
            Step::Failed(_) => {
                idle(worker);
                if let Some(line) = line(progress) {
                    let _ = self.all.println(line);
                }
            }
            Step::Held | Step::Crowded | Step::FinishedElsewhere | Step::Finished { .. } => {
                idle(worker);
            }
        }
    }
}

fn idle(worker: &ProgressBar) {
    worker.set_position(0);
    worker.set_message("");
}

fn bar(template: &str) -> ProgressBar {
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    // A bar of length zero would be drawn full.
    ProgressBar::new(1).with_style(style)
}

/// The line for a step that a log should hold.
fn line(progress: &Progress<'_>) -> Option<String> {
    let what = match progress.step {
        Step::Started | Step::Epoch { .. } => return None,
        Step::Held => "another process works on it".to_string(),
        Step::Crowded => "too little memory beside the other runs; one job fewer here".to_string(),
        Step::FinishedElsewhere => "finished by another process".to_string(),
        Step::Finished { accuracy, took } => {
            let accuracy = accuracy.map_or("finished".to_string(), percent);
            format!("{accuracy} in {}", output::duration(*took))
        }
        Step::Failed(failure) => failure.to_string(),
    };
    let standing = standing(progress);
    let standing =
        if standing.is_empty() { String::new() } else { format!(" ({})", standing.join(", ")) };
    let place = format!("[{}/{}]{standing}", progress.settled, progress.total);
    Some(format!("{place} {}: {what}", progress.label))
}

/// How many runs failed, and the time left.
fn standing(progress: &Progress<'_>) -> Vec<String> {
    let failed = (0 < progress.failed).then(|| format!("{} failed", progress.failed));
    let left = progress.left.filter(|_| progress.settled < progress.total);
    let left = left.map(|left| format!("{} left", output::duration(left)));
    failed.into_iter().chain(left).collect()
}

fn percent(fraction: f64) -> String {
    format!("{:.1} %", 100.0 * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::run::RunId;
    use crate::store::failure::{Failure, FailureKind};

    fn line_of(step: Step) -> Option<String> {
        let failed = usize::from(matches!(step, Step::Failed(_)));
        line(&Progress {
            lane: 0,
            id: &RunId("0123456789abcdef".into()),
            label: "toy concat ogm, seed 3",
            step: &step,
            settled: 12,
            failed,
            total: 540,
            elapsed: Duration::from_secs(60),
            left: Some(Duration::from_secs(7800)),
        })
    }

    #[test]
    fn a_finished_run_is_a_line_with_place_accuracy_and_time() {
        let took = Duration::from_secs(41);
        assert_eq!(
            line_of(Step::Finished { accuracy: Some(0.6244), took }).unwrap(),
            "[12/540] (2 h 10 min left) toy concat ogm, seed 3: 62.4 % in 41 s"
        );
        assert_eq!(line_of(Step::Started), None);
    }

    #[test]
    fn a_failed_run_is_a_line_with_the_reason() {
        let failure = Failure {
            kind: FailureKind::Crashed,
            message: "the worker ended with exit status 3".into(),
            status: Some(3),
            signal: None,
            log: vec!["last words".into()],
        };
        assert_eq!(
            line_of(Step::Failed(failure)).unwrap(),
            "[12/540] (1 failed, 2 h 10 min left) toy concat ogm, seed 3: \
             crashed: the worker ended with exit status 3"
        );
    }

    #[test]
    fn the_templates_are_well_formed() {
        for template in [TOTAL, WORKER] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
