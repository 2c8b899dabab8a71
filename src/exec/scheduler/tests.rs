use super::*;
use crate::error::Kind;
use crate::exec::launch::{self, Exit, Process, Slot, Worker};
use crate::exec::message::{Event, Job};
use crate::exec::worker;
use crate::record::probe::Probe;
use crate::record::{NeededRun, Outcome, RunRecord};
use crate::registry::{SEED, Value};
use crate::store::failure::FailureKind;
use crate::store::fixture::{record, spec};
use crate::suite::run::RunSpec;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

type Train = Arc<dyn Fn(&Job) -> Result<RunRecord> + Send + Sync>;

/// Workers that are threads of the test, behind real pipes.
struct Threads {
    train: Train,
    launched: AtomicUsize,
}

impl Threads {
    fn new(train: impl Fn(&Job) -> Result<RunRecord> + Send + Sync + 'static) -> Self {
        Self { train: Arc::new(train), launched: AtomicUsize::new(0) }
    }

    fn launched(&self) -> usize {
        self.launched.load(Ordering::SeqCst)
    }
}

struct Thread(Option<JoinHandle<()>>);

impl Process for Thread {
    fn end(&mut self, _grace: Duration) -> Exit {
        self.0.take().unwrap().join().unwrap();
        Exit::default()
    }
}

impl Launch for Threads {
    fn launch(&self, _slot: &Slot, _threads: NonZeroUsize) -> Result<Worker> {
        self.launched.fetch_add(1, Ordering::SeqCst);
        let (jobs, input) = std::io::pipe().unwrap();
        let (output, events) = std::io::pipe().unwrap();
        let train = Arc::clone(&self.train);
        let thread = std::thread::spawn(move || {
            let run = |job: &Job, report: &mut dyn FnMut(Event)| {
                report(Event::Epoch { epoch: 1, epochs: 2, validation: 0.5 });
                Ok(train(job)?)
            };
            drop(worker::serve(jobs, events, || {}, run));
        });
        Worker::new(input, output, Thread(Some(thread)))
    }
}

/// Workers that are processes of any program.
struct Program {
    path: std::path::PathBuf,
    args: Vec<std::ffi::OsString>,
    env: BTreeMap<String, String>,
}

impl Launch for Program {
    fn launch(&self, slot: &Slot, threads: NonZeroUsize) -> Result<Worker> {
        let mut command = std::process::Command::new(&self.path);
        command.args(&self.args).envs(&self.env);
        launch::start(command, slot, threads)
    }
}

/// What a shell worker does with a job: `$line`, and `$id` and `$workdir` out of it.
fn shell(body: &str, records: &std::path::Path) -> Program {
    let script = format!(
        r#"started() {{ printf '\036{{"event":"started"}}\n'; }}
           finished() {{ cp "$RECORDS/$id" "$workdir/record.json"; printf '\036{{"event":"finished"}}\n'; }}
           while read -r line; do
             id=${{line#*\"id\":\"}}; id=${{id%%\"*}}
             workdir=${{line#*\"workdir\":\"}}; workdir=${{workdir%%\"*}}
             {body}
           done"#
    );
    for seed in 0..3 {
        let record = record(&spec("toy", seed));
        let text = serde_json::to_string(&record).unwrap();
        std::fs::write(records.join(&record.id.0), text).unwrap();
    }
    let env = BTreeMap::from([("RECORDS".into(), records.to_str().unwrap().into())]);
    Program { path: "sh".into(), args: vec!["-c".into(), script.into()], env }
}

fn tasks(dataset: &str, seeds: std::ops::Range<u64>) -> Vec<Task> {
    seeds
        .map(|seed| Task {
            spec: spec(dataset, seed),
            trace_every: NonZeroUsize::MIN,
            label: format!("toy {seed}"),
            cost: 1.0,
        })
        .collect()
}

fn options(jobs: usize) -> Options {
    Options {
        jobs: NonZeroUsize::new(jobs).unwrap(),
        threads: NonZeroUsize::MIN,
        data_dir: "data".into(),
        slots: vec![Slot { device: "cpu".into(), env: BTreeMap::new() }],
        fail_fast: false,
        probe: Probe::default(),
        stop: Arc::default(),
    }
}

struct Bench {
    dir: tempfile::TempDir,
    store: Store,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("runs")).unwrap();
        Self { dir, store }
    }

    /// Does the runs of the first `n` seeds on one worker.
    fn run(&self, n: u64, launch: &dyn Launch) -> Summary {
        run(tasks("toy", 0..n), &self.store, &options(1), launch, &mut |_| {}).unwrap()
    }

    fn state(&self, seed: u64) -> State {
        self.store.state(&spec("toy", seed).id().unwrap()).unwrap()
    }

    fn records(&self) -> std::path::PathBuf {
        let records = self.dir.path().join("records");
        std::fs::create_dir_all(&records).unwrap();
        records
    }
}

fn good(job: &Job) -> Result<RunRecord> {
    Ok(record(&job.spec))
}

#[test]
fn every_run_is_done_once_and_not_again() {
    let bench = Bench::new();
    let launch = Threads::new(good);
    let mut steps = Vec::new();
    let summary = run(tasks("toy", 0..5), &bench.store, &options(2), &launch, &mut |progress| {
        assert_eq!(progress.total, 5);
        let Some(News { label, step, .. }) = &progress.news else { return };
        steps.push((label.to_string(), (*step).clone(), progress.settled));
    })
    .unwrap();
    assert_eq!((summary.finished, summary.skipped, summary.left_out), (5, 0, 0));
    assert_eq!(bench.store.ids().unwrap().len(), 5);
    assert_eq!(launch.launched(), 2);
    for seed in 0..5 {
        let of_run: Vec<_> = steps.iter().filter(|step| step.0 == format!("toy {seed}")).collect();
        assert!(
            matches!(
                of_run.as_slice(),
                [
                    (_, Step::Started, _),
                    (_, Step::Epoch { epoch: 1, epochs: 2, .. }, _),
                    (_, Step::Finished { value: Some(0.75), .. }, _)
                ]
            ),
            "{of_run:?}"
        );
    }
    assert_eq!(steps.last().unwrap().2, 5);

    let again = bench.run(5, &launch);
    assert_eq!((again.finished, again.skipped), (0, 5));
    assert_eq!(launch.launched(), 2, "nothing to do starts no worker");
}

#[test]
fn a_failure_or_a_panic_ends_one_run_and_is_tried_again_next_time() {
    for how in ["error", "panic"] {
        let bench = Bench::new();
        let launch = Threads::new(move |job| match (job.spec.seed, how) {
            (1, "panic") => panic!("shape mismatch"),
            (1, _) => Err(Error::unexpected("shape mismatch")),
            _ => good(job),
        });
        let summary = bench.run(3, &launch);
        assert_eq!(summary.finished, 2);
        let [(id, failure)] = summary.failed.as_slice() else { panic!("{summary:?}") };
        assert_eq!(*id, spec("toy", 1).id().unwrap());
        assert_eq!(failure.kind, FailureKind::Failed);
        assert!(failure.message.contains("shape mismatch"));
        assert_eq!(bench.state(1), State::Failed(failure.clone()));
        assert_eq!(launch.launched(), 2, "a worker that failed is replaced");

        let again = bench.run(3, &Threads::new(good));
        assert_eq!((again.finished, again.skipped, again.failed.len()), (1, 2, 0));
        assert_eq!(bench.state(1), State::Done);
    }
}

#[test]
fn an_error_of_a_run_keeps_its_hint_and_blocks_nothing() {
    let bench = Bench::new();
    let summary =
        bench.run(1, &Threads::new(|_| Err(Error::input("no room").with_hint("make it"))));
    assert_eq!(summary.failed[0].1.kind, FailureKind::Failed);
    assert_eq!(summary.failed[0].1.message, "no room\n  hint: make it");
}

#[test]
fn a_divergence_is_reported_as_a_failure_and_kept_as_a_result() {
    let bench = Bench::new();
    let launch = Threads::new(|job| {
        let mut record = record(&job.spec);
        record.outcome = Outcome::Diverged { epoch: 1, step: 17, what: "loss".into() };
        Ok(record)
    });
    let summary = bench.run(1, &launch);
    assert_eq!(summary.failed[0].1.kind, FailureKind::Diverged);
    assert_eq!(summary.failed[0].1.message, "diverged in epoch 2, step 17: loss is not finite");
    assert_eq!(bench.state(0), State::Done);
}

#[test]
fn a_crash_ends_one_run_and_a_fresh_worker_does_the_rest() {
    let cases = [
        ("kill -9 $$", (None, Some(9)), "killed by signal 9"),
        ("exit 3", (Some(3), None), "exit status 3"),
        ("exec >/dev/null 2>&1; exec sleep 0", (Some(0), None), "exit status 0"),
        (r"printf '\036{oops\n'; sleep 60", (None, None), "sent `{oops`, which is not an event"),
        (
            r"rm -f $workdir/record.json; printf '\036{@event@:@finished@}\n'",
            (None, None),
            "record.json",
        ),
    ];
    for (end, (status, signal), expected) in cases {
        let bench = Bench::new();
        let body = format!(
            r#"started; case "$line" in *'"seed":1}}'*) echo last words; {};; *) finished;; esac"#,
            end.replace('@', "\"")
        );
        let summary = bench.run(3, &shell(&body, &bench.records()));
        assert_eq!(summary.finished, 2, "{end}: {summary:?}");
        let [(id, failure)] = summary.failed.as_slice() else { panic!("{summary:?}") };
        assert_eq!(*id, spec("toy", 1).id().unwrap());
        assert!(failure.message.contains(expected), "{failure:?}");
        assert_eq!((failure.status, failure.signal), (status, signal), "{end}");
        assert_eq!(failure.log, ["last words"]);
        assert_eq!(bench.state(1), State::Failed(failure.clone()));
    }
}

#[test]
fn a_worker_that_ends_between_two_runs_fails_neither() {
    let bench = Bench::new();
    let summary = bench.run(3, &shell("started; finished; exit 1", &bench.records()));
    assert_eq!((summary.finished, summary.failed.len()), (3, 0), "{summary:?}");
}

#[test]
fn a_worker_that_cannot_even_take_a_job_crashes_the_run_and_not_the_suite() {
    let bench = Bench::new();
    let summary = bench.run(2, &shell("exit 7", &bench.records()));
    assert_eq!(summary.failed.len(), 2);
    assert_eq!(summary.failed[0].1.status, Some(7));
}

#[test]
fn what_a_worker_prints_is_in_the_log_of_its_run() {
    let bench = Bench::new();
    let body = "echo out $id; started; echo err $id >&2; printf 'no line feed'; finished";
    bench.run(2, &shell(body, &bench.records()));
    for id in bench.store.ids().unwrap() {
        let log = std::fs::read_to_string(bench.store.folder(&id).join("log.txt")).unwrap();
        assert_eq!(log, format!("out {id}\nerr {id}\nno line feed"));
    }
}

#[test]
fn a_worker_that_cannot_be_started_stops_the_suite() {
    let bench = Bench::new();
    let launch = Program { path: "/no/such/program".into(), args: vec![], env: BTreeMap::new() };
    let error =
        run(tasks("toy", 0..3), &bench.store, &options(2), &launch, &mut |_| {}).unwrap_err();
    assert_eq!(error.kind, Kind::Input);
    assert!(error.message.starts_with("cannot start a worker from /no/such/program"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_in_a_working_folder_stops_the_suite() {
    let bench = Bench::new();
    let id = spec("toy", 0).id().unwrap();
    let claim = bench.store.claim(&id).unwrap().unwrap();
    std::os::unix::fs::symlink("/dev/full", claim.workdir().join("log.txt")).unwrap();
    drop(claim);
    let launch = shell("echo text; started; finished", &bench.records());
    let error =
        run(tasks("toy", 0..2), &bench.store, &options(1), &launch, &mut |_| {}).unwrap_err();
    assert_eq!(error.kind, Kind::Input);
    assert!(
        error.message.ends_with("log.txt is a link, neither a plain file nor a folder"),
        "{error}"
    );
    assert_eq!(bench.state(0), State::Pending);
}

#[test]
fn a_crowded_device_loses_workers_until_the_memory_suffices() {
    for hopeless in [None, Some(2)] {
        let bench = Bench::new();
        let running = Arc::new(AtomicUsize::new(0));
        let launch = Threads::new(move |job| {
            running.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(3));
            let n = running.fetch_sub(1, Ordering::SeqCst);
            if 1 < n || hopeless == Some(job.spec.seed) {
                panic!("CUDA out of memory. Tried to allocate 2.00 GiB");
            }
            good(job)
        });
        let summary = run(tasks("toy", 0..5), &bench.store, &options(3), &launch, &mut |_| {});
        let summary = summary.unwrap();
        let failed = usize::from(hopeless.is_some());
        assert_eq!((summary.finished, summary.failed.len()), (5 - failed, failed), "{summary:?}");
        for (id, failure) in summary.failed {
            assert_eq!(id, spec("toy", 2).id().unwrap());
            assert_eq!(failure.kind, FailureKind::OutOfMemory);
            assert!(failure.message.contains("--jobs"), "{failure:?}");
        }
    }
}

#[test]
fn few_runs_are_spread_over_the_devices() {
    struct Spread(Threads, Mutex<Vec<String>>);
    impl Launch for Spread {
        fn launch(&self, slot: &Slot, threads: NonZeroUsize) -> Result<Worker> {
            self.1.lock().unwrap().push(slot.env["GPU"].clone());
            self.0.launch(slot, threads)
        }
    }
    let bench = Bench::new();
    let slots = ["a", "b"].map(|gpu| Slot {
        device: "cuda:0".into(),
        env: BTreeMap::from([("GPU".into(), gpu.into())]),
    });
    let options = Options { slots: slots.into(), ..options(4) };
    let slow = Threads::new(|job| {
        assert_eq!(job.device, "cuda:0");
        std::thread::sleep(Duration::from_millis(20));
        good(job)
    });
    let launch = Spread(slow, Mutex::default());
    let summary = run(tasks("toy", 0..2), &bench.store, &options, &launch, &mut |_| {}).unwrap();
    assert_eq!(summary.finished, 2);
    let mut used = launch.1.into_inner().unwrap();
    used.sort();
    assert_eq!(used, ["a", "b"]);
}

#[test]
fn fail_fast_begins_no_further_run() {
    let bench = Bench::new();
    let launch = Threads::new(|_| Err(Error::unexpected("no")));
    let options = Options { fail_fast: true, ..options(1) };
    let summary = run(tasks("toy", 0..4), &bench.store, &options, &launch, &mut |_| {}).unwrap();
    assert_eq!((summary.failed.len(), summary.left_out), (1, 3));
}

#[test]
fn runs_on_one_data_set_are_done_together() {
    let bench = Bench::new();
    let order = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&order);
    let launch = Threads::new(move |job| {
        seen.lock().unwrap().push((job.spec.cell.dataset.name.clone(), job.spec.seed));
        good(job)
    });
    let mixed = [tasks("b", 0..1), tasks("a", 0..1), tasks("b", 1..2), tasks("a", 1..2)].concat();
    run(mixed, &bench.store, &options(1), &launch, &mut |_| {}).unwrap();
    let order: Vec<_> = order.lock().unwrap().iter().map(|(d, s)| format!("{d}{s}")).collect();
    assert_eq!(order, ["b0", "b1", "a0", "a1"]);
}

#[test]
fn runs_on_one_draw_are_done_together() {
    let bench = Bench::new();
    let order = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&order);
    let launch = Threads::new(move |job| {
        let draw = job.spec.dataset().params.0["draw"].to_string();
        seen.lock().unwrap().push((job.spec.cell.strategy.revision, draw));
        good(job)
    });
    let cell = |revision| {
        let mut tasks = tasks("toy", 0..3);
        for task in &mut tasks {
            let draw = Value::Text(SEED.into());
            task.spec.cell.dataset.params.0.insert("draw".into(), draw);
            task.spec.cell.strategy.revision = revision;
        }
        tasks
    };
    run([cell(1), cell(2)].concat(), &bench.store, &options(1), &launch, &mut |_| {}).unwrap();
    let order: Vec<_> = order.lock().unwrap().iter().map(|(r, d)| format!("{r}/{d}")).collect();
    assert_eq!(order, ["1/0", "2/0", "1/1", "2/1", "1/2", "2/2"]);
}

#[test]
fn two_schedulers_on_one_store_do_each_run_once() {
    let bench = Bench::new();
    let trained = Arc::new(Mutex::new(Vec::new()));
    let scheduler = || {
        let trained = Arc::clone(&trained);
        let launch = Threads::new(move |job| {
            trained.lock().unwrap().push(job.spec.seed);
            std::thread::sleep(Duration::from_millis(2));
            good(job)
        });
        let store = Store::open(&bench.dir.path().join("runs")).unwrap();
        run(tasks("toy", 0..10), &store, &options(2), &launch, &mut |_| {}).unwrap()
    };
    let (one, two) = std::thread::scope(|scope| {
        let handles = (scope.spawn(scheduler), scope.spawn(scheduler));
        (handles.0.join().unwrap(), handles.1.join().unwrap())
    });
    let mut trained = trained.lock().unwrap().clone();
    trained.sort();
    assert_eq!(trained, (0..10).collect::<Vec<_>>());
    assert_eq!(one.finished + two.finished, 10);
    assert_eq!([one.finished + one.skipped, two.finished + two.skipped], [10, 10]);
    assert_eq!(one.left_out + two.left_out, 0);
}

#[test]
fn a_run_held_by_another_process_is_waited_for_and_taken_over_when_that_dies() {
    let bench = Bench::new();
    let [done_there, died_there] = [0, 1].map(|seed| spec("toy", seed));
    let mut claims =
        [&done_there, &died_there].map(|s| bench.store.claim(&s.id().unwrap()).unwrap());
    let launch = Threads::new(good);
    let mut steps = BTreeMap::<String, Vec<Step>>::new();
    let mut observer = |progress: &Progress<'_>| {
        let Some(News { label, step, .. }) = progress.news else { return };
        steps.entry(label.to_string()).or_default().push(step.clone());
        // The third run is the only one free: after it the other process comes to its end.
        if label == "toy 2" && matches!(step, Step::Finished { .. }) {
            claims[0].take().unwrap().commit(&record(&done_there)).unwrap();
            claims[1].take();
        }
    };
    let summary =
        run(tasks("toy", 0..3), &bench.store, &options(1), &launch, &mut observer).unwrap();
    assert_eq!((summary.finished, summary.skipped, summary.failed.len()), (2, 1, 0));
    assert_eq!(steps["toy 0"], [Step::Held, Step::FinishedElsewhere]);
    assert_eq!(steps["toy 1"][..2], [Step::Held, Step::Started]);
}

#[test]
fn a_worker_that_does_not_end_is_killed() {
    let launch = Program { path: "sleep".into(), args: vec!["60".into()], env: BTreeMap::new() };
    let exit =
        launch.launch(&options(1).slots[0], NonZeroUsize::MIN).unwrap().retire(Duration::ZERO);
    assert_eq!(exit, Exit { status: None, signal: Some(9) });
}

#[test]
fn workers_are_told_their_threads() {
    let bench = Bench::new();
    let mut options = options(1);
    options.threads = NonZeroUsize::new(3).unwrap();
    let launch = shell("echo $RAYON_NUM_THREADS; started; finished", &bench.records());
    run(tasks("toy", 0..1), &bench.store, &options, &launch, &mut |_| {}).unwrap();
    let id = spec("toy", 0).id().unwrap();
    let log = std::fs::read_to_string(bench.store.folder(&id).join("log.txt")).unwrap();
    assert_eq!(log, "3\n");
}

/// Does the first `n` seeds on two workers, and asks to stop once `n` of them are in progress.
fn stopped(bench: &Bench, launch: &dyn Launch, n: usize) -> (Error, Duration) {
    let options = options(2);
    let mut asked = None;
    let mut observer = |progress: &Progress<'_>| {
        if progress.running == n && asked.is_none() {
            asked = Some(Instant::now());
            options.stop.store(true, Ordering::SeqCst);
        }
    };
    let error = run(tasks("toy", 0..3), &bench.store, &options, launch, &mut observer).unwrap_err();
    (error, asked.unwrap().elapsed())
}

#[test]
fn on_request_workers_are_ended_and_runs_given_up_without_a_failure() {
    // The first ends when its stdin does, the second does not even then.
    for body in ["started; read -r line; exit 1", "started; trap '' TERM; exec sleep 60"] {
        let bench = Bench::new();
        let (error, took) = stopped(&bench, &shell(body, &bench.records()), 2);
        assert_eq!(error.kind, Kind::Interrupted);
        assert_eq!(error.message, "interrupted: 0 of 3 runs are done, 2 in progress");
        assert!(took < Duration::from_secs(20), "{took:?}");
        for seed in 0..3 {
            assert_eq!(bench.state(seed), State::Pending);
            assert!(bench.store.claim(&spec("toy", seed).id().unwrap()).unwrap().is_some());
        }
        assert_eq!(bench.run(3, &Threads::new(good)).finished, 3);
    }
}

#[test]
fn a_signal_to_all_processes_of_a_job_fails_no_run() {
    // The worker is gone before the scheduler is asked to stop, as after Ctrl-C in a terminal.
    let bench = Bench::new();
    let options = options(1);
    let launch = shell("started; kill -2 $$; sleep 60", &bench.records());
    let stop = Arc::clone(&options.stop);
    let asking = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        stop.store(true, Ordering::SeqCst);
    });
    let error = run(tasks("toy", 0..1), &bench.store, &options, &launch, &mut |_| {}).unwrap_err();
    asking.join().unwrap();
    assert_eq!(error.kind, Kind::Interrupted);
    assert_eq!(bench.state(0), State::Pending);
}

#[test]
fn time_that_passes_is_told_while_a_run_says_nothing() {
    let bench = Bench::new();
    let launch = Threads::new(|job| {
        std::thread::sleep(TICK * 3 / 2);
        good(job)
    });
    let mut quiet = 0;
    let mut observer = |progress: &Progress<'_>| {
        if progress.news.is_none() {
            quiet += 1;
            assert_eq!((progress.running, progress.settled, progress.total), (1, 0, 1));
            assert!(TICK <= progress.elapsed && progress.left.is_some());
        }
    };
    run(tasks("toy", 0..1), &bench.store, &options(1), &launch, &mut observer).unwrap();
    assert!(0 < quiet);
}

#[test]
fn a_worker_that_writes_no_line_feed_fills_neither_memory_nor_disk() {
    let bench = Bench::new();
    let body = r"started; head -c 20000000 /dev/zero | tr '\0' x; finished";
    let summary = bench.run(1, &shell(body, &bench.records()));
    assert_eq!(summary.finished, 1, "{summary:?}");
    let log = bench.store.folder(&spec("toy", 0).id().unwrap()).join("log.txt");
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.len() < 2_000_000 && log.contains("bytes are left out here"), "{}", log.len());
}

/// A run of the data set `toy` that others need.
fn teacher(name: &str, seed: u64) -> RunSpec {
    let mut spec = spec("toy", seed);
    spec.cell.branches[0].modality.name = name.into();
    spec
}

/// A run that needs these.
fn pupil(outputs: usize, teachers: &[&str], seed: u64) -> RunSpec {
    let mut spec = spec("toy", seed);
    spec.cell.outputs = outputs;
    spec.cell.needs = teachers.iter().map(|name| teacher(name, seed).cell).collect();
    spec
}

fn as_tasks(specs: &[RunSpec]) -> Vec<Task> {
    let task = |spec: &RunSpec| Task {
        spec: spec.clone(),
        trace_every: NonZeroUsize::MIN,
        label: spec.id().unwrap().0,
        cost: 1.0,
    };
    specs.iter().map(task).collect()
}

/// A good record, after a while in which nothing is needed that is not there.
fn taught(job: &Job) -> Result<RunRecord> {
    let mut record = record(&job.spec);
    for (need, folder) in job.spec.needs().iter().zip(&job.needs) {
        let (needed, root) = crate::store::finished(folder, &need.id()?)?;
        record.needs.push(NeededRun { run: needed.id, root });
    }
    std::thread::sleep(Duration::from_millis(job.spec.seed));
    Ok(record)
}

/// Four pupils of three teachers, the pupils first.
fn classroom() -> Vec<RunSpec> {
    let pupils = [(2, "a b"), (3, "b c"), (4, "a"), (5, "c b")];
    let pupils = pupils.map(|(outputs, needs)| {
        let needs: Vec<&str> = needs.split(' ').collect();
        pupil(outputs, &needs, 3)
    });
    let teachers = ["a", "b", "c"].map(|name| teacher(name, 3));
    [&pupils[..], &teachers[..], &[spec("toy", 9), spec("other", 1)]].concat()
}

#[test]
fn needed_runs_are_begun_first_and_each_once_on_any_number_of_workers() {
    let mut roots = Vec::new();
    for (jobs, devices) in [(1, 1), (2, 1), (9, 1), (1, 2), (4, 3)] {
        let bench = Bench::new();
        let order = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&order);
        let launch = Threads::new(move |job| {
            seen.lock().unwrap().push(job.id.clone());
            taught(job)
        });
        let mut options = options(jobs);
        options.slots = vec![options.slots[0].clone(); devices];
        let specs = classroom();
        let tasks = as_tasks(&specs);
        let mut total = 0;
        let mut observer = |progress: &Progress<'_>| total = progress.total;
        let summary = run(tasks, &bench.store, &options, &launch, &mut observer).unwrap();
        assert_eq!((summary.finished, total), (9, 9), "{jobs} on {devices}: {summary:?}");
        let order = order.lock().unwrap();
        assert_eq!(order.len(), 9);
        let at = |spec: &RunSpec| order.iter().position(|id| *id == spec.id().unwrap()).unwrap();
        for spec in &specs {
            assert!(spec.needs().iter().all(|need| at(need) < at(spec)), "{jobs} on {devices}");
        }
        if (jobs, devices) == (1, 1) {
            let first: BTreeSet<_> = order[..3].iter().cloned().collect();
            let teachers = ["a", "b", "c"].map(|name| teacher(name, 3).id().unwrap());
            assert_eq!(first, teachers.into());
        }
        let ids = bench.store.ids().unwrap();
        roots.push(ids.iter().map(|id| bench.store.root(id).unwrap()).collect::<Vec<_>>());
    }
    assert!(roots.iter().all(|of_one| *of_one == roots[0]));
}

#[test]
fn a_failure_or_divergence_of_a_needed_run_fails_those_that_need_it_by_name() {
    for (diverges, jobs) in [(false, 1), (true, 1), (false, 3)] {
        let bench = Bench::new();
        let launch = Threads::new(move |job| {
            let is_b = job.spec.cell.branches[0].modality.name == "b";
            match (is_b, diverges) {
                (true, false) => Err(Error::unexpected("shape mismatch")),
                (true, true) => {
                    let mut record = record(&job.spec);
                    record.outcome = Outcome::Diverged { epoch: 1, step: 17, what: "loss".into() };
                    Ok(record)
                }
                (false, _) => taught(job),
            }
        });
        let specs = classroom();
        let summary =
            run(as_tasks(&specs), &bench.store, &options(jobs), &launch, &mut |_| {}).unwrap();
        // Of the pupils the one that needs `a` alone.
        assert_eq!((summary.finished, summary.failed.len()), (5, 4), "{summary:?}");
        let id = teacher("b", 3).id().unwrap();
        let why = if diverges { "diverged in epoch 2" } else { "failed: shape mismatch" };
        let expected = format!("run {id} (concat / joint b), which it needs, {why}");
        for (failed, failure) in summary.failed.iter().filter(|(failed, _)| *failed != id) {
            assert_eq!(failure.kind, FailureKind::Blocked);
            assert!(failure.message.starts_with(&expected), "{failure:?}");
            assert_eq!(bench.store.state(failed).unwrap(), State::Failed(failure.clone()));
        }
        if !diverges {
            let again = Threads::new(taught);
            let summary =
                run(as_tasks(&specs), &bench.store, &options(1), &again, &mut |_| {}).unwrap();
            assert_eq!((summary.finished, summary.skipped), (4, 5));
        }
    }
}

#[test]
fn fail_fast_ends_those_that_wait() {
    for jobs in [1, 4] {
        let bench = Bench::new();
        let options = Options { fail_fast: true, ..options(jobs) };
        let launch = Threads::new(|_| Err(Error::unexpected("no")));
        let specs = [pupil(2, &["a"], 0), pupil(3, &["a"], 0), teacher("a", 0)];
        let summary = run(as_tasks(&specs), &bench.store, &options, &launch, &mut |_| {}).unwrap();
        assert_eq!((summary.failed.len(), summary.left_out), (1, 2));
    }
}

#[test]
fn a_needed_run_that_another_process_holds_is_waited_for_and_others_go_on() {
    for jobs in [1, 3] {
        let bench = Bench::new();
        let needed = teacher("a", 0);
        let mut claim = bench.store.claim(&needed.id().unwrap()).unwrap();
        let specs = [pupil(2, &["a"], 0), needed.clone(), spec("toy", 1)];
        let free = specs[2].id().unwrap().0;
        let mut observer = |progress: &Progress<'_>| {
            let Some(News { label, step, .. }) = progress.news else { return };
            if label == free && matches!(step, Step::Finished { .. }) {
                claim.take().unwrap().commit(&record(&needed)).unwrap();
            }
        };
        let launch = Threads::new(taught);
        let tasks = as_tasks(&specs);
        let summary = run(tasks, &bench.store, &options(jobs), &launch, &mut observer).unwrap();
        assert_eq!((summary.finished, summary.skipped), (2, 1), "{summary:?}");
    }
}

#[test]
fn a_run_whose_needs_are_neither_planned_nor_done_fails_and_one_with_a_fault_is_none() {
    let bench = Bench::new();
    let launch = Threads::new(taught);
    let specs = [pupil(2, &["a"], 0)];
    let go =
        || run(as_tasks(&specs), &bench.store, &options(1), &launch, &mut |_| {}).unwrap().failed;
    let failed = go();
    assert!(failed[0].1.message.ends_with("which it needs, is not done"), "{failed:?}");
    let needed = teacher("a", 0);
    let mut planted = record(&needed);
    planted.fault = Some("reorder@1".parse().unwrap());
    bench.store.claim(&planted.id).unwrap().unwrap().commit(&planted).unwrap();
    let failed = go();
    assert!(failed[0].1.message.contains("was trained with a planted fault"), "{failed:?}");
    std::fs::remove_dir_all(bench.store.folder(&planted.id)).unwrap();
    bench.store.claim(&planted.id).unwrap().unwrap().commit(&record(&needed)).unwrap();
    assert_eq!(go(), []);
}

#[test]
fn on_request_those_that_wait_for_a_needed_run_end_too() {
    let bench = Bench::new();
    let options = options(3);
    let mut observer = |progress: &Progress<'_>| {
        if progress.running == 1 {
            options.stop.store(true, Ordering::SeqCst);
        }
    };
    let specs = [pupil(2, &["a"], 0), pupil(3, &["a"], 0), teacher("a", 0)];
    let launch = shell("started; read -r line; exit 1", &bench.records());
    let begun = Instant::now();
    let error = run(as_tasks(&specs), &bench.store, &options, &launch, &mut observer).unwrap_err();
    assert_eq!(error.message, "interrupted: 0 of 3 runs are done, 1 in progress");
    assert!(begun.elapsed() < Duration::from_secs(20));
}
