//! A loader that is started as a program, and told what to load.

use super::recognise::LoaderKind;

/// What a loader's arguments tell it to start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Command<'a> {
    /// The program, as it was given.
    pub program: &'a [u8],
    /// What stands in place of `LD_LIBRARY_PATH`.
    pub library_path: Option<&'a [u8]>,
    /// What the program, and the loader in its messages, is called instead.
    pub argv0: Option<&'a [u8]>,
}

/// Reads the arguments that stand behind the name of a loader; `None` where they name no
/// program, or have an option that changes more than the search (glibc
/// `elf/rtld.c:dl_main`, musl `ldso/dynlink.c:__dls3`).
#[must_use]
pub fn command<'a>(kind: &LoaderKind, arguments: &'a [Vec<u8>]) -> Option<Command<'a>> {
    let (is_musl, has_argv0) = match kind {
        LoaderKind::Glibc(traits) => (false, traits.release().has_argv0()),
        LoaderKind::Musl(_) => (true, true),
        LoaderKind::Gcompat | LoaderKind::Unknown | LoaderKind::NotALoader => return None,
    };
    let (mut library_path, mut argv0) = (None, None);
    let mut words = arguments.iter().map(Vec::as_slice);
    while let Some(word) = words.next() {
        if !word.starts_with(b"--") {
            // glibc searches its directories for a name alone.
            let is_found = is_musl || word.contains(&b'/');
            return is_found.then_some(Command {
                program: word,
                library_path,
                argv0,
            });
        }
        // Only musl's ends its options with an empty one, and takes a value behind `=`.
        let (option, value) = match word.iter().position(|&byte| byte == b'=') {
            Some(at) if is_musl => (&word[..at], Some(&word[at + 1..])),
            _ => (word, None),
        };
        let into = match option {
            b"--" if is_musl => {
                return words.next().map(|program| Command {
                    program,
                    library_path,
                    argv0,
                });
            }
            b"--library-path" => &mut library_path,
            b"--argv0" if has_argv0 => &mut argv0,
            _ => return None,
        };
        *into = Some(value.or_else(|| words.next())?);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loader::musl;

    fn read<'a>(kind: &LoaderKind, words: &'a [Vec<u8>]) -> Option<(&'a [u8], Option<&'a [u8]>)> {
        command(kind, words).map(|command| (command.program, command.library_path))
    }

    fn words(text: &str) -> Vec<Vec<u8>> {
        text.split(' ')
            .map(|word| word.as_bytes().to_vec())
            .collect()
    }

    #[test]
    fn each_loader_has_its_own_options() {
        let release = |name: &str| {
            let data = [b"glibc-ld.so.cache\0".to_vec()];
            let traits = crate::loader::glibc::Traits::read(&data, name.as_bytes());
            LoaderKind::Glibc(std::sync::Arc::new(traits))
        };
        let glibc = release("ld-2.33.so");
        let musl = LoaderKind::Musl(musl::Traits { architecture: None });
        let long = words("--library-path /a:/b --argv0 x /app -v");
        let wanted = Some((&b"/app"[..], Some(&b"/a:/b"[..])));
        assert_eq!(read(&glibc, &long), wanted);
        // That was the program before.
        assert_eq!(read(&release("ld-2.32.so"), &long), None);
        assert_eq!(read(&musl, &long), wanted);
        let equals = words("--library-path=/a:/b -- /app");
        assert_eq!(read(&glibc, &equals), None);
        assert_eq!(read(&musl, &equals), wanted);
        assert_eq!(read(&glibc, &words("app")), None);
        assert_eq!(read(&musl, &words("app")), Some((&b"app"[..], None)));
        for text in ["--library-path", "--list /app", "--preload liba.so /app"] {
            assert_eq!(read(&glibc, &words(text)), None, "{text}");
            assert_eq!(read(&musl, &words(text)), None, "{text}");
        }
    }
}
