//! Every link of a page to a file or a heading of this repository leads somewhere.

use std::fs;
use std::path::{Path, PathBuf};

use crate::suggested::files;

/// The targets of the links in a page, without its blocks of code.
fn targets(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.split("](").skip(1)).filter_map(|rest| rest.split(')').next()).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            title.chars().filter(|letter| letter.is_alphanumeric() || "-_".contains(*letter)).collect()
        })
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md"].map(|name| root.join(name)).into();
    files(&root.join("docs"), &[".md"], &mut pages);
    files(&root.join("examples"), &[".md"], &mut pages);
    let mut count = 0;
    let mut broken = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).expect("a text");
        for target in targets(&text).into_iter().filter(|target| !target.contains("://")) {
            count += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file =
                if path.is_empty() { page.clone() } else { page.parent().expect("a folder").join(path) };
            let has_anchor = anchor.is_empty()
                || fs::read_to_string(&file)
                    .is_ok_and(|text| anchors(&text).iter().any(|known| known == anchor));
            if !file.exists() || !has_anchor {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(count > 50, "{count} links were found");
    assert!(broken.is_empty(), "{broken:#?}");
}
