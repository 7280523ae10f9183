//! What starts here and may not elsewhere: processors, memory, look-ups.

use super::Scenario;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        code: "cpu-dependent",
        fires: "
            run --cpu x86-64-v3 /app/exe
            /app/exe                                     elf needed=liba.so.1
            /usr/lib/liba.so.1                           elf
            /usr/lib/glibc-hwcaps/x86-64-v3/liba.so.1    elf
        ",
        // The CPU has not what the other file is for.
        near: "
            run --cpu x86-64-v2 /app/exe
            /app/exe                                     elf needed=liba.so.1
            /usr/lib/liba.so.1                           elf
            /usr/lib/glibc-hwcaps/x86-64-v3/liba.so.1    elf
        ",
    },
    Scenario {
        code: "static-glibc-nss",
        fires: "
            loader none
            /app/exe  elf static strings='libnss_%s.so.%d\\x00/etc/nsswitch.conf\\x00'
        ",
        // Go's own resolver reads that file too.
        near: "
            loader none
            /app/exe  elf static strings='/etc/nsswitch.conf\\x00'
        ",
    },
    Scenario {
        code: "isa-property",
        fires: "
            run --cpu x86-64-v2 /app/exe
            /app/exe            elf needed=liba.so.1
            /usr/lib/liba.so.1  elf damage=isa:3
        ",
        near: "
            run --cpu x86-64-v3 /app/exe
            /app/exe            elf needed=liba.so.1
            /usr/lib/liba.so.1  elf damage=isa:3
        ",
    },
    Scenario {
        code: "execstack-refused",
        fires: "
            /app/exe            elf needed=liba.so.1
            /usr/lib/liba.so.1  elf damage=execstack
        ",
        // Nothing loads it.
        near: "
            /app/exe            elf needed=liba.so.1
            /usr/lib/liba.so.1  elf
            /usr/lib/libb.so.1  elf damage=execstack
        ",
    },
    Scenario {
        code: "execstack-refused",
        fires: "
            Entrypoint /app/exe
            Architecture s390x
            /app/exe  elf s390x static damage=execstack
        ",
        // As the toolchain has it.
        near: "
            Entrypoint /app/exe
            Architecture mipsle
            /app/exe  elf mipsel static damage=execstack
        ",
    },
    Scenario {
        code: "textrel",
        fires: "
            /app/exe            elf needed=liba.so.1
            /usr/lib/liba.so.1  elf damage=textrel
        ",
        // Its relocations are of its data.
        near: "
            /app/exe            elf needed=liba.so.1 defines=f
            /usr/lib/liba.so.1  elf wants=f
        ",
    },
];
