use super::*;
use crate::error::Kind;
use crate::store::claim::Published;
use crate::store::failure::FailureKind;
use crate::store::fixture::{record, spec};
use proptest::prelude::*;

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("runs")).unwrap();
    (dir, store)
}

fn finish(store: &Store, seed: u64) -> RunId {
    let record = record(&spec("toy", seed));
    store.claim(&record.id).unwrap().unwrap().commit(&record).unwrap();
    record.id
}

fn failure(kind: FailureKind) -> Failure {
    Failure { kind, message: "no data".into(), status: Some(2), signal: None, log: vec![] }
}

#[test]
fn a_committed_run_is_done_and_reads_back() {
    let (_dir, store) = store();
    let record = record(&spec("toy", 0));
    assert_eq!(store.state(&record.id).unwrap(), State::Pending);
    let claim = store.claim(&record.id).unwrap().unwrap();
    std::fs::write(claim.workdir().join("steps.csv"), b"step\n").unwrap();
    std::fs::write(claim.workdir().join(".resume"), b"scratch").unwrap();
    std::fs::create_dir(claim.workdir().join(".tmp")).unwrap();
    assert_eq!(store.state(&record.id).unwrap(), State::Pending);
    claim.commit(&record).unwrap();
    assert_eq!(store.state(&record.id).unwrap(), State::Done);
    assert_eq!(store.record(&record.id).unwrap(), record);
    assert_eq!(store.root(&record.id).unwrap(), record.root().unwrap());
    let mut names: Vec<_> = std::fs::read_dir(store.folder(&record.id))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["record.json", ROOT, "steps.csv"]);
}

#[test]
fn a_failure_is_kept_until_a_later_success() {
    let (_dir, store) = store();
    let id = spec("toy", 0).id().unwrap();
    let note = failure(FailureKind::Blocked);
    store.claim(&id).unwrap().unwrap().fail(&note).unwrap();
    assert_eq!(store.state(&id).unwrap(), State::Failed(note));
    finish(&store, 0);
    assert_eq!(store.state(&id).unwrap(), State::Done);
    assert!(!store.failure_path(&id).exists());
}

#[test]
fn a_run_has_one_claim_at_a_time_and_the_next_finds_the_files() {
    let (_dir, store) = store();
    let id = spec("toy", 0).id().unwrap();
    let claim = store.claim(&id).unwrap().unwrap();
    std::fs::write(claim.workdir().join("half"), b"x").unwrap();
    assert!(store.claim(&id).unwrap().is_none());
    drop(claim);
    let again = store.claim(&id).unwrap().unwrap();
    assert!(again.workdir().join("half").exists());
}

/// Two claims on one run, as where locks do not hold.
fn two_claims(store: &Store, id: &RunId) -> [Claim; 2] {
    let first = store.claim(id).unwrap().unwrap();
    std::fs::remove_dir_all(store.dir.join(LOCKS)).unwrap();
    [first, store.claim(id).unwrap().unwrap()]
}

#[test]
fn two_copies_of_a_run_are_written_apart_and_published_once() {
    let (_dir, store) = store();
    let record = record(&spec("toy", 0));
    let [first, second] = two_claims(&store, &record.id);
    assert_ne!(first.workdir(), second.workdir());
    assert_eq!(second.commit(&record).unwrap(), Published::Here);
    assert!(first.workdir().is_dir(), "the folder of a living attempt is left alone");
    assert_eq!(first.commit(&record).unwrap(), Published::Before);
    assert_eq!(std::fs::read_dir(store.dir.join(WORK)).unwrap().count(), 0);
    assert_eq!(store.state(&record.id).unwrap(), State::Done);
}

#[test]
fn two_copies_of_a_run_with_different_roots_are_both_kept() {
    let (_dir, store) = store();
    let record = record(&spec("toy", 0));
    let mut other = record.clone();
    other.epochs[0].test.set("accuracy", 0.5);
    let [first, second] = two_claims(&store, &record.id);
    second.commit(&record).unwrap();
    let own = first.workdir().to_path_buf();
    let error = first.commit(&other).unwrap_err();
    assert_eq!(error.kind, Kind::Mismatch);
    for said in [&store.folder(&record.id), &own].map(|path| path.display().to_string()) {
        assert!(error.message.contains(&said), "{error}");
    }
    for root in [&record, &other].map(|record| record.root().unwrap().to_string()) {
        assert!(error.message.contains(&root), "{error}");
    }
    assert_eq!(record_file::read(&own, &record.id).unwrap(), other);
    assert_eq!(store.record(&record.id).unwrap(), record);
}

#[test]
fn a_cost_that_was_changed_is_told() {
    let (_dir, store) = store();
    let id = finish(&store, 0);
    let path = store.folder(&id).join("record.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"wall_seconds\":0.1", "\"wall_seconds\":0.2")).unwrap();
    let error = store.record(&id).unwrap_err();
    assert_eq!(error.kind, Kind::Mismatch);
    assert!(error.message.ends_with("the cost is not what its digest says"), "{error}");
}

#[test]
fn a_record_of_another_run_is_not_committed() {
    let (_dir, store) = store();
    let id = spec("toy", 0).id().unwrap();
    let other = record(&spec("toy", 1));
    let error = store.claim(&id).unwrap().unwrap().commit(&other).unwrap_err();
    assert!(error.message.contains(&format!("the record is of run {}", other.id)), "{error}");
    assert_eq!(store.state(&id).unwrap(), State::Pending);
}

#[test]
fn a_record_with_a_number_that_is_not_finite_is_refused_before_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut record = record(&spec("toy", 0));
    record.epochs[0].train.insert("loss".into(), f64::NAN);
    let error = record_file::write(dir.path(), &record).unwrap_err();
    assert!(error.hint.unwrap().contains("finite"));
    assert!(!dir.path().join("record.json").exists());
}

#[test]
fn a_damaged_record_is_named_with_the_way_out() {
    let (_dir, store) = store();
    let id = finish(&store, 0);
    let path = store.folder(&id).join("record.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let damages = [
        (text[..100].to_string(), "not a run record: EOF while parsing"),
        (text.replacen("\"format\":3,\"id\"", "\"format\":2,\"id\"", 1), "the record has format 2"),
        ("{\"format\":9,\"new\":0}".to_string(), "the record has format 9"),
        (text.replace("\"seed\":0", "\"seed\":1"), "the run described has the id"),
        (text.replace(&id.0, "0123456789abcdef"), "the record is of run 0123456789abcdef"),
    ];
    for (damaged, expected) in damages {
        assert_ne!(damaged, text);
        std::fs::write(&path, damaged).unwrap();
        let error = store.record(&id).unwrap_err();
        assert_eq!(error.kind, Kind::Input);
        assert!(error.message.contains(&format!("{}: {expected}", path.display())), "{error}");
        assert!(error.hint.unwrap().contains("delete "));
    }
    // One digit of a number, which only the root tells.
    let digit = text.replacen("\"lr\":0.1", "\"lr\":0.2", 1);
    assert_ne!(digit, text);
    std::fs::write(&path, digit).unwrap();
    let changed = |error: Error| error.message.contains("root is not the root of the record");
    assert!(changed(store.record(&id).unwrap_err()) && changed(store.root(&id).unwrap_err()));
    std::fs::write(&path, &text).unwrap();
    std::fs::write(store.folder(&id).join(ROOT), "abc").unwrap();
    assert!(changed(store.record(&id).unwrap_err()));
}

#[test]
fn a_run_that_is_not_there_is_called_unfinished() {
    let (_dir, store) = store();
    let id = spec("toy", 0).id().unwrap();
    assert!(store.record(&id).unwrap_err().message.contains("is not finished"));
    assert!(store.root(&id).unwrap_err().message.contains("is not finished"));
}

#[test]
fn a_newer_store_is_refused() {
    let (dir, store) = store();
    std::fs::write(store.dir.join(HEADER), "{\"format\":2,\"more\":true}").unwrap();
    let error = Store::open(&dir.path().join("runs")).unwrap_err();
    assert_eq!(error.kind, Kind::Input);
    assert!(error.message.contains("has format 2, this program reads format 1"), "{error}");
    assert!(error.hint.unwrap().contains("version that wrote it"));
}

#[test]
fn a_folder_of_something_else_is_not_made_a_store() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("thesis.tex"), "").unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    assert_eq!(error.kind, Kind::Input);
    assert!(error.message.contains("holds `thesis.tex`"), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_store_that_cannot_be_written_says_so() {
    let (dir, store) = store();
    let id = finish(&store, 0);
    // A file in the place of a folder stops every user, also one who may ignore permissions.
    let blocked = dir.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    let error = Store::open(&blocked.join("runs")).unwrap_err();
    assert_eq!(error.kind, Kind::Input, "{error}");

    let locks = store.dir.join(LOCKS);
    std::fs::remove_dir_all(&locks).unwrap();
    let mut permissions = std::fs::metadata(&store.dir).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&store.dir, permissions).unwrap();
    let reader = Store::open(&store.dir).unwrap();
    assert!(reader.record(&id).is_ok(), "a read-only store can be read");
    if let Err(error) = reader.claim(&id) {
        assert_eq!(error.kind, Kind::Input);
        assert!(error.hint.unwrap().contains("can be written"));
    } else {
        assert!(locks.exists(), "only a user whom permissions do not bind gets here");
    }
}

#[test]
fn runs_are_listed_in_order_and_found_by_a_unique_prefix() {
    let (_dir, store) = store();
    let mut ids: Vec<RunId> = (0..20).map(|seed| spec("toy", seed).id().unwrap()).collect();
    ids.iter().for_each(|id| std::fs::create_dir(store.folder(id)).unwrap());
    ids.sort();
    std::fs::create_dir(store.dir.join("notes")).unwrap();
    assert_eq!(store.ids().unwrap(), ids);
    assert_eq!(store.resolve(&ids[7].0).unwrap(), ids[7]);
    // Twenty runs share sixteen first digits.
    let shared = ids.windows(2).find(|pair| pair[0].0[..1] == pair[1].0[..1]).unwrap();
    let error = store.resolve(&shared[0].0[..1]).unwrap_err();
    assert!(error.message.contains("such as"), "{error}");
    for bad in ["", "../x", "XYZ", "0123456789abcdef0"] {
        assert!(store.resolve(bad).unwrap_err().message.contains("is not the beginning"), "{bad}");
    }
    let absent = (0..).map(|i| format!("{i:016x}")).find(|id| !ids.iter().any(|x| x.0 == *id));
    assert!(store.resolve(&absent.unwrap()).unwrap_err().message.contains("no finished run"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn records_survive_the_disk_to_the_bit(
        loss in any::<f64>().prop_filter("finite", |x| x.is_finite()),
        accuracy in 0.0..1.0f64,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut record = record(&spec("toy", 0));
        record.epochs[0].train.insert("rho.audio".into(), loss);
        record.epochs[0].test.set("accuracy", accuracy);
        record_file::write(dir.path(), &record).unwrap();
        let back = record_file::read(dir.path(), &record.id).unwrap();
        prop_assert_eq!(back.root().unwrap(), record.root().unwrap());
    }

    #[test]
    fn no_bytes_in_the_place_of_a_record_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("record.json"), bytes).unwrap();
        prop_assert!(record_file::read(dir.path(), &RunId("0123456789abcdef".into())).is_err());
    }
}
