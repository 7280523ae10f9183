//! What is odd about a layer, and where engines part ways.

use std::fmt;

use crate::bytes::Shown;

/// Something odd, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issue {
    /// What it is.
    pub kind: IssueKind,
    /// The layer, from 1.
    pub layer: u32,
    /// The entry's name, without a leading slash.
    pub name: Vec<u8>,
}

/// What can be odd (`docs/images.md` tells what each engine does).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IssueKind {
    /// A directory takes the place of a link of a lower layer.
    LinkShadowed {
        /// Where the link led.
        target: Vec<u8>,
        /// The layer that brought the link.
        brought_by: u32,
        /// The layer has an entry for the directory; else it only has something in
        /// it, and engines that unpack in sequence write through the link.
        explicit: bool,
    },
    /// One layer has an entry and, after it, a whiteout of the same name.
    WhiteoutAndEntry,
    /// One layer has a directory and a whiteout of it: overlay engines merge it
    /// with the lower one all the same.
    WhiteoutAndDirectory,
    /// A character device 0:0, a whiteout for the kernel's overlay.
    DeviceIsWhiteout,
    /// A whiteout that names nothing, or its own directory.
    OddWhiteout,
    /// A name that comes twice.
    Duplicate,
    /// Something below a file.
    BelowFile,
    /// Something below a link of this layer to a directory that this layer does not
    /// have.
    BelowDanglingLink,
    /// A hard link to a file that only a lower layer has.
    HardLinkToLower,
    /// A hard link that comes before what it leads to.
    HardLinkForward,
    /// A hard link whose header says something else of the file than the one before.
    HardLinkDiffers {
        /// Where it leads.
        target: Vec<u8>,
        /// Mode, owner and group of the file until then.
        before: (u16, u32, u32),
        /// And by this entry.
        after: (u16, u32, u32),
    },
    /// A hard link to nothing, or to itself.
    HardLinkToNothing(Vec<u8>),
    /// A hard link to a directory.
    HardLinkToDirectory(Vec<u8>),
    /// A name that would have left the root.
    LeavesRoot,
    /// An entry for the root directory that not everybody could go through.
    RootRestricted {
        /// Its permission bits.
        mode: u16,
    },
    /// A whiteout of everything in the root directory.
    OpaqueRoot,
    /// A directory that the layer has things in and no entry for.
    ImpliedDirectory {
        /// The permission bits that it has below.
        mode: u16,
    },
    /// Something that is no directory in place of the root directory.
    ReplacesRoot,
    /// A name whose way leads round in a circle of links.
    LinkLoop,
    /// A name whose way leads through a link that is too long.
    LinkTooLong,
    /// A sparse file in GNU's old form, which engines refuse.
    OldSparse,
    /// The layer's uncompressed bytes are not those that are listed.
    DiffId {
        /// Their digest.
        found: String,
        /// The digest that is listed.
        wanted: String,
    },
    /// The archive ends without blocks of zeros: some tools leave them out, and
    /// engines do not mind; or its end is lost.
    Unterminated,
    /// Something about the archive itself.
    Archive(String),
}

impl IssueKind {
    /// The code of the finding that it becomes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            IssueKind::LinkShadowed { .. } => "usrmerge-clobbered",
            IssueKind::WhiteoutAndEntry
            | IssueKind::WhiteoutAndDirectory
            | IssueKind::DeviceIsWhiteout
            | IssueKind::Duplicate
            | IssueKind::BelowFile
            | IssueKind::BelowDanglingLink
            | IssueKind::HardLinkToLower
            | IssueKind::HardLinkForward
            | IssueKind::HardLinkDiffers { .. }
            | IssueKind::RootRestricted { .. }
            | IssueKind::OpaqueRoot
            | IssueKind::ImpliedDirectory { .. }
            | IssueKind::OldSparse => "engines-disagree",
            IssueKind::OddWhiteout => "whiteout-odd",
            IssueKind::DiffId { .. } => "digest-mismatch",
            IssueKind::HardLinkToNothing(_)
            | IssueKind::HardLinkToDirectory(_)
            | IssueKind::LeavesRoot
            | IssueKind::ReplacesRoot
            | IssueKind::LinkLoop
            | IssueKind::LinkTooLong
            | IssueKind::Unterminated
            | IssueKind::Archive(_) => "entry-odd",
        }
    }
}

impl Issue {
    /// The code of the finding that it becomes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Issue { kind, layer, name } = self;
        write!(f, "layer {layer}")?;
        if !name.is_empty() {
            write!(f, ": `{}`", Shown(name))?;
        }
        match kind {
            IssueKind::LinkShadowed {
                target,
                brought_by,
                explicit,
            } => {
                let target = Shown(target);
                write!(
                    f,
                    " is a directory and hides the link to `{target}` of layer {brought_by}"
                )?;
                if *explicit {
                    Ok(())
                } else {
                    write!(f, "; engines without overlay write through the link")
                }
            }
            IssueKind::WhiteoutAndEntry => write!(
                f,
                " is deleted and made by one layer; overlay engines refuse that or keep it, others delete it"
            ),
            IssueKind::WhiteoutAndDirectory => write!(
                f,
                " is deleted and made anew by one layer; with overlay engines the old content comes back"
            ),
            IssueKind::DeviceIsWhiteout => write!(
                f,
                " is a character device 0:0: with overlay it hides that name as a whiteout does, others make the device"
            ),
            IssueKind::OddWhiteout => {
                write!(f, ": invalid whiteout name; every engine refuses the layer")
            }
            IssueKind::Duplicate => write!(
                f,
                " comes twice; Docker and podman refuse the layer, for others the last one counts"
            ),
            IssueKind::BelowFile => write!(f, " is a file, and something lies below it"),
            IssueKind::BelowDanglingLink => write!(
                f,
                " lies below a link to a directory that this layer does not have; with overlay Docker and podman refuse the layer, containerd makes the directory"
            ),
            IssueKind::HardLinkToLower => write!(
                f,
                " is a hard link to a file of a lower layer; overlay engines refuse the layer"
            ),
            IssueKind::HardLinkForward => write!(
                f,
                " is a hard link to a later entry; engines refuse the layer"
            ),
            IssueKind::HardLinkDiffers {
                target,
                before,
                after,
            } => {
                let target = Shown(target);
                write!(f, " is a hard link to `{target}`, ")?;
                match before == after {
                    true => write!(f, "and says something else of its capabilities")?,
                    false => write!(
                        f,
                        "which had mode {:04o} and owner {}:{}, and says {:04o} and {}:{}",
                        before.0, before.1, before.2, after.0, after.1, after.2
                    )?,
                }
                write!(
                    f,
                    "; with Docker, podman and containerd the last counts, with umoci the first"
                )
            }
            IssueKind::HardLinkToNothing(target) => write!(
                f,
                ": hard link target is not in the image: `{}`",
                Shown(target)
            ),
            IssueKind::HardLinkToDirectory(target) => {
                write!(f, ": hard link to a directory: `{}`", Shown(target))
            }
            IssueKind::LeavesRoot => write!(f, ": name leads out of the root; it is kept inside"),
            IssueKind::RootRestricted { mode } => write!(
                f,
                " has mode {mode:04o}; overlay engines pass over it and let everybody into the root directory, others apply it"
            ),
            IssueKind::OpaqueRoot => write!(
                f,
                ": `.wh..wh..opq` in the root directory; with overlay it hides nothing, others delete all that lower layers have"
            ),
            IssueKind::ImpliedDirectory { mode } => write!(
                f,
                " has no entry in this layer and mode {mode:04o} below; with overlay Docker and podman make that 0755 and root's, containerd and others keep it"
            ),
            IssueKind::ReplacesRoot => {
                write!(f, ": entry replaces the root directory; it is left out")
            }
            IssueKind::LinkLoop => write!(
                f,
                ": too many levels of symbolic links on the way; the entry is left out"
            ),
            IssueKind::LinkTooLong => {
                write!(f, ": links on the way are too long; the entry is left out")
            }
            IssueKind::OldSparse => {
                write!(f, " is sparse in GNU's old form; engines refuse the layer")
            }
            IssueKind::DiffId { found, wanted } => write!(
                f,
                ": its uncompressed bytes have {found}, the configuration lists {wanted}"
            ),
            IssueKind::Unterminated => write!(f, ": the archive ends without blocks of zeros"),
            IssueKind::Archive(what) => write!(f, ": {what}"),
        }
    }
}

/// The most issues of one code that are kept.
const MOST: usize = 64;

/// The issues of a layer or an image; of each code the first few and a count.
#[derive(Clone, Default, Debug)]
pub struct Issues {
    kept: Vec<Issue>,
    left_out: usize,
}

impl Issues {
    /// Notes `issue`.
    pub fn push(&mut self, issue: Issue) {
        let code = issue.code();
        if self
            .kept
            .iter()
            .filter(|known| known.code() == code)
            .count()
            < MOST
        {
            self.kept.push(issue);
        } else {
            self.left_out += 1;
        }
    }

    /// Notes those of `other` too, as found in `layer`.
    pub(super) fn take(&mut self, other: &Issues, layer: u32) {
        for issue in &other.kept {
            self.push(Issue {
                layer,
                ..issue.clone()
            });
        }
        self.left_out += other.left_out;
    }

    /// Forgets those that `is_settled`.
    pub(super) fn forget(&mut self, is_settled: impl Fn(&IssueKind) -> bool) {
        self.kept.retain(|issue| !is_settled(&issue.kind));
    }

    /// Those that are kept, in the order of layers and entries.
    #[must_use]
    pub fn kept(&self) -> &[Issue] {
        &self.kept
    }

    /// How many more there were.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}
