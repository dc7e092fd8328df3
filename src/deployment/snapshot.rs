//! A snapshot: the keys of a deployment as one file.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::try_join_all;

use super::handle::Deployment;
use super::lease::{Lease, LeaseRequest};
use super::no_listener::NoListener;
use super::unfinished_file::UnfinishedFile;
use super::{DEFAULT_TIMEOUT, Error};
use crate::event::{Event, Listener, Transfer, TransferUnit};
use crate::moved_data::SnapshotTaken;
use crate::redis::{Dialer, KeyReader, operator_login};
use crate::snapshot::{Record, SnapshotHead, SnapshotWriter};
use crate::topology::Kind;

/// The length of FUNCTION DUMP without functions: a version and a checksum.
const NO_FUNCTIONS: usize = 10;

/// Writes the keys of a deployment to a file.
///
/// Clients may write meanwhile. A key that exists all the time is in the snapshot, in one of its states. A key that is
/// made or deleted meanwhile may be in it. Keys are not of the same moment.
#[must_use = "nothing happens before `run`"]
pub struct Snapshot<'a> {
    deployment: &'a Deployment,
    listener: &'a dyn Listener,
    timeout: Duration,
}

impl<'a> Snapshot<'a> {
    /// A snapshot of this deployment.
    pub fn new(deployment: &'a Deployment) -> Self {
        Self { deployment, listener: &NoListener, timeout: DEFAULT_TIMEOUT }
    }

    /// Passes events to a listener.
    pub fn listener(self, listener: &'a dyn Listener) -> Self {
        Self { listener, ..self }
    }

    /// The limit of a single wait: for another run, and for a server's reply. Default: [`DEFAULT_TIMEOUT`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Writes the file. Until it is complete, it has another name. An existing file is replaced.
    ///
    /// # Errors
    /// A primary does not answer, or the file cannot be written.
    pub async fn run(self, path: &Path) -> Result<SnapshotTaken, Error> {
        let request = LeaseRequest::on(self.deployment, "snapshot", self.timeout, self.listener);
        Lease::during(request, self.write(path)).await
    }

    async fn write(&self, path: &Path) -> Result<SnapshotTaken, Error> {
        let began = Instant::now();
        let failed = |source| Error::File { operation: "write", path: path.to_owned(), source };
        let file = UnfinishedFile::create(path).map_err(failed)?;
        let mut readers = self.readers().await?;
        self.check_slots().await?;
        let (head, functions) = self.head(&mut readers).await?;
        let mut writer = SnapshotWriter::begin(file, &head).map_err(failed)?;
        if let Some(functions) = functions {
            writer.write(&Record::Functions(functions)).map_err(failed)?;
        }
        let (total, mut done) = (head.databases.values().sum(), 0);
        for database in head.databases.keys() {
            try_join_all(readers.iter_mut().map(|reader| reader.select(*database))).await?;
            loop {
                let batches = try_join_all(readers.iter_mut().map(KeyReader::next)).await?;
                if batches.iter().all(Option::is_none) {
                    break;
                }
                for record in batches.into_iter().flatten().flatten() {
                    done += 1;
                    writer.write(&Record::Key(record)).map_err(failed)?;
                }
                self.tell(path, done, total);
            }
        }
        let (file, keys) = writer.end().map_err(failed)?;
        let bytes = file.finish().map_err(failed)?;
        self.tell(path, keys, keys);
        let deployment = self.deployment.name().clone();
        Ok(SnapshotTaken { deployment, keys, bytes, seconds: began.elapsed().as_secs_f64() })
    }

    /// A reader for each primary.
    async fn readers(&self) -> Result<Vec<KeyReader>, Error> {
        let (topology, credentials) = (self.deployment.topology(), self.deployment.credentials());
        let (dialer, login) = (Dialer::new(credentials), operator_login(credentials));
        let primaries = self.deployment.acting_primaries().await?;
        let (dialer, login) = (&dialer, login.as_ref());
        let open = primaries
            .iter()
            .map(|node| KeyReader::open(dialer, &node.endpoint, login, topology.server, self.timeout));
        Ok(try_join_all(open).await?)
    }

    /// Checks that the primaries serve all slots of the topology. Otherwise keys would be missing in the snapshot.
    async fn check_slots(&self) -> Result<(), Error> {
        let topology = self.deployment.topology();
        if topology.kind != Kind::Cluster {
            return Ok(());
        }
        let status = self.deployment.status().await?;
        let ranges = status.nodes.iter().flat_map(|node| &node.slots);
        let served: usize = ranges.map(|[first, last]| usize::from(last - first) + 1).sum();
        let all: usize = topology.shards.iter().map(|shard| shard.slots.len()).sum();
        if served >= all {
            return Ok(());
        }
        Err(Error::Invalid {
            message: format!("the nodes of `{}` serve {served} of its {all} slots", topology.name),
            hint: format!(
                "keys would be missing in the snapshot; `redisctl up` with the spec of `{}` brings slots back",
                topology.name
            ),
        })
    }

    /// The head of the snapshot, and the functions if there are any.
    async fn head(&self, readers: &mut [KeyReader]) -> Result<(SnapshotHead, Option<Vec<u8>>), Error> {
        let topology = self.deployment.topology();
        let mut databases = BTreeMap::new();
        for found in try_join_all(readers.iter_mut().map(KeyReader::databases)).await? {
            for (database, keys) in found {
                *databases.entry(database).or_insert(0) += keys;
            }
        }
        // All primaries have the same functions.
        let functions = match readers.first_mut() {
            Some(reader) => reader.functions().await?,
            None => None,
        };
        let data_format = functions.as_ref().map_or(topology.server.data_format(), |(_, format)| *format);
        let head = SnapshotHead {
            deployment: topology.name.clone(),
            kind: topology.kind,
            server: topology.server,
            data_format,
            databases,
            taken: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        };
        Ok((head, functions.map(|(payload, _)| payload).filter(|payload| payload.len() > NO_FUNCTIONS)))
    }

    fn tell(&self, path: &Path, done: u64, total: u64) {
        let (subject, unit) = (path.display().to_string(), TransferUnit::Keys);
        // Clients may add keys meanwhile.
        let total = total.max(done);
        self.listener.hear(Event::Transfer(Transfer { subject, unit, done, total }));
    }
}
