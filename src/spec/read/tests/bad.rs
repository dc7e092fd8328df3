//! Bad specs and their messages, as snapshots: one for each kind of mistake.

use insta::assert_snapshot;

use super::{bad, read_with};

/// The messages of `specs`, one after another.
fn all(specs: &[&str]) -> String {
    specs.iter().map(|spec| bad(spec)).collect::<Vec<_>>().join("\n==========\n\n")
}

#[test]
fn unknown_field() {
    assert_snapshot!(all(&[
        "kind: cluster\nreplcas: 1\n",
        "kind: cluster\nports: {start: 1}\n",
        "kind: cluster\nsubnet: 172.30.7.0/24\n",
    ]));
}

#[test]
fn wrong_type() {
    assert_snapshot!(all(&[
        "kind: cluster\nshards: many\ntls: yes\nname: 5\nnodes: [a]\n",
        "kind: cluster\nshards: -1\nports:\n  base: 70000\nconfig:\n  a: {b: 1}\nreplicas: \"2\"\n",
        "kind: cluster\nauth: {users: [{name: x, rules: +@all}]}\nports: {base: atuo}\nlabels: {a: }\n",
    ]));
}

#[test]
fn unknown_value() {
    assert_snapshot!(bad("kind: clustr\ndata: disk\naccess: 5\n"));
}

#[test]
fn missing_field() {
    assert_snapshot!(all(&[
        "# my spec\nname: shop\nauth:\n  users:\n    - name: x\n",
        "knd: cluster\n",
        "kind:\nname: x\n",
        "{}",
    ]));
}

#[test]
fn addresses() {
    assert_snapshot!(all(&[
        "kind: cluster\nnetwork:\n  subnet: 172.30.7.0\nnodes:\n  a-1: {ip: 172.30.7.256}\n",
        "kind: cluster\nnetwork:\n  subnet: 172.30.7.5/24\nports:\n  bind: localhost\n",
    ]));
}

#[test]
fn duplicate_key() {
    assert_snapshot!(bad("kind: cluster\nshards: 3\nreplicas: 1\nshards: 5\n"));
}

#[test]
fn syntax_error() {
    assert_snapshot!(all(&[
        "kind: cluster\nnetwork:\n  subnet: a: b\n",
        "kind: cluster\nports:\n\tbase: 7001\n",
        "kind: cluster\nresources: {memory: ${M}}\n",
        "kind: cluster\nname: [a\n",
        "kind: cluster\nname: *x\n",
        "kind: cluster\nname: 'x\n",
        "kind: cluster\r\nname: 'x' y\r\nshards: 3\r\n",
    ]));
}

#[test]
fn not_a_spec() {
    assert_snapshot!(all(&[
        "",
        "# only a comment\n",
        "- kind: cluster\n",
        "cluster\n",
        "kind: cluster\n---\nkind: cluster\n",
    ]));
}

#[test]
fn unset_variables() {
    assert_snapshot!(bad("kind: cluster\nname: shop-${STAGE}\nshards: ${SHARDS:?how many}\nimage: a$\n"));
}

#[test]
fn values_of_variables_are_not_shown() {
    let text = "kind: ${KIND}\nshards: ${SHARDS}\nnetwork:\n  subnet: ${SUBNET}\nreplicas: \"${TWO}\"\n";
    let variables = [("KIND", "hunter2"), ("SHARDS", "hunter2"), ("SUBNET", "172.30.7.0"), ("TWO", "2")];
    assert_snapshot!(read_with(text, &variables, &[]).unwrap_err().render(false));
}

#[test]
fn several_at_once() {
    let text = "kind: clustr\nreplcas: 1\nnetwork:\n  subnet: 172.30.7.0\nname: ${NAME}\nkind: cluster\n";
    assert_snapshot!(read_with(text, &[], &["shards=x"]).unwrap_err().render(false));
}

#[test]
fn multi_byte_text_before_the_caret() {
    assert_snapshot!(all(&[
        "kind: cluster\nlabels: {größe: 'ärger 日本', b: [x]}\n",
        "# größe 日本\nkind: cluster # é\nlabels: {é: 'é' x}\n",
    ]));
}

#[test]
fn passwords_are_covered() {
    assert_snapshot!(all(&[
        "kind: cluster\nauth: {password: geheimé, replica_password: hunter2, extra: 1}\n",
        "kind: cluster\nauth:\n  password: ${REDIS_PASSWORD:?set it}\n",
        "kind: cluster\nauth: {password: \"\", users: hunter2}\n",
        "kind: cluster\nauth:\n  password: 'hunter2' x\n",
    ]));
}

#[test]
fn overrides() {
    let overrides = [
        "shards=x",
        "confg.a=b",
        "auth.users=[a",
        "kind.x=1",
        "auth.password=[hunter2]",
        "labels.a=[é, {b: c}]",
    ];
    assert_snapshot!(read_with("kind: cluster\n", &[], &overrides).unwrap_err().render(false));
}

#[test]
fn override_of_a_list_item_that_is_not_there() {
    assert_snapshot!(read_with("kind: cluster\n", &[], &["auth.users.1.name=x"]).unwrap_err().render(false));
}
