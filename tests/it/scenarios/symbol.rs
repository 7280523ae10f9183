//! What binding symbols would find.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        code: "glibc-symbols-on-musl",
        fires: "
            loader musl
            /app/exe                     elf needed=libc.so.6 interp=/lib64/ld-linux-x86-64.so.2 wants=__printf_chk
            /lib64/ld-linux-x86-64.so.2  link ../lib/ld-musl-x86_64.so.1
        ",
        // What is not there need not be.
        near: "
            loader musl
            /app/exe                     elf needed=libc.so.6 interp=/lib64/ld-linux-x86-64.so.2 weak=__gmon_start__
            /lib64/ld-linux-x86-64.so.2  link ../lib/ld-musl-x86_64.so.1
        ",
    },
    Scenario {
        code: "glibc-loader-under-musl",
        fires: "
            loader musl
            /app/exe                   elf needed=ld-linux-x86-64.so.2
            /lib/ld-linux-x86-64.so.2  elf soname=ld-linux-x86-64.so.2 defines=f wants=f damage=relocation:37
        ",
        // R_X86_64_RELATIVE is one that musl knows.
        near: "
            loader musl
            /app/exe                   elf needed=ld-linux-x86-64.so.2
            /lib/ld-linux-x86-64.so.2  elf soname=ld-linux-x86-64.so.2 defines=f wants=f damage=relocation:8
        ",
    },
    Scenario {
        code: "symbol-missing",
        fires: "
            run --symbols /app/exe
            /app/exe            elf needed=liba.so.1 wants=f
            /usr/lib/liba.so.1  elf soname=liba.so.1 defines=g
        ",
        // Of a library's library.
        near: "
            run --symbols /app/exe
            /app/exe            elf needed=liba.so.1 wants=f
            /usr/lib/liba.so.1  elf soname=liba.so.1 needed=libb.so.1
            /usr/lib/libb.so.1  elf soname=libb.so.1 defines=f
        ",
    },
    Scenario {
        code: "unused-needed",
        fires: "
            run --unused /app/exe
            /app/exe            elf needed=liba.so.1
            /usr/lib/liba.so.1  elf soname=liba.so.1 defines=f
        ",
        near: "
            run --unused /app/exe
            /app/exe            elf needed=liba.so.1 weak=f
            /usr/lib/liba.so.1  elf soname=liba.so.1 defines=f
        ",
    },
];
