//! `bisect`: where two runs part.

use super::worker::as_a_worker;
use super::{Format, output, print_json};
use crate::checkpoint::difference::{Change, Difference};
use crate::data::{self, Dataset};
use crate::device::{self, Backend};
use crate::error::{Error, Kind, Result};
use crate::hash::Digest;
use crate::record::RunRecord;
use crate::store::Store;
use crate::suite::change::changes;
use crate::suite::run::RunId;
use crate::train::bisect::{After, Finding, Moment, Side, bisect};
use crate::train::needed::{self, Needed};
use clap::Args;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The number of tensors and fields shown as text.
const SHOWN: usize = 10;

/// Find the first step and the tensors at which two runs part
///
/// The roots in the records tell the first epoch that differs, or the first link where the runs
/// were trained with `suite --chain K`. That stretch is trained again, step by step.
#[derive(Args)]
#[command(after_help = "Example: counterpoise bisect runs/0123456789abcdef other/0123456789abcdef

Exit codes: 0 every root is equal; 4 the runs part")]
pub(super) struct Arguments {
    /// A finished run: the beginning of its id, or its folder
    #[arg(value_name = "RUN_A")]
    first: String,
    /// The run to compare it with
    #[arg(value_name = "RUN_B")]
    second: String,
    /// Folder of the run store, for runs given by id
    #[arg(long, value_name = "DIR", default_value = "runs")]
    store: PathBuf,
    /// Folder of the prepared data
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let runs = [
        Run::find(&arguments.first, &arguments.store)?,
        Run::find(&arguments.second, &arguments.store)?,
    ];
    let [a, b] = &runs;
    let devices = [a, b].map(|run| device::first_of(&run.record.spec.cell.backend));
    as_a_worker(&devices)?;
    let backends = [device::open(devices[0])?, device::open(devices[1])?];
    let sets = [a.data(&arguments.data)?, b.data(&arguments.data)?];
    let needed = [a.needed(&sets[0], &backends[0])?, b.needed(&sets[1], &backends[1])?];
    let sides: [Side<'_>; 2] = std::array::from_fn(|i| Side {
        record: &runs[i].record,
        folder: &runs[i].folder,
        data: &sets[i],
        backend: &backends[i],
        needed: &needed[i],
    });
    let found = bisect([&sides[0], &sides[1]])?;
    if arguments.format == Format::Json {
        let value = serde_json::json!({
            "runs": [a.record.id, b.record.id],
            "settings": changes(&a.record.spec, &b.record.spec)?,
            "classes": [a.record.environment.class_id, b.record.environment.class_id],
            "needs": [&a.record.needs, &b.record.needs],
            "finding": found,
        });
        print_json(&value)?;
    } else {
        show(a, b, found.as_ref())?;
    }
    match found {
        None => Ok(()),
        Some(_) => Err(Error::new(Kind::Mismatch, "the runs part")),
    }
}

/// A finished run in some store.
struct Run {
    folder: PathBuf,
    record: RunRecord,
}

impl Run {
    /// The run whose folder is `name`, or whose id in the store in `dir` begins so.
    fn find(name: &str, dir: &Path) -> Result<Self> {
        let path = Path::new(name);
        let (store, id) = match (path.parent(), path.file_name()) {
            (Some(parent), Some(file)) if path.is_dir() => {
                let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
                (Store::open_existing(parent)?, RunId(file.to_string_lossy().into_owned()))
            }
            _ => {
                let store = Store::open_existing(dir)?;
                let id = store.resolve(name)?;
                (store, id)
            }
        };
        Ok(Self { folder: store.folder(&id), record: store.record(&id)? })
    }

    /// The runs that it began from: those beside it in its store, else trained again.
    fn needed(&self, data: &Dataset, backend: &Backend) -> Result<Vec<Needed>> {
        let RunRecord { spec, fault, .. } = &self.record;
        let store = self.folder.parent().unwrap_or(Path::new("."));
        let folders = spec
            .needs()
            .iter()
            .map(|need| Ok(store.join(need.id()?.0)))
            .collect::<Result<Vec<_>>>()?;
        let needed = match folders.iter().all(|folder| folder.is_dir()) {
            true => Needed::read_all(spec, &folders, fault.is_some())?,
            false => needed::train(spec, data, backend)?,
        };
        tell_unlike(&self.record, &needed);
        Ok(needed)
    }

    fn data(&self, dir: &Path) -> Result<Dataset> {
        let part = self.record.spec.dataset();
        let set = data::load(&part, dir)?;
        if set.content == self.record.data_content {
            return Ok(set);
        }
        Err(Error::input(format!(
            "run {} was trained on other data: the arrays of `{}` in {} have the digest {}, those of \
             the run {}",
            self.record.id,
            part.name,
            dir.display(),
            set.content.short(),
            self.record.data_content.short()
        ))
        .with_hint("give the folder of the data it was trained on by --data"))
    }
}

/// Says where a run that another began from is another than it was then.
fn tell_unlike(record: &RunRecord, needed: &[Needed]) {
    let pairs = record.needs.iter().zip(needed);
    for (named, here) in pairs.filter(|(named, here)| named.root != here.root) {
        output::warning(&format!(
            "run {} began from {named}, which is {} here",
            record.id, here.root
        ));
    }
}

fn show(a: &Run, b: &Run, found: Option<&Finding>) -> Result<()> {
    let settings = changes(&a.record.spec, &b.record.spec)?;
    if !settings.is_empty() {
        output::data("settings that differ:")?;
        list(settings.iter().map(ToString::to_string))?;
    }
    let roots = |run: &Run| -> BTreeMap<RunId, Digest> {
        run.record.needs.iter().map(|needed| (needed.run.clone(), needed.root)).collect()
    };
    let (of_a, of_b) = (roots(a), roots(b));
    for (id, root) in of_a.iter().filter(|(id, root)| of_b.get(id).is_some_and(|b| b != *root)) {
        let short = [*root, of_b[id]].map(|root| root.short());
        output::data(&format!(
            "both began from run {id}, which has the root {} in the first store and {} in the \
             second: bisect that one",
            short[0], short[1]
        ))?;
    }
    let classes = [&a.record.environment.class, &b.record.environment.class];
    let properties =
        classes[0].keys().chain(classes[1].keys()).collect::<std::collections::BTreeSet<_>>();
    let differing: Vec<String> = properties
        .into_iter()
        .filter(|key| classes[0].get(*key) != classes[1].get(*key))
        .map(|key| {
            let value = |i: usize| classes[i].get(key).map_or("nothing", String::as_str);
            format!("{key}: {} -> {}", value(0), value(1))
        })
        .collect();
    if !differing.is_empty() {
        output::data("determinism classes differ:")?;
        list(differing.into_iter())?;
    }
    let Some(found) = found else {
        return output::data("every root that both runs recorded is equal");
    };
    output::data(&where_they_part(found))?;
    for (run, reproduced) in [a, b].into_iter().zip(found.reproduced) {
        if !reproduced {
            output::data(&format!(
                "{} is not reproduced: trained again here, it has another root than recorded",
                run.folder.display()
            ))?;
        }
    }
    if found.tensors.is_empty() {
        return output::data(
            "the tensors cannot be told: train both where they were trained, with `suite --chain 1`",
        );
    }
    let n = found.tensors.len();
    output::data(&format!("{n} tensors differ there, the largest relative difference first:"))?;
    list(found.tensors.iter().map(tensor))
}

fn list(mut lines: impl ExactSizeIterator<Item = String>) -> Result<()> {
    for line in lines.by_ref().take(SHOWN) {
        output::data(&format!("  {line}"))?;
    }
    match lines.len() {
        0 => Ok(()),
        more => output::data(&format!("  and {more} more")),
    }
}

fn where_they_part(found: &Finding) -> String {
    let moment = |moment: Moment| match moment.after {
        After::Step => format!("after {} steps", moment.steps),
        After::Epoch => {
            format!("after the epoch that ends with step {}", moment.steps.saturating_sub(1))
        }
        After::Run => format!("at the end of the run, after {} steps", moment.steps),
    };
    match (found.epoch, found.step) {
        (None, _) => "the runs start from different weights".into(),
        (Some(epoch), Some(step)) => {
            format!("the runs part in epoch {}, at step {step}", epoch + 1)
        }
        (Some(epoch), None) => format!(
            "the runs part in epoch {}: the last equal root is {}, the first different {}",
            epoch + 1,
            found.last_equal.map_or("of the initial weights".into(), moment),
            moment(found.first_different)
        ),
    }
}

fn tensor(difference: &Difference) -> String {
    let what = match &difference.change {
        Change::OnlyInFirst => "only in the first run".into(),
        Change::OnlyInSecond => "only in the second run".into(),
        Change::Form { first, second } => format!("{first} -> {second}"),
        Change::Values { differing, of, largest, relative } => {
            format!(
                "{differing} of {of} values, by up to {largest:.3e} ({relative:.3e} of the largest)"
            )
        }
    };
    format!("{}: {what}", difference.path)
}
