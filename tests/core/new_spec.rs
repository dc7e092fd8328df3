//! The dialog of `init`: every text that it ends with is a valid spec.

use proptest::prelude::*;
use redisctl::deployment::SpecSource;
use redisctl::new_spec::{Dialog, Judge};

/// The rules of `validate`; every file can be written.
struct Rules;

impl Judge for Rules {
    fn fault(&self, name: &str, text: &str) -> Option<String> {
        SpecSource::text(name, text).read().err().map(|error| error.to_string())
    }

    fn file_fault(&self, _: &str) -> Option<String> {
        None
    }
}

/// Answers to some question.
const ANSWERS: &[&str] = &[
    "",
    "standalone",
    "repl",
    "sentinel",
    "cluster",
    "redis:6.0",
    "valkey 9",
    "8",
    "host",
    "a b",
    "true",
    "yes",
    "no",
    "y",
    "0",
    "1",
    "2",
    "3",
    "5",
    "500",
    "999",
    "70000",
    "auto",
    "65535",
    "shop.yaml",
    "a.b.yml",
    "Ü.yaml",
    "x/y z.yaml",
    "redis:8 # ",
    "'",
    "${NAME}",
    "- a",
    "{a: b}",
];

/// A line that a person may type: an answer to some question, or anything.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(ANSWERS).prop_map(str::to_owned), 1 => "\\PC{0,12}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn all_answers_make_a_valid_spec(lines in prop::collection::vec(line(), 0..40)) {
        let mut dialog = Dialog::default();
        for line in &lines {
            let _ = dialog.answer(line, &Rules);
        }
        // The rest is answered by Enter. Many shards leave no room for the usual replicas.
        while dialog.question().is_some() {
            if dialog.answer("", &Rules).is_err() {
                prop_assert_eq!(dialog.answer("0", &Rules), Ok(()));
            }
        }
        let name = dialog.file().rsplit('/').next().unwrap().rsplit_once('.').unwrap().0.to_owned();
        let read = SpecSource::text(&name, &dialog.text()).read();
        prop_assert!(read.is_ok(), "{:?}\n{}", read.err(), dialog.text());
    }
}
