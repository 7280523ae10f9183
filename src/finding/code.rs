//! The codes: words, not numbers. `docs/findings.md` has a page for each.

use crate::report::Severity;

macro_rules! codes {
    ($($name:ident = $word:literal, $severity:ident, $meaning:literal;)*) => {
        /// What kind of finding.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Code {
            $(
                #[doc = $meaning]
                $name,
            )*
        }

        /// Every code.
        pub const CODES: &[Code] = &[$(Code::$name,)*];

        impl Code {
            /// The word.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Code::$name => $word,)*
                }
            }

            /// How bad it is, unless the facts say otherwise.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self {
                    $(Code::$name => Severity::$severity,)*
                }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Code::$name => $meaning,)*
                }
            }
        }
    };
}

codes! {
    EntrypointMissing = "entrypoint-missing", Error, "The path to start does not exist in the target.";
    NotInPath = "not-in-path", Error, "A bare command name is in no directory of the target's PATH.";
    EntrypointEmpty = "entrypoint-empty", Error, "The image names nothing to start: neither Entrypoint nor Cmd.";
    ShellFormNoShell = "shell-form-no-shell", Error, "A command in shell form, and the shell is not in the target.";
    ExecFormMalformed = "exec-form-malformed", Error, "A whole command line in one argument, or an exec form that is no JSON.";
    UserUnknown = "user-unknown", Error, "The image's user or group is not in the target's passwd and group files.";
    WorkdirUnusable = "workdir-unusable", Error, "The working directory can be neither entered nor made.";
    WorkdirMissing = "workdir-missing", Note, "The working directory is not in the image; engines make it, empty.";
    VariableMalformed = "variable-malformed", Error, "An environment entry that the container runtime refuses.";
    RuntimesDisagree = "runtimes-disagree", Warning, "runc and crun understand PATH differently and start different files, or only one of them any.";
    HealthcheckMalformed = "healthcheck-malformed", Warning, "A health check without a command, or of a kind that is not known.";
    BrokenSymlink = "broken-symlink", Error, "A link on the way leads to nothing or round in a circle.";
    NoExecBit = "no-exec-bit", Error, "The file has no execute permission at all, or is a directory.";
    UserCannotReach = "user-cannot-reach", Error, "The user may not execute the program, read a library, or search a directory above it.";
    NotAnExecutable = "not-an-executable", Error, "The file is neither a script nor a program that the kernel takes.";
    NotAProgram = "not-a-program", Error, "The ELF file cannot be started: a library, an object file, or cut short.";
    ArchMismatch = "arch-mismatch", Error, "The program is for another CPU than the target.";
    ShebangCrlf = "shebang-crlf", Error, "The `#!` line ends in a carriage return, which is part of what it names.";
    ShebangInterpMissing = "shebang-interp-missing", Error, "The interpreter that a `#!` line names cannot be started.";
    ShebangMalformed = "shebang-malformed", Error, "The `#!` line is missing, shifted or too long, or none that env takes.";
    ScriptChainTooLong = "script-chain-too-long", Error, "More than five scripts interpret one another, or env leads back to the script.";
    GlibcOnMusl = "glibc-on-musl", Error, "A program for glibc in a target that has musl.";
    MuslOnGlibc = "musl-on-glibc", Error, "A program for musl in a target that has glibc.";
    DynamicInScratch = "dynamic-in-scratch", Error, "A dynamic program in a target without any dynamic loader.";
    NoMultilib = "no-multilib", Error, "A program of another word size, whose loader the target lacks.";
    ForeignInterpPath = "foreign-interp-path", Error, "The loader's path is one of another system or of a build machine.";
    InterpreterMissing = "interpreter-missing", Error, "The dynamic loader is not in the target.";
    InterpreterLoop = "interpreter-loop", Error, "The dynamic loader's path leads round in a circle.";
    LoaderUnusable = "loader-unusable", Error, "The dynamic loader is there and cannot be used.";
    LoaderTwice = "loader-twice", Error, "The dynamic loader is loaded a second time, as a library under another name.";
    UnknownLoader = "unknown-loader", Warning, "The dynamic loader is neither glibc's nor musl's; the search order is a guess.";
    NeededMissing = "needed-missing", Error, "A needed library is not found.";
    LibNotOnSearchPath = "lib-not-on-search-path", Error, "A needed library is in the target, in a directory that is not searched.";
    LdcacheStale = "ldcache-stale", Error, "A needed library is in the target, and `ld.so.cache` does not know it or knows it elsewhere.";
    RunpathNotTransitive = "runpath-not-transitive", Error, "A needed library is where another object's runpath leads, which is not inherited.";
    SonameBumped = "soname-bumped", Error, "A needed library is missing, and the target has another version of it.";
    SonameDiffersByDistro = "soname-differs-by-distro", Error, "A needed library has another soname on the target's distribution.";
    RuntimeLibRemoved = "runtime-lib-removed", Error, "A library of the compiler's runtime is missing.";
    HostInjected = "host-injected", Note, "A library of the host's driver, which a container toolkit mounts in.";
    NeededAbsolute = "needed-absolute", Error, "A needed library is named by a path, and that path leads to nothing.";
    FilterMissing = "filter-missing", Error, "The object behind a DT_FILTER entry is not found.";
    VdsoNeeded = "vdso-needed", Error, "The kernel's own object is needed, in a place where the loader gives up over it.";
    WrongArchLib = "wrong-arch-lib", Error, "A needed library is there, but only for another CPU.";
    LibNotElf = "lib-not-elf", Error, "A file has the name of a needed library and cannot be loaded as one.";
    GlibcTooOld = "glibc-too-old", Error, "An object needs a version of glibc's symbols that the target's glibc does not have.";
    LibstdcxxTooOld = "libstdcxx-too-old", Error, "An object needs a version of libstdc++ or libgcc that the file which is loaded does not have.";
    OtherVersionMissing = "other-version-missing", Error, "An object needs a version of a library's symbols that the file which is loaded does not have.";
    RelrUnsupported = "relr-unsupported", Error, "An object has packed relative relocations, and it or the target's glibc lacks the mark for them.";
    MixedLibc = "mixed-libc", Error, "The C library and its loader are of different releases of glibc.";
    UnversionedProvider = "unversioned-provider", Warning, "An object needs versions of a library that defines none.";
    VersionNeedStale = "version-need-stale", Error, "An object needs versions of a library that nothing loads under that name.";
    GlibcSymbolsOnMusl = "glibc-symbols-on-musl", Error, "An object made for glibc wants symbols that musl does not have.";
    GlibcLoaderUnderMusl = "glibc-loader-under-musl", Error, "A part of glibc is loaded by musl, which cannot relocate it.";
    SymbolMissing = "symbol-missing", Error, "Nothing that is loaded defines a symbol that an object wants.";
    UnusedNeeded = "unused-needed", Note, "A library is needed, and no symbol of it is used.";
    SecureExec = "secure-exec", Error, "The program gains rights when it is started, and a library is found only where that does not count.";
    CapsBeyondDefault = "caps-beyond-default", Warning, "The program's file has capabilities that container runtimes do not leave by default.";
    WorksByAccident = "works-by-accident", Warning, "A program for glibc is started by what stands in for its loader, and gets by.";
    RunpathDead = "runpath-dead", Warning, "An rpath or runpath leads to a build machine, to where everyone may write, or to the working directory.";
    PreloadMissing = "preload-missing", Warning, "A library to preload cannot be loaded.";
    CwdDependent = "cwd-dependent", Warning, "What is found depends on the working directory.";
    CpuDependent = "cpu-dependent", Note, "Another CPU would get another file.";
    StaticGlibcNss = "static-glibc-nss", Warning, "A static program loads glibc's NSS modules at run time, and they are not there.";
    IsaProperty = "isa-property", Note, "A file needs a CPU of a higher level than the baseline.";
    LibcBaseline = "libc-baseline", Error, "The C library is built for better CPUs than the one that was given.";
    PageSize = "page-size", Warning, "A file cannot be mapped by kernels with larger pages, which its machine has.";
    KernelTooOld = "kernel-too-old", Note, "A library is for newer kernels than the C library beside it.";
    ExecstackRefused = "execstack-refused", Warning, "A file asks for an executable stack, which some systems refuse.";
    Textrel = "textrel", Warning, "A file changes its own code when it is loaded, which some systems refuse.";
    WritableCode = "writable-code", Warning, "A segment of a file can be written and executed, which some systems refuse.";
    DlopenMissing = "dlopen-missing", Warning, "A library that is loaded by name at run time is not found.";
    NssModules = "nss-modules", Warning, "A module by which glibc looks up users or hosts is not found.";
    ResolverConfig = "resolver-config", Note, "Without a configuration glibc asks DNS before the file of hosts.";
    NoCaCertificates = "no-ca-certificates", Warning, "A program trusts the system's certificates, and there are none.";
    NoTzdata = "no-tzdata", Warning, "A program wants a time zone by its name, and it is not there.";
    NoTmp = "no-tmp", Warning, "A program makes temporary files, and there is no directory for them.";
    NoPasswdHome = "no-passwd-home", Note, "A program asks who its user is, and `/etc/passwd` has no line about it.";
    MountHides = "mount-hides", Note, "What is needed lies where something is mounted when the image is run.";
    DeletedByLayer = "deleted-by-layer", Error, "What is needed was there until a layer deleted it.";
    UsrmergeClobbered = "usrmerge-clobbered", Error, "A layer made a directory where a link was that much of the system is reached by.";
    EnginesDisagree = "engines-disagree", Warning, "Container engines do different things with an entry of a layer.";
    WhiteoutOdd = "whiteout-odd", Warning, "A whiteout names nothing that could be hidden.";
    EntryOdd = "entry-odd", Warning, "An entry of a layer is odd: it leads out of the root, or to nothing.";
    DigestMismatch = "digest-mismatch", Warning, "The uncompressed bytes of a layer are not those that the configuration lists.";
    MalformedElf = "malformed-elf", Error, "An ELF file is damaged where it says what it needs.";
}
