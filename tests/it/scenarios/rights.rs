//! Programs that gain rights, and loaders that are not what they are taken for.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        code: "secure-exec",
        fires: "
            run --user 1000:1000 /app/exe
            /app/exe          elf needed=liba.so runpath=$ORIGIN/lib caps=ep
            /app/lib/liba.so  elf
        ",
        near: "
            run --user 1000:1000 /app/exe
            /app/exe          elf needed=liba.so runpath=/app/lib caps=ep
            /app/lib/liba.so  elf
        ",
    },
    // What is not there without secure mode either is only missing.
    Scenario {
        code: "secure-exec",
        fires: "
            run --user 1000:1000 --env LD_LIBRARY_PATH=/e /app/exe
            /app/exe    elf needed=liba.so mode=4755
            /e/liba.so  elf
        ",
        near: "
            run --user 1000:1000 --env LD_LIBRARY_PATH=/e /app/exe
            /app/exe    elf needed=liba.so mode=4755
            /f/liba.so  elf
        ",
    },
    // A name with a token is not even looked for.
    Scenario {
        code: "secure-exec",
        fires: "
            run --user 1000:1000 /app/exe
            /app/exe          elf needed=$ORIGIN/../usr/lib/liba.so mode=4755 owner=0:0
            /usr/lib/liba.so  elf
        ",
        near: "
            run --user 0:0 /app/exe
            /app/exe          elf needed=$ORIGIN/../usr/lib/liba.so mode=4755 owner=0:0
            /usr/lib/liba.so  elf
        ",
    },
    // A preload that is found would have to be set-user-ID.
    Scenario {
        code: "preload-missing",
        fires: "
            run --user 1000:1000 --env LD_PRELOAD=libp.so /app/exe
            /app/exe          elf mode=4755 owner=0:0
            /usr/lib/libp.so  elf
        ",
        near: "
            run --user 1000:1000 --env LD_PRELOAD=libp.so /app/exe
            /app/exe          elf mode=4755 owner=0:0
            /usr/lib/libp.so  elf mode=4755 owner=0:0
        ",
    },
    // Root's processes gain nothing, and the files say what others would meet.
    Scenario {
        code: "secure-exec",
        fires: "
            /app/exe          elf needed=liba.so runpath=$ORIGIN/lib caps=ep
            /app/lib/liba.so  elf
        ",
        near: "
            /app/exe          elf needed=liba.so runpath=$ORIGIN/lib caps=i
            /app/lib/liba.so  elf
        ",
    },
    // It is the element that found it which counts.
    Scenario {
        code: "secure-exec",
        fires: "
            /app/exe          elf needed=liba.so runpath=/usr/x:$ORIGIN/lib caps=ep
            /app/lib/liba.so  elf
        ",
        near: "
            /app/exe          elf needed=liba.so runpath=/usr/x:$ORIGIN/lib caps=ep
            /usr/x/liba.so    elf
            /app/lib/liba.so  elf
        ",
    },
    // Through an image's layer.
    Scenario {
        code: "secure-exec",
        fires: "
            User 1000:1000
            Entrypoint /app/exe
            layer
                /app/exe          elf needed=liba.so runpath=$ORIGIN/lib caps=ep
                /app/lib/liba.so  elf
        ",
        near: "
            User 1000:1000
            Entrypoint /app/exe
            layer
                /app/exe          elf needed=liba.so runpath=$ORIGIN/lib
                /app/lib/liba.so  elf
        ",
    },
    Scenario {
        code: "caps-beyond-default",
        fires: "
            Entrypoint /app/exe
            layer
                /app/exe  elf static caps=ep:12
        ",
        near: "
            Entrypoint /app/exe
            layer
                /app/exe  elf static caps=ep
        ",
    },
    // Without being in force they are only what is left of them.
    Scenario {
        code: "caps-beyond-default",
        fires: "
            Entrypoint /app/exe
            layer
                /app/exe  elf static caps=ep:21
        ",
        near: "
            Entrypoint /app/exe
            layer
                /app/exe  elf static caps=p:21
        ",
    },
    Scenario {
        code: "works-by-accident",
        fires: "
            loader none
            /lib/ld-musl-x86_64.so.1     loader musl
            /lib64/ld-linux-x86-64.so.2  link /lib/ld-musl-x86_64.so.1
            /app/exe                     elf needed=libc.so.6
        ",
        near: "
            loader musl
            /app/exe  elf needed=libc.so
        ",
    },
    Scenario {
        code: "mixed-libc",
        fires: "
            loader glibc 2.36
            /app/exe                         elf needed=libc.so.6
            /lib/x86_64-linux-gnu/libc.so.6  libc 2.41
        ",
        near: "
            loader glibc 2.36
            /app/exe                         elf needed=libc.so.6
            /lib/x86_64-linux-gnu/libc.so.6  libc 2.36
        ",
    },
    // Not every release has a version of its own.
    Scenario {
        code: "mixed-libc",
        fires: "
            loader glibc 2.36
            /app/exe                         elf needed=libc.so.6
            /lib/x86_64-linux-gnu/libc.so.6  elf verdef=GLIBC_2.34 strings='release version 2.34.\\0'
        ",
        near: "
            loader glibc 2.36
            /app/exe                         elf needed=libc.so.6
            /lib/x86_64-linux-gnu/libc.so.6  elf verdef=GLIBC_2.34 strings='release version 2.36.\\0'
        ",
    },
];
