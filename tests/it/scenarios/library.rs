//! What a loader does not find, or cannot use.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        code: "needed-missing",
        fires: "
            /app/exe  elf needed=liba.so.1
        ",
        near: "
            /app/exe            elf needed=liba.so.1
            /usr/lib/liba.so.1  elf
        ",
    },
    Scenario {
        code: "lib-not-on-search-path",
        fires: "
            /app/exe            elf needed=liba.so.1
            /opt/lib/liba.so.1  elf
        ",
        // A file of that name, and not for this program.
        near: "
            /app/exe            elf needed=liba.so.1
            /opt/lib/liba.so.1  elf aarch64
        ",
    },
    Scenario {
        code: "ldcache-stale",
        fires: "
            /app/exe                  elf needed=liba.so.1
            /usr/local/lib/liba.so.1  elf
            /etc/ld.so.conf           text '/usr/local/lib\\n'
            /etc/ld.so.cache          cache libb.so.1=>/usr/local/lib/libb.so.1
        ",
        // What it has is found, and what else it has is needed by nobody.
        near: "
            /app/exe                  elf needed=liba.so.1
            /usr/local/lib/liba.so.1  elf
            /etc/ld.so.conf           text '/usr/local/lib\\n'
            /etc/ld.so.cache          cache liba.so.1=>/usr/local/lib/liba.so.1 libb.so.1=>/usr/local/lib/libb.so.1
        ",
    },
    Scenario {
        code: "runpath-not-transitive",
        fires: "
            /app/exe            elf needed=liba.so.1 runpath=/app/lib
            /app/lib/liba.so.1  elf needed=libb.so.1
            /app/lib/libb.so.1  elf
        ",
        // DT_RPATH is inherited.
        near: "
            /app/exe            elf needed=liba.so.1 rpath=/app/lib
            /app/lib/liba.so.1  elf needed=libb.so.1
            /app/lib/libb.so.1  elf
        ",
    },
    Scenario {
        code: "soname-bumped",
        fires: "
            /app/exe              elf needed=libssl.so.1.1
            /usr/lib/libssl.so.3  elf soname=libssl.so.3
        ",
        // Another library whose name begins in the same way.
        near: "
            /app/exe                elf needed=libssl.so.1.1
            /usr/lib/libssl3.so     elf
            /usr/lib/libssl-b.so.3  elf
        ",
    },
    Scenario {
        code: "soname-differs-by-distro",
        fires: "
            /app/exe               elf needed=libcurl-gnutls.so.4
            /usr/lib/libcurl.so.4  elf
        ",
        // Alike, and another library.
        near: "
            /app/exe                elf needed=libcurl-nss.so.4
            /usr/lib/libcurl.so.4   elf
        ",
    },
    Scenario {
        code: "runtime-lib-removed",
        fires: "
            /app/exe  elf needed=libstdc++.so.6
        ",
        // Another release of it is another matter.
        near: "
            /app/exe                 elf needed=libstdc++.so.6
            /usr/lib/libstdc++.so.5  elf
        ",
    },
    Scenario {
        code: "host-injected",
        fires: "
            /app/exe  elf needed=libcuda.so.1
        ",
        // Of CUDA, and not of the driver: that one is for the image to bring.
        near: "
            /app/exe  elf needed=libcudart.so.12
        ",
    },
    Scenario {
        code: "needed-absolute",
        fires: "
            /app/exe  elf needed=/build/liba.so
        ",
        near: "
            /app/exe         elf needed=/build/liba.so
            /build           link usr/lib
            /usr/lib/liba.so elf
        ",
    },
    Scenario {
        code: "filter-missing",
        fires: "
            /app/exe            elf needed=liba.so.1
            /usr/lib/liba.so.1  elf filter=libreal.so.1
        ",
        // An auxiliary filter can do without.
        near: "
            /app/exe            elf needed=liba.so.1
            /usr/lib/liba.so.1  elf auxiliary=libreal.so.1
        ",
    },
    Scenario {
        code: "wrong-arch-lib",
        fires: "
            /app/exe            elf needed=liba.so.1
            /usr/lib/liba.so.1  elf i386
        ",
        // glibc passes over it, and goes on.
        near: "
            /app/exe            elf needed=liba.so.1 runpath=/opt/lib
            /opt/lib/liba.so.1  elf i386
            /usr/lib/liba.so.1  elf
        ",
    },
    Scenario {
        code: "lib-not-elf",
        fires: "
            /app/exe         elf needed=liba.so
            /usr/lib/liba.so text 'INPUT ( liba.so.1 AS_NEEDED ( libb.so.1 ) ) and so on and so forth\\n'
        ",
        // What is there to link with is not loaded.
        near: "
            /app/exe           elf needed=liba.so.1
            /usr/lib/liba.so   text 'INPUT ( liba.so.1 AS_NEEDED ( libb.so.1 ) ) and so on and so forth\\n'
            /usr/lib/liba.so.1 elf
        ",
    },
    Scenario {
        code: "preload-missing",
        fires: "
            Entrypoint /app/exe
            Env LD_PRELOAD=/usr/lib/libjemalloc.so.2
            /app/exe  elf
        ",
        // A static program has no loader that would read it.
        near: "
            Entrypoint /app/exe
            Env LD_PRELOAD=/usr/lib/libjemalloc.so.2
            /app/exe  elf static
        ",
    },
    Scenario {
        code: "cwd-dependent",
        fires: "
            Entrypoint /app/exe
            WorkingDir /app
            Env LD_LIBRARY_PATH=lib
            /app/exe            elf needed=liba.so.1
            /app/lib/liba.so.1  elf
        ",
        // $ORIGIN is where the program is, wherever it is started.
        near: "
            Entrypoint /app/exe
            WorkingDir /app
            /app/exe            elf needed=liba.so.1 runpath=$ORIGIN/lib
            /app/lib/liba.so.1  elf
        ",
    },
    Scenario {
        code: "vdso-needed",
        fires: "
            /app/exe        elf needed=libc.so.6,linux-vdso.so.1
            /lib/libc.so.6  libc
        ",
        // In front of other libraries it is in nobody's way.
        near: "
            /app/exe        elf needed=linux-vdso.so.1,libc.so.6
            /lib/libc.so.6  libc
        ",
    },
];
