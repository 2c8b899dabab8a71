use super::super::make::{Rows, clean, damaged, make};
use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

const NAME: &str = "frames";
const ROWS: usize = 23;
const SIZE: usize = 5;

fn layout(element: Element) -> Layout {
    Layout { element, size: SIZE, rows: ROWS, rows_per_shard: 4 }
}

fn origin() -> Digest {
    Digest::of(b"files")
}

fn value(row: usize, at: usize) -> f32 {
    ((row * 7 + at * 3) % 256) as f32
}

fn row(row: usize) -> Result<Vec<f32>> {
    Ok((0..SIZE).map(|at| value(row, at)).collect())
}

fn made(folder: &Path, element: Element, rows: &Rows<'_>) -> Result<Digest> {
    make(folder, NAME, &layout(element), origin(), rows, &mut |_| {})
}

/// The names of shards and tables in order of the array, then of the rest.
fn blobs(folder: &Path) -> Vec<PathBuf> {
    let index = Index::read(&index_path(folder, NAME)).unwrap().unwrap();
    index.shards.iter().map(|digest| blob_path(folder, *digest)).collect()
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn rows_of_any_shard_are_read_in_the_order_that_was_asked_for() {
    for element in [Element::U8, Element::F16, Element::F32] {
        let dir = tempfile::tempdir().unwrap();
        made(dir.path(), element, &row).unwrap();
        let shards = Shards::open(dir.path(), NAME).unwrap();
        let rows = [22, 0, 3, 4, 22, 11];
        let mut values = vec![f32::NAN; rows.len() * SIZE];
        shards.read(&rows, &mut values).unwrap();
        let expected: Vec<f32> = rows.iter().flat_map(|at| row(*at).unwrap()).collect();
        assert_eq!(values, expected);
        let error = shards.read(&[0, ROWS], &mut [0.0; 2 * SIZE]).unwrap_err();
        assert_eq!(error.message, "row 23 was asked for, and there are 23");
        // Names are digests of contents, which others can check too.
        for (shard, path) in blobs(dir.path()).iter().enumerate() {
            let bytes = std::fs::read(path).unwrap();
            assert_eq!(path.file_name().unwrap().to_str().unwrap(), Digest::of(&bytes).to_string());
            assert_eq!(bytes.len(), [4, 4, 4, 4, 4, 3][shard] * SIZE * element.bytes());
        }
    }
}

#[test]
fn a_changed_bit_is_found_when_its_row_is_read_and_no_other_row_suffers() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path(), Element::U8, &row).unwrap();
    let shards = Shards::open(dir.path(), NAME).unwrap();
    // After it was opened: row 9 is the second of the third shard.
    let path = &blobs(dir.path())[2];
    flip(path, SIZE + 3);
    shards.read(&[8, 10], &mut [0.0; 2 * SIZE]).unwrap();
    let error = shards.read(&[8, 9], &mut [0.0; 2 * SIZE]).unwrap_err();
    let expected = format!("row 9, in {}, is damaged", path.display());
    assert_eq!((error.message, error.kind), (expected, crate::error::Kind::Input));
    assert!(error.hint.unwrap().starts_with("run `counterpoise data prepare "));
    std::fs::write(path, b"short").unwrap();
    assert!(shards.read(&[9], &mut [0.0; SIZE]).unwrap_err().message.starts_with("cannot read "));
    std::fs::remove_file(path).unwrap();
    assert!(shards.read(&[9], &mut [0.0; SIZE]).unwrap_err().message.starts_with("cannot read "));
    shards.read(&[0], &mut [0.0; SIZE]).unwrap();
}

#[test]
fn an_array_that_is_not_whole_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |what: &str| {
        let message = Shards::open(dir.path(), NAME).unwrap_err().message;
        assert!(message.contains(what), "{message}");
    };
    refused("frames.json is not finished");
    made(dir.path(), Element::U8, &row).unwrap();
    Shards::open(dir.path(), NAME).unwrap();
    let index = index_path(dir.path(), NAME);
    let text = std::fs::read_to_string(&index).unwrap();
    for (from, to, what) in [
        ("\"format\": 1", "\"format\": 2", "it has the format 2, not 1"),
        ("\"format\": 1", "\"format\": 1, \"more\": 0", "unknown field `more`"),
        ("\"rows\": 23", "\"rows\": 29", "do not fit each other"),
        ("\"rows\": 23", "\"rows\": 22", "is damaged"),
        ("\"size\": 5", "\"size\": 6", "has 20 bytes, not 24"),
        ("\"size\": 5", "\"size\": 0", "do not fit each other"),
        ("\"size\": 5", "\"size\": 9223372036854775807", "do not fit each other"),
        ("\"rows_per_shard\": 4", "\"rows_per_shard\": 0", "do not fit each other"),
        ("\"element\": \"u8\"", "\"element\": \"f16\"", "has 20 bytes, not 40"),
        ("{", "[", "frames.json: "),
    ] {
        std::fs::write(&index, text.replacen(from, to, 1)).unwrap();
        refused(what);
    }
    std::fs::write(&index, &text).unwrap();
    let table = Index::read(&index).unwrap().unwrap().table.unwrap();
    flip(&blob_path(dir.path(), table), 40);
    refused("is damaged");
    assert_eq!(damaged(dir.path(), NAME).unwrap(), [table]);
}

#[test]
fn an_interrupted_making_goes_on_and_what_is_damaged_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let asked = AtomicUsize::new(0);
    let counted = |at: usize| {
        asked.fetch_add(1, Ordering::Relaxed);
        row(at)
    };
    let interrupted = |at: usize| if at < 13 { counted(at) } else { Err(Error::input("stop")) };
    assert_eq!(made(dir.path(), Element::F16, &interrupted).unwrap_err().message, "stop");
    assert!(Shards::open(dir.path(), NAME).is_err());
    // Three whole shards of four rows were made and are not asked for again.
    asked.store(0, Ordering::Relaxed);
    let digest = made(dir.path(), Element::F16, &counted).unwrap();
    assert_eq!(asked.swap(0, Ordering::Relaxed), ROWS - 12);
    let uninterrupted = tempfile::tempdir().unwrap();
    assert_eq!(digest, made(uninterrupted.path(), Element::F16, &row).unwrap());
    assert_eq!(made(dir.path(), Element::F16, &counted).unwrap(), digest);
    assert_eq!(asked.swap(0, Ordering::Relaxed), 0);
    let second = &blobs(dir.path())[1];
    flip(second, 0);
    assert_eq!(
        damaged(dir.path(), NAME).unwrap(),
        [Index::read(&index_path(dir.path(), NAME)).unwrap().unwrap().shards[1]]
    );
    assert_eq!(made(dir.path(), Element::F16, &counted).unwrap(), digest);
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    assert!(damaged(dir.path(), NAME).unwrap().is_empty());
}

#[test]
fn shards_of_other_files_are_not_taken_for_these_and_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path(), Element::U8, &row).unwrap();
    let before = blobs(dir.path());
    std::fs::write(dir.path().join("shards/.tmp123"), "killed").unwrap();
    std::fs::write(dir.path().join("shards/mine"), "kept").unwrap();
    let other = |at: usize| row(at + 1);
    let make = |origin: &[u8]| {
        make(dir.path(), NAME, &layout(Element::U8), Digest::of(origin), &other, &mut |_| {})
    };
    // The same origin is the same rows: none is asked for.
    make(b"files").unwrap();
    assert_eq!(blobs(dir.path()), before);
    make(b"other files").unwrap();
    let mut values = [0.0; SIZE];
    Shards::open(dir.path(), NAME).unwrap().read(&[0], &mut values).unwrap();
    assert_eq!(values.to_vec(), row(1).unwrap());
    clean(dir.path(), &[NAME]);
    assert!(before.iter().all(|path| !path.exists()));
    assert!(!dir.path().join("shards/.tmp123").exists() && dir.path().join("shards/mine").exists());
    assert!(damaged(dir.path(), NAME).unwrap().is_empty());
}

#[test]
fn a_row_that_cannot_be_stored_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let message = |rows: &Rows<'_>| made(dir.path(), Element::U8, rows).unwrap_err().message;
    assert_eq!(message(&|_| Ok(vec![0.0; 4])), "row 0 of `frames` has 4 values, not 5");
    let half = |at| if at == 6 { Ok(vec![0.5; SIZE]) } else { row(at) };
    assert_eq!(message(&half), "row 6 of `frames` has the value 0.5, which U8 does not have");
    let none = Layout { rows: 0, ..layout(Element::U8) };
    assert!(make(dir.path(), NAME, &none, origin(), &row, &mut |_| {}).is_err());
}
