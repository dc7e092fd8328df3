//! The specs in `docs` are valid.

use std::fs;

use crate::pages::blocks;
use crate::support::Folder;

#[test]
fn the_specs_of_the_pages_are_valid() {
    let folder = Folder::new();
    folder.write("redis.conf", "maxmemory 100mb\n");
    folder.write("small.conf", "maxmemory 10mb\n");
    folder.write("schema.redis", "SET a 1\n");
    // A module is any program of this machine to a command that has no server to try it.
    fs::copy(env!("CARGO_BIN_EXE_redisctl"), folder.path().join("my.so")).expect("a copy");
    // A data file of a server without keys: its version, its end, and no checksum.
    fs::write(folder.path().join("fixtures.rdb"), b"REDIS0009\xff\0\0\0\0\0\0\0\0").expect("a file");
    let all = [blocks("docs/spec.md", "yaml"), blocks("docs/data.md", "yaml")].concat();
    assert!(all.len() > 3, "{all:?}");
    for block in all {
        // Some blocks show a part of a spec.
        let kind = if block.contains("kind:") { "" } else { "kind: cluster\n" };
        folder.write("shop.yaml", &format!("{kind}{block}"));
        let ended = folder.run_with(&[("REDIS_PASSWORD", "secret")], &["validate", "shop.yaml"]);
        assert_eq!(ended.code, 0, "{block}\n{}", ended.stderr);
    }
}
