use crate::support::case::{case, given};

case!(
    case_20_rpath_of_the_program_reaches_a_grandchild,
    given(
        "
        /app/exe    elf needed=liba.so rpath=/x
        /x/liba.so  elf needed=libb.so
        /x/libb.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /x/liba.so [rpath]
            └── libb.so => /x/libb.so [rpath of /app/exe]
        starts
        "
    ),
);

case!(
    case_21_runpath_is_not_inherited,
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf needed=libb.so
        /x/libb.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /x/liba.so [runpath]
            └── libb.so => not found
        exit 127: /app/exe: error while loading shared libraries: libb.so: cannot open shared object file: No such file or directory
        "
    ),
);
