//! What is wrong with the loader that a program names.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        code: "glibc-on-musl",
        fires: "
            loader musl
            /app/exe  elf needed=libc.so.6 interp=/lib64/ld-linux-x86-64.so.2
        ",
        // A C library of its own comes with it.
        near: "
            loader musl
            /app/exe                     elf needed=libc.so.6 interp=/lib64/ld-linux-x86-64.so.2
            /lib64/ld-linux-x86-64.so.2  loader glibc 2.36
            /lib/libc.so.6               libc
        ",
    },
    Scenario {
        code: "musl-on-glibc",
        fires: "
            /app/exe  elf interp=/lib/ld-musl-x86_64.so.1
        ",
        near: "
            /app/exe                  elf interp=/lib/ld-musl-x86_64.so.1
            /lib/ld-musl-x86_64.so.1  loader musl
        ",
    },
    Scenario {
        code: "dynamic-in-scratch",
        fires: "
            loader none
            /app/exe  elf needed=libc.so.6
        ",
        // It is linked dynamically and has no loader.
        near: "
            loader none
            /app/exe  elf static-pie
        ",
    },
    Scenario {
        code: "no-multilib",
        fires: "
            /app/exe  elf i386
        ",
        near: "
            /app/exe              elf i386
            /lib/ld-linux.so.2    loader glibc 2.36 i386
        ",
    },
    // Of Arm's two float ABIs the target has the other one.
    Scenario {
        code: "no-multilib",
        fires: "
            Entrypoint /app/exe
            Architecture arm
            /app/exe            elf arm e_flags=0x5000400
            /lib/ld-linux.so.3  elf arm e_flags=0x5000200 mode=0755 strings='glibc-ld.so.cache1.1\\x00'
        ",
        // It says neither.
        near: "
            Entrypoint /app/exe
            Architecture arm
            /app/exe            elf arm e_flags=0x5000000
            /lib/ld-linux.so.3  elf arm e_flags=0x5000200 mode=0755 strings='glibc-ld.so.cache1.1\\x00'
        ",
    },
    Scenario {
        code: "foreign-interp-path",
        fires: "
            /app/exe  elf interp=/nix/store/0000-glibc-2.38/lib/ld-linux-x86-64.so.2
        ",
        // The closure was shipped.
        near: "
            /app/exe  elf interp=/nix/store/0000-glibc-2.38/lib/ld-linux-x86-64.so.2
            /nix/store/0000-glibc-2.38/lib/ld-linux-x86-64.so.2  loader glibc 2.38
        ",
    },
    Scenario {
        code: "interpreter-missing",
        fires: "
            loader none
            /app/exe                               elf needed=libc.so.6
            /usr/lib/x86_64-linux-gnu/libc.so.6    libc
        ",
        // The way to it leads over a link.
        near: "
            /lib64  link lib
            /app/exe                   elf
            /lib/ld-linux-x86-64.so.2  loader glibc 2.36
        ",
    },
    Scenario {
        code: "interpreter-loop",
        fires: "
            /app/exe                     elf
            /lib64/ld-linux-x86-64.so.2  link ld-2.36.so
            /lib64/ld-2.36.so            link ld-linux-x86-64.so.2
        ",
        // Many links, and none twice.
        near: "
            /app/exe                     elf
            /lib64/ld-linux-x86-64.so.2  link ../lib/1
            /lib/1                       link 2
            /lib/2                       link ../lib64/3
            /lib64/3                     loader glibc 2.36
        ",
    },
    Scenario {
        code: "loader-unusable",
        fires: "
            /app/exe                     elf
            /lib64/ld-linux-x86-64.so.2  loader glibc 2.36 mode=0644
        ",
        // Nobody may read it; to start it that is not needed.
        near: "
            /app/exe                     elf
            /lib64/ld-linux-x86-64.so.2  loader glibc 2.36 mode=0711
        ",
    },
    Scenario {
        code: "loader-twice",
        fires: "
            /app/exe                     elf needed=ld-lsb-x86-64.so.3,libc.so.6
            /lib/libc.so.6               libc
            /lib64/ld-linux-x86-64.so.2  loader glibc 2.36
            /lib/ld-lsb-x86-64.so.3      link /lib64/ld-linux-x86-64.so.2
        ",
        // PT_INTERP may be such a link.
        near: "
            /app/exe                     elf needed=libc.so.6 interp=/lib64/ld-lsb-x86-64.so.3
            /lib/libc.so.6               libc
            /lib64/ld-linux-x86-64.so.2  loader glibc 2.36
            /lib64/ld-lsb-x86-64.so.3    link ld-linux-x86-64.so.2
        ",
    },
    Scenario {
        code: "unknown-loader",
        fires: "
            /app/exe                   elf interp=/lib/ld-uClibc.so.0
            /lib/ld-uClibc.so.0        elf mode=0755 strings='uClibc dynamic linker'
        ",
        // Another name, and a loader that is known.
        near: "
            /app/exe                   elf interp=/lib/ld-uClibc.so.0
            /lib/ld-uClibc.so.0        loader glibc 2.36
        ",
    },
];
