//! The users of a server, and redisctl's view of them.

use std::collections::{BTreeMap, BTreeSet};

use redisctl::executor::ServerFault;
use redisctl::observation::{AccessView, ObservedUser, PrimaryLogin};
use redisctl::plan::ServerAction;
use redisctl::spec::SecretText;
use redisctl::topology::acl::words;
use redisctl::topology::files::password_hash;
use redisctl::topology::users::{DEFAULT, OPERATOR, REPLICATION};
use redisctl::topology::{Credentials, NodeName, Topology};

use super::process::{Link, Process};
use super::{State, World};

/// The users of a server.
#[derive(Debug, Clone)]
pub(crate) struct Accounts(BTreeMap<String, Account>);

/// A user: rules, and hashes of passwords.
#[derive(Debug, Clone, Default)]
struct Account {
    rules: Vec<String>,
    hashes: BTreeSet<String>,
}

impl Account {
    fn apply(&mut self, word: &str) {
        match word {
            "reset" => *self = Self::default(),
            "nopass" => {
                self.hashes.clear();
                self.rules.push(word.to_owned());
            }
            _ => match word.strip_prefix('#') {
                Some(hash) => {
                    self.hashes.insert(hash.to_owned());
                    self.rules.retain(|rule| rule != "nopass");
                }
                None => self.rules.push(word.to_owned()),
            },
        }
    }

    fn is_on(&self) -> bool {
        self.rules.iter().rfind(|rule| *rule == "on" || *rule == "off").is_some_and(|rule| rule == "on")
    }

    fn takes_any(&self) -> bool {
        self.rules.iter().any(|rule| rule == "nopass")
    }
}

impl Accounts {
    /// The users of a server without an ACL file.
    pub(crate) fn open() -> Self {
        Self::of_file("user default on nopass ~* &* +@all")
    }

    /// The users of a server with an ACL file.
    pub(crate) fn of_file(text: &str) -> Self {
        let mut accounts = Self(BTreeMap::new());
        for line in text.lines() {
            let mut words = words(line).into_iter().skip(1);
            let account = accounts.0.entry(words.next().expect("a name")).or_default();
            words.for_each(|word| account.apply(&word));
        }
        accounts
    }

    /// AUTH. Without a password: whether a client without a login may act as the user.
    pub(crate) fn let_in(&self, user: &str, password: Option<&str>) -> bool {
        let hash = password.map(|password| password_hash(&SecretText::new(password)));
        self.0.get(user).is_some_and(|account| {
            account.is_on()
                && (account.takes_any() || hash.is_some_and(|hash| account.hashes.contains(&hash)))
        })
    }

    /// `ACL SETUSER`.
    pub(crate) fn set(&mut self, user: &str, words: &[&str]) {
        let account = self.0.entry(user.to_owned()).or_default();
        for word in words {
            account.apply(word);
        }
    }

    /// `ACL DELUSER`.
    pub(crate) fn delete(&mut self, user: &str) {
        self.0.remove(user);
    }
}

impl Process {
    /// Its login at its primary.
    pub(crate) fn login(&self) -> (&str, Option<&str>) {
        let value = |name: &str| self.settings.get(name).filter(|value| !value.is_empty());
        (value("masteruser").unwrap_or(DEFAULT), value("masterauth"))
    }

    /// Whether its primary accepts it. An open link stays open after a change of the password, as long as the user
    /// exists.
    pub(crate) fn is_let_in_by(&self, primary: &Self) -> bool {
        if self.link.0 == Some(primary.address) && self.link.1 != Link::Down {
            return primary.accounts.0.contains_key(&self.linked_as);
        }
        let (user, password) = self.login();
        primary.accounts.let_in(user, password)
    }
}

/// Whether redisctl can log in with one of its known passwords.
fn redisctl_gets_in(accounts: &Accounts, primary: bool, known: &[Credentials]) -> bool {
    let with = |user: &str, password: Option<&SecretText>| {
        password.is_some_and(|password| accounts.let_in(user, Some(password.expose())))
    };
    accounts.let_in(DEFAULT, None)
        || known.iter().any(|credentials| {
            with(OPERATOR, credentials.operator.as_ref()) || with(DEFAULT, credentials.default_on(primary))
        })
}

impl State {
    /// Refuses redisctl if none of its passwords is accepted.
    pub(crate) fn refuse_strangers(&mut self, node: &NodeName) -> Result<(), String> {
        let stored = self.stored().map(|(_, credentials)| credentials.clone());
        let known: Vec<Credentials> =
            stored.into_iter().chain(self.earlier.clone()).chain([self.credentials.clone()]).collect();
        let process = self.process(node)?;
        if redisctl_gets_in(&process.accounts, process.starts_as_primary, &known) {
            Ok(())
        } else {
            Err("WRONGPASS".to_owned())
        }
    }

    /// redisctl's view of a server's users.
    pub(crate) fn access(&mut self, node: &NodeName) -> AccessView {
        let credentials = self.credentials.clone();
        let process = self.process(node).expect("it just answered");
        let primary = process.starts_as_primary;
        let user = |(name, account): (&String, &Account)| {
            let right = credentials.password(name, primary).map(password_hash);
            let is_right = |hash: &String| Some(hash) == right.as_ref();
            let user = ObservedUser {
                rules: account.rules.clone(),
                right_password: account.hashes.iter().any(is_right),
                other_password: !account.hashes.iter().all(is_right),
            };
            (name.clone(), user)
        };
        let replication = credentials.replication.as_ref().map(SecretText::expose);
        let operator = credentials.operator.as_ref().map(SecretText::expose);
        let (login, right) = match &process.sentinel {
            None => (process.login(), (REPLICATION, replication)),
            Some(sentinel) => (sentinel.login(), (OPERATOR, operator)),
        };
        let primary_login = match login {
            (DEFAULT, None) => PrimaryLogin::None,
            (_, Some(_)) if login == right => PrimaryLogin::Right,
            _ => PrimaryLogin::Other,
        };
        let commands = |names: &str| names.split(' ').map(str::to_owned).collect();
        let categories = [("read", "get"), ("write", "set"), ("fast", "get set ping")];
        AccessView {
            users: process.accounts.0.iter().map(user).collect(),
            primary_login,
            categories: categories.map(|(name, names)| (name.to_owned(), commands(names))).into(),
        }
    }

    pub(crate) fn apply_to_users(
        &mut self,
        node: &NodeName,
        action: &ServerAction,
    ) -> Result<(), ServerFault> {
        let credentials = self.credentials.clone();
        let process = self.process(node).map_err(|reason| ServerFault::Passing(reason.into()))?;
        let hash = |user: &str| {
            let password = credentials.password(user, process.starts_as_primary);
            password.map(|password| format!("#{}", password_hash(password)))
        };
        match action {
            ServerAction::SetUser { user, rules } => {
                let hash = hash(user);
                let rules = rules.iter().map(String::as_str);
                let words: Vec<&str> = ["reset"].into_iter().chain(hash.as_deref()).chain(rules).collect();
                process.accounts.set(user, &words);
            }
            ServerAction::AddPassword { user } => {
                let hash = hash(user).expect("a user with a password");
                process.accounts.set(user, &[&hash]);
            }
            ServerAction::DeleteUser { user } => process.accounts.delete(user),
            ServerAction::LogInToPrimary { with_password } => {
                let password = credentials.replication.as_ref().filter(|_| *with_password);
                process.settings.set("masteruser", if password.is_some() { REPLICATION } else { "" });
                process.settings.set("masterauth", password.map_or("", SecretText::expose));
                process.link.1 = Link::Down;
            }
            ServerAction::LogInToWatched { with_password, .. } => {
                let sentinel = process.sentinel.as_mut().expect("a sentinel");
                sentinel.password = credentials.operator.clone().filter(|_| *with_password);
            }
            _ => return Err(ServerFault::Final("this is no command about users".into())),
        }
        Ok(())
    }
}

impl World {
    /// A new run of redisctl reads the deployment's passwords, and keeps them to its end.
    pub(crate) fn begin_run(&self) {
        let mut state = self.state();
        state.earlier = state.stored().map(|(_, credentials)| credentials.clone());
    }

    /// Gets passwords like a new run of redisctl. Its own passwords are kept if the deployment has them, otherwise
    /// made. All others come from the spec, which changes them in each generation.
    pub(crate) fn gather_passwords(&self, topology: &Topology) {
        // This is practically random: every run has made more calls than the run before.
        let id = self.calls();
        let mut state = self.state();
        let (own, generation) =
            (state.stored().map(|(_, credentials)| credentials.clone()), state.generation);
        let own = own.unwrap_or_default();
        let secret = |text: String| Some(SecretText::new(text));
        state.credentials = match &topology.auth {
            None => Credentials::default(),
            Some(auth) => Credentials {
                operator: own.operator.or_else(|| secret(format!("operator {id}"))),
                replication: own.replication.or_else(|| secret(format!("replication {id}"))),
                default: secret(format!("default {generation}")).filter(|_| auth.default_password),
                replica: secret(format!("replica {generation}")).filter(|_| auth.replica_password),
                users: auth
                    .users
                    .iter()
                    .filter(|user| user.needs_password())
                    .map(|user| (user.name.clone(), SecretText::new(format!("{} {generation}", user.name))))
                    .collect(),
                ..Credentials::default()
            },
        };
    }

    /// A user writes other passwords into the spec.
    pub(crate) fn rotate_passwords(&self) {
        self.state().generation += 1;
    }

    /// Whether all nodes accept a user's password. Sentinels do not have the spec's users.
    pub(crate) fn lets_in_everywhere(&self, topology: &Topology, user: &str, password: Option<&str>) -> bool {
        let mut state = self.state();
        topology
            .nodes()
            .iter()
            .filter(|node| user == DEFAULT || !topology.is_sentinel(&node.name))
            .all(|node| state.process(&node.name).expect("it runs").accounts.let_in(user, password))
    }
}
