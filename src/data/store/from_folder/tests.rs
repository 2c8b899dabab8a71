//! The whole way of a data set whose files the user has, by a made one: from the folder to the rows.

use super::super::cache::{Arrays, Cache, State};
use super::super::element::Element;
use super::super::folder::Folder;
use super::super::prepare::prepare;
use super::*;
use crate::data::assemble::{Splits, assemble};
use crate::data::column::Column;
use crate::data::partition::Partition;
use crate::data::targets::Targets;
use crate::data::{Dataset, Modality, Origin, Shape, Split, load_entry, manifest_of};
use crate::hash::Digest;
use crate::registry::Params;
use crate::task::{CLASSIFICATION, Kind};
use std::path::PathBuf;

const CLIPS: usize = 90;
const SOUND: usize = 33;
const IMAGE: Shape = Shape::Image { channels: 3, height: 4, width: 4 };

/// What is in the file of a clip: its class, an image, and a sound of signed bytes.
fn clip(at: usize) -> Vec<u8> {
    let bytes = (0..1 + IMAGE.size() + SOUND).map(|i| (at * 31 + i * i * 7 + i / 3) as u8);
    let mut bytes: Vec<u8> = bytes.collect();
    bytes[0] = (at % 3) as u8;
    bytes
}

fn path(at: usize) -> String {
    format!("clips/{}/{at:03}.bin", at % 4)
}

fn modalities(_: &Params) -> Vec<Modality> {
    let sound = Shape::Sequence { channels: 1, length: SOUND };
    let modality = |name: &str, shape| Modality { name: name.into(), shape };
    vec![modality("sound", sound), modality("image", IMAGE)]
}

fn plan(files: &Files) -> Result<Plan> {
    let mut arrays = Arrays::default();
    let labels = files.paths().map(|path| Ok(files.read(path)?[0]));
    let labels = labels.collect::<Result<Vec<u8>>>()?;
    arrays.insert_bytes("labels", &[labels.len()], labels);
    let column = |name, element, size| Planned { name, element, size, rows: CLIPS };
    let columns =
        vec![column("sound", Element::F16, SOUND), column("image", Element::U8, IMAGE.size())];
    Ok(Plan { arrays, columns })
}

fn row(files: &Files, _: &Arrays, name: &str, at: usize) -> Result<Vec<f32>> {
    let clip = files.read(files.paths().nth(at).unwrap())?;
    let (image, sound) = clip[1..].split_at(IMAGE.size());
    Ok(match name {
        "image" => image.iter().map(|&byte| byte.into()).collect(),
        _ => sound.iter().map(|&byte| f32::from(byte as i8) / 128.0).collect(),
    })
}

/// Every third clip is for the test, every sixth for validation.
fn splits(labels: &[u8], column: &dyn Fn(&str, Vec<usize>) -> Result<Column>) -> Result<Splits> {
    let split = |which: &dyn Fn(usize) -> bool| {
        let rows: Vec<usize> = (0..CLIPS).rev().filter(|at| which(*at)).collect();
        let labels = rows.iter().map(|row| labels[*row].into()).collect();
        let features = vec![column("sound", rows.clone())?, column("image", rows)?];
        Ok(Split { features, targets: Targets::Classes(labels) })
    };
    Ok(Splits {
        train: split(&|at| at % 3 != 0)?,
        validation: split(&|at| at % 6 == 0)?,
        test: split(&|at| at % 6 == 3)?,
        further: vec![("everything", split(&|_| true)?)],
    })
}

fn load(cache: &Cache, _: &Params) -> Result<Splits> {
    let (_, labels) = cache.arrays.bytes("labels")?;
    splits(labels, &|name, rows| Ok(Column::in_shards(cache.rows(name)?, rows)))
}

fn classes(_: &Params) -> Vec<String> {
    ["x", "y", "z"].map(String::from).to_vec()
}

struct Made {
    entry: Entry<DatasetParts>,
    /// The user's.
    files: tempfile::TempDir,
    cache: tempfile::TempDir,
}

/// A data set of clips, and the folder that has them.
fn made() -> Made {
    let [files, cache] = [0, 1].map(|_| tempfile::tempdir().unwrap());
    let paths: Vec<String> = (0..CLIPS).map(path).collect();
    let mut lines = Vec::new();
    for (at, path) in paths.iter().enumerate() {
        let place = files.path().join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, clip(at)).unwrap();
        lines.push(format!("{}  {path}\n", Digest::of(&clip(at))));
    }
    let folder = Folder { list: lines.concat().leak(), obtain: "ask the authors for clips.zip" };
    let build = DatasetParts {
        licence: "",
        modalities,
        task: |_| CLASSIFICATION.defaults(),
        classes,
        examples: |_| (60, 30),
        partition: |_| Partition { n_validation: 15, groups: &[], unlike_test: None },
        origin: Origin::Folder(FolderParts { folder, plan, row, load }),
    };
    let entry = Entry { name: "clips", summary: "", params: &[], revision: 1, build };
    Made { entry, files, cache }
}

impl Made {
    fn prepare(&self) -> Result<()> {
        prepare(&self.entry, self.cache.path(), Some(self.files.path()), &mut |_| {})
    }

    fn load(&self) -> Result<Dataset> {
        load_entry(&self.entry, &Params::default(), self.cache.path())
    }

    fn ours(&self, path: &str) -> PathBuf {
        self.cache.path().join("clips").join(path)
    }

    fn memo(&self) -> PathBuf {
        let manifest = manifest_of(&self.entry, &Params::default()).unwrap();
        self.ours(&format!("assembled/{}.json", manifest.short()))
    }

    /// The same data set, held in memory.
    fn in_memory(&self) -> Dataset {
        let Origin::Folder(parts) = &self.entry.build.origin else { unreachable!() };
        let files = Files::open(&parts.folder, self.files.path()).unwrap();
        let arrays = plan(&files).unwrap().arrays;
        let column = |name: &str, rows: Vec<usize>| {
            let values = rows.iter().map(|at| row(&files, &arrays, name, *at));
            let values: Vec<Vec<f32>> = values.collect::<Result<_>>()?;
            Ok(Column::in_memory(values[0].len(), values.concat()))
        };
        let splits = splits(arrays.bytes("labels").unwrap().1, &column).unwrap();
        let params = Params::default();
        assemble(Kind::Classification, modalities(&params), classes(&params), splits).unwrap()
    }
}

fn bits(dataset: &Dataset) -> Vec<Vec<u32>> {
    let splits = [&dataset.train, &dataset.validation, &dataset.test];
    let splits = splits.into_iter().chain(dataset.further.iter().map(|(_, split)| split));
    let columns = splits.flat_map(|split| &split.features);
    let values = columns.map(|column| column.values().unwrap());
    values.map(|values| values.iter().map(|x| x.to_bits()).collect()).collect()
}

#[test]
fn rows_statistics_and_content_are_those_of_the_data_set_in_memory() {
    let made = made();
    made.prepare().unwrap();
    let (loaded, expected) = (made.load().unwrap(), made.in_memory());
    assert_eq!(loaded.content, expected.content);
    assert_eq!(bits(&loaded), bits(&expected));
    for (modality, column) in loaded.train.features.iter().enumerate() {
        assert!(!column.is_in_memory());
        let rows = [5, 0, 59, 5];
        let read = |dataset: &Dataset| dataset.train.read(modality, &rows, None).unwrap();
        assert_eq!(read(&loaded), read(&expected));
        assert!(loaded.train.read(modality, &[60], None).is_err());
    }
    // Several shards, of which the files of the user are no part.
    assert!(4 < std::fs::read_dir(made.ours("shards")).unwrap().count());
    std::fs::remove_dir_all(made.files.path()).unwrap();
    assert_eq!(bits(&made.load().unwrap()), bits(&expected));
}

#[test]
fn what_was_measured_is_kept_and_never_taken_on_trust() {
    let made = made();
    made.prepare().unwrap();
    let expected = made.load().unwrap();
    let kept = std::fs::read_to_string(made.memo()).unwrap();
    assert_eq!(bits(&made.load().unwrap()), bits(&expected));
    // It is read: with another content under its own digest it is believed.
    let mut other: serde_json::Value = serde_json::from_str(&kept).unwrap();
    let believed = Digest::of(b"other");
    other["body"]["measured"]["content"] = believed.to_string().into();
    other["digest"] = crate::hash::digest_json(&other["body"]).unwrap().to_string().into();
    std::fs::write(made.memo(), other.to_string()).unwrap();
    assert_eq!(made.load().unwrap().content, believed);
    // Damage, and statistics of other shapes, are not.
    let digit = |text: &str| text.replacen("scale\":[0", "scale\":[1", 1);
    other["body"]["measured"]["scalings"][1]["run"] = 0.into();
    other["digest"] = crate::hash::digest_json(&other["body"]).unwrap().to_string().into();
    assert_ne!(digit(&kept), kept);
    for wrong in [digit(&kept), kept[..kept.len() / 2].to_string(), other.to_string()] {
        std::fs::write(made.memo(), wrong).unwrap();
        let loaded = made.load().unwrap();
        assert_eq!((loaded.content, bits(&loaded)), (expected.content, bits(&expected)));
        assert_eq!(std::fs::read_to_string(made.memo()).unwrap(), kept, "it is mended");
    }
}

#[test]
fn an_id_needs_no_data_and_follows_the_list() {
    let [one, mut two] = [made(), made()];
    let manifest = |made: &Made| manifest_of(&made.entry, &Params::default()).unwrap();
    std::fs::remove_dir_all(one.files.path()).unwrap();
    assert_eq!(manifest(&one), manifest(&two));
    let Origin::Folder(parts) = &mut two.entry.build.origin else { unreachable!() };
    let windows: &str = parts.folder.list.replace('\n', "\r\n").leak();
    parts.folder.list = windows;
    assert_eq!(manifest(&one), manifest(&two));
    let Origin::Folder(parts) = &mut two.entry.build.origin else { unreachable!() };
    parts.folder.list = windows.rsplit_once("\r\n").unwrap().0.rsplit_once("\r\n").unwrap().0;
    assert_ne!(manifest(&one), manifest(&two));
    two.entry.revision = 2;
}

#[test]
fn a_folder_that_is_not_whole_makes_nothing_and_says_what_it_lacks() {
    let made = made();
    let without = prepare(&made.entry, made.cache.path(), None, &mut |_| {}).unwrap_err();
    assert_eq!(without.message, "data set `clips` is made of files that you must have");
    let hint =
        "ask the authors for clips.zip; then run `counterpoise data prepare clips --from DIR`";
    assert_eq!(without.hint.as_deref(), Some(hint));
    for at in [7, 11] {
        std::fs::remove_file(made.files.path().join(path(at))).unwrap();
    }
    std::fs::write(made.files.path().join(path(2)), "other").unwrap();
    let error = made.prepare().unwrap_err();
    let message = &error.message;
    assert!(message.contains("2 of 90 files are missing, first clips/3/007.bin"), "{message}");
    assert!(message.contains("1 of 90 files cannot be used, first clips/2/002.bin"), "{message}");
    assert_eq!(error.hint.as_deref(), Some(hint));
    assert_eq!(cache::state(&made.entry, made.cache.path()), State::Missing);
    assert!(!made.ours("shards").exists());
    let unprepared = made.load().unwrap_err();
    assert!(unprepared.message.contains("is not prepared in"), "{unprepared}");
    assert_eq!(unprepared.hint.as_deref(), Some(hint));
}

#[test]
fn damaged_shards_are_found_by_prepare_and_mended_from_the_folder() {
    let made = made();
    made.prepare().unwrap();
    let content = made.load().unwrap().content;
    let index = std::fs::read_to_string(made.ours("columns/image.json")).unwrap();
    let index: serde_json::Value = serde_json::from_str(&index).unwrap();
    let shard = made.ours("shards").join(index["shards"][1].as_str().unwrap());
    let whole = std::fs::read(&shard).unwrap();
    let mut bytes = whole.clone();
    bytes[0] ^= 1;
    std::fs::write(&shard, &bytes).unwrap();
    // A look at the sizes does not see it; a row that is read, and `prepare`, do.
    assert_eq!(cache::state(&made.entry, made.cache.path()), State::Ready);
    let names = cache::damaged_columns(&made.entry, made.cache.path()).unwrap();
    assert_eq!(names, ["image"]);
    let error = made.load().unwrap().further[0].1.features[1].values().unwrap_err();
    assert!(error.message.contains("is damaged"), "{error}");
    assert!(error.hint.unwrap().contains("data prepare clips --from DIR"));
    made.prepare().unwrap();
    assert_eq!(std::fs::read(&shard).unwrap(), whole);
    assert_eq!(made.load().unwrap().content, content);
    std::fs::remove_file(&shard).unwrap();
    assert!(matches!(cache::state(&made.entry, made.cache.path()), State::Damaged(_)));
    assert!(made.load().unwrap_err().message.contains("is damaged"));
    made.prepare().unwrap();
    assert_eq!(made.load().unwrap().content, content);
    // With nothing to mend, nobody asks for the folder.
    prepare(&made.entry, made.cache.path(), None, &mut |_| {}).unwrap();
}

#[test]
fn what_is_scanned_is_held_a_part_at_a_time() {
    let made = made();
    made.prepare().unwrap();
    let dataset = made.load().unwrap();
    let column = &dataset.further[0].1.features[1];
    let (mut most, mut all) = (0, 0);
    column
        .scan(&mut |values| {
            assert_eq!(values.len() % column.size(), 0);
            most = most.max(values.len());
            all += values.len();
            Ok(())
        })
        .unwrap();
    assert_eq!(all, CLIPS * IMAGE.size());
    assert!(most < all / 2 && most <= crate::data::column::SCANNED, "{most} of {all}");
}
