//! Cases 1–19: what execve does with a path, a script, a program, its interpreter.

use crate::support::case::{case, given};

case!(
    case_01_an_absent_path_is_enoent,
    given("/app/exe elf").run(
        "/nope",
        r#"
        exec: ENOENT
        runc: exec: "/nope": stat /nope: no such file or directory
        crun: executable file `/nope` not found: No such file or directory
        sh: /nope: not found
        "#,
    ),
);

case!(
    case_02_a_text_without_shebang_and_an_empty_file_are_enoexec,
    given(
        r"
        /txt    script 'echo hello\n'
        /empty  script ''
        "
    )
    .run(
        "/txt",
        r"
        exec: ENOEXEC
        runc: exec /txt: exec format error
        crun: exec container process `/txt`: Exec format error
        "
    )
    .run("/empty", "exec: ENOEXEC"),
);

case!(
    case_03_a_carriage_return_belongs_to_the_interpreters_name,
    given(
        r"
        /s   script '#!/pa\r\n'
        /pa  elf static
        "
    )
    .run(
        "/s",
        "exec: ENOENT\nrunc: exec /s: no such file or directory"
    ),
    given(
        r"
        /s       script '#!/pa\r\n'
        '/pa\r'  elf static
        "
    )
    .run("/s", "starts as [/pa\r][/s]"),
);

case!(
    case_04_the_rest_of_the_line_is_one_argument,
    given(
        r"
        /s   script '#! /pa  a b  \n'
        /pa  elf static
        "
    )
    .run("/s", "starts as [/pa][a b][/s]"),
);

case!(
    case_05_a_shebang_without_a_name_and_one_that_is_not_first_are_enoexec,
    given(
        r"
        /bare   script '#!\n'
        /blank  script '#!   \n'
        /late   script ' #!/pa\n'
        /bom    script '\xef\xbb\xbf#!/pa\n'
        /pa     elf static
        "
    )
    .run("/bare", "exec: ENOEXEC")
    .run("/blank", "exec: ENOEXEC")
    .run("/late", "exec: ENOEXEC")
    .run("/bom", "exec: ENOEXEC"),
    // Where the file ends first, the interpreter is the empty name: the working directory.
    given(
        r"
        /bare   script '#!'
        /blank  script '#!  '
        /nul    script '#! \x00/pa\n'
        /pa     elf static
        "
    )
    .run("/bare", "exec: EACCES")
    .run("/blank", "exec: EACCES")
    .run("/nul", "exec: EACCES"),
);

case!(
    case_04b_blanks_before_the_end_of_the_file_are_handed_over,
    given(
        r"
        /one    script '#!/pa -e '
        /empty  script '#!/pa '
        /nul    script '#!/pa a \x00b\n'
        /pa     elf static
        "
    )
    .run("/one", "starts as [/pa][-e ][/one]")
    .run("/empty", "starts as [/pa][][/empty]")
    .run("/nul", "starts as [/pa][a ][/nul]"),
);

case!(
    case_06_a_relative_interpreter_starts_at_the_working_directory,
    given(
        r"
        /s     script '#!pa\n'
        /d/pa  elf static
        "
    )
    .run("workdir=/d /s", "starts as [pa][/s]")
    .run("/s", "exec: ENOENT"),
);

/// A script whose shebang and interpreter take `length` bytes, and the interpreter.
fn interpreter_of(length: usize) -> String {
    let path = format!("/{}", "p".repeat(length - 3));
    format!("/s script '#!{path}\\n'\n{path} elf static")
}

case!(
    case_07_the_line_ends_after_256_bytes,
    given(interpreter_of(255)).run("/s", format!("starts as [/{}][/s]", "p".repeat(252))),
    given(interpreter_of(256)).run("/s", "exec: ENOEXEC"),
    given(format!(
        "/s script '#!/pa {}\\n'\n/pa elf static",
        "a".repeat(300)
    ))
    // 255 of the 256 bytes are looked at: six for `#!/pa `, the rest for the argument.
    .run("/s", format!("starts as [/pa][{}][/s]", "a".repeat(249))),
    given(
        "
        /s   script '#!/pa'
        /pa  elf static
        "
    )
    .run("/s", "starts as [/pa][/s]"),
);

case!(
    case_08_five_scripts_in_a_row_run_and_six_are_eloop,
    given(
        r"
        /s6  script '#!/s5\n'
        /s5  script '#!/s4\n'
        /s4  script '#!/s3\n'
        /s3  script '#!/s2\n'
        /s2  script '#!/s1\n'
        /s1  script '#!/pa\n'
        /pa  elf static
        "
    )
    .run("/s5", "starts")
    .run("/s6", "exec: ELOOP"),
);

case!(
    case_09_a_scripts_interpreter_must_be_there_and_executable,
    given(
        r"
        /absent   script '#!/pa\n'
        /plain    script '#!/pb\n'
        /folder   script '#!/d\n'
        /pb       elf static mode=0644
        /d        dir
        "
    )
    .run(
        "/absent",
        "
        exec: ENOENT
        runc: exec /absent: no such file or directory
        sh: /absent: not found
        "
    )
    .run(
        "/plain",
        "exec: EACCES\nrunc: exec /plain: permission denied"
    )
    .run("/folder", "exec: EACCES"),
);

case!(
    case_10_the_x_bit_is_asked_of_the_file_and_search_of_the_folders,
    given("/nox elf static mode=0644").run(
        "/nox",
        r#"
        exec: EACCES
        runc: exec: "/nox": permission denied
        crun: the path `/nox` exists but it is not executable: Operation not permitted
        "#
    ),
    given(
        r"
        /elf     elf static mode=0711
        /script  script '#!/elf\n' mode=0711
        /d       dir mode=0700
        /d/exe   elf static
        /dyn     elf mode=0711
        "
    )
    .run("user=12345:12345 /elf", "starts")
    .run("user=12345:12345 /script", "starts as [/elf][/script]")
    .run("user=12345:12345 /dyn", "starts")
    .run("user=12345:12345 /d/exe", "exec: EACCES")
    .run("/d/exe", "starts"),
    given("/group elf static mode=0754").run("user=12345:12345 /group", "exec: EACCES"),
);

case!(
    case_11_an_absent_interpreter_is_enoent_though_the_program_is_there,
    given(
        "
        loader none
        /app/exe          elf needed=libz.so,libq.so
        /usr/lib/libz.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── /lib64/ld-linux-x86-64.so.2 => not found [interpreter]
        ├── libz.so => /usr/lib/libz.so [default]
        └── libq.so => not found
        exec: ENOENT
        runc: exec /app/exe: no such file or directory
        crun: exec container process (missing dynamic library?) `/app/exe`: No such file or directory
        sh: /app/exe: not found
        "
    ),
);

case!(
    case_12_the_interpreter_of_another_machine_is_elibbad,
    given(
        "
        /app/exe                     elf interp=/lib/ld-linux-aarch64.so.1
        /lib/ld-linux-aarch64.so.1   loader glibc 2.36 aarch64
        "
    )
    .run(
        "/app/exe",
        "
        exec: ELIBBAD
        runc: exec /app/exe: accessing a corrupted shared library
        crun: exec container process `/app/exe`: Accessing a corrupted shared library
        "
    ),
);

case!(
    case_13_an_interpreter_that_is_short_is_eio_and_one_that_is_no_elf_is_elibbad,
    given(format!(
        r"
        /to-empty   elf interp=/empty
        /to-short   elf interp=/short
        /to-text    elf interp=/text
        /to-script  elf interp=/script
        /empty      script ''
        /short      script '8 bytes\n'
        /text       script '{0}\n'
        /script     script '#!/bin/sh\n# {0}\n'
        ",
        "long enough for a header ".repeat(4)
    ))
    .run("/to-empty", "exec: EIO")
    .run("/to-short", "exec: EIO")
    .run("/to-text", "exec: ELIBBAD")
    .run("/to-script", "exec: ELIBBAD"),
);

case!(
    case_14_the_interpreter_needs_its_x_bit_and_is_relative_to_the_working_directory,
    given(
        "
        /to-plain     elf interp=/ld-plain.so
        /to-folder    elf interp=/d
        /to-dangling  elf interp=/ld-dangling.so
        /to-relative  elf interp=ld.so
        /ld-plain.so     loader glibc 2.36 mode=0644
        /ld-dangling.so  link /gone
        /d/ld.so         loader glibc 2.36
        "
    )
    .run("/to-plain", "exec: EACCES")
    .run("/to-folder", "exec: EACCES")
    .run("/to-dangling", "exec: ENOENT")
    .run("/to-relative", "exec: ENOENT")
    .run("workdir=/d /to-relative", "starts"),
);

case!(
    case_15_the_interpreters_name_ends_in_nul_and_at_the_first_one,
    given(format!(
        r"
        /open   elf interp-bytes='/lib64/ld-linux-x86-64.so.2'
        /one    elf interp-bytes='\x00'
        /long   elf interp-bytes='/{}\x00'
        /cut    elf interp-bytes='/lib64/ld-linux-x86-64.so.2\x00junk\x00'
        /empty  elf interp-bytes='\x00\x00'
        ",
        "x".repeat(4095)
    ))
    .run("/open", "exec: ENOEXEC")
    .run("/one", "exec: ENOEXEC")
    .run("/long", "exec: ENOEXEC")
    .run("/cut", "starts")
    .run("/empty", "exec: EACCES"),
);

case!(
    case_16_the_kernel_looks_at_few_fields_of_the_header,
    given(
        "
        /machine    elf damage=machine:aarch64
        /type       elf damage=e_type:1
        /phentsize  elf damage=phentsize
        /phnum      elf damage=phnum:0
        /aarch64    elf aarch64 static
        "
    )
    .run(
        "/machine",
        "exec: ENOEXEC\nrunc: exec /machine: exec format error"
    )
    .run("/type", "exec: ENOEXEC")
    .run("/phentsize", "exec: ENOEXEC")
    .run("/phnum", "exec: ENOEXEC")
    .run(
        "unreal='binfmt_misc of the machine decides' /aarch64",
        "exec: ENOEXEC"
    ),
    given(
        "
        /class    elf damage=class:1
        /data     elf damage=data:2
        /ident    elf damage=ident-version
        /osabi    elf damage=osabi
        /version  elf damage=e_version
        "
    )
    .run("/class", "starts")
    .run("/data", "starts")
    .run("/ident", "starts")
    .run("/osabi", "starts")
    .run("/version", "starts"),
);

case!(
    case_16b_a_kernel_reads_the_machine_in_its_own_byte_order_and_class,
    // qemu-user says `Invalid ELF image for this architecture` of each that is refused.
    given(
        "
        /ppc64     elf ppc64 static
        /ppc64le   elf ppc64le static
        /mips      elf mips static
        /mipsel    elf mipsel static
        /n32       elf mipsel static e_flags=0x20
        /mips64    elf mips64 static
        /mips64el  elf mips64el static
        "
    )
    .run(
        "unreal='no such machine here' platform=linux/ppc64le /ppc64",
        "exec: ENOEXEC"
    )
    .run(
        "unreal='no such machine here' platform=linux/ppc64 /ppc64le",
        "exec: ENOEXEC"
    )
    .run(
        "unreal='no such machine here' platform=linux/ppc64le /ppc64le",
        "/ppc64le\nstarts"
    )
    .run(
        "unreal='no such machine here' platform=linux/mipsle /mips",
        "exec: ENOEXEC"
    )
    .run(
        "unreal='no such machine here' platform=linux/mips /mipsel",
        "exec: ENOEXEC"
    )
    .run(
        "unreal='no such machine here' platform=linux/mipsle /mipsel",
        "/mipsel\nstarts"
    )
    .run(
        "unreal='no such machine here' platform=linux/mips64 /mips64el",
        "exec: ENOEXEC"
    )
    .run(
        "unreal='no such machine here' platform=linux/mipsle /mips64el",
        "exec: ENOEXEC"
    )
    .run(
        "unreal='no such machine here' platform=linux/mipsle /n32",
        "exec: ENOEXEC"
    )
    // 64-bit kernels run what is for their 32-bit ones.
    .run(
        "unreal='no such machine here' platform=linux/mips64le /mipsel",
        "/mipsel\nstarts"
    )
    .run(
        "unreal='no such machine here' platform=linux/mips64le /n32",
        "/n32\nstarts"
    )
    .run(
        "unreal='no such machine here' platform=linux/mips64le /mips",
        "exec: ENOEXEC"
    )
    .run(
        "unreal='no such machine here' platform=linux/mips64 /mips64",
        "/mips64\nstarts"
    ),
);

case!(
    case_16c_a_486_is_a_386_to_the_kernel_and_not_to_glibc,
    given("/exe elf i386 static damage=machine:6").run("/exe", "starts"),
    given(
        "
        /dyn       elf i386 needed=liba.so runpath=/x:/y damage=machine:6
        /lib/ld-linux.so.2  loader glibc 2.36 i386
        /x/liba.so  elf i386 damage=machine:6
        /y/liba.so  elf i386
        "
    )
    .run("/dyn", "/dyn\n└── liba.so => /y/liba.so [runpath]\nstarts"),
);

case!(
    case_12b_the_interpreter_of_another_byte_order_or_abi_is_elibbad,
    given(
        "
        /exe            elf ppc64le interp=/lib64/ld64.so.2
        /lib64/ld64.so.2  elf ppc64 mode=0755
        "
    )
    .run(
        "unreal='no such machine here' platform=linux/ppc64le /exe",
        "exec: ELIBBAD"
    ),
    given(
        "
        /exe           elf mipsel e_flags=0x20 interp=/lib/ld.so.1
        /nan           elf mipsel e_flags=0x400 interp=/lib/ld.so.1
        /lib/ld.so.1   elf mipsel mode=0755
        "
    )
    .run(
        "unreal='no such machine here' platform=linux/mips64le /exe",
        "exec: ELIBBAD"
    )
    .run(
        "unreal='no such machine here' platform=linux/mipsle /nan",
        "exec: ELIBBAD"
    ),
);

case!(
    case_17_what_nobody_relocates_dies_of_sigsegv,
    given(
        "
        /stripped         elf needed=liba.so damage=no-interp
        /usr/lib/liba.so  elf mode=0755
        /static-pie       elf static-pie
        /rel-interp       elf interp=/ld-rel.so
        /ld-rel.so        elf mode=0755 damage=e_type:1
        /static-interp    elf interp=/static
        /static           elf static
        /cut              elf needed=liba.so damage=truncate:4096
        /cut-interp       elf interp=/cut-ld
        /cut-ld           elf static damage=truncate:4096
        "
    )
    // The kernel itself touches the page in which the data end, where zeros follow.
    .run("unreal='what our builder writes has no data' /cut", "signal SIGBUS")
    .run("unreal='what our builder writes has no data' /cut-interp", "signal SIGBUS")
    .run("/stripped", "signal SIGSEGV")
    .run("/usr/lib/liba.so", "signal SIGSEGV")
    .run("/static-pie", "starts")
    .run("/rel-interp", "signal SIGSEGV")
    .run(
        "unreal='it is the start-up code of a C library that crashes, which fixtures do not have' /static-interp",
        "signal SIGSEGV"
    ),
);

case!(
    case_18_a_bare_name_is_looked_up_in_the_path_of_the_target,
    given(
        "
        /bin/nox  elf static mode=0644
        /bin/ok   elf static
        "
    )
    .run(
        "PATH=/sbin:/bin unreal='a runtime looks names up, not the kernel' foo",
        r#"
        exec: ENOENT
        runc: exec: "foo": executable file not found in $PATH
        crun: executable file `foo` not found in $PATH: No such file or directory
        "#
    )
    .run(
        "PATH=/sbin:/bin unreal='a runtime looks names up, not the kernel' nox",
        r#"
        exec: ENOENT
        runc: exec: "nox": executable file not found in $PATH
        "#
    )
    .run(
        "PATH=/sbin:/bin unreal='a runtime looks names up, not the kernel' ok",
        "starts"
    ),
);

case!(
    case_19_a_go_pie_without_cgo_has_an_interpreter_and_needs_nothing,
    given(
        "
        loader none
        /app/exe  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── /lib64/ld-linux-x86-64.so.2 => not found [interpreter]
        exec: ENOENT
        runc: exec /app/exe: no such file or directory
        "
    ),
    given("/app/exe elf").run("/app/exe", "starts"),
);
