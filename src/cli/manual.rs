//! `manual`: the pages of a manual and the completions of shells, made of the commands themselves.

use super::{Cli, output};
use crate::atomic;
use crate::error::{Error, Result};
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::path::{Path, PathBuf};

/// Write man pages, or completions for a shell
///
/// Completions are printed: in bash, `source <(counterpoise manual --shell bash)`; in zsh and fish to
/// a file of the folder that the shell reads. Man pages are written to a folder, one for every command.
#[derive(Args)]
#[command(after_help = "Example: counterpoise manual --shell fish > \
    ~/.config/fish/completions/counterpoise.fish")]
#[group(required = true, multiple = false)]
pub(super) struct Arguments {
    /// Print the completions for this shell
    #[arg(long)]
    shell: Option<Shell>,
    /// Write the man pages to this folder
    #[arg(long, value_name = "DIR")]
    man: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    if let Some(shell) = arguments.shell {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), env!("CARGO_PKG_NAME"), &mut text);
        return output::data(String::from_utf8_lossy(&text).trim_end());
    }
    arguments.man.as_deref().map_or(Ok(()), pages)
}

fn pages(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| Error::io("create", folder, &e))?;
    let mut command = Cli::command();
    command.build();
    let shown = command.get_subcommands().filter(|of| !of.is_hide_set() && of.get_name() != "help");
    for page in std::iter::once(&command).chain(shown) {
        let name = match page.get_name() {
            name if name == command.get_name() => name.to_string(),
            name => format!("{}-{name}", command.get_name()),
        };
        let mut text = Vec::new();
        clap_mangen::Man::new(page.clone())
            .render(&mut text)
            .map_err(|e| Error::unexpected(format!("cannot write the page of {name}: {e}")))?;
        atomic::write(&folder.join(format!("{name}.1")), &text)?;
    }
    output::data(&folder.display().to_string())
}
