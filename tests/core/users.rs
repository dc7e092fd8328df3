//! Users and passwords. Drift is named and repaired. Every change is made on running servers, no client loses access
//! at any moment, and interrupted changes are completed.

use insta::assert_snapshot;
use redisctl::plan::Plan;
use redisctl::topology::Topology;
use redisctl::topology::users::{DEFAULT, OPERATOR, REPLICATION};

use crate::memory::World;
use crate::rig::{
    SWAP, assert_ready, converge, node, obstacles, plan, run, run_and_stop, settle, topology, up,
};

const SECURE: &str = "kind: replication
auth:
  password: generate
  replica_password: generate
  users: [{name: regular, rules: ['~*', '+@read']}]
";

/// Specs of one deployment in many states of `auth`. Every state can be reached from every other state.
const STATES: [&str; 7] = [
    "",
    "auth: {}",
    "auth: {password: generate}",
    "auth: {password: generate, users: [{name: app, rules: ['~*', '+@all']}]}",
    "auth: {password: generate, users: [{name: app, rules: ['~*', '+get']}, {name: open, rules: [nopass, '+ping']}]}",
    "auth: {password: generate, users: [{name: default, rules: ['+ping']}]}",
    "auth: {default: off, users: [{name: app, rules: ['~*', '+@all']}]}",
];

/// Two nodes show the same as six.
const KINDS: [&str; 4] =
    ["kind: standalone", "kind: replication", "{kind: cluster, shards: 1, data: volume}", "kind: sentinel"];

fn of(kind: &str, auth: &str) -> Topology {
    let kind = kind.trim_matches(['{', '}']).replace(", ", "\n");
    topology(&format!("{kind}\n{auth}\n"))
}

/// The plan that repairs a deployment. The next plan must be empty.
async fn mend(world: &World, topology: &Topology) -> String {
    let plans = converge(world, topology, SWAP).await;
    settle().await;
    assert_ready(world, topology);
    assert!(plan(world, topology, SWAP).is_empty());
    plans.iter().map(ToString::to_string).collect()
}

#[tokio::test(start_paused = true)]
async fn users_changed_by_hand_are_named_and_set_back() {
    let topology = topology(SECURE);
    let world = up(&topology).await;
    let replica = node(&topology, 2);
    world.set_user(&replica, "regular", &["+@write"]);
    world.set_user(&replica, "x", &["on", "nopass", "~*", "+@all"]);
    world.set_user(&replica, DEFAULT, &["#00"]);
    assert_snapshot!(mend(&world, &topology).await, @"
    shop: 4 changes in 2 stages
    keep users
      shop-2  write files of shop-2  # changed by earlier steps
    users
      shop-2  set user default       # user `default` differs in its password
      shop-2  set user regular       # user `regular` differs in its rules
      shop-2  delete user x          # user `x` is not of the spec
    ");
    world.delete_user(&replica, "regular");
    assert_snapshot!(mend(&world, &topology).await, @"
    shop: 2 changes in 2 stages
    let in
      shop-2  set user regular       # user `regular` not found
    keep users
      shop-2  write files of shop-2  # changed by earlier steps
    ");
    // This includes redisctl's own users: redisctl finds another login.
    for own in [OPERATOR, REPLICATION] {
        world.delete_user(&node(&topology, 1), own);
        let mended = mend(&world, &topology).await;
        assert!(mended.contains(&format!("user `{own}` not found")), "{mended}");
    }
    world.configure(&replica, "masterauth", "wrong");
    assert_snapshot!(mend(&world, &topology).await, @"
    shop: 2 changes in 3 stages
    log in
      shop-2  log in to its primary as redisctl-replication  # its login to its primary differs
    keep users
      shop-2  write files of shop-2                          # changed by earlier steps
    ready
      shop    wait until all replicas follow                 # changed by earlier steps
    ");
}

#[tokio::test(start_paused = true)]
async fn without_auth_other_users_are_left_alone_and_the_default_one_stays_open() {
    let topology = topology("kind: standalone");
    let world = up(&topology).await;
    world.set_user(&node(&topology, 1), "experiment", &["on", "nopass", "+get"]);
    assert!(plan(&world, &topology, SWAP).is_empty());
    world.set_user(&node(&topology, 1), DEFAULT, &["-@write"]);
    let mended = mend(&world, &topology).await;
    assert!(mended.contains("user `default` differs in its rules"), "{mended}");
}

#[tokio::test(start_paused = true)]
async fn passwords_are_rotated_in_stages() {
    let topology = topology(SECURE);
    let world = up(&topology).await;
    world.rotate_passwords();
    assert_snapshot!(mend(&world, &topology).await, @"
    shop: 9 changes in 3 stages
    let in
      shop-1  accept the new password of user default too  # user `default` differs in its password
      shop-1  accept the new password of user regular too  # user `regular` differs in its password
      shop-2  accept the new password of user default too  # user `default` differs in its password
      shop-2  accept the new password of user regular too  # user `regular` differs in its password
    keep users
      shop-1  write files of shop-1, shop-2                # spec changed: auth
    users
      shop-1  set user default                             # user `default` differs in its password
      shop-1  set user regular                             # user `regular` differs in its password
      shop-2  set user default                             # user `default` differs in its password
      shop-2  set user regular                             # user `regular` differs in its password
    ");
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_is_cut_off_anywhere_locks_nobody_out_and_is_finished() {
    for kind in KINDS {
        let topology = of(kind, STATES[3]);
        let rotated = |world: &World| {
            world.rotate_passwords();
            plan(world, &topology, SWAP)
        };
        let steps = rotated(&up(&topology).await).steps().count();
        for cut in 1..=steps {
            let world = up(&topology).await;
            let plan = rotated(&world);
            run_and_stop(&world, &topology, &plan, cut).await;
            let gets_in = |user: &str, generation: u8| {
                world.lets_in_everywhere(&topology, user, Some(&format!("{user} {generation}")))
            };
            for user in [DEFAULT, "app"] {
                let anybody = gets_in(user, 1) || gets_in(user, 2);
                assert!(anybody, "{kind}: cut off after step {cut} of {steps}");
            }
            mend(&world, &topology).await;
            for user in [DEFAULT, "app"] {
                let only_new = gets_in(user, 2) && !gets_in(user, 1);
                assert!(only_new, "{kind}: cut off after step {cut} of {steps}");
            }
        }
    }
}

/// Runs the plan to `changed`, interrupted after each of its steps, and expects the next run to complete it.
async fn survives_being_cut_off(kind: &str, before: &Topology, changed: &Topology) {
    let first: Plan = plan(&up(before).await, changed, SWAP);
    let steps = first.steps().count();
    for cut in 1..=steps {
        let world = up(before).await;
        let plan = plan(&world, changed, SWAP);
        run_and_stop(&world, changed, &plan, cut).await;
        println!("{kind}: cut off after step {cut} of {steps}\n{plan}");
        mend(&world, changed).await;
        restarts_unchanged(&world, changed).await;
    }
}

/// Restarts every node, and expects no change: the files match the memory.
async fn restarts_unchanged(world: &World, topology: &Topology) {
    topology.nodes().iter().for_each(|node| world.stop_container(&node.name));
    let restart = plan(world, topology, SWAP);
    run(world, topology, &restart).await.expect("it starts");
    settle().await;
    let left = plan(world, topology, SWAP).to_string();
    assert!(!left.contains("user"), "{left}");
}

#[tokio::test(start_paused = true)]
async fn auth_is_added_changed_and_removed_on_servers_that_run() {
    for (position, kind) in KINDS.into_iter().enumerate() {
        for (from, before) in STATES.into_iter().enumerate() {
            // All changes on one server; on several servers, one change from each state.
            let others = STATES.iter().enumerate().filter(|(to, _)| match position {
                0 => *to != from,
                kind => *to == (from + kind) % STATES.len(),
            });
            for (_, after) in others {
                let (before, after) = (of(kind, before), of(kind, after));
                let world = up(&before).await;
                let mended = mend(&world, &after).await;
                assert!(!mended.contains("container"), "{mended}");
                restarts_unchanged(&world, &after).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_of_auth_that_is_cut_off_anywhere_is_finished() {
    for (before, after) in [(0, 3), (3, 0), (0, 6), (6, 4)] {
        let kind = KINDS[1 + before % 2];
        survives_being_cut_off(kind, &of(kind, STATES[before]), &of(kind, STATES[after])).await;
    }
    for (before, after) in [(0, 3), (3, 0)] {
        let kind = KINDS[3];
        survives_being_cut_off(kind, &of(kind, STATES[before]), &of(kind, STATES[after])).await;
    }
}

#[tokio::test(start_paused = true)]
async fn sentinels_are_told_of_a_password_before_servers_ask_for_it() {
    let world = up(&of("kind: sentinel", "")).await;
    let secure = of("kind: sentinel", "auth: {password: generate}");
    assert_snapshot!(mend(&world, &secure).await, @"
    shop: 18 changes in 5 stages
    let in
      shop-1  set user redisctl                              # user `redisctl` not found
      shop-1  set user redisctl-replication                  # user `redisctl-replication` not found
      shop-2  set user redisctl                              # user `redisctl` not found
      shop-2  set user redisctl-replication                  # user `redisctl-replication` not found
      shop-3  set user redisctl                              # user `redisctl` not found
      shop-4  set user redisctl                              # user `redisctl` not found
      shop-5  set user redisctl                              # user `redisctl` not found
    log in
      shop-1  log in to its primary as redisctl-replication  # its login to its primary differs
      shop-2  log in to its primary as redisctl-replication  # its login to its primary differs
      shop-3  log in to servers and sentinels as redisctl    # its login to servers and sentinels differs
      shop-4  log in to servers and sentinels as redisctl    # its login to servers and sentinels differs
      shop-5  log in to servers and sentinels as redisctl    # its login to servers and sentinels differs
    keep users
      shop-1  write files of shop-1 … shop-5 (5 nodes)       # spec changed: auth
    users
      shop-1  set user default                               # user `default` differs in its password
      shop-2  set user default                               # user `default` differs in its password
      shop-3  set user default                               # user `default` differs in its password
      shop-4  set user default                               # user `default` differs in its password
      shop-5  set user default                               # user `default` differs in its password
    ready
      shop    wait until all sentinels agree                 # changed by earlier steps
    ");
}

#[tokio::test(start_paused = true)]
async fn a_sentinel_that_logs_in_as_somebody_else_is_told_anew() {
    let topology = of("kind: sentinel", "auth: {password: generate}");
    let world = up(&topology).await;
    world.with_sentinel(&node(&topology, 4), |sentinel| sentinel.password = None);
    assert_snapshot!(mend(&world, &topology).await, @"
    shop: 2 changes in 3 stages
    log in
      shop-4  log in to servers and sentinels as redisctl  # its login to servers and sentinels differs
    keep users
      shop-4  write files of shop-4                        # changed by earlier steps
    ready
      shop    wait until all sentinels agree               # changed by earlier steps
    ");
}

#[tokio::test(start_paused = true)]
async fn old_sentinels_cannot_be_told_of_another_password() {
    let old = |auth: &str| of("kind: sentinel\nimage: 'redis:6.0'", auth);
    let world = up(&old("auth: {password: generate}")).await;
    let with_users = old("auth: {password: generate, users: [{name: app, rules: ['~*', '+get']}]}");
    let plans = mend(&world, &with_users).await;
    assert!(plans.contains("set user app"), "{plans}");
    world.rotate_passwords();
    assert_eq!(
        obstacles(&world, &with_users, SWAP),
        "the deployment must be recreated: the spec changed auth, of sentinels that know no users \
         (sentinels before Redis 6.2 read their password at the start only)"
    );
}
