//! What stops `execve`.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        code: "entrypoint-missing",
        fires: "
            Entrypoint /app/exe
            /usr/bin/exe  elf static
        ",
        // By way of a link to a directory it is there.
        near: "
            Entrypoint /app/exe
            /app          link usr/bin
            /usr/bin/exe  elf static
        ",
    },
    Scenario {
        code: "not-in-path",
        fires: "
            Entrypoint exe
            Env PATH=/usr/bin:/bin
            /app/exe  elf static
        ",
        // The first of that name may not be executed, so the second is taken.
        near: "
            Entrypoint exe
            Env PATH=/usr/bin:/app
            /usr/bin/exe  elf static mode=0644
            /app/exe      elf static
        ",
    },
    Scenario {
        code: "broken-symlink",
        fires: "
            /app/exe  link /opt/exe-1.2
        ",
        // An absolute link leads to a file of the target, not of the host.
        near: "
            /app/exe      link /opt/exe
            /opt/exe      link exe-1.2
            /opt/exe-1.2  elf static
        ",
    },
    Scenario {
        code: "no-exec-bit",
        fires: "
            /app/exe  elf static mode=0644
        ",
        // One x bit is enough for root, whoever it is for.
        near: "
            /app/exe  elf static mode=0601
        ",
    },
    Scenario {
        code: "user-cannot-reach",
        fires: "
            Entrypoint /root/exe
            User 4711
            /root      dir mode=0700
            /root/exe  elf static
        ",
        // Nobody but its owner can list the directory, and everybody may pass.
        near: "
            Entrypoint /root/exe
            User 4711
            /root      dir mode=0711
            /root/exe  elf static mode=0711
        ",
    },
    // A library, which need not be executed.
    Scenario {
        code: "user-cannot-reach",
        fires: "
            run --user 4711:4711 /app/exe
            /app/exe          elf needed=liba.so
            /usr/lib/liba.so  elf mode=0711
        ",
        near: "
            run --user 4711:4711 /app/exe
            /app/exe          elf needed=liba.so
            /usr/lib/liba.so  elf mode=0444
        ",
    },
    // Nor is there a file behind every closed directory.
    Scenario {
        code: "user-cannot-reach",
        fires: "
            run --user 4711:4711 /app/exe
            /app/exe          elf needed=liba.so runpath=/opt/lib
            /opt/lib          dir mode=0700
            /opt/lib/liba.so  elf
        ",
        near: "
            run --user 4711:4711 /app/exe
            /app/exe          elf needed=liba.so runpath=/opt/lib
            /opt/lib          dir mode=0700
            /opt/lib/libb.so  elf
        ",
    },
    Scenario {
        code: "not-an-executable",
        fires: "
            /app/exe  script 'version https://git-lfs.github.com/spec/v1\\n'
        ",
        // A script that says so is one.
        near: "
            /app/exe  script '#!/bin/sh\\n# version https://git-lfs.github.com/spec/v1\\n'
            /bin/sh   elf static
        ",
    },
    Scenario {
        code: "not-a-program",
        fires: "
            Entrypoint /app/liba.so
            /app/liba.so  elf library mode=0755
        ",
        // A name makes no library.
        near: "
            Entrypoint /app/liba.so
            /app/liba.so  elf program mode=0755
        ",
    },
    Scenario {
        code: "arch-mismatch",
        fires: "
            /app/exe  elf aarch64 static
        ",
        // A kernel for x86_64 starts it.
        near: "
            /app/exe  elf i386 static
        ",
    },
    Scenario {
        code: "malformed-elf",
        fires: "
            /app/exe  elf static damage=phentsize:24
        ",
        // What is wrong there is looked at by nobody.
        near: "
            /app/exe  elf static damage=padding,abiversion,e_version,ident-version
        ",
    },
];
