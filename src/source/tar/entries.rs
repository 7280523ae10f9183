//! From headers to an entry.
//!
//! Follows `reader.go` (`Reader.next`, `handleRegularFile`,
//! `handleSparseFile`, `readHeader`). Between entries stand headers that are
//! about the next one; here they are merged.

use super::error::{Limited, Malformed, Oddity, TarError};
use super::header::{self, Header};
use super::number::c_string;
use super::pax::{self, Key, Records};
use super::reader::Reader;
use super::sparse::{self, Cursor};
use super::{BLOCK, Block, Entry, EntryKind, Input};

/// What stands before an entry and is about it.
#[derive(Default)]
struct Extensions {
    records: Option<Records>,
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    /// Where the last of them stands.
    at: Option<u64>,
}

impl<I: Input> Reader<I> {
    /// Goes over extended headers to the next entry; `false` at the end.
    pub(super) fn advance(&mut self, entry: &mut Entry) -> Result<bool, TarError> {
        let mut extensions = Extensions::default();
        loop {
            let header_at = self.finish_body()?;
            let header = match header_at {
                Some(_) => self.read_header(entry)?,
                None => None,
            };
            let (Some(at), Some(header)) = (header_at, header) else {
                self.warn_unused(&extensions);
                return Ok(false);
            };
            let has_data = !EntryKind::of(header.flag).is_header_only();
            if header.size < 0 && has_data {
                return Err(refuse(at, header::bad_size(&self.block)));
            }
            match header.flag {
                b'x' => {
                    let records = self.read_records(&header)?;
                    let before = extensions.records.replace(records);
                    self.warn_replaced(before.is_some(), at);
                    extensions.at = Some(at);
                }
                b'L' | b'K' => {
                    let body = self.read_extension(&header)?;
                    let text = c_string(&body).to_vec();
                    let slot = if header.flag == b'L' {
                        &mut extensions.long_name
                    } else {
                        &mut extensions.long_link
                    };
                    let before = slot.replace(text);
                    self.warn_replaced(before.is_some(), at);
                    extensions.at = Some(at);
                }
                b'g' => {
                    let records = self.read_records(&header)?;
                    self.warn_unused(&extensions);
                    self.global(entry, header, &records, at)?;
                    return Ok(true);
                }
                _ => {
                    self.entry(entry, header, &extensions, at)?;
                    return Ok(true);
                }
            }
        }
    }

    /// Skips what is left of the data and its filling; `None` where the
    /// archive ends within the filling, which Go takes for its end.
    fn finish_body(&mut self) -> Result<Option<u64>, TarError> {
        let body = std::mem::take(&mut self.body);
        let left = body.left + filling(body.stored); // data is less than 2^63
        let skipped = self.pass(left)?;
        if skipped < body.left {
            let found = body.stored - body.left + skipped;
            return Err(self.truncated("the data of an entry", found, body.stored));
        }
        if skipped < left {
            self.warn(self.offset, Oddity::NoZeroBlocks);
            return Ok(None);
        }
        Ok(Some(self.offset))
    }

    /// Reads a header, and what it calls the entry and what it links to; `None` at
    /// the end of the archive.
    fn read_header(&mut self, entry: &mut Entry) -> Result<Option<Header>, TarError> {
        let at = self.offset;
        let seen = match self.input.peek() {
            Ok(Some(block)) if !header::is_zero(block) => Some(take_header(block, entry)),
            Ok(_) => None,
            Err(cause) => return Err(self.unreadable(cause)),
        };
        match seen {
            Some(Err(fault)) => return Err(refuse(at, fault)),
            Some(Ok(header)) if header.flag != b'S' && header.size >= 0 => {
                self.pass(BLOCK as u64)?;
                return Ok(Some(header));
            }
            // Not there in one piece, or more is wanted of it than was taken.
            _ => {}
        }
        if !self.read_block("a header")? {
            self.warn(at, Oddity::NoZeroBlocks);
            return Ok(None);
        }
        if header::is_zero(&self.block) {
            if !self.read_block("the block after a block of zeros")? {
                self.warn(at, Oddity::OneZeroBlock);
                return Ok(None);
            }
            if header::is_zero(&self.block) {
                return Ok(None);
            }
            return Err(TarError::Malformed {
                offset: at + BLOCK as u64,
                what: Malformed::AfterZeros,
            });
        }
        take_header(&self.block, entry)
            .map(Some)
            .map_err(|fault| refuse(at, fault))
    }

    fn read_records(&mut self, header: &Header) -> Result<Records, TarError> {
        let body_at = self.offset;
        let body = self.read_extension(header)?;
        let records = Records::read(body, body_at).map_err(refuse_record)?;
        for key in &records.duplicates {
            let key = key.name();
            self.warn(body_at, Oddity::DuplicateRecord { key });
        }
        Ok(records)
    }

    /// The data of an extended header or a long name. Memory grows with what
    /// is there, not with what the header claims.
    fn read_extension(&mut self, header: &Header) -> Result<Vec<u8>, TarError> {
        /// How much is read at once.
        const STEP: usize = 64 << 10;
        let at = self.offset;
        let wanted = header.size.cast_unsigned(); // not negative: `advance`
        let limit = self.limits.extended_header;
        if wanted > limit {
            return Err(TarError::Limit {
                offset: at - BLOCK as u64,
                what: Limited::ExtendedHeader,
                value: wanted,
                limit,
            });
        }
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < wanted {
            let filled = bytes.len();
            let left = wanted - filled as u64;
            let step = usize::try_from(left).map_or(STEP, |left| left.min(STEP));
            bytes.resize(filled + step, 0);
            let count = self.fill(&mut bytes[filled..])?;
            if count < step {
                let found = (filled + count) as u64;
                return Err(self.truncated("an extended header", found, wanted));
            }
        }
        self.body.stored = wanted;
        Ok(bytes)
    }

    /// A global header. Go gives its name, type and records and nothing else,
    /// and passes over records with values that it would refuse elsewhere.
    fn global(
        &mut self,
        entry: &mut Entry,
        header: Header,
        records: &Records,
        at: u64,
    ) -> Result<(), TarError> {
        self.count(at)?;
        let path = records.get(Key::Path);
        if !path.is_empty() {
            replace(&mut entry.name, path);
        }
        *entry = Entry {
            name: std::mem::take(&mut entry.name),
            kind: EntryKind::of(header.flag),
            header_at: at,
            ..Entry::default()
        };
        Ok(())
    }

    /// Counts an entry.
    fn count(&mut self, at: u64) -> Result<(), TarError> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(TarError::Limit {
                offset: at,
                what: Limited::Entries,
                value: self.entries,
                limit: self.limits.entries,
            });
        }
        Ok(())
    }

    /// Merges what stands before an entry into its header, and prepares for
    /// its data.
    fn entry(
        &mut self,
        entry: &mut Entry,
        mut header: Header,
        extensions: &Extensions,
        at: u64,
    ) -> Result<(), TarError> {
        self.count(at)?;
        let in_header = header.size;
        entry.capability = None;
        if let Some(records) = &extensions.records {
            merge(&mut header, entry, records).map_err(refuse_record)?;
        }
        // An empty long name leaves the one of the header.
        for (long, text) in [
            (&extensions.long_name, &mut entry.name),
            (&extensions.long_link, &mut entry.link),
        ] {
            if let Some(long) = long.as_deref().filter(|long| !long.is_empty()) {
                replace(text, long);
            }
        }
        let kind = match header.flag {
            0 if entry.name.ends_with(b"/") => EntryKind::Directory,
            flag => EntryKind::of(flag),
        };
        if header.uid < 0 || header.gid < 0 {
            self.warn(at, Oddity::NegativeOwner);
        }
        if kind.is_header_only() {
            if header.size != 0 {
                self.warn(at, Oddity::SizeWithoutData { size: header.size });
            }
        } else {
            let size = u64::try_from(header.size).map_err(|_| {
                let records = extensions.records.as_ref();
                let fault = records.map(|records| records.bad(Key::Size));
                fault.map_or_else(|| refuse(at, header::bad_size(&self.block)), refuse_record)
            })?;
            if in_header != 0 && header.size != in_header {
                let header = in_header.cast_unsigned(); // not negative: `advance`
                let record = size;
                self.warn(at, Oddity::SizeOverridden { header, record });
            }
            self.body.stored = size;
            self.body.left = size;
        }
        let records = extensions.records.as_ref();
        let sparse = self.read_sparse(&mut header, &mut entry.name, records, at)?;
        if sparse.is_some() && kind.is_header_only() {
            let why = "the entry is not a file";
            return Err(self.bad_map(at, sparse::Fault::Malformed(why)));
        }
        let (sparse, cursor) = sparse.unzip();
        entry.kind = kind;
        entry.mode = permissions(header.mode);
        entry.uid = header.uid.cast_unsigned();
        entry.gid = header.gid.cast_unsigned();
        entry.device = header.device;
        entry.size = cursor.as_ref().map_or(self.body.stored, Cursor::size);
        entry.header_at = at;
        let is_whole = kind == EntryKind::File && sparse.is_none();
        entry.data_at = is_whole.then_some(self.offset);
        entry.sparse = sparse;
        self.body.sparse = cursor;
        Ok(())
    }

    fn warn_replaced(&mut self, is_replaced: bool, at: u64) {
        if is_replaced {
            self.warn(at, Oddity::ExtensionReplaced);
        }
    }

    fn warn_unused(&mut self, extensions: &Extensions) {
        if let Some(at) = extensions.at {
            self.warn(at, Oddity::ExtensionUnused);
        }
    }
}

/// What a header says by itself.
fn take_header(block: &Block, entry: &mut Entry) -> Result<Header, header::Fault> {
    let header = Header::read(block)?;
    header.name(block, &mut entry.name);
    replace(&mut entry.link, header::link(block));
    Ok(header)
}

/// What records say counts, where they say anything (`mergePAX`).
fn merge(header: &mut Header, entry: &mut Entry, records: &Records) -> Result<(), pax::Fault> {
    records.verify_times()?;
    for (key, text) in [
        (Key::Path, &mut entry.name),
        (Key::LinkPath, &mut entry.link),
    ] {
        let value = records.get(key);
        if !value.is_empty() {
            replace(text, value);
        }
    }
    for (key, number) in [
        (Key::Size, &mut header.size),
        (Key::Uid, &mut header.uid),
        (Key::Gid, &mut header.gid),
    ] {
        if let Some(value) = records.number(key)? {
            *number = value;
        }
    }
    let capability = records.get(Key::Capability);
    entry.capability = (!capability.is_empty()).then(|| capability.to_vec());
    Ok(())
}

/// Makes `text` say `new`, in the memory that it has.
pub(super) fn replace(text: &mut Vec<u8>, new: &[u8]) {
    text.clear();
    text.extend_from_slice(new);
}

/// The low 12 bits of a mode.
fn permissions(mode: i64) -> u32 {
    u32::try_from(mode & 0o7777).unwrap_or(0)
}

/// How many bytes fill the last block of data.
fn filling(stored: u64) -> u64 {
    stored.wrapping_neg() % BLOCK as u64
}

pub(super) fn refuse(header_at: u64, fault: header::Fault) -> TarError {
    TarError::Malformed {
        offset: header_at + fault.at as u64,
        what: fault.what,
    }
}

pub(super) fn refuse_record(fault: pax::Fault) -> TarError {
    TarError::Malformed {
        offset: fault.at,
        what: fault.what,
    }
}
