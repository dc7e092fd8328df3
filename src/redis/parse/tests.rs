//! Replies of servers as text, and the parsed views.

use super::*;

#[test]
fn a_server_over_its_memory_limit_may_still_evict() {
    let exceeded = |lines: &str| {
        let mut view = ServerView::default();
        info(&format!("used_memory:500\nmem_not_counted_for_evict:100\n{lines}"), &mut view);
        view.ability.exceeded_limit
    };
    assert_eq!(exceeded("maxmemory:300\nmaxmemory_policy:noeviction"), Some(300));
    assert_eq!(exceeded("maxmemory:400\nmaxmemory_policy:noeviction"), None);
    assert_eq!(exceeded("maxmemory:0\nmaxmemory_policy:noeviction"), None);
    assert_eq!(exceeded("maxmemory:300\nmaxmemory_policy:allkeys-lru"), None);
    let volatile = "maxmemory:300\nmaxmemory_policy:volatile-ttl\ndb0:keys=5,expires=";
    assert_eq!(exceeded(&format!("{volatile}0,avg_ttl=0")), Some(300));
    assert_eq!(exceeded(&format!("{volatile}1,avg_ttl=9")), None);
}

fn address(text: &str, port: u16) -> Address {
    Address { ip: text.parse().expect("an IP"), port }
}

#[test]
fn a_replica_says_whom_it_follows() {
    let mut view = ServerView::default();
    info(
        "# Server\r\nredis_version:7.2.4\r\nvalkey_version:8.1.1\r\nrole:slave\r\nmaster_host:172.30.0.11\r\n\
         master_port:7001\r\nmaster_link_status:up\r\nslave_repl_offset:14\r\nused_memory:1048576\r\n\
         db0:keys=3,expires=0,avg_ttl=0\r\ndb2:keys=4,expires=1,avg_ttl=0\r\n",
        &mut view,
    );
    assert_eq!(view.server.map(|server| server.to_string()).as_deref(), Some("valkey 8.1.1"));
    assert_eq!((view.keys, view.memory), (7, 1_048_576));
    let of = Some(address("172.30.0.11", 7001));
    assert_eq!(view.replication, Replication::Replica { of, link_up: true, offset: 14 });
}

#[test]
fn a_primary_tells_its_replicas_apart() {
    let mut view = ServerView::default();
    info(
        "role:master\r\nconnected_slaves:2\r\nslave0:ip=172.30.0.12,port=7002,state=online,offset=28,lag=0\r\n\
         slave1:ip=172.30.0.13,port=7003,state=wait_bgsave,offset=0,lag=0\r\n\
         slave2:ip=172.30.0.14,port=7004,state=online,offset=14,lag=3\r\nmaster_repl_offset:28\r\n",
        &mut view,
    );
    assert_eq!(
        view.replication,
        Replication::Primary {
            online_replicas: BTreeSet::from([address("172.30.0.12", 7002)]),
            joining_replicas: BTreeSet::from([address("172.30.0.13", 7003), address("172.30.0.14", 7004),]),
            offset: 28,
        }
    );
}

#[test]
fn every_form_of_a_cluster_nodes_line_is_read() {
    let text = "\
aaa 172.30.0.11:7001@17001,127.0.0.1 myself,master - 0 0 1 connected 0-5460 5462 [5461->-bbb]
bbb 172.30.0.14:7004@17004,127.0.0.1,shard-id=x slave aaa 0 1 1 connected
ccc 172.30.0.12:7002@17002 handshake - 0 0 0 disconnected
ddd :0@0 master,fail?,noaddr - 0 0 3 disconnected
";
    let mut view = ClusterView::default();
    cluster_nodes(text, &mut view).expect("well-formed lines");
    assert_eq!(view.own_id, "aaa");
    let own = view.own().expect("a line about itself");
    assert_eq!(own.slots.to_string(), "0-5460,5462");
    assert_eq!(own.address, Some(address("172.30.0.11", 7001)));
    assert_eq!(view.nodes["bbb"].role, ClusterRole::Replica("aaa".to_owned()));
    assert!(view.nodes["ccc"].handshake && !view.nodes["ccc"].connected);
    assert!(view.nodes["ddd"].failing && view.nodes["ddd"].address.is_none());
    assert_eq!(view.open_slots, BTreeMap::from([(5461, SlotWay::Migrating("bbb".to_owned()))]));
    assert!(cluster_nodes("nonsense", &mut view).is_err());
    assert!(cluster_nodes(text, &mut view).is_err(), "two lines are about the node itself");
    let line = "aaa 172.30.0.11:7001@17001 myself,master - 0 0 0 connected";
    let twice = format!("{line}\n{}", line.replace("myself,", ""));
    let found = cluster_nodes(&twice, &mut ClusterView::default());
    assert_eq!(found, Err("two lines are about the node aaa".to_owned()));
}

#[test]
fn clients_cannot_be_sent_to_nodes_whose_host_is_not_known() {
    let text = |text: &str| Value::BulkString(text.into());
    let node =
        |host: Value, id: &str| Value::Array(vec![host, Value::Int(7001), text(id), Value::Array(vec![])]);
    let nodes =
        [node(text("127.0.0.1"), "a"), node(text("?"), "b"), node(Value::Nil, "c"), node(text(""), "d")];
    let range = [Value::Int(0), Value::Int(5460)].into_iter().chain(nodes).collect();
    let mut view = ClusterView::default();
    assert_eq!(cluster_slots(&Value::Array(vec![Value::Array(range)]), &mut view), Ok(()));
    assert_eq!(view.slots[&(0, 5460)], ["a", "b", "c", "d"]);
    assert_eq!(view.hostless.iter().collect::<Vec<_>>(), ["b", "c", "d"]);
    assert!(cluster_slots(&Value::Array(vec![Value::Nil]), &mut view).is_err());
}

#[test]
fn slots_that_are_none_are_refused() {
    let entry = |start, end| Value::Array(vec![Value::Array(vec![Value::Int(start), Value::Int(end)])]);
    for (start, end, is_range) in [(0, 16_383, true), (0, 16_384, false), (5461, 546, false), (-1, 3, false)]
    {
        let mut view = ClusterView::default();
        assert_eq!(cluster_slots(&entry(start, end), &mut view).is_ok(), is_range, "{start}-{end}");
    }
}

#[test]
fn more_keys_than_can_be_counted_are_as_many_as_can() {
    let mut view = ServerView::default();
    info("db0:keys=18446744073709551615,expires=0\r\ndb1:keys=2,expires=0\r\n", &mut view);
    assert_eq!(view.keys, u64::MAX);
}

#[test]
fn passwords_are_no_settings_however_their_directives_are_written() {
    let text = |text: &str| Value::BulkString(text.into());
    let reply = ["maxmemory", "0", "masterauth", "p", "RequirePass", "p"].map(text).to_vec();
    let settings = settings(Value::Array(reply)).unwrap();
    assert_eq!(settings.iter().collect::<Vec<_>>(), [("maxmemory", "0")]);
}
