//! Reads snapshots.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::{BEFORE_KEY, END, FUNCTIONS, HEAD, KEY, KeyRecord, MAGIC, Record, SnapshotHead, VERSION};

/// The most digits of a version.
const MOST_DIGITS: usize = 9;

/// Why a file cannot be used as a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotFault {
    /// The source cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// The file is something else.
    #[error("it is not a snapshot of redisctl")]
    Foreign,
    /// A newer redisctl wrote it.
    #[error("its format is version {0}, and this redisctl reads version {VERSION}")]
    Newer(u32),
    /// The file ends too early: its writer was interrupted, or it was not copied as a whole.
    #[error("it is cut off")]
    CutOff,
    /// A part of it makes no sense.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// The checksum differs.
    #[error("it is damaged: its checksum does not fit")]
    Checksum,
    /// There are bytes after its end.
    #[error("it is damaged: it has bytes after its end")]
    AfterEnd,
}

/// Reads a snapshot, record after record. The checksum is known at the end.
pub struct SnapshotReader<R> {
    from: R,
    digest: Sha256,
    head: SnapshotHead,
    keys: u64,
    has_ended: bool,
}

impl<R: Read> SnapshotReader<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// The source is no snapshot, or a newer redisctl wrote it.
    pub fn begin(mut from: R) -> Result<Self, SnapshotFault> {
        let mut digest = Sha256::new();
        let mut magic = [0; MAGIC.len()];
        match fill(&mut from, &mut magic, &mut digest) {
            Err(SnapshotFault::CutOff) => return Err(SnapshotFault::Foreign),
            result => result?,
        }
        if magic != *MAGIC {
            return Err(SnapshotFault::Foreign);
        }
        match version(&mut from, &mut digest)? {
            VERSION => {}
            newer => return Err(SnapshotFault::Newer(newer)),
        }
        let (HEAD, body) = frame(&mut from, &mut digest)? else {
            return Err(SnapshotFault::Damaged("the head is missing"));
        };
        let head = serde_json::from_slice(&body)
            .map_err(|_| SnapshotFault::Damaged("the head cannot be understood"))?;
        Ok(Self { from, digest, head, keys: 0, has_ended: false })
    }

    /// The head.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn head(&self) -> &SnapshotHead {
        &self.head
    }

    /// The next record; `None` after the end, with the right checksum.
    ///
    /// # Errors
    /// The snapshot is cut off or damaged.
    pub fn next_record(&mut self) -> Result<Option<Record>, SnapshotFault> {
        if self.has_ended {
            return Ok(None);
        }
        let before = self.digest.clone();
        let (tag, body) = frame(&mut self.from, &mut self.digest)?;
        match tag {
            FUNCTIONS => Ok(Some(Record::Functions(body))),
            KEY => {
                self.keys += 1;
                key(&body).map(|record| Some(Record::Key(record)))
            }
            END => {
                let expected = [&self.keys.to_le_bytes(), before.finalize().as_slice()].concat();
                if body != expected {
                    return Err(SnapshotFault::Checksum);
                }
                if self.from.read(&mut [0])? > 0 {
                    return Err(SnapshotFault::AfterEnd);
                }
                self.has_ended = true;
                Ok(None)
            }
            _ => Err(SnapshotFault::Damaged("a part has an unknown tag")),
        }
    }

    /// Reads all records, and returns the number of keys and the checksum of the whole.
    ///
    /// # Errors
    /// The snapshot is cut off or damaged.
    pub fn check(mut self) -> Result<(SnapshotHead, u64, String), SnapshotFault> {
        while self.next_record()?.is_some() {}
        Ok((self.head, self.keys, hex::encode(self.digest.finalize())))
    }
}

/// The key in the body of a frame.
fn key(body: &[u8]) -> Result<KeyRecord, SnapshotFault> {
    let short = SnapshotFault::Damaged("a key is too short");
    let Some((database, rest)) = body.split_first_chunk::<4>() else { return Err(short) };
    let Some((expiry, rest)) = rest.split_first_chunk::<8>() else { return Err(short) };
    let Some((length, rest)) = rest.split_first_chunk::<4>() else { return Err(short) };
    debug_assert_eq!(body.len() - rest.len(), BEFORE_KEY);
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let Some((key, payload)) = rest.split_at_checked(length) else { return Err(short) };
    Ok(KeyRecord {
        database: u32::from_le_bytes(*database),
        expires_at: Some(u64::from_le_bytes(*expiry)).filter(|expiry| *expiry > 0),
        key: key.to_vec(),
        payload: payload.to_vec(),
    })
}

/// The version behind the magic bytes, with its line break.
fn version(from: &mut impl Read, digest: &mut Sha256) -> Result<u32, SnapshotFault> {
    let mut text = String::new();
    loop {
        let mut byte = [0];
        fill(from, &mut byte, digest)?;
        match byte[0] {
            b'\n' => return text.parse().map_err(|_| SnapshotFault::Foreign),
            digit @ b'0'..=b'9' if text.len() < MOST_DIGITS => text.push(char::from(digit)),
            _ => return Err(SnapshotFault::Foreign),
        }
    }
}

/// The tag and the body of a frame. Its memory grows with the bytes that are read. So a wrong length costs nothing.
fn frame(from: &mut impl Read, digest: &mut Sha256) -> Result<(u8, Vec<u8>), SnapshotFault> {
    let mut header = [0; 9];
    fill(from, &mut header, digest)?;
    let [tag, length @ ..] = header;
    let length = u64::from_le_bytes(length);
    let mut body = Vec::new();
    from.take(length).read_to_end(&mut body)?;
    if body.len() as u64 != length {
        return Err(SnapshotFault::CutOff);
    }
    digest.update(&body);
    Ok((tag, body))
}

/// Fills a buffer.
fn fill(from: &mut impl Read, buffer: &mut [u8], digest: &mut Sha256) -> Result<(), SnapshotFault> {
    from.read_exact(buffer).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => SnapshotFault::CutOff,
        _ => error.into(),
    })?;
    digest.update(&*buffer);
    Ok(())
}
