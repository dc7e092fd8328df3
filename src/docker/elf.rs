//! Parses ELF files: the interpreter, the needed libraries, and the directories for them.
//!
//! Like the loader, it reads segments, because a stripped file may have no sections.

use object::elf;
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};
use object::{Endianness, FileKind, ReadRef};

/// The parts of an ELF file that decide which other files it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ElfObject {
    /// The processor that it is for. The loader ignores libraries for other targets.
    pub target: ElfTarget,
    /// `PT_INTERP`: the loader's path. `None` for libraries and static programs.
    pub interpreter: Option<String>,
    /// `DT_NEEDED`, in order.
    pub needed: Vec<String>,
    /// `DT_RPATH`, split at colons; the loader ignores it beside a `DT_RUNPATH`.
    pub rpath: Vec<String>,
    /// `DT_RUNPATH`, split at colons.
    pub runpath: Vec<String>,
}

/// The processor and word size that an ELF file is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ElfTarget {
    /// `e_machine`.
    pub machine: u16,
    /// A 64-bit file.
    pub is_64: bool,
}

impl ElfTarget {
    /// The name of this processor in Docker (and Go); `None` if redisctl does not know it.
    #[must_use]
    pub(super) fn engine_architecture(self) -> Option<&'static str> {
        match (elf::Machine(self.machine), self.is_64) {
            (elf::EM_X86_64, true) => Some("amd64"),
            (elf::EM_386, false) => Some("386"),
            (elf::EM_AARCH64, true) => Some("arm64"),
            (elf::EM_ARM, false) => Some("arm"),
            (elf::EM_RISCV, true) => Some("riscv64"),
            (elf::EM_LOONGARCH, true) => Some("loong64"),
            (elf::EM_PPC64, true) => Some("ppc64le"),
            (elf::EM_S390, true) => Some("s390x"),
            (elf::EM_MIPS, true) => Some("mips64le"),
            _ => None,
        }
    }

    /// A name of this processor for people.
    #[must_use]
    pub(super) fn name(self) -> String {
        let unknown = || format!("an unknown processor (ELF machine {})", self.machine);
        self.engine_architecture().map_or_else(unknown, str::to_owned)
    }

    /// The name of Debian's directory with this processor's libraries, below `lib`.
    #[must_use]
    pub(super) fn multiarch_directory(self) -> Option<&'static str> {
        match (elf::Machine(self.machine), self.is_64) {
            (elf::EM_X86_64, true) => Some("x86_64-linux-gnu"),
            (elf::EM_386, false) => Some("i386-linux-gnu"),
            (elf::EM_AARCH64, true) => Some("aarch64-linux-gnu"),
            (elf::EM_ARM, false) => Some("arm-linux-gnueabihf"),
            (elf::EM_RISCV, true) => Some("riscv64-linux-gnu"),
            (elf::EM_PPC64, true) => Some("powerpc64le-linux-gnu"),
            (elf::EM_S390, true) => Some("s390x-linux-gnu"),
            _ => None,
        }
    }
}

/// The length of a 64-bit ELF header, bytes; those of 32 bits are shorter.
pub(super) const HEADER: u64 = 64;

/// The processor of this machine, as engines call it.
pub(super) fn this_machine() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        "loongarch64" => "loong64",
        other => other,
    }
}

/// The processor for which a file with this header is made; `None` if it is not an ELF file.
pub(super) fn target(header: &[u8]) -> Option<ElfTarget> {
    fn of_class<Header: FileHeader<Endian = Endianness>>(data: &[u8]) -> Option<ElfTarget> {
        let header = Header::parse(data).ok()?;
        Some(ElfTarget { machine: header.e_machine(header.endian().ok()?).0, is_64: header.is_class_64() })
    }
    match FileKind::parse(header).ok()? {
        FileKind::Elf32 => of_class::<elf::FileHeader32<Endianness>>(header),
        _ => of_class::<elf::FileHeader64<Endianness>>(header),
    }
}

/// Parses an ELF file with the content `data`.
///
/// # Errors
/// `data` is not an ELF file, or is damaged.
pub(super) fn read<'data, Data: ReadRef<'data>>(data: Data) -> Result<ElfObject, object::read::Error> {
    match FileKind::parse(data)? {
        FileKind::Elf32 => read_class::<elf::FileHeader32<Endianness>, Data>(data),
        // Files of any other kind fail here, with the reason.
        _ => read_class::<elf::FileHeader64<Endianness>, Data>(data),
    }
}

/// Reads an ELF file of a class (32 or 64 bits).
fn read_class<'data, Header, Data>(data: Data) -> Result<ElfObject, object::read::Error>
where
    Header: FileHeader<Endian = Endianness>,
    Data: ReadRef<'data>,
{
    let header = Header::parse(data)?;
    let endian = header.endian()?;
    let segments = header.program_headers(endian, data)?;

    let mut interpreter = None;
    let mut entries: Vec<(elf::DynamicTag, u64)> = Vec::new();
    for segment in segments {
        if let Some(path) = segment.interpreter(endian, data)? {
            interpreter = Some(String::from_utf8_lossy(path).into_owned());
        }
        if let Some(dynamic) = segment.dynamic(endian, data)? {
            entries = dynamic
                .iter()
                .map(|entry| (entry.tag(endian), entry.val(endian)))
                .take_while(|(tag, _)| *tag != elf::DT_NULL)
                .collect();
        }
    }

    let value = |wanted| entries.iter().find(|(tag, _)| *tag == wanted).map_or(0, |(_, value)| *value);
    let (address, size) = (value(elf::DT_STRTAB), value(elf::DT_STRSZ));
    let strings: &[u8] = segments
        .iter()
        .filter(|segment| segment.p_type(endian) == elf::PT_LOAD)
        .find_map(|segment| segment.data_range(endian, data, address, size).ok().flatten())
        .unwrap_or_default();
    let strings_of = |wanted| {
        entries
            .iter()
            .filter(move |(tag, _)| *tag == wanted)
            .filter_map(|(_, offset)| text_at(strings, *offset))
    };

    Ok(ElfObject {
        target: ElfTarget { machine: header.e_machine(endian).0, is_64: header.is_class_64() },
        interpreter,
        needed: strings_of(elf::DT_NEEDED).collect(),
        rpath: strings_of(elf::DT_RPATH).flat_map(|list| split_list(&list)).collect(),
        runpath: strings_of(elf::DT_RUNPATH).flat_map(|list| split_list(&list)).collect(),
    })
}

/// The NUL-terminated text at `offset` of a string table; `None` if the offset is outside.
fn text_at(strings: &[u8], offset: u64) -> Option<String> {
    let rest = strings.get(usize::try_from(offset).ok()?..)?;
    let text = rest.split(|byte| *byte == 0).next()?;
    Some(String::from_utf8_lossy(text).into_owned())
}

/// The entries of a colon-separated list of directories, without empty entries.
fn split_list(list: &str) -> Vec<String> {
    list.split(':').filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn reads_this_very_test_program() {
        let object = read(std::fs::read("/proc/self/exe").unwrap().as_slice()).unwrap();

        let interpreter = object.interpreter.expect("a test program is linked dynamically");
        assert!(std::path::Path::new(&interpreter).exists(), "{interpreter}");
        assert!(object.needed.iter().any(|name| name.starts_with("libc.")), "{:?}", object.needed);
        assert_eq!(object.target.is_64, cfg!(target_pointer_width = "64"));
        if cfg!(target_arch = "x86_64") {
            assert_eq!(object.target.engine_architecture(), Some("amd64"));
        }
        let program = std::fs::read("/proc/self/exe").unwrap();
        assert_eq!(target(&program[..64]), Some(object.target));
        assert_eq!(target(&program[..10]), None);
    }

    #[test]
    fn refuses_what_is_no_elf_file() {
        for data in [&b""[..], b"#!/bin/sh\nexec redis-server \"$@\"\n", b"\x7fELF\x02\x01\x01"] {
            assert!(read(data).is_err(), "{data:?}");
        }
    }

    #[test]
    fn a_string_outside_the_table_is_none() {
        assert_eq!(text_at(b"\0libc.so.6\0", 1).as_deref(), Some("libc.so.6"));
        assert_eq!(text_at(b"\0libc.so.6\0", 99), None);
    }

    #[test]
    fn lists_lose_their_empty_entries() {
        assert_eq!(split_list("$ORIGIN/../lib::/opt/lib"), ["$ORIGIN/../lib", "/opt/lib"]);
    }
}
