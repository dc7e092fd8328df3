//! Restoring a snapshot into a deployment, whatever its shape.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::handle::Deployment;
use super::key_writer::KeyWriter;
use super::lease::{Lease, LeaseRequest};
use super::no_listener::NoListener;
use super::{DEFAULT_TIMEOUT, Error};
use crate::event::{Event, Listener, Transfer, TransferUnit};
use crate::moved_data::Restored;
use crate::reply::Reply;
use crate::snapshot::{SnapshotFault, SnapshotHead, SnapshotReader};
use crate::topology::kept_restore::{KeptRestore, RESTORE_FILE};
use crate::topology::server::DataFormat;
use crate::topology::{Kind, NodeName};

/// How many keys are written between two events about the progress.
const REPORT_AFTER: u64 = 5_000;

/// A checked snapshot.
#[derive(Debug, Clone)]
pub struct SnapshotFile {
    path: PathBuf,
    head: SnapshotHead,
    keys: u64,
    /// The checksum.
    digest: String,
}

impl SnapshotFile {
    /// Reads a file as a whole, and checks it.
    ///
    /// # Errors
    /// It cannot be read, or is no complete snapshot.
    pub fn check(path: &Path) -> Result<Self, Error> {
        let checked = open(path).and_then(SnapshotReader::check);
        let (head, keys, digest) = checked.map_err(|source| unusable(path, source))?;
        Ok(Self { path: path.to_owned(), head, keys, digest })
    }
}

fn open(path: &Path) -> Result<SnapshotReader<BufReader<File>>, SnapshotFault> {
    SnapshotReader::begin(BufReader::new(File::open(path)?))
}

fn unusable(path: &Path, source: SnapshotFault) -> Error {
    Error::Snapshot { path: path.to_owned(), source }
}

/// Restores a snapshot into a deployment: the same, or another one with another shape, of the same server or a newer
/// one.
#[must_use = "nothing happens before `run`"]
pub struct Restore<'a> {
    deployment: &'a Deployment,
    file: &'a SnapshotFile,
    replace: bool,
    listener: &'a dyn Listener,
    timeout: Duration,
}

impl<'a> Restore<'a> {
    /// Restores this snapshot.
    pub fn new(deployment: &'a Deployment, file: &'a SnapshotFile) -> Self {
        Self { deployment, file, replace: false, listener: &NoListener, timeout: DEFAULT_TIMEOUT }
    }

    /// Whether to remove the present keys and functions of the deployment first. Default: a deployment with keys is an
    /// error.
    pub fn replace(self, replace: bool) -> Self {
        Self { replace, ..self }
    }

    /// Passes events to a listener.
    pub fn listener(self, listener: &'a dyn Listener) -> Self {
        Self { listener, ..self }
    }

    /// The limit of a single wait: for another run, and for servers' replies. Default: [`DEFAULT_TIMEOUT`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Restores the snapshot. If it is interrupted, running it again completes it.
    ///
    /// # Errors
    /// The servers cannot read the snapshot, the deployment has keys, or a server refuses a key.
    pub async fn run(self) -> Result<Restored, Error> {
        let request = LeaseRequest::on(self.deployment, "restore", self.timeout, self.listener);
        Lease::during(request, self.apply()).await
    }

    async fn apply(&self) -> Result<Restored, Error> {
        let began = Instant::now();
        self.check_server()?;
        let first = self.deployment.primary().await.name().clone();
        self.deployment
            .check_databases(&self.file.head.databases.keys().copied().collect::<Vec<_>>(), &first)
            .await?;
        let through = self.deployment.any_container().await?;
        let continues = self.continues(through.as_ref()).await?;
        if !self.replace && !continues {
            self.check_empty(&first).await?;
        }
        let mut writer = KeyWriter::new(self.deployment, self.subject(), self.timeout).await?;
        if self.replace {
            writer.empty().await?;
        }
        // From here on, all keys are of this snapshot. So the next run need not empty the deployment to complete it.
        self.record(through.as_ref(), false).await?;
        let keys = self.write(&mut writer).await?;
        self.record(through.as_ref(), true).await?;
        let deployment = self.deployment.name().clone();
        Ok(Restored { deployment, keys, seconds: began.elapsed().as_secs_f64() })
    }

    async fn write(&self, writer: &mut KeyWriter<'_>) -> Result<u64, Error> {
        let path = &self.file.path;
        let mut reader = open(path).map_err(|fault| unusable(path, fault))?;
        let mut done = 0;
        while let Some(record) = reader.next_record().map_err(|fault| unusable(path, fault))? {
            writer.write(record).await?;
            done += 1;
            if done % REPORT_AFTER == 0 {
                self.tell(done);
            }
        }
        let keys = writer.end().await?;
        self.tell(keys);
        Ok(keys)
    }

    /// Whether the servers read the values of the snapshot.
    fn check_server(&self) -> Result<(), Error> {
        let (head, topology) = (&self.file.head, self.deployment.topology());
        if topology.server.reads_format(DataFormat(head.data_format)) {
            return Ok(());
        }
        Err(Error::Invalid {
            message: format!(
                "the snapshot is of {} with data format {}, which {} of `{}` does not read",
                head.server, head.data_format, topology.server, topology.name
            ),
            hint: format!(
                "restore it into {} or a newer version; Valkey does not read data of Redis 7.4 and newer, and Redis not \
                 that of Valkey 9",
                head.server
            ),
        })
    }

    /// Whether a run was interrupted while it restored this snapshot.
    async fn continues(&self, through: Option<&NodeName>) -> Result<bool, Error> {
        let Some(through) = through else { return Ok(false) };
        let record = self.deployment.engine().api.kept_file(through, RESTORE_FILE).await?;
        Ok(record.is_some_and(|record| KeptRestore::read(&record).is_interrupted(&self.file.digest)))
    }

    async fn record(&self, through: Option<&NodeName>, is_done: bool) -> Result<(), Error> {
        let Some(through) = through else { return Ok(()) };
        let record = KeptRestore::new(&self.file.digest, is_done);
        Ok(self.deployment.engine().api.keep_files(through, &[record.file()]).await?)
    }

    async fn check_empty(&self, first: &NodeName) -> Result<(), Error> {
        let (keys, topology) = (self.deployment.keys().await?, self.deployment.topology());
        let what = if keys > 0 {
            format!("{keys} keys")
        } else if topology.server.has_functions() {
            let replies = self.deployment.servers().replies(first, &["FUNCTION LIST"]).await?;
            let has_none = matches!(replies.first(), Some(Reply::List(libraries)) if libraries.is_empty());
            if has_none {
                return Ok(());
            }
            "functions".to_owned()
        } else {
            return Ok(());
        };
        Err(Error::Invalid {
            message: format!("`{}` has {what}", topology.name),
            hint: "`--replace` removes all its keys and functions first".to_owned(),
        })
    }

    fn subject(&self) -> String {
        self.file.path.display().to_string()
    }

    fn tell(&self, done: u64) {
        let total = self.file.keys.max(done);
        let transfer = Transfer { subject: self.subject(), unit: TransferUnit::Keys, done, total };
        self.listener.hear(Event::Transfer(transfer));
    }
}

impl Deployment {
    /// Checks that the deployment has these databases.
    pub(super) async fn check_databases(&self, databases: &[u32], first: &NodeName) -> Result<(), Error> {
        let Some(last) = databases.iter().max().filter(|last| **last > 0) else { return Ok(()) };
        let topology = self.topology();
        let directive = if topology.kind == Kind::Cluster { "cluster-databases" } else { "databases" };
        let replies = self.servers().replies(first, &[&format!("CONFIG GET {directive}")]).await?;
        let count = match replies.first() {
            Some(Reply::List(parts)) => parts.get(1).map(Reply::raw),
            Some(Reply::Map(pairs)) => pairs.first().map(|(_, value)| value.raw()),
            _ => None,
        };
        // A server without the directive has one database in a cluster.
        let count = count.and_then(|count| String::from_utf8_lossy(&count).parse().ok()).unwrap_or(1);
        if *last < count {
            return Ok(());
        }
        let numbers: Vec<String> = databases.iter().map(ToString::to_string).collect();
        Err(Error::Invalid {
            message: format!(
                "the data has keys in the databases {}, and the servers of `{}` have {count}",
                numbers.join(", "),
                topology.name
            ),
            hint: format!(
                "raise `config.{directive}` where the server has it, or use another kind of deployment"
            ),
        })
    }
}
