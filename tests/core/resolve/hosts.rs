//! Hosts and networks: which of them clients reach, and what clients are told.

use super::*;

/// An engine on another machine.
fn remote(host: &str) -> Facts {
    Facts { endpoint_host: host.to_owned(), ..Facts::offline("shop") }
}

#[test]
fn ports_of_a_remote_engine_are_published_where_they_can_be_reached() {
    let hosts = |yaml: &str, facts: &Facts| {
        let topology = try_resolve(yaml, facts)?;
        Ok::<_, Vec<String>>(topology.nodes()[0].endpoint.host.clone())
    };
    for yaml in
        ["{kind: cluster}", "{kind: cluster, access: network}", "{kind: cluster, ports: {bind: 127.0.0.2}}"]
    {
        let problems = hosts(yaml, &remote("engine.example")).expect_err("closed ports");
        assert!(problems[0].starts_with("ports.bind: the engine is on `engine.example`"), "{problems:?}");
    }
    let open = "{kind: cluster, ports: {bind: 0.0.0.0}}";
    assert_eq!(hosts(open, &remote("engine.example")).as_deref(), Ok("engine.example"));
    assert_eq!(hosts("{kind: cluster, ports: {bind: 10.0.0.5}}", &remote("b")).as_deref(), Ok("b"));
    let problems = hosts(open, &remote("fe80::1")).expect_err("an IPv6 address");
    assert!(problems[0].contains("`fe80::1`"), "{problems:?}");
}

#[test]
fn networks_that_this_machine_reaches_are_left_alone() {
    let reached = |subnet: &str, is_own| ReachedNetwork {
        subnet: subnet.parse().expect("a subnet"),
        interface: "eth0".to_owned(),
        is_own,
    };
    let facts = Facts {
        reached: vec![reached("172.30.0.0/16", false), reached("192.168.1.0/24", true)],
        ..Facts::offline("shop")
    };
    let subnet =
        |yaml: &str, facts: &Facts| Ok::<_, Vec<String>>(try_resolve(yaml, facts)?.subnet.to_string());
    let written = |subnet: &str| format!("{{kind: standalone, network: {{subnet: {subnet}}}}}");
    assert_eq!(subnet("{kind: standalone}", &facts).as_deref(), Ok("10.231.0.0/24"));
    // A spec may hide a VPN, but not this machine's own network.
    assert_eq!(subnet(&written("172.30.7.0/24"), &facts).as_deref(), Ok("172.30.7.0/24"));
    let remark = |yaml: &str| subnet_hides_others(&spec(yaml), &facts).map(|remark| remark.message);
    assert!(remark(&written("172.30.7.0/24")).is_some_and(|text| text.contains("through `eth0`")));
    assert_eq!(remark(&written("172.29.7.0/24")), None);
    for own in ["192.168.1.0/24", "192.168.0.0/16", "192.168.1.128/25"] {
        let problems = subnet(&written(own), &facts).expect_err("the LAN");
        assert!(problems[0].contains("the network of this machine at `eth0`"), "{problems:?}");
    }
    // An existing deployment keeps its subnet.
    let existing = Existing { subnet: "192.168.1.0/24".parse().ok(), ..Existing::default() };
    let facts = Facts { existing, ..facts };
    assert_eq!(subnet(&written("192.168.1.0/24"), &facts).as_deref(), Ok("192.168.1.0/24"));
}

#[test]
fn a_container_does_not_reach_the_loopback_address_of_the_engine() {
    let facts = Facts { own_container: Some("0123456789ab".to_owned()), ..Facts::offline("shop") };
    for ports in ["{}", "{bind: 0.0.0.0}", "{announce: localhost}"] {
        let problems = try_resolve(&format!("{{kind: cluster, ports: {ports}}}"), &facts).expect_err(ports);
        assert!(problems[0].starts_with("ports.bind: redisctl runs in the container"), "{problems:?}");
    }
    for ports in ["{bind: 172.17.0.1}", "{bind: 0.0.0.0, announce: box.lan}"] {
        assert!(try_resolve(&format!("{{kind: cluster, ports: {ports}}}"), &facts).is_ok(), "{ports}");
    }
}

#[test]
fn clients_are_told_the_announced_host() {
    let told = |yaml: &str, facts: &Facts| {
        let topology = try_resolve(yaml, facts)?;
        let node = topology.nodes()[0];
        let host = node.endpoint.host.clone();
        assert!(topology.tls.is_none() || names(&topology, node).contains(&host));
        Ok::<_, Vec<String>>(format!("{host} {}", topology.advertised(node).host))
    };
    let known = |ip| Facts { host_ips: [("box.lan".to_owned(), ip)].into(), ..Facts::offline("shop") };
    let far = Ipv4Addr::new(10, 0, 0, 5);
    let spec =
        |kind: &str, bind: &str| format!("{{kind: {kind}, ports: {{bind: {bind}, announce: box.lan}}}}");
    assert_eq!(told(&spec("cluster, tls: true", "0.0.0.0"), &known(far)).as_deref(), Ok("box.lan box.lan"));
    assert_eq!(told(&spec("sentinel", "0.0.0.0"), &known(far)).as_deref(), Ok("box.lan 10.0.0.5"));
    assert_eq!(
        told(&spec("cluster", "127.0.0.1"), &known(Ipv4Addr::LOCALHOST)).as_deref(),
        Ok("box.lan box.lan")
    );
    // An engine on another machine behind a tunnel.
    let tunnel = "{kind: cluster, ports: {announce: 127.0.0.1}}";
    assert_eq!(told(tunnel, &remote("engine.example")).as_deref(), Ok("127.0.0.1 127.0.0.1"));
    let problems = told(&spec("cluster", "127.0.0.1"), &known(far)).expect_err("closed ports");
    assert_eq!(problems, ["ports.announce: ports on 127.0.0.1 cannot be reached at `box.lan` (10.0.0.5)"]);
}

#[test]
fn an_announced_host_is_a_name_or_an_ipv4_address() {
    for host in ["dev-box.lan", "DEV", "10.0.0.5", "a.b-c.1x"] {
        let yaml = format!("{{kind: cluster, ports: {{bind: 0.0.0.0, announce: '{host}'}}}}");
        assert!(try_resolve(&yaml, &Facts::offline("shop")).is_ok(), "{host}");
    }
    for host in
        ["", "a b", "a:7001", "redis://a", "fe80::1", "0.0.0.0", "10.0.0.256", "1.2.3", "a_b", "-a", "a..b"]
    {
        let yaml = format!("{{kind: cluster, ports: {{bind: 0.0.0.0, announce: '{host}'}}}}");
        let problems = try_resolve(&yaml, &Facts::offline("shop")).expect_err(host);
        assert!(
            problems.iter().all(|problem| problem.starts_with("ports.announce: ")),
            "{host}: {problems:?}"
        );
    }
}

#[test]
fn open_ports_that_are_announced_as_loopback_are_a_warning() {
    let warned = |yaml: &str, facts: &Facts| -> Vec<String> {
        let spec = spec(yaml);
        let topology = resolve(&spec, facts).expect("a topology");
        let all = warnings(&spec, &topology)
            .into_iter()
            .filter(|warning| warning.message.contains("the announced host"));
        all.map(|warning| warning.path.to_string()).collect()
    };
    let offline = Facts::offline("shop");
    for (yaml, places) in [
        ("{kind: cluster, ports: {bind: 0.0.0.0}}", &["ports.bind"][..]),
        ("{kind: sentinel, ports: {bind: 0.0.0.0}}", &["ports.bind"]),
        ("{kind: standalone, tls: true, ports: {bind: 0.0.0.0}}", &["ports.bind"]),
        ("{kind: cluster, ports: {bind: 0.0.0.0, announce: localhost}}", &["ports.announce"]),
        ("{kind: standalone, ports: {bind: 0.0.0.0}}", &[]),
        ("{kind: cluster, ports: {bind: 10.0.0.5}}", &[]),
        ("{kind: cluster, ports: {bind: 0.0.0.0, announce: box.lan}}", &[]),
        ("{kind: cluster, access: network, ports: {bind: 0.0.0.0}}", &[]),
    ] {
        assert_eq!(warned(yaml, &offline), places, "{yaml}");
    }
    assert!(warned("{kind: cluster, ports: {bind: 0.0.0.0}}", &remote("engine.example")).is_empty());
}

#[test]
fn ports_on_one_address_of_this_machine_are_dialled_there() {
    for (bind, host) in [
        ("0.0.0.0", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.2", "127.0.0.2"),
        ("192.168.1.2", "192.168.1.2"),
    ] {
        let yaml = format!("{{kind: standalone, ports: {{bind: {bind}}}}}");
        let topology = try_resolve(&yaml, &Facts::offline("shop")).expect("a topology");
        assert_eq!(topology.nodes()[0].endpoint.host, host);
    }
}
