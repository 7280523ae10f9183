//! Random small filesystems: what the binary predicts must be what the real loader does.
//!
//! The cases are what somebody thought of; these are what nobody did. The files are
//! synthetic, the kernel and the loaders real. A failure prints the fixture in the
//! fixture language, ready to become a case. `IMGLDD_RANDOM=SEED:COUNT` asks for others.

use std::fmt::Write as _;

use crate::support::case::Run;
use crate::support::cpu;
use crate::support::fixture::Fixture;
use crate::support::realise::{Root, UnderRealLoader};
use crate::support::reality::Seen;

/// A generator of numbers that needs to be repeatable and nothing more (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// True in so many of a hundred.
    fn percent(&mut self, chance: u64) -> bool {
        self.next() % 100 < chance
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let index = usize::try_from(self.next()).unwrap() % all.len();
        &all[index]
    }

    /// Up to `most` of them, joined.
    fn some(&mut self, all: &[&str], most: u64, separator: &str) -> String {
        let count = self.next() % (most + 1);
        let chosen: Vec<&str> = (0..count).map(|_| *self.of(all)).collect();
        chosen.join(separator)
    }
}

const NAMES: &[&str] = &["liba.so", "libb.so", "libd.so", "libe.so", "libf.so"];
const FOLDERS: &[&str] = &[
    "/x",
    "/y",
    "/app/lib",
    "/usr/lib",
    "/lib",
    "/lib/x86_64-linux-gnu",
    "/z",
];
const ELEMENTS: &[&str] = &[
    "/x",
    "/x",
    "/y",
    "/y",
    "/z",
    "/gone",
    "/file",
    "/link",
    "/x/",
    "//x//",
    "/loop",
    "",
    "lib",
    ".",
    "$ORIGIN",
    "$ORIGIN/lib",
    "${ORIGIN}/../x",
    "$ORIGIN/../y",
    "/x/../y",
    "$LIB",
    "$NOPE/x",
    "/closed",
];
const ODD_FILES: &[&str] = &[
    "elf debug",
    "elf aarch64",
    "elf i386",
    "elf s390x",
    "elf damage=osabi:9",
    "elf damage=osabi:3",
    "elf damage=phentsize",
    "elf damage=empty",
    "elf program",
    "elf static",
    "elf type=rel",
    "dir",
    "text 'INPUT(x)'",
    "link /gone",
    "link liba.so",
    "elf mode=0600",
    "elf damage=magic",
    "elf damage=class:1",
    "elf damage=truncate:70",
];

/// The words of an ELF file that is in order.
fn ordinary(random: &mut Random, most: u64) -> String {
    let mut words = "elf".to_owned();
    let mut needed = random.some(NAMES, most, ",");
    if random.percent(6) {
        let odd = random.of(&[
            "/x/liba.so",
            "x/libb.so",
            "$ORIGIN/libd.so",
            "libm.so.6",
            "",
            "libc.so.6",
        ]);
        needed = format!("{needed}{}{odd}", if needed.is_empty() { "" } else { "," });
        write!(words, " needed={needed}").unwrap();
    } else if !needed.is_empty() {
        write!(words, " needed={needed}").unwrap();
    }
    for (tag, chance) in [("rpath", 35), ("runpath", 35)] {
        if random.percent(chance) {
            write!(words, " {tag}={}", random.some(ELEMENTS, 4, ":")).unwrap();
        }
    }
    words
}

/// A fixture and a run of its program.
fn fixture(random: &mut Random, musl: bool) -> (String, String) {
    let mut text = if musl {
        "loader musl\n".to_owned()
    } else {
        String::new()
    };
    writeln!(
        text,
        "/app/exe {}",
        ordinary(random, 3).replace(" needed=", " needed=liba.so,")
    )
    .unwrap();
    text.push_str(
        "/file text 'x'\n/link link /y\n/loop link loop\n/closed dir mode=0700\n/x dir\n/y dir\n",
    );
    for folder in FOLDERS {
        for name in NAMES {
            if !random.percent(28) {
                continue;
            }
            // A synthetic debug file has its dynamic section all the same, which musl takes.
            let odd = if musl { &ODD_FILES[1..] } else { ODD_FILES };
            let mut words = match random.percent(12) {
                true => (*random.of(odd)).to_owned(),
                false => ordinary(random, 2),
            };
            if words.starts_with("elf") && random.percent(12) {
                write!(words, " soname={}", random.of(NAMES)).unwrap();
            }
            if words.starts_with("elf") && random.percent(4) {
                words.push_str(" flags_1=nodeflib");
            }
            if words.starts_with("elf") && random.percent(6) {
                write!(
                    words,
                    " {}={}",
                    random.of(&["auxiliary", "filter"]),
                    random.of(NAMES)
                )
                .unwrap();
            }
            if random.percent(6) {
                words = format!("link {}/{}", random.of(FOLDERS), random.of(NAMES));
            }
            writeln!(text, "{folder}/{name} {words}").unwrap();
        }
    }
    if !musl && random.percent(30) {
        let entry = |random: &mut Random| {
            let name = random.of(NAMES);
            format!(
                "{name}=>{}/{name}",
                random.of(&["/z", "/x", "/usr/lib", "/gone"])
            )
        };
        let mut entries: Vec<String> = (0..3).map(|_| entry(random)).collect();
        entries.sort();
        entries.dedup_by(|a, b| a.split("=>").next() == b.split("=>").next());
        let format = random.of(&["", "old ", "compat "]);
        writeln!(text, "/etc/ld.so.cache cache {format}{}", entries.join(" ")).unwrap();
    }
    if musl && random.percent(20) {
        writeln!(
            text,
            "/etc/ld-musl-x86_64.path text '{}'",
            random.of(&["/x:/y", "/y\\n/x\\n", "", "/usr/lib"])
        )
        .unwrap();
    }
    let mut run = String::new();
    if random.percent(35) {
        write!(run, "LD_LIBRARY_PATH={} ", random.some(ELEMENTS, 3, ":")).unwrap();
    }
    if random.percent(15) {
        write!(
            run,
            "LD_PRELOAD={} ",
            random.of(&["/x/liba.so", "libb.so", "/gone.so", "libe.so:/y/libd.so"])
        )
        .unwrap();
    }
    write!(run, "workdir={} ", random.of(&["/", "/app", "/x", "/y"])).unwrap();
    if random.percent(25) {
        run.push_str("user=12345:12345 ");
    }
    run.push_str("/app/exe");
    (text, run)
}

fn check(musl: bool) {
    assert!(rustix::process::geteuid().is_root(), "a chroot needs root");
    let asked = std::env::var("IMGLDD_RANDOM").unwrap_or_else(|_| "1:60".to_owned());
    let (seed, count) = asked.split_once(':').expect("IMGLDD_RANDOM=SEED:COUNT");
    let (seed, count): (u64, u64) = (seed.parse().unwrap(), count.parse().unwrap());
    let mut failures = Vec::new();
    for number in seed..seed + count {
        let (text, line) = fixture(&mut Random(number), musl);
        let parsed = Fixture::parse(&text);
        let root = Root::new(&parsed, &UnderRealLoader).unwrap();
        let mut run = Run::parse(&line);
        cpu::settle(&mut run.cpu).unwrap();
        let seen = Seen::look(&root, &run, &parsed, true);
        for difference in seen.differs_from_prediction(&root, &run) {
            failures.push(format!(
                "seed {number}: {}\n{text}run {line}\nreally\n{}\npredicted\n{}\n",
                difference.what, difference.wanted, difference.got
            ));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {count}\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
#[ignore = "needs root and a real loader"]
fn real_glibc_does_what_was_predicted() {
    check(false);
}

#[test]
#[ignore = "needs root and a real loader"]
fn real_musl_does_what_was_predicted() {
    check(true);
}
