//! Wrong command lines: exit code 2.

use insta::assert_snapshot;

use super::support::Folder;

fn told(arguments: &[&str]) -> String {
    let ended = Folder::new().run(arguments);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
    ended.stderr
}

#[test]
fn commands_and_options() {
    assert_snapshot!("unknown_command", told(&["pu"]));
    assert_snapshot!("no_command", told(&[]));
    assert_snapshot!("unknown_option", told(&["up", "--subnett", "x"]));
    assert_snapshot!("timeout", told(&["up", "--timeout", "soon"]));
    assert_snapshot!("all_and_a_name", told(&["down", "shop", "--all"]));
    assert_snapshot!("no_role", told(&["stop", "shop", "--role", "leader"]));
    assert_snapshot!("no_time", told(&["pause", "shop", "--for", "ever"]));
    assert_snapshot!("start_for_a_time", told(&["start", "shop", "--for", "10s"]));
    assert_snapshot!("no_shard", told(&["kill", "shop", "--shard", "first"]));
    assert_snapshot!("no_shell", told(&["completions"]));
    assert_snapshot!("set", told(&["validate", "--set", "shards"]));
}

#[test]
fn runs_without_a_command_or_with_a_wrong_one() {
    let program = env!("CARGO_BIN_EXE_redisctl");
    assert_snapshot!("run_nothing", told(&["run"]));
    assert_snapshot!("run_without_dashes", told(&["run", "standalone", "pytest", "-q"]));
    assert_snapshot!("run_no_program", told(&["run", "--", "no-such-program-x"]));
    assert_snapshot!("run_no_user", told(&["run", "--name", "shop", "--user", "nobody", "--", program]));
    assert_snapshot!("run_bad_spec", told(&["run", "--set", "shards=0", "--", program]));
    assert_snapshot!(
        "run_one_name",
        told(&["run", "--name", "a", "--image", "x", "--image", "y", "--", program])
    );
    assert_snapshot!("run_junit", told(&["run", "--junit", "/", "--", program]));
    assert_snapshot!("run_jobs", told(&["run", "--jobs", "0", "--", program]));
}

#[test]
fn files_that_are_not_there() {
    assert_snapshot!("no_topology", told(&["up", "clutser"]));
    assert_snapshot!("no_file", told(&["up", "./nosuch.yaml"]));
    assert_snapshot!("no_env_file", told(&["up", "--env-file", "nosuch.env"]));
    let folder = Folder::with("shop.yaml", "kind: cluster\n");
    folder.write("topologies/stage.yml", "kind: cluster\n");
    assert_snapshot!("no_file_at_all_like_it", folder.run(&["validate", "./web.yaml"]).text());
    assert_snapshot!("no_file_but_others", folder.run(&["validate", "./shpo.yaml"]).text());
    assert_snapshot!("a_folder", folder.run(&["validate", "./topologies"]).text());
    assert_snapshot!("env_file", {
        folder.write("bad.env", "A=1\nhunter2\n");
        folder.run(&["validate", "--env-file", "bad.env"]).text()
    });
}
