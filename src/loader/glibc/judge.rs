//! What glibc does with a file that it opened (`elf/dl-load.c`: `open_verify`,
//! `open_path`, `_dl_map_object_from_fd`).

use super::Glibc;
use crate::content::{Content, FileRecord};
use crate::elf::consts::{
    EF_ARM_ABI_FLOAT_HARD, EF_ARM_ABI_FLOAT_SOFT, EF_ARM_EABI_VER5, EF_ARM_EABIMASK, EF_MIPS_ABI2,
    EF_MIPS_FP64, EF_MIPS_NAN2008, EF_PPC64_ABI, EF_RISCV_FLOAT_ABI, EI_CLASS, ELFOSABI_ARM_AEABI,
    ELFOSABI_GNU, ELFOSABI_SYSV, EM_386, EM_ARM, EM_MIPS, EM_PPC, EM_PPC64, EM_RISCV, EM_X86_64,
    ET_DYN, ET_EXEC,
};
use crate::elf::{Class, Encoding, Header, Ident, Object, Segment, SegmentTable};
use crate::errno::Errno;
use crate::loader::plan::{Judgement, Reject, StopText, TryOutcome};

/// The smallest pages that there are; kernels with larger ones take fewer files, which is
/// a finding of its own.
const PAGE: u64 = 4096;
/// The first release for which `p_align` says nothing of where a segment may lie
/// (`elf/dl-load.c:_dl_map_object_from_fd`).
const IGNORES_ALIGN: (u32, u32) = (2, 35);

impl Glibc {
    pub(in crate::loader) fn judge_open(&self, opened: Result<&FileRecord, Errno>) -> Judgement {
        let file = match opened {
            Ok(file) => file,
            Err(errno) if self.passes_over(errno) => {
                return Judgement::Skip(Reject::open(errno));
            }
            Err(errno) => return Judgement::EndList(Reject::open(errno)),
        };
        match &file.content {
            Err(errno) => {
                let outcome = if *errno == Errno::ISDIR {
                    TryOutcome::Directory
                } else {
                    TryOutcome::IoError
                };
                stop(outcome, "cannot read file data", true, *errno)
            }
            Ok(content) => match content.elf() {
                Some(object) => self.verify(object, file.metadata.size),
                None => self.not_elf(file),
            },
        }
    }

    /// Whether the next directory of a list is tried after this error (`open_path`).
    /// A file on the way to a candidate ended the list up to 2.38.
    fn passes_over(&self, errno: Errno) -> bool {
        match errno {
            Errno::NOENT | Errno::ACCES => true,
            Errno::NOTDIR => self.traits.version.is_none_or(|version| version >= (2, 39)),
            _ => false,
        }
    }

    fn not_elf(&self, file: &FileRecord) -> Judgement {
        let size = file.metadata.size;
        if size < self.abi.class.header_size() as u64 {
            return stop(TryOutcome::TooShort, "file too short", true, Errno::NONE);
        }
        // A header of the other class, in a file that ends before it does.
        let head = match &file.content {
            Ok(Content::Other { head, .. }) if head.starts_with(b"\x7fELF") => head,
            _ => return stop(TryOutcome::NotElf, "invalid ELF header", true, Errno::NONE),
        };
        match head.get(EI_CLASS) {
            Some(&class) if class != self.abi.class.ident() => {
                skip(TryOutcome::WrongClass, Some(class_name(class)))
            }
            _ => stop(TryOutcome::NotElf, "invalid ELF header", true, Errno::NONE),
        }
    }

    /// The checks of `open_verify`, in its order.
    fn verify(&self, object: &Object, size: u64) -> Judgement {
        let read = self.as_it_reads(&object.header);
        let (header, ident) = (&read, read.ident);
        if size < self.abi.class.header_size() as u64 {
            return stop(TryOutcome::TooShort, "file too short", true, Errno::NONE);
        }
        if !self.expects(ident) {
            return skip(TryOutcome::WrongClass, Some(class_name(ident.class())));
        }
        let fatal = |text: &str| not_loadable(text, true);
        let float_abi_fits = self.takes_float_abi(header.flags);
        if self.traits.machine_before_data && !float_abi_fits {
            return skip(TryOutcome::WrongMachine, Some(float_abi(header)));
        }
        // With a good identification the version still comes first.
        let version_first = self.ident_is_good(ident) && header.version != 1;
        if self.traits.machine_before_data && self.is_foreign(header) && !version_first {
            return foreign(&object.header);
        }
        if ident.data() != self.abi.encoding.ident() {
            let text = match self.abi.encoding {
                Encoding::Little => "ELF file data encoding not little-endian",
                Encoding::Big => "ELF file data encoding not big-endian",
            };
            return stop(TryOutcome::WrongData, text, true, Errno::NONE);
        }
        if ident.version() != 1 {
            return fatal("ELF file version ident does not match current one");
        }
        if !self.takes_os_abi(ident) {
            return fatal("ELF file OS ABI invalid");
        }
        if !self.takes_abi_version(ident) {
            return fatal("ELF file ABI version invalid");
        }
        if !ident.padding_is_zero() {
            return fatal("nonzero padding in e_ident");
        }
        if !float_abi_fits {
            return fatal("internal error");
        }
        if header.version != 1 {
            return fatal("ELF file version does not match current one");
        }
        if self.is_foreign(header) {
            return foreign(&object.header);
        }
        if !matches!(header.object_type, ET_DYN | ET_EXEC) {
            return fatal("only ET_DYN and ET_EXEC can be loaded");
        }
        match object.table {
            SegmentTable::BadEntrySize => fatal("ELF file's phentsize not the expected size"),
            SegmentTable::Outside => fatal("cannot read file data"),
            SegmentTable::Read | SegmentTable::Empty if self.is_for_another_system(object) => skip(
                TryOutcome::NotLoadable,
                Some("NT_GNU_ABI_TAG: for another system than Linux".to_owned()),
            ),
            SegmentTable::Read | SegmentTable::Empty => Judgement::Accept,
        }
    }

    /// The header as the loader reads it: in its own byte order, whatever the file's is.
    fn as_it_reads(&self, header: &Header) -> Header {
        let mut read = header.clone();
        if header.layout.encoding != self.abi.encoding {
            read.machine = header.machine.swap_bytes();
            read.object_type = header.object_type.swap_bytes();
            read.version = header.version.swap_bytes();
            read.flags = header.flags.swap_bytes();
        }
        read
    }

    fn is_foreign(&self, header: &Header) -> bool {
        header.machine != self.abi.machine || !self.flags_match(header.flags)
    }

    fn ident_is_good(&self, ident: Ident) -> bool {
        ident.data() == self.abi.encoding.ident()
            && ident.version() == 1
            && self.takes_os_abi(ident)
            && self.takes_abi_version(ident)
            && ident.padding_is_zero()
    }

    /// `VALID_ELF_OSABI`; Arm's loaders take a third one
    /// (`sysdeps/unix/sysv/linux/arm/ldsodefs.h`).
    fn takes_os_abi(&self, ident: Ident) -> bool {
        match ident.osabi() {
            ELFOSABI_SYSV | ELFOSABI_GNU => true,
            ELFOSABI_ARM_AEABI => self.abi.machine == EM_ARM,
            _ => false,
        }
    }

    /// `VALID_ELF_ABIVERSION`: below `LIBC_ABI_MAX` where the OS ABI is GNU's, else 0. MIPS
    /// takes others without that OS ABI too (`sysdeps/unix/sysv/linux/mips/ldsodefs.h`).
    fn takes_abi_version(&self, ident: Ident) -> bool {
        let since = |release| self.traits.version.is_none_or(|version| version >= release);
        let below = match (ident.osabi(), self.abi.machine) {
            (ELFOSABI_GNU, _) => self.abi_versions(since),
            (ELFOSABI_SYSV, EM_MIPS) if since((2, 31)) => 6,
            (ELFOSABI_SYSV, EM_MIPS) => 4,
            _ => 1,
        };
        ident.abi_version() < below
    }

    /// `LIBC_ABI_MAX`: one more than the features in `libc-abis` that the machine has.
    fn abi_versions(&self, since: impl Fn((u32, u32)) -> bool) -> u8 {
        let absolute = u8::from(since((2, 28)));
        match self.abi.machine {
            // PLTs, unique symbols, 64-bit registers of o32; XHASH.
            EM_MIPS => 4 + absolute + u8::from(since((2, 31))),
            // Unique symbols, indirect functions.
            EM_386 | EM_X86_64 | EM_PPC | EM_PPC64 => 3 + absolute,
            EM_RISCV => 2 + absolute + u8::from(since((2, 33))),
            _ => 2 + absolute,
        }
    }

    /// Flags that are part of the machine
    /// (`elf_machine_matches_host` in `sysdeps/*/dl-machine.h`).
    fn flags_match(&self, flags: u32) -> bool {
        let differ = self.flags ^ flags;
        match self.abi.machine {
            EM_RISCV => differ & EF_RISCV_FLOAT_ABI == 0,
            // Those of the first ABI were made before there were two.
            EM_PPC64 => {
                let own = match self.abi.encoding {
                    Encoding::Little => 2,
                    Encoding::Big => 1,
                };
                matches!(flags & EF_PPC64_ABI, 0) || flags & EF_PPC64_ABI == own
            }
            EM_MIPS => {
                let o32_or_n32 = match self.abi.class {
                    Class::Elf32 => EF_MIPS_ABI2,
                    Class::Elf64 => 0,
                };
                differ & (o32_or_n32 | EF_MIPS_NAN2008) == 0 && flags & EF_MIPS_FP64 == 0
            }
            _ => true,
        }
    }

    /// ARM's loaders take no file for the other float ABI; of which they are is in
    /// the name of the ABI (`sysdeps/unix/sysv/linux/arm/ldsodefs.h:VALID_FLOAT_ABI`).
    /// They look whatever machine the file is for, and have no words for it. Debian's and
    /// Ubuntu's builds pass such a file by, before anything but its class
    /// (`arm/unsubmitted-ldso-multilib.diff` of their package).
    fn takes_float_abi(&self, flags: u32) -> bool {
        if self.abi.machine != EM_ARM || flags & EF_ARM_EABIMASK != EF_ARM_EABI_VER5 {
            return true;
        }
        let other = match self.abi.musl {
            "armhf" => EF_ARM_ABI_FLOAT_SOFT,
            _ => EF_ARM_ABI_FLOAT_HARD,
        };
        flags & other == 0
    }

    /// Up to 2.35 a file that says it is for another system is passed by. One that
    /// wants a newer kernel is too: which kernel runs, no file tells.
    fn is_for_another_system(&self, object: &Object) -> bool {
        let looks = self.traits.version.is_some_and(|version| version < (2, 36));
        looks && object.notes.abi_tag.is_some_and(|tag| tag.system != 0)
    }

    /// The checks of `_dl_map_object_from_fd`, in its order.
    pub(in crate::loader) fn judge_map(&self, file: &FileRecord) -> Judgement {
        let Some(object) = file.content.as_ref().ok().and_then(|content| content.elf()) else {
            return Judgement::Accept;
        };
        let fatal = |text: &str| not_loadable(text, false);
        if let Some(text) = object.loads.iter().find_map(|load| self.misaligned(load)) {
            return fatal(text);
        }
        if object.loads.is_empty() {
            return fatal("object file has no loadable segments");
        }
        if object.header.object_type != ET_DYN {
            return fatal("cannot dynamically load executable");
        }
        if !object.has_dynamic {
            return fatal("object file has no dynamic section");
        }
        if object.dynamic.is_pie() {
            return fatal("cannot dynamically load position-independent executable");
        }
        Judgement::Accept
    }

    /// What is wrong with where a segment lies: since 2.35 address and offset must agree
    /// in a page alone, before in as much as `p_align` says, which must be whole pages.
    fn misaligned(&self, load: &Segment) -> Option<&'static str> {
        let differ = load.address.wrapping_sub(load.offset);
        let is_old = self.traits.version.is_some_and(|v| v < IGNORES_ALIGN);
        if !is_old {
            let is_off = differ & (PAGE - 1) != 0;
            return is_off.then_some("ELF load command address/offset not page-aligned");
        }
        if load.align & (PAGE - 1) != 0 {
            return Some("ELF load command alignment not page-aligned");
        }
        // An alignment of 0 leaves no bit out.
        let is_off = differ & load.align.wrapping_sub(1) & self.address_mask() != 0;
        is_off.then_some("ELF load command address/offset not properly aligned")
    }

    /// The bits that an address of the loader's class has.
    fn address_mask(&self) -> u64 {
        match self.abi.class {
            Class::Elf32 => u64::from(u32::MAX),
            Class::Elf64 => u64::MAX,
        }
    }
}

/// A file for another machine is passed by.
fn foreign(header: &Header) -> Judgement {
    let machine = crate::platform::machine_name(header.machine, header.layout, header.flags);
    skip(TryOutcome::WrongMachine, Some(machine))
}

/// What a file that is for the other float ABI is called.
fn float_abi(header: &Header) -> String {
    let machine = crate::platform::machine_name(header.machine, header.layout, header.flags);
    match header.flags & EF_ARM_ABI_FLOAT_HARD {
        0 => format!("{machine}, soft-float ABI"),
        _ => format!("{machine}, hard-float ABI"),
    }
}

fn class_name(class: u8) -> String {
    match class {
        1 => "ELFCLASS32".to_owned(),
        2 => "ELFCLASS64".to_owned(),
        other => format!("class {other}"),
    }
}

fn skip(outcome: TryOutcome, detail: Option<String>) -> Judgement {
    Judgement::Skip(Reject {
        outcome,
        detail: detail.map(Into::into),
        errno: Errno::NOENT,
    })
}

fn stop(outcome: TryOutcome, text: &str, names_path: bool, errno: Errno) -> Judgement {
    let reject = Reject {
        outcome,
        detail: Some(text.to_owned().into()),
        errno,
    };
    Judgement::Stop(
        reject,
        StopText {
            text: text.to_owned(),
            names_path,
            errno,
        },
    )
}

fn not_loadable(text: &str, names_path: bool) -> Judgement {
    stop(TryOutcome::NotLoadable, text, names_path, Errno::NONE)
}
