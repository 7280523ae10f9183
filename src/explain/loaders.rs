//! What glibc's and musl's loaders say, and emulators in their place.

use super::pattern::{Cause, Pattern, Phase};

const GLIBC: &str = "glibc's loader";
const MUSL: &str = "musl's loader";
const WHY: &[&str] = &[
    "imgldd why {library} -i IMAGE {program}",
    "imgldd -v -i IMAGE {program}",
];

pub(super) const ROWS: &[Pattern] = &[
    Pattern {
        id: "glibc-preload",
        texts: &[
            "ERROR: ld.so: object '{library}' from {text} cannot be preloaded",
            "ERROR: ld.so: object '{library}' cannot be loaded as audit interface",
        ],
        who: GLIBC,
        phase: Phase::Loader,
        proves: "LD_PRELOAD, LD_AUDIT or /etc/ld.so.preload names `{library}`, and it cannot be loaded. The program goes on without it.",
        open: "What ends the program, if something does.",
        causes: &[
            ("preload-missing", "it is not there, or for another machine"),
            (
                "secure-exec",
                "setuid or file capabilities: only trusted directories count",
            ),
        ],
        ask: &["imgldd -v -i IMAGE"],
        source: "glibc elf/rtld.c:do_preload, load_audit_module",
    },
    Pattern {
        id: "glibc-class",
        texts: &[
            "{program}: error while loading shared libraries: {library}: wrong ELF class: {text}",
            "{library}: wrong ELF class: {text}",
        ],
        who: GLIBC,
        phase: Phase::Loader,
        proves: "Files of the name `{library}` are there, and all of them are of the other word size. The program's own loader was found.",
        open: "",
        causes: &[(
            "wrong-arch-lib",
            "only a 32-bit file, or only a 64-bit one, is there",
        )],
        ask: WHY,
        source: "glibc elf/dl-load.c:open_verify, open_path",
    },
    Pattern {
        id: "glibc-bad-file",
        texts: &[
            "{library}: invalid ELF header",
            "{library}: file too short",
            "{library}: cannot read file data",
            "{library}: ELF file data encoding not {text}-endian",
            "{library}: ELF file version ident does not match current one",
            "{library}: ELF file version does not match current one",
            "{library}: ELF file OS ABI invalid",
            "{library}: ELF file ABI version invalid",
            "{library}: nonzero padding in e_ident",
            "{library}: only ET_DYN and ET_EXEC can be loaded",
            "{library}: ELF file's phentsize not the expected size",
            "{library}: cannot dynamically load executable",
            "{library}: cannot dynamically load position-independent executable",
            "{library}: object file has no dynamic section",
            "{library}: object file has no loadable segments",
            "{library}: internal error",
        ],
        who: GLIBC,
        phase: Phase::Loader,
        proves: "A file by the name of `{library}` was found, and the loader stops at it: it goes on after a file for another machine, and not after one that is damaged or no library.",
        open: "",
        causes: &[
            (
                "lib-not-elf",
                "empty, cut, a linker script, an LFS pointer, a directory, a program",
            ),
            ("wrong-arch-lib", "for a machine of the other byte order"),
            ("malformed-elf", "ELF headers that are damaged"),
        ],
        ask: WHY,
        source: "glibc elf/dl-load.c:open_verify, _dl_map_object_from_fd",
    },
    Pattern {
        id: "glibc-page-size",
        texts: &[
            "{library}: ELF load command alignment not page-aligned",
            "{library}: ELF load command address/offset not page-aligned",
            "{library}: ELF load command address/offset not properly aligned",
        ],
        who: GLIBC,
        phase: Phase::Loader,
        proves: "`{library}` was laid out for smaller pages than this kernel has, or is damaged.",
        open: "Which of the two: the page size of the kernel is not in any image.",
        causes: &[
            ("page-size", "a kernel with 16 or 64 KiB pages"),
            ("lib-not-elf", "a file that is damaged"),
            ("malformed-elf", "segments that do not fit any page size"),
        ],
        ask: WHY,
        source: "glibc elf/dl-load.c:_dl_map_object_from_fd",
    },
    Pattern {
        id: "glibc-token",
        texts: &["{library}: empty dynamic string token substitution"],
        who: GLIBC,
        phase: Phase::Loader,
        proves: "A need names `{library}` with a token such as `$ORIGIN` that has no value here.",
        open: "",
        causes: &[
            ("needed-missing", "no place is left to look at"),
            ("needed-absolute", "a need with a slash and a token in it"),
            (
                "secure-exec",
                "setuid or file capabilities take `$ORIGIN` away",
            ),
        ],
        ask: WHY,
        source: "glibc elf/dl-load.c:_dl_map_new_object, elf/dl-deps.c:expand_dst",
    },
    Pattern {
        id: "glibc-token-secure",
        texts: &["{library}: DST not allowed in SUID/SGID programs"],
        who: GLIBC,
        phase: Phase::Loader,
        proves: "A need names `{library}` with a token such as `$ORIGIN`, and the process gained rights when it was started.",
        open: "",
        causes: &[(
            "secure-exec",
            "setuid or file capabilities: no name may have a token then",
        )],
        ask: WHY,
        source: "glibc elf/dl-deps.c:expand_dst",
    },
    Pattern {
        id: "glibc-execstack",
        texts: &[
            "{library}: cannot enable executable stack as shared object requires",
            "cannot enable executable stack",
        ],
        who: GLIBC,
        phase: Phase::Loader,
        proves: "`{library}` asks for an executable stack and did not get it.",
        open: "Whether glibc (2.41 and later refuse it to what dlopen loads) or the system refused.",
        causes: &[(
            "execstack-refused",
            "PT_GNU_STACK of the library has the x flag, or is absent",
        )],
        ask: WHY,
        source: "glibc elf/dl-load.c:_dl_map_object_from_fd, elf/dl-execstack.c",
    },
    Pattern {
        id: "glibc-not-found",
        texts: &[
            "{program}: error while loading shared libraries: {library}: cannot open shared object file",
            "ImportError: {library}: cannot open shared object file",
            "OSError: {library}: cannot open shared object file",
            "UnsatisfiedLinkError: {program}: {library}: cannot open shared object file",
            "Error: {library}: cannot open shared object file",
            "{library}: cannot open shared object file",
        ],
        who: "glibc's loader, at the start of a program; after `ImportError`, `OSError`, `UnsatisfiedLinkError` or Node's `Error` from dlopen",
        phase: Phase::Loader,
        proves: "The program's interpreter was found and runs. `{library}` was found in none of the places where it is looked for, or only for another machine.",
        open: "What else is missing: glibc names the first library only.",
        causes: NO_LIBRARY,
        ask: WHY,
        source: "glibc elf/dl-load.c:_dl_map_new_object; elf/rtld.c for the prefix",
    },
    Pattern {
        id: "glibc-version-glibc",
        texts: &[
            "{library}: version 'GLIBC_ABI_DT_RELR' not found (required by {requester})",
            "DT_RELR without GLIBC_ABI_DT_RELR dependency",
        ],
        who: GLIBC,
        phase: Phase::Relocation,
        proves: "Something was linked with packed relocations, and this glibc is older than 2.36 or does not find its marker.",
        open: "",
        causes: &[
            ("relr-unsupported", "linked with `-z pack-relative-relocs`"),
            ("glibc-too-old", "built on a newer system than it runs on"),
        ],
        ask: &["imgldd why {library} -i IMAGE"],
        source: "glibc elf/dl-version.c:match_symbol, elf/get-dynamic-info.h",
    },
    Pattern {
        id: "glibc-version-too-old",
        texts: &["{library}: version 'GLIBC_{version}' not found (required by {requester})"],
        who: GLIBC,
        phase: Phase::Relocation,
        proves: "`{library}` was found, and it is older than GLIBC_{version}, which `{requester}` was linked for. The exit status is 1.",
        open: "",
        causes: &[
            ("glibc-too-old", "built on a newer system than it runs on"),
            (
                "mixed-libc",
                "the two files are the C library and its loader, of different releases",
            ),
        ],
        ask: &["imgldd why {library} -i IMAGE"],
        source: "glibc elf/dl-version.c:match_symbol",
    },
    Pattern {
        id: "glibc-version-libstdcxx",
        texts: &[
            "{library}: version 'GLIBCXX_{version}' not found (required by {requester})",
            "{library}: version 'CXXABI_{version}' not found (required by {requester})",
            "{library}: version 'GCC_{version}' not found (required by {requester})",
        ],
        who: GLIBC,
        phase: Phase::Relocation,
        proves: "`{library}` was found, and it is older than the compiler of `{requester}`.",
        open: "Whether a newer copy is in the image: an older one may be found first.",
        causes: &[(
            "libstdcxx-too-old",
            "a newer compiler, or an older copy is found first",
        )],
        ask: &["imgldd why {library} -i IMAGE"],
        source: "glibc elf/dl-version.c:match_symbol",
    },
    Pattern {
        id: "glibc-version-other",
        texts: &[
            "{library}: version '{version}' not found (required by {requester})",
            "{library}: weak version '{version}' not found (required by {requester})",
        ],
        who: GLIBC,
        phase: Phase::Relocation,
        proves: "`{library}` was found, and it does not define the version {version}, which `{requester}` was linked for.",
        open: "A weak version is a warning only.",
        causes: &[(
            "other-version-missing",
            "an older release of the library, or another one under its name",
        )],
        ask: &["imgldd why {library} -i IMAGE"],
        source: "glibc elf/dl-version.c:match_symbol",
    },
    Pattern {
        id: "glibc-no-version-information",
        texts: &["{library}: no version information available (required by {requester})"],
        who: GLIBC,
        phase: Phase::Relocation,
        proves: "`{library}` has no symbol versions, and `{requester}` was linked against a build that has. The program goes on.",
        open: "Whether a symbol is missing too.",
        causes: &[(
            "unversioned-provider",
            "another build of the library, often another distribution's",
        )],
        ask: &["imgldd why {library} -i IMAGE"],
        source: "glibc elf/dl-version.c:match_symbol",
    },
    Pattern {
        id: "glibc-symbol",
        texts: &[
            "symbol lookup error: {library}: undefined symbol: {symbol}",
            "ImportError: {library}: undefined symbol: {symbol}",
            "{library}: undefined symbol: {symbol}",
        ],
        who: GLIBC,
        phase: Phase::Relocation,
        proves: "All libraries were found. `{library}` refers to `{symbol}`, which none of them defines.",
        open: "Whether at the start or at the first call: without BIND_NOW functions are bound when they are called.",
        causes: &[
            (
                "symbol-missing",
                "another build of a library is found first, or one is missing from the link",
            ),
            (
                "mixed-libc",
                "`GLIBC_PRIVATE`: loader and libc.so.6 are of different releases",
            ),
        ],
        ask: &["imgldd -v -i IMAGE"],
        source: "glibc elf/dl-lookup.c:_dl_lookup_symbol_x",
    },
    Pattern {
        id: "glibc-check-match",
        texts: &["Inconsistency detected by ld.so: {text}"],
        who: GLIBC,
        phase: Phase::Relocation,
        proves: "The loader met what it takes for impossible. With `dl-lookup.c` and `check_match`: a library has neither symbol versions nor the table for them, and versions are asked of it.",
        open: "What else it may be.",
        causes: &[
            (
                "unversioned-provider",
                "a library built without any version tables",
            ),
            (
                "version-need-stale",
                "with `dl-version.c`: versions are asked of a library that nothing loads",
            ),
            (
                "mixed-libc",
                "with `dl-call-libc-early-init.c`: the C library is older than its loader, of a release before 2.32",
            ),
            (
                "vdso-needed",
                "with `rtld.c` and `dl_main`: the kernel's own object is among what is needed",
            ),
            ("malformed-elf", "a damaged file"),
        ],
        ask: &["imgldd -v -i IMAGE"],
        source: "glibc elf/dl-minimal.c:__assert_fail; measured",
    },
    Pattern {
        id: "glibc-isa",
        texts: &["CPU ISA level is lower than required"],
        who: GLIBC,
        phase: Phase::Loader,
        proves: "The program or a library is marked for a newer CPU than this one.",
        open: "Which CPU it is: no image tells.",
        causes: &[(
            "isa-property",
            "built with `-march=native` or `-z x86-64-v3`",
        )],
        ask: &["imgldd -v -i IMAGE"],
        source: "glibc sysdeps/x86/dl-prop.h:dl_isa_level_check",
    },
    Pattern {
        id: "glibc-baseline",
        texts: &["Fatal glibc error: CPU does not support {text}"],
        who: GLIBC,
        phase: Phase::Loader,
        proves: "This glibc was built for newer CPUs than this one: every program of the image ends so.",
        open: "",
        causes: &[(
            "libc-baseline",
            "RHEL 9 and its kin want x86-64-v2, RHEL 10 wants v3",
        )],
        ask: &["imgldd -i IMAGE --cpu x86-64"],
        source: "glibc sysdeps/x86/dl-get-cpu-features.c",
    },
    Pattern {
        id: "glibc-kernel",
        texts: &["FATAL: kernel too old"],
        who: "glibc's loader before 2.36, or a static program",
        phase: Phase::Loader,
        proves: "The libc was built for newer kernels than this one.",
        open: "",
        causes: &[("kernel-too-old", "an old host")],
        ask: &["imgldd -i IMAGE"],
        source: "glibc sysdeps/unix/sysv/linux/dl-sysdep.c",
    },
    Pattern {
        id: "static-tls",
        texts: &[
            "cannot allocate memory in static TLS block",
            "initial-exec TLS resolves to dynamic definition",
        ],
        who: "glibc (`cannot allocate`) or musl (`initial-exec`), of a library that dlopen loads",
        phase: Phase::Relocation,
        proves: "A library wants thread-local storage that can only be had at the start, and it is loaded later.",
        open: "",
        causes: &[
            ("static-tls", "preload it, or build it for dynamic TLS"),
            ("glibc-loader-under-musl", "under musl: a library for glibc"),
        ],
        ask: &["imgldd -v -i IMAGE"],
        source: "glibc elf/dl-reloc.c:_dl_allocate_static_tls; musl ldso/dynlink.c:do_relocs",
    },
    Pattern {
        id: "glibc-map-segment",
        texts: &["{library}: failed to map segment from shared object"],
        who: GLIBC,
        phase: Phase::Loader,
        proves: "`{library}` was found and is a library; the kernel refused to map a part of it.",
        open: "Whether it is the file (its layout, code that can be written) or the system (SELinux, seccomp, a noexec mount, memory).",
        causes: &[
            ("page-size", "a kernel with larger pages"),
            ("writable-code", "a segment that is written and executed"),
        ],
        ask: WHY,
        source: "glibc elf/dl-map-segments.h:_dl_map_segments",
    },
    Pattern {
        id: "glibc-smashed",
        texts: &["*** stack smashing detected ***"],
        who: "code that was compiled with a stack protector, as glibc itself",
        phase: Phase::Running,
        proves: "A function's frame was overwritten. At the very start of every program it is glibc's own.",
        open: "A program of its own may have such a fault too.",
        causes: &[(
            "mixed-libc",
            "a C library that is older than its loader, if every program ends so",
        )],
        ask: &["imgldd -v -i IMAGE"],
        source: "glibc debug/stack_chk_fail.c",
    },
    Pattern {
        id: "textrel",
        texts: &[
            "cannot restore segment prot after reloc",
            "cannot make segment writable for relocation",
            "cannot apply additional memory protection after relocation",
        ],
        who: GLIBC,
        phase: Phase::Relocation,
        proves: "The system refused a change of memory protection that relocating needs.",
        open: "Whether the file (relocations in its code) or the system (SELinux, seccomp, page size) is to blame.",
        causes: &[
            ("textrel", "code that is not position-independent"),
            ("page-size", "a kernel with larger pages"),
        ],
        ask: &["imgldd -v -i IMAGE"],
        source: "glibc elf/dl-reloc.c:_dl_relocate_object, _dl_protect_relro",
    },
    Pattern {
        id: "musl-not-found",
        texts: &[
            "Error loading shared library {library}: No such file or directory (needed by {program})",
            "Error loading shared library {library}: No such file or directory",
        ],
        who: MUSL,
        phase: Phase::Loader,
        proves: "The program's interpreter is musl, and it runs. It found no file `{library}`. `symbol not found` lines after this one are what follows from it.",
        open: "Whether the program was built for musl: `libresolv.so.2`, `libcrypt.so.1` and `ld-linux-*` are glibc's.",
        causes: MUSL_NO_LIBRARY,
        ask: &[
            "imgldd why {library} -i IMAGE {program}",
            "imgldd -v -i IMAGE {program}",
        ],
        source: "musl ldso/dynlink.c:load_direct_deps",
    },
    Pattern {
        id: "musl-bad-file",
        texts: &[
            "Error loading shared library {library}: Exec format error",
            "Error loading shared library {library}: Is a directory",
            "Error loading shared library {library}: I/O error",
            "Error loading shared library {library}: Invalid argument",
        ],
        who: MUSL,
        phase: Phase::Loader,
        proves: "A file by the name of `{library}` was found, and musl cannot map it. It takes the first file that it can open and looks no further.",
        open: "",
        causes: &[
            (
                "lib-not-elf",
                "empty, cut, a linker script, an LFS pointer, a directory",
            ),
            (
                "wrong-arch-lib",
                "for a machine with another layout of headers",
            ),
            ("malformed-elf", "ELF headers that are damaged"),
            (
                "lib-not-on-search-path",
                "the path file is a directory, so musl searches nowhere",
            ),
            ("needed-missing", "a need without a name"),
        ],
        ask: &["imgldd why {library} -i IMAGE", "imgldd -v -i IMAGE"],
        source: "musl ldso/dynlink.c:map_library",
    },
    Pattern {
        id: "musl-other",
        texts: &["Error loading shared library {library}: {text} (needed by {program})"],
        who: MUSL,
        phase: Phase::Loader,
        proves: "musl could not open `{library}`; the words between are those of the last place that it looked at.",
        open: "",
        causes: MUSL_NO_LIBRARY,
        ask: &[
            "imgldd why {library} -i IMAGE {program}",
            "imgldd -v -i IMAGE {program}",
        ],
        source: "musl ldso/dynlink.c:load_direct_deps",
    },
    Pattern {
        id: "musl-irelative",
        texts: &["Error relocating {library}: unsupported relocation type {number}"],
        who: MUSL,
        phase: Phase::Relocation,
        proves: "musl mapped `{library}`, which is glibc itself (type 37 on x86-64 is R_X86_64_IRELATIVE) or for another machine: musl checks neither.",
        open: "Which of the two: the number of the type tells, with the machine's ABI at hand.",
        causes: &[
            (
                "wrong-arch-lib",
                "a library for another machine of the same word size",
            ),
            (
                "glibc-loader-under-musl",
                "type 37: a real libc.so.6 or ld-linux under musl",
            ),
        ],
        ask: &["imgldd why {library} -i IMAGE"],
        source: "musl ldso/dynlink.c:do_relocs",
    },
    Pattern {
        id: "musl-symbol",
        texts: &["Error relocating {library}: {symbol}: symbol not found"],
        who: MUSL,
        phase: Phase::Relocation,
        proves: "`{library}` was loaded and refers to `{symbol}`, which nothing that is loaded defines. musl binds everything at the start. After a line `Error loading shared library` this one only follows from it.",
        open: "A name with `_chk`, `__res_init`, `gnu_get_libc_version` and the like is glibc's own; `_ZNSt…` is libstdc++'s.",
        causes: &[
            (
                "glibc-symbols-on-musl",
                "built for glibc, and musl took its needs upon itself",
            ),
            (
                "needed-missing",
                "the library that defines it is missing: see the lines before",
            ),
            (
                "symbol-missing",
                "another build of a library than it was linked with",
            ),
            (
                "works-by-accident",
                "a program for glibc that musl starts, of a library that it loads later",
            ),
        ],
        ask: &["imgldd -v -i IMAGE"],
        source: "musl ldso/dynlink.c:do_relocs",
    },
    Pattern {
        id: "qemu-interpreter",
        texts: &["Could not open '{library}': No such file or directory"],
        who: "qemu-user, in the place of the kernel: a program for another machine is run",
        phase: Phase::Exec,
        proves: "The program names `{library}` as its interpreter, and the target has no such file. The host is of another machine than the program.",
        open: "",
        causes: &[
            (
                "arch-mismatch",
                "a program for one machine in an image for another",
            ),
            ("glibc-on-musl", "built for glibc, and the target has musl"),
            ("dynamic-in-scratch", "the target has no loader at all"),
            ("interpreter-missing", "the loader is gone"),
            ("musl-on-glibc", "built for musl, and the target has glibc"),
        ],
        ask: &["imgldd -i IMAGE"],
        source: "qemu linux-user/elfload.c:load_elf_interp; seen in issues",
    },
    Pattern {
        id: "rosetta-interpreter",
        texts: &["rosetta error: failed to open elf at {library}"],
        who: "Rosetta, in the place of the kernel, on Apple silicon",
        phase: Phase::Exec,
        proves: "An amd64 program names `{library}` as its interpreter, and the target has no such file.",
        open: "",
        causes: &[
            ("arch-mismatch", "an amd64 program in an arm64 image"),
            ("glibc-on-musl", "built for glibc, and the target has musl"),
            ("dynamic-in-scratch", "the target has no loader at all"),
            ("interpreter-missing", "the loader is gone"),
        ],
        ask: &["imgldd -i IMAGE"],
        source: "seen in issues; Rosetta has no public source",
    },
    Pattern {
        id: "loader-as-command",
        texts: &[
            "{program}: Not a valid dynamic program",
            "not a dynamic executable",
        ],
        who: "ldd, or musl's loader in its place",
        phase: Phase::Loader,
        proves: "The loader of the system that ldd runs on does not take the file: it is static, for another machine, or no ELF file.",
        open: "Whether it would start. That is not what was asked.",
        causes: &[
            ("arch-mismatch", "a program for another machine"),
            ("not-an-executable", "no ELF file"),
        ],
        ask: &["imgldd -i IMAGE {program}"],
        source: "glibc elf/ldd.bash.in; musl ldso/dynlink.c:__dls3",
    },
];

/// The reasons for which musl does not find a library.
const MUSL_NO_LIBRARY: &[Cause] = &[
    (
        "needed-missing",
        "it is in none of the places where the loader looks",
    ),
    (
        "user-cannot-reach",
        "it is there, and not for this user: its mode, or that of a directory above it",
    ),
    ("broken-symlink", "its name is a link that leads to nothing"),
    (
        "lib-not-on-search-path",
        "it is in the target, in a directory that is not searched",
    ),
    (
        "soname-bumped",
        "the target has another version of the library",
    ),
    (
        "soname-differs-by-distro",
        "this distribution calls it by another name",
    ),
    (
        "runtime-lib-removed",
        "a library of the compiler's runtime, which a slim image lacks",
    ),
    (
        "runpath-not-transitive",
        "another object's runpath leads to it, and to none of the needs above it",
    ),
    (
        "needed-absolute",
        "the need is a path, which is not searched for",
    ),
    ("cwd-dependent", "it is found from another directory"),
    ("deleted-by-layer", "a layer deleted it"),
    (
        "usrmerge-clobbered",
        "a layer made a directory of the link `/lib` or `/lib64`",
    ),
    (
        "secure-exec",
        "setuid or file capabilities, which drop LD_LIBRARY_PATH and $ORIGIN",
    ),
];

/// The reasons for which glibc does not find a library, at the start or in dlopen.
const NO_LIBRARY: &[Cause] = &[
    (
        "needed-missing",
        "it is in none of the places where the loader looks",
    ),
    (
        "user-cannot-reach",
        "it is there, and not for this user: its mode, or that of a directory above it",
    ),
    (
        "lib-not-on-search-path",
        "it is in the target, in a directory that is not searched",
    ),
    (
        "soname-bumped",
        "the target has another version of the library",
    ),
    (
        "soname-differs-by-distro",
        "this distribution calls it by another name",
    ),
    (
        "runtime-lib-removed",
        "a library of the compiler's runtime, which a slim image lacks",
    ),
    (
        "ldcache-stale",
        "it is in the target, and the cache does not know it: no ldconfig was run",
    ),
    (
        "runpath-not-transitive",
        "another object's runpath leads to it, which is not inherited",
    ),
    (
        "wrong-arch-lib",
        "it is there for another CPU only: glibc passes over such a file in silence",
    ),
    ("broken-symlink", "its name is a link that leads to nothing"),
    (
        "musl-on-glibc",
        "`libc.musl-*` is musl's, and the target has glibc",
    ),
    (
        "needed-absolute",
        "the need is a path, which is not searched for",
    ),
    ("cwd-dependent", "it is found from another directory"),
    ("filter-missing", "it stands behind a DT_FILTER entry"),
    (
        "runpath-dead",
        "a runpath leads to the machine that built it",
    ),
    ("preload-missing", "it is to be preloaded"),
    ("deleted-by-layer", "a layer deleted it"),
    (
        "usrmerge-clobbered",
        "a layer made a directory of the link `/lib` or `/lib64`",
    ),
    (
        "secure-exec",
        "setuid or file capabilities, which drop LD_LIBRARY_PATH and $ORIGIN",
    ),
    (
        "dlopen-missing",
        "it is opened by name while the program runs, not needed",
    ),
    (
        "host-injected",
        "`libcuda.so.1` and its like come from the host (`--gpus`)",
    ),
];
