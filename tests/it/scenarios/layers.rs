//! What layers do to one another.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        code: "deleted-by-layer",
        fires: "
            layer 'COPY app /app'
                /app/exe            elf needed=liba.so.1
                /usr/lib/liba.so.1  elf
            layer 'RUN rm /usr/lib/liba.so.1'
                /usr/lib/liba.so.1  whiteout
        ",
        // What nobody needs may go.
        near: "
            layer 'COPY app /app'
                /app/exe            elf needed=liba.so.1
                /usr/lib/liba.so.1  elf
                /usr/lib/libb.so.1  elf
            layer 'RUN rm /usr/lib/libb.so.1'
                /usr/lib/libb.so.1  whiteout
        ",
    },
    // A link takes the place of the directory that had it.
    Scenario {
        code: "deleted-by-layer",
        fires: "
            layer 'COPY app /app'
                /app/exe            elf needed=liba.so.1
                /usr/lib/liba.so.1  elf
            layer 'RUN mv /usr/lib /new'
                /usr/lib            link /new
                /new                dir
        ",
        near: "
            layer 'COPY app /app'
                /app/exe            elf needed=liba.so.1
                /usr/lib/liba.so.1  elf
            layer 'RUN mv /usr/lib /new'
                /usr/lib            link /new
                /new/liba.so.1      elf
        ",
    },
    Scenario {
        code: "usrmerge-clobbered",
        fires: "
            layer 'FROM debian'
                /app/exe                         elf
                /lib64                           link usr/lib64
                /usr/lib64/ld-linux-x86-64.so.2  loader glibc 2.36
            layer 'COPY lib64/ /lib64/'
                /lib64/liba.so.1  elf
        ",
        // The directory that the link leads to.
        near: "
            layer 'FROM debian'
                /app/exe                         elf
                /lib64                           link usr/lib64
                /usr/lib64/ld-linux-x86-64.so.2  loader glibc 2.36
            layer 'COPY lib64/ /usr/lib64/'
                /usr/lib64/liba.so.1  elf
        ",
    },
    Scenario {
        code: "engines-disagree",
        fires: "
            layer
                /app/exe      elf static
                /app/lib/a    text a
            layer
                /app/lib/a    text b
                /app/lib/a    whiteout
        ",
        // A layer replaces what the one below it has.
        near: "
            layer
                /app/exe      elf static
                /app/lib/a    text a
            layer
                /app/lib      opaque
                /app/lib/a    text b
        ",
    },
    // A rootfs from `mktemp -d`: only some engines close its root.
    Scenario {
        code: "engines-disagree",
        fires: "
            run --user 65534 /app/exe
            layer
                entry ./      dir mode=700
                /app/exe      elf static
        ",
        near: "
            run --user 65534 /app/exe
            layer
                entry ./      dir mode=711
                /app/exe      elf static
        ",
    },
    Scenario {
        code: "whiteout-odd",
        fires: "
            layer
                /app/exe  elf static
            layer
                /app/     whiteout
        ",
        // A file whose name begins with a dot.
        near: "
            layer
                /app/exe    elf static
                /app/.wh    text a
                /app/..b    text b
            layer
                /app/.wh    whiteout
                /app/..b    whiteout
        ",
    },
    Scenario {
        code: "entry-odd",
        fires: "
            layer
                /app/exe                 elf static
                entry ../../etc/passwd   text x
        ",
        // It goes up and comes back, inside.
        near: "
            layer
                /app/exe                 elf static
                entry ./app/../etc/motd  text x
        ",
    },
    Scenario {
        code: "digest-mismatch",
        fires: "
            run --verify /app/exe
            layer
                diff-id false
                /app/exe  elf static
        ",
        near: "
            run --verify /app/exe
            layer
                /app/exe  elf static
        ",
    },
];
