//! Reports: from the records of a suite to a versioned folder of pages, tables and figures.
//!
//! ```text
//! ReportInput -> Analysis -> tables, findings, caveats, figures -> pages -> reports/<suite>/vN/
//! ```
//!
//! Rendering is a pure function of the input and the version number: no clock, no random draw,
//! no environment, so the same records give the same bytes.

pub mod analysis;
pub mod caveat;
pub mod compare;
pub mod content;
pub mod document;
pub mod findings;
#[cfg(test)]
pub(crate) mod fixture;
pub mod gallery;
pub mod html;
pub mod input;
pub mod latex;
pub mod manifest;
pub mod markdown;
pub mod number;
pub mod publish;
pub mod sheets;
pub mod tables;

use crate::error::Result;
use analysis::Analysis;
use document::{Block, Table};
use input::ReportInput;
use manifest::Manifest;
use std::collections::BTreeMap;

/// Renders every file of a report, by path in its folder.
///
/// # Errors
/// When a figure cannot be drawn or a value cannot be encoded.
pub fn render(input: &ReportInput, version: u32) -> Result<BTreeMap<String, Vec<u8>>> {
    let analysis = Analysis::new(input);
    let root = manifest::root(input)?;
    let gallery = gallery::gallery(&analysis)?;
    let blocks = content::blocks(&analysis, version, root, &gallery.blocks)?;
    let mut files = gallery.files;
    for block in &blocks {
        if let Block::Table(table @ Table { stem: Some(stem), .. }) = block {
            let id = format!("{}-{stem}", tables::slug(&input.suite));
            files.insert(format!("tables/{stem}.tex"), latex::table(table, &id).into_bytes());
            files.insert(format!("tables/{stem}.md"), (markdown::table(table) + "\n").into_bytes());
        }
    }
    files.insert("README.md".into(), markdown::page(&input.title, &blocks).into_bytes());
    let page = html::page(&input.title, &blocks, &gallery.pictures);
    files.insert("index.html".into(), page.into_bytes());
    files.insert("results.csv".into(), sheets::results(&analysis)?);
    files.insert("summary.csv".into(), sheets::summary(&analysis)?);
    let manifest = Manifest::new(&analysis, &files)?;
    files.insert(manifest::FILE.into(), manifest.to_bytes()?);
    Ok(files)
}
