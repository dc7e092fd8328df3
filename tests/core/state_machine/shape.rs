//! The spec of a case as plain data, and its changes.

use std::fmt;

use proptest::prelude::*;

/// A spec.
#[derive(Clone, PartialEq)]
pub(super) struct Shape {
    pub(super) kind: &'static str,
    pub(super) shards: u8,
    /// The end of the first shard's slots, and its replicas. The other shards divide the rest.
    pub(super) uneven: Option<(u16, u8)>,
    pub(super) replicas: u8,
    pub(super) sentinels: u8,
    pub(super) volume: bool,
    /// Whether clients are in the network. With sentinels, this decides whether all nodes share a network namespace.
    pub(super) in_network: bool,
    pub(super) image: Image,
    pub(super) auth: Auth,
    /// A limit. Each container is replaced for a change of it.
    pub(super) memory: Option<u16>,
    /// A directive that a running server can change.
    pub(super) maxmemory: Option<u16>,
    /// A directive that a server reads only at its start.
    pub(super) databases: Option<u8>,
}

/// The servers, from old to new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Image {
    Redis62,
    Redis70,
    Redis72,
    Redis80,
    Valkey81,
    Valkey90,
}

/// The users in the spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Auth {
    Off,
    OwnUsersOnly,
    Password,
    Users,
    UsersAlone,
}

impl Image {
    fn reference(self) -> &'static str {
        match self {
            Self::Redis62 => "redis:6.2",
            Self::Redis70 => "redis:7.0",
            Self::Redis72 => "redis:7.2",
            Self::Redis80 => "redis:8.0",
            Self::Valkey81 => "valkey/valkey:8.1",
            Self::Valkey90 => "valkey/valkey:9.0",
        }
    }
}

impl Auth {
    fn yaml(self) -> &'static str {
        match self {
            Self::Off => "",
            Self::OwnUsersOnly => ", auth: {}",
            Self::Password => ", auth: {password: generate}",
            Self::Users => ", auth: {password: generate, users: [{name: app, rules: ['~*', '+@all']}]}",
            Self::UsersAlone => ", auth: {default: off, users: [{name: app, rules: ['~*', '+get']}]}",
        }
    }
}

/// The spec as YAML.
impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{{kind: {}, image: '{}'", self.kind, self.image.reference())?;
        if self.kind == "cluster" {
            match self.uneven.filter(|_| self.shards > 1) {
                None => write!(formatter, ", shards: {}", self.shards)?,
                Some((end, replicas)) => {
                    let others = ", {}".repeat(usize::from(self.shards) - 1);
                    write!(formatter, ", shards: [{{slots: 0-{end}, replicas: {replicas}}}{others}]")?;
                }
            }
        }
        if self.kind != "standalone" {
            let least = u8::from(self.kind == "sentinel");
            write!(formatter, ", replicas: {}", self.replicas.max(least))?;
        }
        if self.kind == "sentinel" {
            write!(formatter, ", sentinels: {}", self.sentinels)?;
        }
        if self.volume {
            formatter.write_str(", data: volume")?;
        }
        if self.in_network {
            formatter.write_str(", access: network")?;
        }
        formatter.write_str(self.auth.yaml())?;
        if let Some(memory) = self.memory {
            write!(formatter, ", resources: {{memory: {memory}mb}}")?;
        }
        let directives = [
            self.maxmemory.map(|value| format!("maxmemory: {value}mb")),
            self.databases.map(|value| format!("databases: {value}")),
        ];
        let directives: Vec<String> = directives.into_iter().flatten().collect();
        if !directives.is_empty() {
            write!(formatter, ", config: {{{}}}", directives.join(", "))?;
        }
        formatter.write_str("}")
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

/// A change of the spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Image(Image),
    Shards(u8),
    Uneven(Option<(u16, u8)>),
    Replicas(u8),
    Sentinels(u8),
    Volume(bool),
    Auth(Auth),
    Memory(Option<u16>),
    MaxMemory(Option<u16>),
    Databases(Option<u8>),
}

impl Shape {
    pub(super) fn change(&mut self, change: Change) {
        match change {
            Change::Image(image) => self.image = image,
            Change::Shards(count) => self.shards = count,
            Change::Uneven(first) => self.uneven = first,
            Change::Replicas(count) => self.replicas = count,
            Change::Sentinels(count) => self.sentinels = count,
            Change::Volume(volume) => self.volume = volume,
            Change::Auth(auth) => self.auth = auth,
            Change::Memory(limit) => self.memory = limit,
            Change::MaxMemory(value) => self.maxmemory = value,
            Change::Databases(count) => self.databases = count,
        }
    }
}

fn image() -> impl Strategy<Value = Image> {
    use Image::{Redis62, Redis70, Redis72, Redis80, Valkey81, Valkey90};
    prop::sample::select(vec![Redis80, Redis70, Redis62, Redis72, Valkey81, Valkey90])
}

fn auth() -> impl Strategy<Value = Auth> {
    prop::sample::select(vec![Auth::Off, Auth::OwnUsersOnly, Auth::Password, Auth::Users, Auth::UsersAlone])
}

fn sentinels() -> impl Strategy<Value = u8> {
    prop::sample::select(vec![1_u8, 3])
}

/// Any spec.
pub(super) fn any_shape() -> impl Strategy<Value = Shape> {
    let kinds = vec!["standalone", "replication", "sentinel", "cluster", "replication", "cluster", "cluster"];
    let counts = (1_u8..=3, 0_u8..=2, sentinels());
    // A spec without `auth` is easier to read, and fails faster.
    let auth = prop_oneof![2 => Just(Auth::Off), 1 => auth()];
    (prop::sample::select(kinds), counts, any::<bool>(), any::<bool>(), image(), auth).prop_map(
        |(kind, (shards, replicas, sentinels), volume, in_network, image, auth)| Shape {
            kind,
            shards,
            uneven: None,
            replicas,
            sentinels,
            volume,
            in_network,
            image,
            auth,
            memory: None,
            maxmemory: None,
            databases: None,
        },
    )
}

/// Any change.
pub(super) fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        2 => (0_u8..=2).prop_map(Change::Replicas),
        2 => image().prop_map(Change::Image),
        2 => prop::option::of(prop::sample::select(vec![128_u16, 256])).prop_map(Change::Memory),
        1 => prop::option::of(prop::sample::select(vec![64_u16, 32])).prop_map(Change::MaxMemory),
        1 => prop::option::of(Just(32_u8)).prop_map(Change::Databases),
        1 => sentinels().prop_map(Change::Sentinels),
        2 => auth().prop_map(Change::Auth),
        1 => (1_u8..=3).prop_map(Change::Shards),
        1 => prop::option::of((prop::sample::select(vec![0_u16, 99, 9000]), 0_u8..=2)).prop_map(Change::Uneven),
        1 => any::<bool>().prop_map(Change::Volume),
    ]
}
