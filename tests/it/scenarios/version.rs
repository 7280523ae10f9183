//! What an object wants of the release of a library.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        code: "glibc-too-old",
        fires: "
            /app/exe            elf needed=libc.so.6 verneed=libc.so.6:GLIBC_2.34
            /usr/lib/libc.so.6  elf soname=libc.so.6 verdef=GLIBC_2.2.5,GLIBC_2.31
        ",
        // 2.9 is older than 2.31.
        near: "
            /app/exe            elf needed=libc.so.6 verneed=libc.so.6:GLIBC_2.9
            /usr/lib/libc.so.6  elf soname=libc.so.6 verdef=GLIBC_2.2.5,GLIBC_2.9,GLIBC_2.31
        ",
    },
    Scenario {
        code: "libstdcxx-too-old",
        fires: "
            /app/exe                 elf needed=libstdc++.so.6 verneed=libstdc++.so.6:GLIBCXX_3.4.32
            /usr/lib/libstdc++.so.6  elf soname=libstdc++.so.6 verdef=GLIBCXX_3.4,GLIBCXX_3.4.30
        ",
        // An older copy is there too, and not found first.
        near: "
            /app/exe                 elf needed=libstdc++.so.6 runpath=/opt/lib verneed=libstdc++.so.6:GLIBCXX_3.4.32
            /opt/lib/libstdc++.so.6  elf soname=libstdc++.so.6 verdef=GLIBCXX_3.4,GLIBCXX_3.4.32
            /usr/lib/libstdc++.so.6  elf soname=libstdc++.so.6 verdef=GLIBCXX_3.4,GLIBCXX_3.4.30
        ",
    },
    Scenario {
        code: "other-version-missing",
        fires: "
            /app/exe              elf needed=libssl.so.3 verneed=libssl.so.3:OPENSSL_3.2.0
            /usr/lib/libssl.so.3  elf soname=libssl.so.3 verdef=OPENSSL_3.0.0
        ",
        near: "
            /app/exe              elf needed=libssl.so.3 verneed=libssl.so.3:OPENSSL_3.0.0
            /usr/lib/libssl.so.3  elf soname=libssl.so.3 verdef=OPENSSL_3.0.0,OPENSSL_3.0.3
        ",
    },
    Scenario {
        code: "relr-unsupported",
        fires: "
            loader glibc 2.31
            /app/exe            elf relr needed=libc.so.6 verneed=libc.so.6:GLIBC_ABI_DT_RELR
            /usr/lib/libc.so.6  elf soname=libc.so.6 verdef=GLIBC_2.2.5,GLIBC_2.31
        ",
        near: "
            /app/exe            elf relr needed=libc.so.6 verneed=libc.so.6:GLIBC_ABI_DT_RELR
            /usr/lib/libc.so.6  elf soname=libc.so.6 verdef=GLIBC_2.2.5,GLIBC_2.36,GLIBC_ABI_DT_RELR
        ",
    },
    Scenario {
        code: "unversioned-provider",
        fires: "
            /app/exe             elf needed=libtinfo.so.6 verneed=libtinfo.so.6:NCURSES6_TINFO_5.0
            /lib/libtinfo.so.6   elf soname=libtinfo.so.6
        ",
        // musl looks at no versions.
        near: "
            loader musl
            /app/exe             elf needed=libtinfo.so.6 verneed=libtinfo.so.6:NCURSES6_TINFO_5.0
            /lib/libtinfo.so.6   elf soname=libtinfo.so.6
        ",
    },
    Scenario {
        code: "version-need-stale",
        fires: "
            /app/exe          elf needed=libb.so.1 verneed=liba.so.1:A_1
            /usr/lib/libb.so.1  elf soname=libb.so.1 verdef=B_1
        ",
        // Not a need of its own, and loaded all the same, for another.
        near: "
            /app/exe          elf needed=libb.so.1 verneed=liba.so.1:A_1
            /usr/lib/libb.so.1  elf soname=libb.so.1 needed=liba.so.1
            /usr/lib/liba.so.1  elf soname=liba.so.1 verdef=A_1
        ",
    },
];
