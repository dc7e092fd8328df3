//! Nothing overlaps, whatever the topology.

use proptest::prelude::*;

use super::*;
use crate::export::svg::picture::of_topology;
use crate::topology::resolve::{Facts, resolve};

fn topologies() -> impl Strategy<Value = (String, String)> {
    let sizes = (1..24_usize, 0..5_usize, prop::bool::ANY);
    let kind = prop::sample::select(vec!["standalone", "replication", "sentinel", "cluster", "unformed"]);
    let access = prop::sample::select(vec!["host", "network"]);
    (sizes, kind, access, "[a-z][a-z0-9-]{0,30}[a-z0-9]").prop_map(
        |((shards, replicas, uneven), kind, access, name)| {
            let spec = match kind {
                "standalone" => "kind: standalone".to_owned(),
                "replication" => format!("kind: replication\nreplicas: {}", replicas + 1),
                "sentinel" => format!("kind: sentinel\nreplicas: {}\nsentinels: 3", replicas + 1),
                "unformed" => format!("kind: cluster\nformed: false\nshards: {shards}\nreplicas: {replicas}"),
                _ if uneven => {
                    let shards = (0..shards)
                        .map(|shard| format!("\n  - {{weight: {}, replicas: {}}}", shard + 1, shard % 4));
                    format!("kind: cluster\nshards:{}", shards.collect::<String>())
                }
                _ => format!("kind: cluster\nshards: {shards}\nreplicas: {replicas}"),
            };
            (format!("{spec}\naccess: {access}\n"), name)
        },
    )
}

fn overlaps(one: Rect, other: Rect) -> bool {
    one.x < other.x + other.width
        && other.x < one.x + one.width
        && one.y < other.y + other.height
        && other.y < one.y + one.height
}

fn is_within(inner: Rect, outer: Rect) -> bool {
    inner.x >= outer.x
        && inner.y >= outer.y
        && inner.x + inner.width <= outer.x + outer.width
        && inner.y + inner.height <= outer.y + outer.height
}

proptest! {
    #[test]
    fn nothing_overlaps_and_all_is_in_the_view_box((yaml, name) in topologies()) {
        let spec = serde_yaml::from_str(&yaml).unwrap();
        let Ok(topology) = resolve(&spec, &Facts::offline(&name)) else { return Err(TestCaseError::reject("no topology")) };
        let picture = of_topology(&topology);
        let layout = Layout::new(&picture);
        let page = Rect { x: 0, y: 0, width: layout.width, height: layout.height };
        let blocks: Vec<Rect> = layout.slot_bar.into_iter().chain(layout.panels.iter().map(|panel| panel.frame)).collect();
        let apart = |rects: &[Rect]| rects.iter().enumerate().all(|(position, one)| !rects[..position].iter().any(|other| overlaps(*one, *other)));
        prop_assert!(apart(&blocks), "{blocks:?}");
        prop_assert!(blocks.iter().all(|block| is_within(*block, page)), "{blocks:?} {page:?}");
        prop_assert!(blocks.iter().all(|block| block.y + block.height < layout.legend), "{blocks:?}");
        prop_assert!(layout.legend < layout.height);
        let mut nodes = 0;
        for panel in &layout.panels {
            nodes += panel.cards.len();
            prop_assert!(apart(&panel.cards), "{panel:?}");
            prop_assert!(panel.cards.iter().all(|card| is_within(*card, panel.frame)), "{panel:?}");
        }
        prop_assert_eq!(nodes, topology.nodes().len());
    }
}
