//! Cases 66 and 67: what ldconfig makes of a conf, and what of it the loader finds;
//! case 55: what the loader lists where it is asked by hand.

use crate::support::case::{Given, Run, case, given};
use crate::support::fixture::Fixture;
use crate::support::gcc::Gcc;
use crate::support::launch;
use crate::support::realise::Root;

const NOT_FOUND: &str = "
    /app/exe
    └── liba.so => not found
    exit 127: /app/exe: error while loading shared libraries: liba.so: cannot open shared object file: No such file or directory
    ";

/// The tree of a program that finds its one library there.
fn cached(path: &str) -> String {
    format!("/app/exe\n└── liba.so => {path} [ld.so.cache]\nstarts")
}

/// A library in `/y` and one in `/z`, and what the fixture says of the conf.
fn two(conf: &str) -> Given {
    given(format!(
        "
        /app/exe    elf needed=liba.so
        /y/liba.so  elf soname=liba.so
        /z/liba.so  elf soname=liba.so
        {conf}
        "
    ))
}

case!(
    case_66_a_file_of_another_name_than_its_soname_is_found_by_the_link_that_ldconfig_made,
    given(
        "
        /app/exe          elf needed=liba.so
        /z/liba-file.so   elf soname=liba.so
        /z/liba.so        ldconfig-link liba-file.so
        /etc/ld.so.conf   text '/z\\n'
        /etc/ld.so.cache  cache ldconfig liba.so=>/z/liba.so
        "
    )
    .run("/app/exe", cached("/z/liba.so")),
    // Without the link the entry leads to nothing.
    given(
        "
        /app/exe          elf needed=liba.so
        /z/liba-file.so   elf soname=liba.so
        /etc/ld.so.conf   text '/z\\n'
        /etc/ld.so.cache  cache ldconfig -X liba.so=>/z/liba.so
        "
    )
    .run("/app/exe", NOT_FOUND),
    // In a default directory too.
    given(
        "
        /app/exe               elf needed=liba.so
        /usr/lib/liba-file.so  elf soname=liba.so
        "
    )
    .run("/app/exe", NOT_FOUND),
);

case!(
    case_67_a_conf_has_one_directory_a_line_and_the_earlier_wins,
    two("
        /etc/ld.so.conf   text '/y\\n/z\\n'
        /etc/ld.so.cache  cache ldconfig liba.so=>/y/liba.so
        ")
    .run("/app/exe", cached("/y/liba.so")),
    two("
        /etc/ld.so.conf   text '/z/\\n/y # first\\n'
        /etc/ld.so.cache  cache ldconfig liba.so=>/z/liba.so
        ")
    .run("/app/exe", cached("/z/liba.so")),
    // What is included stands where it is included, by name.
    two("
        /etc/ld.so.conf           text 'include ld.so.conf.d/*.conf\\n'
        /etc/ld.so.conf.d/b.conf  text '/y\\n'
        /etc/ld.so.conf.d/a.conf  text '/z\\n'
        /etc/ld.so.cache          cache ldconfig liba.so=>/z/liba.so
        ")
    .run("/app/exe", cached("/z/liba.so")),
    two("
        /etc/ld.so.conf   text 'hwcap 0 nosegneg\\n/z\\n'
        /etc/ld.so.cache  cache ldconfig liba.so=>/z/liba.so
        ")
    .run("/app/exe", cached("/z/liba.so")),
    // One directory of that odd name, which is not there.
    two("
        /etc/ld.so.conf   text '/y /z\\n'
        /etc/ld.so.cache  cache ldconfig
        ")
    .run("/app/exe", NOT_FOUND),
    two("
        /etc/ld.so.conf   text '/y:/z\\n'
        /etc/ld.so.cache  cache ldconfig
        ")
    .run("/app/exe", NOT_FOUND),
    // Only what is called like a library counts.
    given(
        "
        /app/exe          elf needed=plug.so
        /z/plug.so        elf soname=plug.so
        /etc/ld.so.conf   text '/z\\n'
        /etc/ld.so.cache  cache ldconfig
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── plug.so => not found
        exit 127: /app/exe: error while loading shared libraries: plug.so: cannot open shared object file: No such file or directory
        "
    ),
);

/// A program behind a link, with a library at each of the places that `$ORIGIN` may be.
const BEHIND_A_LINK: &str = "
    /usr/bin/link         link /opt/app/exe
    /opt/app/exe          elf needed=liba.so runpath=$ORIGIN/lib
    /opt/app/lib/liba.so  elf
    /usr/bin/lib/liba.so  elf
    ";

case!(
    case_55_what_is_executed_by_a_link_has_its_origin_where_it_is,
    given(BEHIND_A_LINK).run(
        "/usr/bin/link",
        "
        /usr/bin/link
        └── liba.so => /opt/app/lib/liba.so [runpath]
        starts
        "
    ),
);

/// `ldd` asks the loader by hand, which then knows no more than the path that it is
/// given. What is predicted is what is executed.
#[test]
#[ignore = "needs root, gcc and a real loader"]
fn case_55b_a_loader_that_is_asked_by_hand_takes_the_folder_of_the_link() {
    let fixture = Fixture::parse(BEHIND_A_LINK);
    let root = Root::new(&fixture, &Gcc).unwrap();
    let run = Run::parse("/usr/bin/link");
    let listed = launch::list_of_glibc(root.path(), &run, &fixture);
    let shown: Vec<String> = listed.iter().map(ToString::to_string).collect();
    assert!(
        shown.contains(&"liba.so => /usr/bin/lib/liba.so".to_owned()),
        "{shown:?}"
    );
}
