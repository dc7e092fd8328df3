//! Properties of the reader of snapshots.

use super::{SnapshotReader, SnapshotWriter};
use crate::fuzzing::{Property, Target};

pub(crate) const TARGETS: &[Target] = &[("snapshot", Property::Bytes(snapshot))];

/// A snapshot that can be read is written again with the same records.
fn snapshot(bytes: &[u8]) {
    let Some((head, records)) = read(bytes) else { return };
    let mut written = Vec::new();
    let mut writer = SnapshotWriter::begin(&mut written, &head).expect("memory");
    for record in &records {
        writer.write(record).expect("memory");
    }
    writer.end().expect("memory");
    assert_eq!(read(&written), Some((head, records)));
}

fn read(bytes: &[u8]) -> Option<(super::SnapshotHead, Vec<super::Record>)> {
    let mut reader = SnapshotReader::begin(bytes).ok()?;
    let mut records = Vec::new();
    while let Some(record) = reader.next_record().ok()? {
        records.push(record);
    }
    Some((reader.head().clone(), records))
}
