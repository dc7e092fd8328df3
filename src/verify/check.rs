//! A check: requests with the expected replies, or a judgement of replies that the survey has.

use std::fmt;

use crate::report::Exchange;
use crate::spec::SecretText;
use crate::topology::{Endpoint, NodeName};

use super::Expectation;

/// The longest word of a command that is shown in full, in bytes. Rules and keys are shorter.
const LONGEST_WORD: usize = 1000;

/// The beginning of a longer word that is shown, in characters.
const SHOWN: usize = 16;

/// One fact to prove.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Its name, which stays the same between releases.
    pub name: &'static str,
    /// The fact, in one sentence.
    pub proves: &'static str,
    /// The checked node; `None`: the whole deployment.
    pub node: Option<NodeName>,
    /// How it is proved.
    pub method: CheckMethod,
    /// A hint for a failure, if the reply does not give it.
    pub advice: Option<String>,
}

/// The finding, or the mistake.
pub type Judgement = Result<String, String>;

/// How a check is proved.
#[derive(Debug, Clone, PartialEq)]
pub enum CheckMethod {
    /// By the replies of the survey, without further requests.
    Judged {
        /// The judgement.
        judgement: Judgement,
        /// The replies behind it.
        transcript: Vec<Exchange>,
    },
    /// By requests, one after another. The first unexpected reply ends the check.
    Asked {
        /// The requests.
        requests: Vec<Request>,
        /// Requests that remove the keys of `requests`. They run in any case; their replies do not matter.
        cleanup: Vec<Request>,
        /// Replies of the survey that belong to the check.
        transcript: Vec<Exchange>,
        /// The finding when every reply is as expected.
        found: String,
    },
}

/// One request, and its expected reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The connection that carries it.
    pub connection: CheckConnection,
    /// The action.
    pub action: RequestAction,
    /// The expected reply.
    pub expectation: Expectation,
    /// Whether the request is repeated until the expected reply comes, within [`super::PATIENCE`].
    pub patient: bool,
}

/// A connection of a check.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckConnection {
    /// redisctl's own connection to a node. All checks share it: no request may block it or change its state.
    Shared(NodeName),
    /// A connection of this check alone to a node, logged in as redisctl.
    Private(NodeName),
    /// A connection of this check alone to a node, without a log-in.
    Guest(NodeName),
    /// A connection to a node without TLS, even where the deployment has TLS.
    Plaintext(NodeName),
    /// A connection to a node with TLS, but without a client's certificate.
    Uncertified(NodeName),
    /// A connection of this check alone to a node, at its announced address, logged in as redisctl.
    Announced(NodeName, Endpoint),
    /// A cluster client that starts at this node and discovers the others.
    Cluster(NodeName),
}

impl CheckConnection {
    /// The node that the client dials first.
    #[must_use]
    pub fn node(&self) -> &NodeName {
        match self {
            Self::Shared(node)
            | Self::Private(node)
            | Self::Guest(node)
            | Self::Plaintext(node)
            | Self::Uncertified(node)
            | Self::Announced(node, _)
            | Self::Cluster(node) => node,
        }
    }
}

/// The action of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestAction {
    /// Sends a command; its reply is judged.
    Send(CheckCommand),
    /// Waits for the next message on a channel; its text is judged. The message is published again until it comes:
    /// cluster nodes may drop the first messages over a new link.
    Receive {
        /// The channel.
        channel: String,
        /// The connection of the publisher.
        publisher: CheckConnection,
        /// The command of the publisher.
        publish: CheckCommand,
    },
    /// Opens a TLS connection and checks that the server's certificate is valid for all of these names.
    Handshake {
        /// The names.
        names: Vec<String>,
    },
}

impl fmt::Display for RequestAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(command) => write!(formatter, "{command}"),
            Self::Receive { channel, .. } => write!(formatter, "(message on {channel})"),
            Self::Handshake { names } => {
                write!(formatter, "(TLS handshake, certificate for {})", names.join(", "))
            }
        }
    }
}

/// A command's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckCommand(Vec<Word>);

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// A word that may be shown.
    Plain(String),
    /// A secret, which is never shown.
    Secret(SecretText),
}

impl CheckCommand {
    /// A command without secrets.
    #[must_use]
    pub fn new<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Self {
        Self(words.into_iter().map(|word| Word::Plain(word.into())).collect())
    }

    /// A command of the words of `text`, split at spaces.
    #[must_use]
    pub fn words_of(text: &str) -> Self {
        Self::new(text.split(' '))
    }

    /// AUTH.
    #[must_use]
    pub fn log_in(user: &str, password: SecretText) -> Self {
        let mut command = Self::new(["AUTH", user]);
        command.0.push(Word::Secret(password));
        command
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &[Word] {
        &self.0
    }

    /// The user of an AUTH.
    #[must_use]
    pub fn logs_in(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Word::Plain(name), Word::Plain(user), Word::Secret(_)] if name == "AUTH" => Some(user),
            _ => None,
        }
    }
}

impl fmt::Display for CheckCommand {
    /// The typed form of the command, with `***` for secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, word) in self.0.iter().enumerate() {
            if position > 0 {
                formatter.write_str(" ")?;
            }
            match word {
                Word::Secret(_) => formatter.write_str("***")?,
                Word::Plain(text) if text.len() > LONGEST_WORD => {
                    let beginning: String = text.chars().take(SHOWN).collect();
                    write!(formatter, "{beginning}… ({} bytes)", text.len())?;
                }
                Word::Plain(text) if text.is_empty() || text.contains([' ', '"']) => {
                    write!(formatter, "{text:?}")?;
                }
                Word::Plain(text) => formatter.write_str(text)?,
            }
        }
        Ok(())
    }
}

impl Request {
    /// A command and its expected reply.
    #[must_use]
    pub fn send(connection: CheckConnection, command: CheckCommand, expectation: Expectation) -> Self {
        Self { connection, action: RequestAction::Send(command), expectation, patient: false }
    }

    /// The same request, repeated until the expected reply comes.
    #[must_use]
    pub fn patiently(self) -> Self {
        Self { patient: true, ..self }
    }
}

impl Check {
    /// A check by the replies of the survey.
    #[must_use]
    pub fn judged(
        (name, proves): (&'static str, &'static str),
        node: Option<&NodeName>,
        judgement: Judgement,
        transcript: Vec<Exchange>,
    ) -> Self {
        let method = CheckMethod::Judged { judgement, transcript };
        Self { name, proves, node: node.cloned(), method, advice: None }
    }

    /// A check by requests.
    #[must_use]
    pub fn asked(
        (name, proves): (&'static str, &'static str),
        node: Option<&NodeName>,
        requests: Vec<Request>,
        found: impl Into<String>,
    ) -> Self {
        let method =
            CheckMethod::Asked { requests, cleanup: Vec::new(), transcript: Vec::new(), found: found.into() };
        Self { name, proves, node: node.cloned(), method, advice: None }
    }

    /// The same check, with advice for the case that a request fails.
    #[must_use]
    pub fn with_advice(self, advice: String) -> Self {
        Self { advice: Some(advice), ..self }
    }

    /// The same check, with replies of the survey in its transcript.
    #[must_use]
    pub fn resting_on(mut self, shown: Vec<Exchange>) -> Self {
        if let CheckMethod::Asked { transcript, .. } = &mut self.method {
            *transcript = shown;
        }
        self
    }

    /// The same check, which removes this key at its end.
    #[must_use]
    pub fn removing(mut self, connection: CheckConnection, key: &str) -> Self {
        if let CheckMethod::Asked { cleanup, .. } = &mut self.method {
            cleanup.push(Request::send(connection, CheckCommand::new(["DEL", key]), Expectation::Anything));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_shows_no_secret() {
        let command = CheckCommand::log_in("default", SecretText::new("hunter2"));
        assert_eq!(command.to_string(), "AUTH default ***");
        assert_eq!(command.logs_in(), Some("default"));
        assert!(!format!("{command:?}").contains("hunter2"));
        assert_eq!(CheckCommand::new(["SET", "a b", ""]).to_string(), "SET \"a b\" \"\"");
    }
}
