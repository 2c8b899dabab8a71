use super::*;
use crate::registry::{Domain, Fallback, SEED, Value};
use std::collections::BTreeSet;

fn part(name: &str, params: Params) -> Part {
    find("data set", DATASETS, name).unwrap().part(params)
}

#[test]
fn every_data_set_describes_itself_consistently() {
    for entry in DATASETS {
        let params = Params::defaults(entry.params);
        for param in entry.params {
            let accepted = param.accept(param.default.into());
            assert_eq!(accepted, Ok(Value::from(param.default)), "{} {}", entry.name, param.name);
        }
        let modalities = modalities(entry.name, &params).unwrap();
        assert!(2 <= modalities.len(), "{}", entry.name);
        assert!(2 <= classes(entry.name, &params).unwrap().len(), "{}", entry.name);
        let mut names = BTreeSet::new();
        if let Origin::Folder(parts) = &entry.build.origin {
            assert!(!parts.folder.files().unwrap().is_empty());
        }
        for source in entry.build.origin.sources() {
            assert!(Digest::parse(source.sha256).is_some(), "{}", source.package);
            assert!(!source.members.is_empty());
            for member in source.members {
                assert!(Digest::parse(member.sha256).is_some(), "{}", member.path);
                assert!(names.insert(source.name_of(member)), "{} twice", member.path);
            }
        }
    }
}

#[test]
fn a_manifest_depends_on_every_parameter_and_on_no_spelling() {
    let mut manifests = BTreeSet::new();
    let mut n_variants = 0;
    for entry in DATASETS {
        let defaults = Params::defaults(entry.params);
        let manifest = |params: &Params| manifest(entry.name, params).unwrap();
        assert_eq!(manifest(&defaults), manifest(&Params::default()), "defaults may be left out");
        manifests.insert(manifest(&defaults));
        n_variants += 1;
        for param in entry.params {
            let other = match (param.domain, param.default) {
                (Domain::Int { max, .. }, Fallback::Int(x)) if x < max => Value::Int(x + 1),
                (Domain::Int { .. }, Fallback::Int(x)) => Value::Int(x - 1),
                (Domain::Float { min, .. }, Fallback::Float(x)) => Value::Float((x + min) / 2.0),
                (_, Fallback::List(_)) => Value::List(vec!["mor".into(), "pix".into()]),
                (Domain::Choice(names), Fallback::Text(x)) => {
                    Value::Text((*names.iter().find(|name| **name != x).unwrap()).into())
                }
                (Domain::Draw, _) => Value::Text(SEED.into()),
                (domain, _) => panic!("no other value of {domain}"),
            };
            let mut params = defaults.clone();
            params.0.insert(param.name.into(), other);
            manifests.insert(manifest(&params));
            n_variants += 1;
        }
    }
    assert_eq!(manifests.len(), n_variants);
}

#[test]
fn unknown_names_and_parameters_are_answered_with_the_nearest() {
    let message = manifest("cg-mnits", &Params::default()).unwrap_err().message;
    assert_eq!(message, "unknown data set `cg-mnits`, did you mean `cg-mnist`?");
    let params = Params([("trian".to_string(), Value::Int(1000))].into());
    let message = load(&part("cg-mnist", params), Path::new(".")).unwrap_err().message;
    assert_eq!(message, "data set `cg-mnist`: unknown parameter `trian`, did you mean `train`?");
}

#[test]
fn an_unprepared_data_set_says_how_to_prepare_it() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(state("mfeat", dir.path()).unwrap(), State::Missing);
    let error = load(&part("mfeat", Params::default()), dir.path()).unwrap_err();
    assert_eq!(error.kind, crate::error::Kind::Input);
    assert_eq!(error.hint.as_deref(), Some("run `counterpoise data prepare mfeat`"));
}

#[test]
fn a_made_data_set_needs_no_files() {
    let dir = Path::new("no such folder");
    assert_eq!(state("synthetic", dir).unwrap(), State::Ready);
    prepare("synthetic", dir, None, &mut |_| {}).unwrap();
    let dataset = load(&part("synthetic", Params::default()), dir).unwrap();
    assert_eq!((dataset.train.len(), dataset.classes.len()), (1000, 4));
    let declared = partition("synthetic", &Params::default()).unwrap();
    assert_eq!(declared.n_validation, dataset.validation.len());
}

/// Suites describe a data set whose draw follows the seed; only a run of it is loaded.
#[test]
fn a_draw_that_follows_the_seed_is_described_and_not_loaded() {
    for entry in DATASETS {
        assert!(entry.params.iter().any(|param| param.name == "draw"), "{} draws", entry.name);
        let params = Params([("draw".to_string(), Value::Text(SEED.into()))].into());
        let (_, params) = resolve(entry.name, &params).unwrap();
        assert_eq!(modalities(entry.name, &params).unwrap(), (entry.build.modalities)(&params));
        assert!(0 < task(entry.name, &params).unwrap().1);
        assert!(0 < partition(entry.name, &params).unwrap().n_validation);
        assert!(0 < (entry.build.examples)(&params).0);
        let part = part(entry.name, params);
        let error = load(&part, Path::new(".")).unwrap_err();
        assert!(error.message.contains("its draw follows the seed of a run"), "{error}");
        let of_run = draw::of_seed(&part, 3);
        assert_ne!(
            manifest(entry.name, &of_run.params).unwrap(),
            manifest(entry.name, &part.params).unwrap()
        );
    }
}
