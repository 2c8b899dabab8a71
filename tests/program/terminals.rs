//! What stands on a terminal of 80 columns. Linux, with the program `script` for a terminal.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stderr, reason = "what cannot be tried here is said, not passed over")]

use crate::bench::{Bench, PROGRAM};
use crate::interruptions::long;
use crate::processes::{await_some, inside, signal};
use crate::suites::edit;
use std::process::{Child, Command, Stdio};

const COLUMNS: usize = 80;

/// Starts the program on a terminal; `None` where there is no `script`.
fn start(bench: &Bench, line: &str) -> Option<Child> {
    let found = Command::new("script").arg("--version").output().is_ok_and(|o| o.status.success());
    if !found {
        eprintln!("not tried, for want of the program `script`");
        return None;
    }
    let line = format!("stty columns {COLUMNS} rows 24; exec {PROGRAM} {line}");
    let mut command = Command::new("script");
    command.args(["-q", "-e", "-c", &line, "/dev/null"]).current_dir(bench.path(""));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm").stdin(Stdio::null()).stdout(Stdio::piped());
    Some(command.spawn().unwrap())
}

/// What was shown, and the exit code.
fn shown(child: Child) -> (String, Option<i32>) {
    let output = child.wait_with_output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

/// The lines that were ever shown, as the terminal breaks them, without what steers it.
fn lines(text: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\x1b' => drop(characters.find(|c| c.is_ascii_alphabetic())),
            '\r' => plain.push('\n'),
            c => plain.push(c),
        }
    }
    let written: Vec<Vec<char>> = plain.lines().map(|line| line.chars().collect()).collect();
    let lines = written.iter().flat_map(|line| line.chunks(COLUMNS));
    lines.map(|line| line.iter().collect::<String>().trim_end().to_string()).collect()
}

fn with_long_labels() -> Bench {
    let label = "made data with a label of more than forty characters";
    Bench::with(&edit(&long(), "label: made", &format!("label: {label}")))
}

#[test]
fn a_plan_fits_the_terminal_and_shows_every_id_whole() {
    let bench = with_long_labels();
    let ids: Vec<String> = bench.run("suite tiny --plan --format json").exits(0).json()["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| cell["id"].as_str().unwrap().to_string())
        .collect();
    let Some(child) = start(&bench, "suite tiny --plan") else { return };
    let (text, code) = shown(child);
    assert_eq!(code, Some(0), "{text}");
    let lines = lines(&text);
    assert_eq!(lines.iter().filter(|line| line.contains("pending")).count(), ids.len(), "{text}");
    for id in &ids {
        assert!(lines.iter().any(|line| line.starts_with(id) && line.contains('…')), "{text}");
    }
    // Where no terminal is, everything stands in full.
    let full = bench.run("suite tiny --plan").exits(0).stdout;
    assert!(full.contains("more than forty characters") && !full.contains('…'), "{full}");
}

#[test]
fn bars_fit_the_terminal_and_are_gone_after_ctrl_c() {
    let bench = with_long_labels();
    let Some(child) = start(&bench, "suite tiny --jobs 1") else { return };
    await_some("a run in progress", || {
        bench.names("runs/.work").first().map(|id| bench.path(&format!("runs/.work/{id}")))
    });
    std::thread::sleep(std::time::Duration::from_millis(300));
    let words = |id| std::fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
    let is_program = |id: &u32| words(*id).starts_with(&format!("{PROGRAM}\0suite"));
    let program = inside(&bench.path("")).into_iter().find(is_program);
    signal("INT", program.expect("the program is running"));
    let (text, code) = shown(child);
    assert_eq!(code, Some(130), "{text}");
    let lines = lines(&text);
    let bars = lines.iter().filter(|line| line.contains("validation"));
    assert!(0 < bars.clone().count(), "{lines:#?}");
    for bar in bars {
        let whole = bar.starts_with("  ") && bar.ends_with(" %") && bar.contains("seed 0, epoch");
        assert!(whole, "a bar is broken: {bar}");
    }
    let (_, last) = text.rsplit_once("interrupted").unwrap();
    assert!(!last.contains("runs  "), "a bar is left: {last}");
}
