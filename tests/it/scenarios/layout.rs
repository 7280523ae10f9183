//! How files are laid out, and what they ask of CPU and kernel.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        code: "runpath-dead",
        fires: "
            /app/exe            elf needed=liba.so runpath=/home/ci/build/lib
            /usr/lib/liba.so    elf
        ",
        // It is there.
        near: "
            /app/exe                   elf needed=liba.so runpath=/home/ci/build/lib
            /home/ci/build/lib/liba.so elf
        ",
    },
    Scenario {
        code: "runpath-dead",
        fires: "
            /app/exe          elf needed=liba.so runpath=/tmp/lib:$ORIGIN/lib
            /app/lib/liba.so  elf
        ",
        // An ordinary directory that a package might bring.
        near: "
            /app/exe          elf needed=liba.so runpath=/opt/plugins/lib:$ORIGIN/lib
            /app/lib/liba.so  elf
        ",
    },
    Scenario {
        code: "runpath-dead",
        fires: "
            /app/exe          elf needed=liba.so runpath=:/app/lib
            /app/lib/liba.so  elf
        ",
        near: "
            /app/exe          elf needed=liba.so runpath=/app/lib
            /app/lib/liba.so  elf
        ",
    },
    Scenario {
        code: "page-size",
        fires: "
            Architecture arm64
            Entrypoint /app/exe
            loader glibc 2.36 aarch64
            /app/exe          elf aarch64 needed=liba.so runpath=/app
            /app/liba.so      elf aarch64 fits=4096
        ",
        near: "
            Architecture arm64
            Entrypoint /app/exe
            loader glibc 2.36 aarch64
            /app/exe          elf aarch64 needed=liba.so runpath=/app
            /app/liba.so      elf aarch64 fits=65536
        ",
    },
    // x86 has no other pages.
    Scenario {
        code: "page-size",
        fires: "
            Architecture arm64
            Entrypoint /app/exe
            loader glibc 2.36 aarch64
            /app/exe  elf aarch64 fits=16384
        ",
        near: "
            /app/exe  elf fits=4096
        ",
    },
    Scenario {
        code: "isa-property",
        fires: "
            /app/exe  elf isa=7
        ",
        near: "
            /app/exe  elf isa=1
        ",
    },
    Scenario {
        code: "libc-baseline",
        fires: "
            run --cpu x86-64 /app/exe
            loader glibc 2.36 baseline
            /app/exe  elf
        ",
        // Without a CPU every program of such a system would have it.
        near: "
            loader glibc 2.36 baseline
            /app/exe  elf
        ",
    },
    Scenario {
        code: "kernel-too-old",
        fires: "
            loader glibc 2.31
            /app/exe                         elf needed=libc.so.6,liba.so runpath=/app
            /app/liba.so                     elf abi-tag=0:5.10.0
            /lib/x86_64-linux-gnu/libc.so.6  elf abi-tag=0:3.2.0
        ",
        // Since 2.36 nobody looks.
        near: "
            loader glibc 2.36
            /app/exe                         elf needed=libc.so.6,liba.so runpath=/app
            /app/liba.so                     elf abi-tag=0:5.10.0
            /lib/x86_64-linux-gnu/libc.so.6  elf abi-tag=0:3.2.0
        ",
    },
    Scenario {
        code: "writable-code",
        fires: "
            /app/exe  elf rwx
        ",
        near: "
            /app/exe  elf
        ",
    },
];
