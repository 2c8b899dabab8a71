use super::*;
use crate::data::Dataset;
use crate::data::partition::Partition;
use crate::data::store::cache::Arrays;
use crate::data::store::source::{Client, Member, RawFiles, Source};
use crate::error::Kind;
use crate::registry::Params;
use std::io::Write;

fn hex(bytes: &[u8]) -> &'static str {
    Digest::of(bytes).to_string().leak()
}

fn member(path: &'static str, content: &[u8]) -> Member {
    Member { path, bytes: content.len() as u64, sha256: hex(content) }
}

fn tarball(members: &[(&str, &[u8])]) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(encoder);
    let unrelated = ("package/readme.md", b"unrelated".as_slice());
    for &(path, content) in [unrelated].iter().chain(members) {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, path, content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn wheel(path: &str, content: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap().into_inner()
}

const LEFT: &str = "package/data/left.bin";
const RIGHT: &str = "package/right.bin";

fn convert(raw: &RawFiles) -> Result<Arrays> {
    let mut arrays = Arrays::default();
    for name in ["left.bin", "right.bin"] {
        let content = raw.get(name)?;
        arrays.insert_bytes(name, &[content.len()], content.to_vec());
    }
    Ok(arrays)
}

fn load(_: &Arrays, _: &Params) -> Result<Dataset> {
    Err(Error::unexpected("the tests never load"))
}

/// A data set of two sources, and a folder with their archives.
fn made(sha256_of_right: Option<&'static str>) -> (Entry<DatasetParts>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let (left, right) = (tarball(&[(LEFT, b"left")]), wheel(RIGHT, b"right"));
    std::fs::write(folder.path().join("left.tgz"), &left).unwrap();
    std::fs::write(folder.path().join("right.whl"), &right).unwrap();
    let mut right_member = member(RIGHT, b"right");
    right_member.sha256 = sha256_of_right.unwrap_or(right_member.sha256);
    let source = |client, package, archive, content: &[u8], member: Member| {
        let members: &'static [Member] = vec![member].leak();
        Source { client, package, version: "1", archive, sha256: hex(content), members }
    };
    let sources = vec![
        source(Client::Npm, "left", "left.tgz", &left, member(LEFT, b"left")),
        source(Client::Pip, "right", "right.whl", &right, right_member),
    ];
    let build = DatasetParts {
        licence: "",
        modalities: |_| Vec::new(),
        task: |_| crate::task::CLASSIFICATION.defaults(),
        classes: |_| Vec::new(),
        examples: |_| (0, 0),
        partition: |_| Partition { n_validation: 0, groups: &[], unlike_test: None },
        origin: Origin::Packages { sources: sources.leak(), convert, load },
    };
    (Entry { name: "made", summary: "", params: &[], revision: 1, build }, folder)
}

fn prepare_quietly(entry: &Entry<DatasetParts>, dir: &Path, from: &Path) -> Result<()> {
    prepare(entry, dir, Some(from), &mut |_| {})
}

#[test]
fn a_folder_of_archives_is_imported() {
    let (entry, archives) = made(None);
    let dir = tempfile::tempdir().unwrap();
    let mut said = Vec::new();
    prepare(&entry, dir.path(), Some(archives.path()), &mut |what| said.push(what.to_string()))
        .unwrap();
    assert_eq!(said.len(), 3, "{said:?}");
    let arrays = cache::read(&entry, dir.path()).unwrap().arrays;
    assert_eq!(arrays.bytes("left.bin").unwrap().1, b"left");
    assert_eq!(arrays.bytes("right.bin").unwrap().1, b"right");
    prepare(&entry, dir.path(), None, &mut |what| panic!("nothing is left to do: {what}")).unwrap();
}

#[test]
fn members_of_one_file_name_are_kept_apart() {
    const PATHS: [&str; 4] = ["p/train/x.bin", "p/test/x.bin", "x.bin", "p/y.bin"];
    fn convert(raw: &RawFiles) -> Result<Arrays> {
        assert!(raw.get("x.bin").unwrap_err().message.contains("name more of the path"));
        assert!(raw.get("in.bin").is_err() && raw.get("z.bin").is_err());
        let mut arrays = Arrays::default();
        for name in ["train/x.bin", "test/x.bin", "many-1/x.bin", "y.bin"] {
            let content = raw.get(name)?;
            arrays.insert_bytes(name, &[content.len()], content.to_vec());
        }
        Ok(arrays)
    }
    let (mut entry, archives) = made(None);
    let archive = tarball(&PATHS.map(|path| (path, path.as_bytes())));
    let path = archives.path().join("many.tgz");
    std::fs::write(&path, &archive).unwrap();
    let source = Source {
        client: Client::Npm,
        package: "many",
        version: "1",
        archive: "many.tgz",
        sha256: hex(&archive),
        members: PATHS.map(|path| member(path, path.as_bytes())).to_vec().leak(),
    };
    entry.build.origin = Origin::Packages { sources: vec![source].leak(), convert, load };
    let dir = tempfile::tempdir().unwrap();
    // Once from the archive, and once from the raw members that it left.
    for from in [path.as_path(), Path::new("no such folder")] {
        prepare_quietly(&entry, dir.path(), from).unwrap();
        let arrays = cache::read(&entry, dir.path()).unwrap().arrays;
        for (name, path) in [("train/x.bin", PATHS[0]), ("test/x.bin", PATHS[1])] {
            assert_eq!(arrays.bytes(name).unwrap().1, path.as_bytes());
        }
        assert_eq!(arrays.bytes("many-1/x.bin").unwrap().1, b"x.bin");
        std::fs::remove_file(dir.path().join("made/cache.json")).unwrap();
    }
    assert!(dir.path().join("raw/many-1/y.bin").is_file());
}

#[test]
fn archives_may_come_one_after_the_other() {
    let (entry, archives) = made(None);
    let dir = tempfile::tempdir().unwrap();
    let error =
        prepare_quietly(&entry, dir.path(), &archives.path().join("right.whl")).unwrap_err();
    assert_eq!(error.kind, Kind::Input);
    assert!(error.message.contains("is not left.tgz"), "{error}");
    let hint = error.hint.unwrap();
    assert!(hint.contains("counterpoise data prepare made --from"), "{hint}");
    assert!(hint.contains(entry.build.origin.sources()[0].sha256), "{hint}");
    assert_eq!(cache::state(&entry, dir.path()), State::Missing);
    prepare_quietly(&entry, dir.path(), &archives.path().join("left.tgz")).unwrap();
    assert_eq!(cache::state(&entry, dir.path()), State::Ready);
}

#[test]
fn a_changed_archive_is_refused_before_it_is_opened() {
    let (entry, archives) = made(None);
    let dir = tempfile::tempdir().unwrap();
    let path = archives.path().join("left.tgz");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.push(0);
    std::fs::write(&path, bytes).unwrap();
    let error = prepare_quietly(&entry, dir.path(), archives.path()).unwrap_err();
    assert!(error.message.contains("left.tgz has the SHA-256"), "{error}");
    assert!(!dir.path().join("raw/left-1/left.bin").exists());
}

#[test]
fn a_member_with_another_digest_is_refused() {
    let (entry, archives) = made(Some(hex(b"other")));
    let dir = tempfile::tempdir().unwrap();
    let error = prepare_quietly(&entry, dir.path(), archives.path()).unwrap_err();
    assert!(error.message.contains("right.whl: member package/right.bin: 5 bytes"), "{error}");
    assert_eq!(cache::state(&entry, dir.path()), State::Missing);
}

#[test]
fn damage_is_noticed_and_mended_from_the_raw_members() {
    let (mut entry, archives) = made(None);
    let dir = tempfile::tempdir().unwrap();
    prepare_quietly(&entry, dir.path(), archives.path()).unwrap();
    let arrays = dir.path().join("made/arrays.safetensors");
    let mut bytes = std::fs::read(&arrays).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&arrays, bytes).unwrap();
    let State::Damaged(reason) = cache::state(&entry, dir.path()) else {
        panic!("a changed byte went unnoticed");
    };
    assert!(reason.contains("arrays.safetensors does not have the SHA-256"), "{reason}");
    // The raw members are whole, so nothing has to be found or fetched again.
    prepare_quietly(&entry, dir.path(), Path::new("no such folder")).unwrap();
    assert_eq!(cache::state(&entry, dir.path()), State::Ready);
    entry.revision = 2;
    assert!(matches!(cache::state(&entry, dir.path()), State::Damaged(_)));
}

#[test]
fn a_damaged_raw_member_is_not_used() {
    let (entry, archives) = made(None);
    let dir = tempfile::tempdir().unwrap();
    prepare_quietly(&entry, dir.path(), archives.path()).unwrap();
    std::fs::remove_file(dir.path().join("made/cache.json")).unwrap();
    std::fs::write(dir.path().join("raw/left-1/left.bin"), b"lift").unwrap();
    assert!(prepare_quietly(&entry, dir.path(), Path::new("no such folder")).is_err());
    prepare_quietly(&entry, dir.path(), archives.path()).unwrap();
    assert_eq!(std::fs::read(dir.path().join("raw/left-1/left.bin")).unwrap(), b"left");
}

#[test]
fn preparing_side_by_side_is_safe() {
    let (entry, archives) = made(None);
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        let prepare = || prepare_quietly(&entry, dir.path(), archives.path());
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(prepare)).collect();
        for worker in workers {
            worker.join().unwrap().unwrap();
        }
    });
    assert_eq!(cache::state(&entry, dir.path()), State::Ready);
}
