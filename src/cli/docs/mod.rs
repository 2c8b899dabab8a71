//! `docs`: what the pages of the repository say of parts, suites and reports, written by the program
//! that has them.

mod facts;
mod parts;

use super::output;
use crate::atomic;
use crate::document::number::count;
use crate::document::splice::{Difference, splice};
use crate::error::{Error, Kind, Result};
use crate::plain;
use clap::Args;
use std::path::{Path, PathBuf};

/// Write the tables and numbers in the repository's pages that the program knows itself
#[derive(Args)]
#[command(after_help = "\
A block of a page stands between the lines `<!-- counterpoise:NAME -->` and `<!-- end -->`. The pages \
are README.md, CONTRIBUTING.md, reports/README.md, suites/README.md and docs/*.md.

Example: counterpoise docs --check")]
pub(super) struct Arguments {
    /// Write nothing; exit with 4 where a page says anything else
    #[arg(long)]
    check: bool,
    /// The folder of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    repository: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let root = &arguments.repository;
    let mut old = Vec::new();
    for page in pages(root)? {
        let path = root.join(&page);
        let place = |e: Error| Error { message: format!("{page}, {}", e.message), ..e };
        let text = String::from_utf8(plain::PAGE.read(&path)?)
            .map_err(|_| Error::input(format!("{} is not text in UTF-8", path.display())))?;
        let spliced = splice(&text, |name| facts::block(root, name)).map_err(place)?;
        if spliced.differences.is_empty() {
            continue;
        }
        if !arguments.check {
            atomic::write(&path, spliced.text.as_bytes())?;
        }
        old.extend(spliced.differences.iter().map(|difference| said(&page, difference)));
    }
    conclude(arguments.check, &old)
}

fn conclude(check: bool, old: &[String]) -> Result<()> {
    let listed = old.join("\n");
    match (check, old) {
        (_, []) => {
            output::note("every block of the pages is what the program says");
            Ok(())
        }
        (false, _) => {
            output::note(&format!("{} written:\n{listed}", count(old.len(), "block")));
            Ok(())
        }
        (true, _) => {
            let n = count(old.len(), "block");
            let message = format!("{n} not as the program says:\n{listed}");
            Err(Error::new(Kind::Mismatch, message)
                .with_hint("run `counterpoise docs` and commit the pages with the change"))
        }
    }
}

/// A block that differs, in a line or two.
fn said(page: &str, difference: &Difference) -> String {
    let Difference { block, line, found, expected } = difference;
    let show = |line: &str| match line {
        "" => "nothing".to_string(),
        line => format!("`{line}`"),
    };
    format!("  {page}:{line}: block `{block}` has {}, not {}", show(found), show(expected))
}

/// The pages that may hold blocks, those that are there.
fn pages(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("docs");
    let entries = std::fs::read_dir(&folder).map_err(|e| {
        let hint = "run it in the repository, or give its folder by --repository";
        Error::io("list the pages in", &folder, &e).with_hint(hint)
    })?;
    let mut pages = Vec::new();
    for entry in entries {
        let name = entry.map_err(|e| Error::io("list the pages in", &folder, &e))?.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".md") {
            pages.push(format!("docs/{name}"));
        }
    }
    for page in ["CONTRIBUTING.md", "README.md", "reports/README.md", "suites/README.md"] {
        if root.join(page).is_file() {
            pages.push(page.into());
        }
    }
    pages.sort();
    Ok(pages)
}
