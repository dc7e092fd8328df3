//! What a check is made of: requests with what must come back, or a judgement already made.

use std::fmt;

use crate::report::Exchange;
use crate::spec::SecretText;
use crate::topology::NodeName;

use super::Expectation;

/// One thing to prove.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Its name: a word that stays the same between releases.
    pub name: &'static str,
    /// What it proves, one sentence.
    pub proves: &'static str,
    /// The node that it is about; `None`: the whole deployment.
    pub node: Option<NodeName>,
    /// How it is proved.
    pub method: CheckMethod,
}

/// What is found, or what is wrong.
pub type Judgement = Result<String, String>;

/// How a check is proved.
#[derive(Debug, Clone, PartialEq)]
pub enum CheckMethod {
    /// By what the nodes have said of themselves; there is nothing left to ask.
    Judged {
        /// The judgement.
        judgement: Judgement,
        /// What it rests on.
        transcript: Vec<Exchange>,
    },
    /// By requests, one after another; the first disappointment ends it.
    Asked {
        /// The requests.
        requests: Vec<Request>,
        /// Requests that remove what `requests` left, run in any case; what comes back does not matter.
        cleanup: Vec<Request>,
        /// What the survey has shown already.
        transcript: Vec<Exchange>,
        /// What is found where every request holds.
        found: String,
    },
}

/// One request, and what must come back.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Over which connection.
    pub connection: CheckConnection,
    /// What is done.
    pub action: RequestAction,
    /// What must come back.
    pub expectation: Expectation,
    /// Whether it is done again and again until that comes back, within the runner's deadline.
    pub patient: bool,
}

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckConnection {
    /// redisctl's connection to a node, which checks share: nothing that blocks it or changes its
    /// state goes over it.
    Shared(NodeName),
    /// A connection to a node, logged in as redisctl, that this check has for itself.
    Private(NodeName),
    /// A connection to a node without a log-in, that this check has for itself.
    Guest(NodeName),
    /// A connection to a node that does not speak TLS, whatever the deployment does.
    Plaintext(NodeName),
    /// A connection to a node with TLS, but without a client's certificate.
    Uncertified(NodeName),
    /// A cluster client that is told of this node alone and finds the others.
    Cluster(NodeName),
}

impl CheckConnection {
    /// The node that is dialled first.
    #[must_use]
    pub fn node(&self) -> &NodeName {
        match self {
            Self::Shared(node)
            | Self::Private(node)
            | Self::Guest(node)
            | Self::Plaintext(node)
            | Self::Uncertified(node)
            | Self::Cluster(node) => node,
        }
    }
}

/// What a request does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestAction {
    /// Sends a command; its reply is judged.
    Send(Command),
    /// Waits for the next message on a channel; its text is judged. As long as none comes, it is published
    /// again: nodes of a cluster that have just met may drop what comes first over a link.
    Receive {
        /// The channel.
        channel: String,
        /// Where it is published.
        publisher: CheckConnection,
        /// How it is published.
        publish: Command,
    },
    /// Makes a TLS connection and looks whether the server's certificate is for all of these names.
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
pub struct Command(Vec<Word>);

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// One that may be shown.
    Plain(String),
    /// One that may not.
    Secret(SecretText),
}

impl Command {
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

    /// The user that an AUTH names.
    #[must_use]
    pub fn logs_in(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Word::Plain(name), Word::Plain(user), Word::Secret(_)] if name == "AUTH" => Some(user),
            _ => None,
        }
    }
}

impl fmt::Display for Command {
    /// The command as one would type it, with stars for secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, word) in self.0.iter().enumerate() {
            if position > 0 {
                formatter.write_str(" ")?;
            }
            match word {
                Word::Secret(_) => formatter.write_str("***")?,
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
    /// A command and what must come back.
    #[must_use]
    pub fn send(connection: CheckConnection, command: Command, expectation: Expectation) -> Self {
        Self { connection, action: RequestAction::Send(command), expectation, patient: false }
    }

    /// The same request, done again and again until the right thing comes back.
    #[must_use]
    pub fn patiently(self) -> Self {
        Self { patient: true, ..self }
    }
}

impl Check {
    /// A check that is judged already.
    #[must_use]
    pub fn judged(
        (name, proves): (&'static str, &'static str),
        node: Option<&NodeName>,
        judgement: Judgement,
        transcript: Vec<Exchange>,
    ) -> Self {
        Self { name, proves, node: node.cloned(), method: CheckMethod::Judged { judgement, transcript } }
    }

    /// A check that asks.
    #[must_use]
    pub fn asked(
        (name, proves): (&'static str, &'static str),
        node: Option<&NodeName>,
        requests: Vec<Request>,
        found: impl Into<String>,
    ) -> Self {
        let method =
            CheckMethod::Asked { requests, cleanup: Vec::new(), transcript: Vec::new(), found: found.into() };
        Self { name, proves, node: node.cloned(), method }
    }

    /// The same check, which rests on replies of the survey, too.
    #[must_use]
    pub fn resting_on(mut self, shown: Vec<Exchange>) -> Self {
        if let CheckMethod::Asked { transcript, .. } = &mut self.method {
            *transcript = shown;
        }
        self
    }

    /// The same check, with a key that it leaves nothing of.
    #[must_use]
    pub fn removing(mut self, connection: CheckConnection, key: &str) -> Self {
        if let CheckMethod::Asked { cleanup, .. } = &mut self.method {
            cleanup.push(Request::send(connection, Command::new(["DEL", key]), Expectation::Anything));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_shows_no_secret() {
        let command = Command::log_in("default", SecretText::new("hunter2"));
        assert_eq!(command.to_string(), "AUTH default ***");
        assert_eq!(command.logs_in(), Some("default"));
        assert!(!format!("{command:?}").contains("hunter2"));
        assert_eq!(Command::new(["SET", "a b", ""]).to_string(), "SET \"a b\" \"\"");
    }
}
