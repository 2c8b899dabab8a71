//! Reports: from the records of a suite to a versioned folder of pages, tables and figures.
//!
//! ```text
//! SuiteInput -> Analysis -> tables, findings, warnings, caveats, figures -> pages
//!   -> reports/<suite>/vN/
//! ```
//!
//! Rendering is a pure function of the input and the version number: no clock, no random draw,
//! no environment, so the same records give the same bytes.

pub mod caveat;
pub mod content;
pub mod explorer;
pub mod findings;
pub mod gallery;
pub mod index;
pub mod publish;
pub mod sections;
pub mod tables;

use crate::document::{html, latex, markdown};
use crate::error::Result;
use crate::results::analysis::Analysis;
use crate::results::input::SuiteInput;
use crate::results::manifest::{self, Manifest};
use crate::results::{names, rows, sheets, tidy};
use std::collections::BTreeMap;

/// Renders every file of a report, by path in its folder.
///
/// # Errors
/// When a figure cannot be drawn, a value cannot be encoded, or two files have one name.
pub fn render(input: &SuiteInput, version: u32) -> Result<BTreeMap<String, Vec<u8>>> {
    let analysis = Analysis::new(input);
    let root = manifest::root(input)?;
    let gallery = gallery::gallery(&analysis)?;
    let page = content::page(&analysis, version, root, gallery.blocks);
    let mut files = gallery.files;
    let mut add = |path: String, bytes: Vec<u8>| names::add(&mut files, path, bytes);
    let linked = content::linked_tables(&analysis);
    for table in page.tables().chain(&linked) {
        if let Some(stem) = &table.stem {
            let id = format!("{}-{stem}", names::slug(&input.suite));
            add(format!("tables/{stem}.tex"), latex::table(table, &id).into_bytes())?;
            add(format!("tables/{stem}.md"), markdown::table_file(table).into_bytes())?;
        }
    }
    add("README.md".into(), markdown::folded(&page).into_bytes())?;
    add("index.html".into(), html::page(&page).into_bytes())?;
    add(rows::RESULTS.into(), sheets::results(&analysis)?)?;
    add(rows::SUMMARY.into(), sheets::summary(&analysis)?)?;
    add(rows::EFFECTS.into(), sheets::effects(&analysis)?)?;
    add(rows::RESULTS_TIDY.into(), tidy::results(&analysis)?)?;
    add(rows::EPOCHS_TIDY.into(), tidy::epochs(&analysis)?)?;
    let manifest = Manifest::new(&analysis, &files)?.to_bytes()?;
    names::add(&mut files, manifest::FILE.into(), manifest)?;
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Digest;
    use crate::results::fixture;
    use crate::task::metric::ACCURACY;
    use crate::task::words;
    use std::path::Path;

    fn text<'a>(files: &'a BTreeMap<String, Vec<u8>>, path: &str) -> &'a str {
        std::str::from_utf8(&files[path]).unwrap()
    }

    /// The pages and tables of a small report, to the byte. After a deliberate change, run the
    /// test with `REFRESH_GOLDEN=1` and review the difference of `src/report/golden/`.
    #[test]
    fn the_golden_report_is_rendered_to_the_byte() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/golden");
        let files = render(&fixture::tiny(), 1).unwrap();
        for name in ["README.md", "summary.csv", "results.csv", "tables/digits.tex"] {
            let path = folder.join(name.replace('/', "-"));
            if std::env::var_os("REFRESH_GOLDEN").is_some() {
                std::fs::write(&path, &files[name]).unwrap();
            }
            let golden = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text(&files, name), golden, "{name}");
        }
    }

    #[test]
    fn rendering_twice_gives_the_same_bytes_and_the_manifest_holds_their_digests() {
        let input = fixture::small();
        let files = render(&input, 7).unwrap();
        assert!(files == render(&input, 7).unwrap());
        let manifest: Manifest = serde_json::from_slice(&files[manifest::FILE]).unwrap();
        assert_eq!(manifest.files.len() + 1, files.len());
        for (path, digest) in &manifest.files {
            assert_eq!(*digest, Digest::of(&files[path]), "{path}");
        }
        let n_records: usize = input.cells.iter().map(|cell| cell.records.len()).sum();
        assert_eq!(manifest.runs.len(), n_records);
    }

    #[test]
    fn the_root_follows_every_record_and_the_suite_but_neither_cost_nor_order() {
        let input = fixture::small();
        let root = manifest::root(&input).unwrap();
        let mut changed = input.clone();
        changed.cells[3].records[1].epochs[2].test.shift("accuracy", 1e-9);
        assert_ne!(manifest::root(&changed).unwrap(), root);
        let mut changed = input.clone();
        changed.source_text.push('\n');
        assert_ne!(manifest::root(&changed).unwrap(), root);
        let mut equal = input.clone();
        equal.cells.reverse();
        equal.cells[0].records[0].cost.wall_seconds *= 2.0;
        assert_eq!(manifest::root(&equal).unwrap(), root);
    }

    #[test]
    fn every_figure_is_shown_and_what_is_missing_is_said() {
        let files = render(&fixture::small(), 1).unwrap();
        let (readme, page) = (text(&files, "README.md"), text(&files, "index.html"));
        for figure in crate::figure::FIGURES {
            assert!(readme.contains(&format!("(figures/{}-", figure.name)), "{}", figure.name);
            let title = words::of(&[ACCURACY], figure.title);
            assert!(page.contains(&title), "{title}");
        }
        for said in
            ["diverged in epoch 2, step 17", "killed: out of memory", "4 of 5", "not testable"]
        {
            assert!(page.contains(said), "{said}");
        }
        // What has a file of its own is linked, and the file is there.
        let links = readme.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        for (path, _) in links {
            assert!(files.contains_key(path) || path == manifest::FILE, "{path}");
        }
        assert!(readme.len() < 15_000, "{} bytes", readme.len());
        let table = text(&files, "tables/further-splits.md");
        assert!(table.contains("| test | test-matched-colour |"), "{table}");
        for section in ["Further test splits", "Variants of strategies", "Cost"] {
            assert!(readme.contains(&format!("<summary>{section}</summary>")), "{section}");
            assert!(page.contains(&format!(">{section}</a></h2>")), "{section}");
        }
        let header = text(&files, "results.csv").lines().next().unwrap();
        assert!(header.contains(",test_matched_colour_accuracy,"), "{header}");
        // A data set's label that looks like markup stays text.
        assert!(!page.contains("<b>&") && page.contains("&lt;b&gt;&amp;&quot;x&quot;_y"));
        let table = text(&files, "tables/cg-mnist-train-600-b-x-y.tex");
        assert!(table.contains("$<$b$>$\\&"), "{table}");
    }

    #[test]
    fn a_suite_without_any_record_still_has_a_report() {
        let mut input = fixture::tiny();
        for cell in &mut input.cells {
            cell.records.clear();
        }
        let files = render(&input, 1).unwrap();
        let readme = text(&files, "README.md");
        assert!(readme.contains("0 finished, 8 missing or diverged"));
        assert!(readme.contains("is left out: there is no finished run"));
        assert!(files.keys().all(|path| !path.starts_with("figures/")));
    }
}
