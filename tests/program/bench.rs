//! A bench: a temporary folder with suites in it, and the program run there.

use assert_cmd::Command;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_counterpoise");

/// No command on made data takes nearly as long; a hanging one fails instead of blocking.
const LIMIT: Duration = Duration::from_secs(120);

/// What would change colours, whatever the shell of the person who runs the tests says.
pub(crate) const COLOURS: [&str; 4] = ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"];

pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    /// A bench with one suite, in the file that its name asks for.
    pub(crate) fn with(suite: &str) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        let name = suite.lines().find_map(|line| line.strip_prefix("suite: ")).unwrap();
        bench.write(&format!("suites/{name}.yaml"), suite);
        bench
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, relative: &str) -> String {
        let path = self.path(relative);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// The program with the words of `line` as arguments, not started yet.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(line.split_whitespace()).current_dir(self.folder.path()).timeout(LIMIT);
        for name in COLOURS {
            command.env_remove(name);
        }
        // Set where these tests run in CI, where the program refuses to accept a baseline.
        command.env_remove("CI");
        command
    }

    /// Runs the program with the words of `line` as arguments.
    #[track_caller]
    pub(crate) fn run(&self, line: &str) -> Outcome {
        Outcome::of(line, &mut self.command(line))
    }

    /// The names in a folder, sorted; none where the folder is not there.
    pub(crate) fn names(&self, relative: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(relative)) else { return Vec::new() };
        let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
    }

    /// The folders in which runs of a store are worked on, or were until something stopped them.
    pub(crate) fn attempts(&self, store: &str) -> Vec<String> {
        let work = format!("{store}/.work");
        let of_run = |id: String| {
            let numbers = self.names(&format!("{work}/{id}")).into_iter();
            let numbers = numbers.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
            numbers.map(move |n| format!("{id}/{n}")).collect::<Vec<_>>()
        };
        let attempts = self.names(&work).into_iter().flat_map(of_run);
        attempts.map(|attempt| format!("{work}/{attempt}")).collect()
    }

    /// Every file below a folder: its path from there, and its bytes.
    pub(crate) fn files(&self, relative: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(relative), "", &mut files);
        files
    }

    /// The root of every finished run of a store, by the run's id.
    pub(crate) fn roots(&self, store: &str) -> BTreeMap<String, String> {
        let finished = self.names(store).into_iter().filter(|name| name.len() == 16);
        finished.map(|id| (id.clone(), self.read(&format!("{store}/{id}/root")))).collect()
    }

    /// The reasons that a report's manifest gives for runs without a usable result.
    pub(crate) fn failures(&self, report: &str) -> Vec<String> {
        let manifest = self.read(&format!("{report}/manifest.json"));
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        let failures = manifest["failures"].as_array().unwrap().iter();
        failures.map(|failure| failure["reason"].as_str().unwrap().to_string()).collect()
    }
}

fn collect(folder: &Path, inside: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        let name = format!("{inside}{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files);
        } else {
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
}

/// What a run of the program left. Every expectation that fails shows all of it.
pub(crate) struct Outcome {
    line: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    #[track_caller]
    pub(crate) fn of(line: &str, command: &mut Command) -> Self {
        Self::from(line, &command.output().unwrap())
    }

    pub(crate) fn from(line: &str, output: &std::process::Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            line: line.to_string(),
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Expects an exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.show());
        self
    }

    /// Expects words on stderr.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "`{words}` is not said: {}", self.show());
        self
    }

    /// Expects words not to be on stderr.
    #[track_caller]
    pub(crate) fn never_says(self, words: &str) -> Self {
        assert!(!self.stderr.contains(words), "`{words}` is said: {}", self.show());
        self
    }

    /// Expects exactly this on stdout.
    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Self {
        assert_eq!(self.stdout, text, "{}", self.show());
        self
    }

    /// Expects stdout to end with this.
    #[track_caller]
    pub(crate) fn prints_at_end(self, text: &str) -> Self {
        assert!(self.stdout.ends_with(text), "{}", self.show());
        self
    }

    /// The value on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.show()))
    }

    fn show(&self) -> String {
        let Self { line, code, stdout, stderr } = self;
        format!("`{line}` exits {code:?}\n--- stdout\n{stdout}--- stderr\n{stderr}")
    }
}
