//! Symbol versions of a fixture's ELF files: `verneed=libv.so:V1,V2?` (`?`: weak)
//! and `verdef=V1,V2`, and the tables that they become.

/// What an `elf` line says of versions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Versions {
    pub(crate) needs: Vec<Need>,
    pub(crate) definitions: Vec<Vec<u8>>,
}

/// The versions that are wanted of one file.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    pub(crate) file: Vec<u8>,
    pub(crate) versions: Vec<Wanted>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) name: Vec<u8>,
    pub(crate) weak: bool,
}

impl Need {
    /// Reads `FILE:V1,V2?`.
    pub(crate) fn parse(value: &[u8]) -> Self {
        let colon = value.iter().position(|&byte| byte == b':');
        let colon = colon.expect("verneed=FILE:VERSION,…");
        let versions = value[colon + 1..].split(|&byte| byte == b',');
        let versions = versions.map(|word| Wanted {
            name: word.strip_suffix(b"?").unwrap_or(word).to_vec(),
            weak: word.ends_with(b"?"),
        });
        Self {
            file: value[..colon].to_vec(),
            versions: versions.collect(),
        }
    }
}

impl Versions {
    pub(crate) fn is_empty(&self) -> bool {
        self.needs.is_empty() && self.definitions.is_empty()
    }

    /// Every name that a table refers to.
    pub(crate) fn names(&self) -> Vec<&[u8]> {
        let needs = self.needs.iter().flat_map(|need| {
            let versions = need.versions.iter().map(|version| &*version.name);
            std::iter::once(&*need.file).chain(versions)
        });
        needs
            .chain(self.definitions.iter().map(|name| &**name))
            .collect()
    }

    /// The number by which symbols refer to a version that is wanted.
    pub(crate) fn index_of(&self, wanted: &[u8]) -> u16 {
        let needs = self.needs.iter().flat_map(|need| &need.versions);
        let place = needs
            .map(|version| &version.name)
            .position(|name| name == wanted);
        let place = place.expect("a version of the file's verneed=");
        u16::try_from(self.definitions.len() + 2 + place).unwrap()
    }

    /// `.gnu.version_r`: a Verneed of 16 bytes, a Vernaux of 16 bytes for each version.
    /// `at` gives a name's place in `.dynstr`.
    pub(crate) fn needs_table(&self, order: Order, at: &dyn Fn(&[u8]) -> u32) -> Vec<u8> {
        let mut out = Vec::new();
        let first = self.definitions.len() + 2;
        let mut index = u16::try_from(first).unwrap();
        for (number, need) in self.needs.iter().enumerate() {
            let count = u32::try_from(need.versions.len()).unwrap();
            let last = number + 1 == self.needs.len();
            order.half(&mut out, 1);
            order.half(&mut out, u16::try_from(count).unwrap());
            order.word(&mut out, at(&need.file));
            order.word(&mut out, 16);
            order.word(&mut out, if last { 0 } else { 16 + 16 * count });
            for (number, version) in need.versions.iter().enumerate() {
                let last = number + 1 == need.versions.len();
                order.word(&mut out, object::elf::hash(&version.name));
                order.half(&mut out, if version.weak { 2 } else { 0 });
                order.half(&mut out, index);
                order.word(&mut out, at(&version.name));
                order.word(&mut out, if last { 0 } else { 16 });
                index += 1;
            }
        }
        out
    }

    /// `.gnu.version_d`: a Verdef of 20 bytes and a Verdaux of 8 for each version.
    pub(crate) fn definitions_table(&self, order: Order, at: &dyn Fn(&[u8]) -> u32) -> Vec<u8> {
        let mut out = Vec::new();
        for (number, name) in self.definitions.iter().enumerate() {
            let last = number + 1 == self.definitions.len();
            order.half(&mut out, 1);
            order.half(&mut out, 0);
            order.half(&mut out, u16::try_from(number + 2).unwrap());
            order.half(&mut out, 1);
            order.word(&mut out, object::elf::hash(name));
            order.word(&mut out, 20);
            order.word(&mut out, if last { 0 } else { 28 });
            order.word(&mut out, at(name));
            order.word(&mut out, 0);
        }
        out
    }

    /// How long those two are.
    pub(crate) fn table_sizes(&self) -> (u64, u64) {
        let order = Order { big_endian: false };
        let size = |table: Vec<u8>| table.len() as u64;
        (
            size(self.needs_table(order, &|_| 0)),
            size(self.definitions_table(order, &|_| 0)),
        )
    }
}

/// The order of the bytes of a number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    pub(crate) big_endian: bool,
}

impl Order {
    fn half(self, out: &mut Vec<u8>, value: u16) {
        out.extend(match self.big_endian {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        });
    }

    fn word(self, out: &mut Vec<u8>, value: u32) {
        out.extend(match self.big_endian {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        });
    }
}

/// What a symbol of that version is called in compiled files.
pub(crate) fn symbol(prefix: &str, file: &[u8], version: &[u8]) -> String {
    let word = |bytes: &[u8]| -> String {
        let plain = |&byte: &u8| match byte.is_ascii_alphanumeric() {
            true => char::from(byte),
            false => '_',
        };
        bytes.iter().map(plain).collect()
    };
    format!("{prefix}_{}_{}", word(file), word(version))
}

/// A linker's version script that puts each symbol into its version.
pub(crate) fn script(symbols: &[(String, Vec<u8>)]) -> String {
    let node = |(symbol, version): &(String, Vec<u8>)| {
        let version = String::from_utf8_lossy(version);
        format!("{version} {{ global: {symbol}; }};\n")
    };
    symbols.iter().map(node).collect()
}
