//! How far the runs are: bars on a terminal, else a line for every run that comes to an end, and
//! one now and then while none does.

use crate::cli::{output, width};
use crate::document::number::value;
use crate::exec::scheduler::{News, Progress};
use crate::exec::task::Step;
use crate::task::metric::{ACCURACY, Metric};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

const TOTAL: &str = "{bar:16} {pos}/{len} runs  {elapsed_precise}  {wide_msg}";
const WORKER: &str = "  {bar:12} {wide_msg}";

/// The columns of a worker's line before the message.
const BEFORE_MESSAGE: usize = 15;

/// How long there is no line at most where there are no bars.
const SILENCE: Duration = Duration::from_secs(60);

/// The display of a suite's progress on stderr.
pub(super) enum Display {
    Bars(Bars),
    /// How much time had passed at the last line.
    Lines(Duration),
}

pub(super) struct Bars {
    all: MultiProgress,
    total: ProgressBar,
    workers: Vec<ProgressBar>,
}

impl Display {
    /// A display for up to `jobs` workers.
    pub(super) fn new(jobs: usize) -> Self {
        match std::io::stderr().is_terminal() {
            true => Self::Bars(Bars::new(jobs)),
            false => Self::Lines(Duration::ZERO),
        }
    }

    /// Shows a step, or that time has passed.
    pub(super) fn show(&mut self, progress: &Progress<'_>) {
        match self {
            Self::Bars(bars) => bars.show(progress),
            Self::Lines(last) => {
                if let Some(line) = line(progress).or_else(|| heartbeat(progress, *last)) {
                    *last = progress.elapsed;
                    output::note(&line);
                }
            }
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Self::Bars(bars) = self {
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
        let Some(News { lane, label, metric, step, .. }) = &progress.news else { return };
        let Some(worker) = self.workers.get(*lane) else { return };
        match step {
            Step::Started => worker.set_message(message(label, "")),
            Step::Epoch { epoch, epochs, validation } => {
                worker.set_length(*epochs as u64);
                worker.set_position(*epoch as u64);
                let value = shown(*metric, *validation);
                let rest = format!(", epoch {epoch} of {epochs}, validation {value}");
                worker.set_message(message(label, &rest));
            }
            Step::Failed(_) => {
                idle(worker);
                if let Some(line) = line(progress) {
                    let _ = self.all.println(output::fit("", &line));
                }
            }
            Step::Held | Step::Crowded | Step::FinishedElsewhere | Step::Finished { .. } => {
                idle(worker);
            }
        }
    }
}

/// What a worker's line says, the label as long as the terminal allows.
fn message(label: &str, rest: &str) -> String {
    let columns = width::of_stderr().unwrap_or(usize::MAX);
    message_within(columns, label, rest)
}

fn message_within(columns: usize, label: &str, rest: &str) -> String {
    let room = columns.saturating_sub(BEFORE_MESSAGE + width::measure(rest));
    format!("{}{rest}", width::shorten(&output::label(label), room))
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
    let News { label, metric, step, .. } = progress.news.as_ref()?;
    let what = match step {
        Step::Started | Step::Epoch { .. } => return None,
        Step::Held => "another process works on it".to_string(),
        Step::Crowded => "too little memory beside the other runs; one job fewer here".to_string(),
        Step::FinishedElsewhere => "finished by another process".to_string(),
        Step::Finished { value, took } => {
            let value = value.map_or("finished".to_string(), |value| shown(*metric, value));
            format!("{value} in {}", output::duration(*took))
        }
        Step::Failed(failure) => failure.to_string(),
    };
    Some(format!("{} {label}: {what}", place(progress)))
}

/// The line where there has been none since `last`.
fn heartbeat(progress: &Progress<'_>, last: Duration) -> Option<String> {
    if progress.elapsed < last + SILENCE {
        return None;
    }
    let elapsed = output::duration(progress.elapsed);
    Some(format!("{} {} in progress, {elapsed} so far", place(progress), progress.running))
}

/// How many runs are settled, and how it stands.
fn place(progress: &Progress<'_>) -> String {
    let standing = standing(progress);
    let standing =
        if standing.is_empty() { String::new() } else { format!(" ({})", standing.join(", ")) };
    format!("[{}/{}]{standing}", progress.settled, progress.total)
}

/// How many runs failed, and the time left.
fn standing(progress: &Progress<'_>) -> Vec<String> {
    let failed = (0 < progress.failed).then(|| format!("{} failed", progress.failed));
    let left = progress.left.filter(|_| progress.settled < progress.total);
    let left = left.map(|left| format!("{} left", output::duration(left)));
    failed.into_iter().chain(left).collect()
}

/// A value of a metric, with its name where that is not accuracy.
fn shown(metric: Metric, found: f64) -> String {
    let unit = if metric.is_fraction() { " %" } else { "" };
    let name = if metric == ACCURACY { String::new() } else { format!("{} ", metric.label) };
    format!("{name}{}{unit}", value(metric, found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::failure::{Failure, FailureKind};
    use crate::suite::run::RunId;
    use crate::task::metric::{MEAN_ABSOLUTE_ERROR, MEAN_AVERAGE_PRECISION};
    use std::sync::LazyLock;

    fn progress(step: Option<&Step>) -> Progress<'_> {
        static ID: LazyLock<RunId> = LazyLock::new(|| RunId("0123456789abcdef".into()));
        Progress {
            news: step.map(|step| News {
                lane: 0,
                id: &ID,
                label: "toy concat ogm, seed 3",
                metric: ACCURACY,
                step,
            }),
            settled: 12,
            failed: usize::from(matches!(step, Some(Step::Failed(_)))),
            running: 4,
            total: 540,
            elapsed: Duration::from_secs(60),
            left: Some(Duration::from_secs(7800)),
        }
    }

    fn line_of(step: Step) -> Option<String> {
        line(&progress(Some(&step)))
    }

    #[test]
    fn where_nothing_happens_there_is_a_line_every_minute() {
        let still = progress(None);
        assert_eq!(line(&still), None);
        assert_eq!(
            heartbeat(&still, Duration::ZERO).unwrap(),
            "[12/540] (2 h 10 min left) 4 in progress, 1 min 0 s so far"
        );
        assert_eq!(heartbeat(&still, Duration::from_secs(1)), None);
        let mut display = Display::Lines(Duration::ZERO);
        display.show(&still);
        assert!(matches!(display, Display::Lines(last) if last == still.elapsed));
    }

    #[test]
    fn the_line_of_a_worker_fits_the_terminal() {
        let rest = ", epoch 12 of 100, validation 62.4 %";
        let label = "colours / concat / modality dropout / seed 3";
        let said = message_within(80, label, rest);
        assert_eq!(said, "colours / conc…opout / seed 3, epoch 12 of 100, validation 62.4 %");
        assert!(width::measure(&said) + BEFORE_MESSAGE <= 80);
        assert_eq!(message_within(usize::MAX, label, rest), format!("{label}{rest}"));
    }

    #[test]
    fn a_finished_run_is_a_line_with_place_value_and_time() {
        let took = Duration::from_secs(41);
        assert_eq!(
            line_of(Step::Finished { value: Some(0.6244), took }).unwrap(),
            "[12/540] (2 h 10 min left) toy concat ogm, seed 3: 62.4 % in 41 s"
        );
        assert_eq!(line_of(Step::Started), None);
        assert_eq!(shown(MEAN_AVERAGE_PRECISION, 0.6244), "mAP 62.4 %");
        assert_eq!(shown(MEAN_ABSOLUTE_ERROR, 0.7123), "MAE 0.7123");
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
