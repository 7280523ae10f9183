//! Where reports go, and in which formats.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use imgldd::render::{Headings, Json, JsonLines, Ldd, List, Renderer, Style, Table, Text, Tree};
use imgldd::report::{Finding, LibraryStatus, ReportError, Severity, Subject, Summary, Target};

use crate::args::{Args, When};
use crate::request::UsageError;

/// Formats whose time has not come.
const LATER: [&str; 8] = [
    "dot", "mermaid", "markdown", "sarif", "junit", "github", "gitlab", "html",
];

/// One report on its way.
struct Sink {
    renderer: Box<dyn Renderer>,
    out: BufWriter<Box<dyn Write>>,
}

/// All reports that were asked for.
pub(crate) struct Outputs {
    sinks: Vec<Sink>,
    in_full: bool,
    lists_fine: bool,
    tells: Tells,
}

/// How much the reports tell of what is wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tells {
    /// Nothing: they name what was found.
    Nothing,
    /// Which libraries are missing.
    Libraries,
    /// Everything, or there is none because nothing is to be said.
    All,
}

impl Tells {
    fn of(format: &str) -> Tells {
        match format {
            "list" => Tells::Nothing,
            "ldd" => Tells::Libraries,
            _ => Tells::All,
        }
    }
}

/// A format and the file that it goes to.
struct Wanted {
    format: String,
    file: Option<PathBuf>,
}

impl Outputs {
    /// Opens what `args` ask for; `many` says that several files are checked.
    pub(crate) fn open(args: &Args, many: bool) -> Result<Self, UsageError> {
        let wanted = wanted(args);
        let in_full = args.verbose > 0
            || wanted
                .iter()
                .any(|wanted| wanted.format.starts_with("json"));
        let lists_fine = args.verbose > 0 || wanted.iter().any(|wanted| wanted.format != "text");
        let tells = wanted.iter().map(|wanted| Tells::of(&wanted.format)).max();
        let tells = tells.filter(|_| !args.quiet);
        let sinks = wanted.into_iter().map(|wanted| sink(args, wanted, many));
        Ok(Outputs {
            sinks: sinks.collect::<Result<_, _>>()?,
            in_full,
            lists_fine,
            tells: tells.unwrap_or(Tells::All),
        })
    }

    /// Opens what `args` ask for of a command with formats of its own; `make` knows them.
    /// Everything is in the report.
    pub(crate) fn of(
        args: &Args,
        make: impl Fn(&str, Style) -> Option<Box<dyn Renderer>>,
    ) -> Result<Self, UsageError> {
        let sinks = wanted(args).into_iter().map(|wanted| {
            let style = style(args, &wanted);
            let renderer = make(&wanted.format, style);
            let renderer = renderer.ok_or_else(|| UsageError::WhyFormat(wanted.format.clone()))?;
            Ok(Sink {
                renderer,
                out: open(wanted.file)?,
            })
        });
        let mut sinks: Vec<Sink> = sinks.collect::<Result<_, UsageError>>()?;
        if sinks.is_empty() {
            // What nobody is to read tells the exit status all the same.
            let unread = Style {
                color: false,
                ascii: args.ascii,
            };
            sinks.extend(make("text", unread).map(|renderer| Sink {
                renderer,
                out: BufWriter::new(Box::new(io::sink())),
            }));
        }
        Ok(Outputs {
            sinks,
            in_full: true,
            lists_fine: true,
            tells: Tells::All,
        })
    }

    /// Errors of a subject that no report tells, as they are made for other programs.
    pub(crate) fn untold<'s>(&'s self, subject: &'s Subject) -> impl Iterator<Item = &'s Finding> {
        let is_told = move |finding: &Finding| match self.tells {
            Tells::All => true,
            Tells::Libraries => subject.libraries.iter().any(|library| {
                let is_it = finding.object.as_deref() == Some(&*library.name);
                is_it && library.status == LibraryStatus::Missing
            }),
            Tells::Nothing => false,
        };
        subject.findings.iter().filter(move |finding| {
            let is_error = finding.severity == Severity::Error && !finding.waived;
            is_error && !is_told(finding)
        })
    }

    /// Whether some report names the libraries of what a scan finds to be fine.
    pub(crate) fn lists_fine(&self) -> bool {
        self.lists_fine
    }

    /// Whether some report wants attempts and real paths.
    pub(crate) fn in_full(&self) -> bool {
        self.in_full
    }

    pub(crate) fn subject(&mut self, target: &Target, subject: Subject) -> io::Result<()> {
        if let [sink] = self.sinks.as_mut_slice() {
            return sink.renderer.subject(&mut sink.out, target, subject);
        }
        for sink in &mut self.sinks {
            sink.renderer
                .subject(&mut sink.out, target, subject.clone())?;
        }
        Ok(())
    }

    pub(crate) fn finish(
        &mut self,
        targets: &[Target],
        summary: &Summary,
        errors: &[ReportError],
    ) -> io::Result<()> {
        for sink in &mut self.sinks {
            sink.renderer
                .finish(&mut sink.out, targets, summary, errors)?;
            sink.out.flush()?;
        }
        Ok(())
    }
}

/// Where an answer goes that is no report of subjects: as text or as JSON.
pub(crate) struct Answer {
    pub(crate) is_json: bool,
    pub(crate) style: Style,
    pub(crate) out: Box<dyn Write>,
}

/// Opens what `args` ask for of a command that answers in text and JSON.
pub(crate) fn answers(args: &Args) -> Result<Vec<Answer>, UsageError> {
    let answers = wanted(args).into_iter().map(|wanted| {
        let is_json = match &*wanted.format {
            "text" => false,
            "json" => true,
            _ => return Err(UsageError::WhyFormat(wanted.format)),
        };
        let style = style(args, &wanted);
        let out = Box::new(open(wanted.file)?);
        Ok(Answer {
            is_json,
            style,
            out,
        })
    });
    answers.collect()
}

/// What `args` ask for; text where they do not say.
fn wanted(args: &Args) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = args.output.iter().map(|text| parse(text)).collect();
    if args.json {
        wanted.push(Wanted {
            format: "json".to_owned(),
            file: None,
        });
    }
    if wanted.is_empty() && !args.quiet {
        wanted.push(Wanted {
            format: "text".to_owned(),
            file: None,
        });
    }
    wanted
}

fn style(args: &Args, wanted: &Wanted) -> Style {
    Style {
        color: wanted.file.is_none() && color(args),
        ascii: args.ascii,
    }
}

fn parse(text: &str) -> Wanted {
    match text.split_once('=') {
        Some((format, file)) => Wanted {
            format: format.to_owned(),
            file: Some(PathBuf::from(file)),
        },
        None => Wanted {
            format: text.to_owned(),
            file: None,
        },
    }
}

fn sink(args: &Args, wanted: Wanted, many: bool) -> Result<Sink, UsageError> {
    let style = style(args, &wanted);
    let headings = Headings::of_several(args.image.len() > 1);
    let tree = Tree {
        style,
        depth: args.depth,
        verbose: args.verbose > 0,
        headings,
    };
    let renderer: Box<dyn Renderer> = match wanted.format.as_str() {
        "text" => Box::new(Text::new(tree, args.verbose > 0)),
        "tree" => Box::new(tree),
        "table" => Box::new(Table { style, headings }),
        "ldd" => Box::new(Ldd {
            headings: many,
            versions: args.verbose > 0,
        }),
        "list" => Box::new(List::new(args.null)),
        "json" => Box::new(Json::default()),
        "json-lines" => Box::new(JsonLines),
        later if LATER.contains(&later) => return Err(UsageError::LaterFormat(wanted.format)),
        _ => return Err(UsageError::Format(wanted.format)),
    };
    Ok(Sink {
        renderer,
        out: open(wanted.file)?,
    })
}

#[expect(clippy::disallowed_methods, reason = "the user asked for this file")]
fn open(file: Option<PathBuf>) -> Result<BufWriter<Box<dyn Write>>, UsageError> {
    let out: Box<dyn Write> = match file {
        None => Box::new(io::stdout()),
        Some(path) => {
            Box::new(File::create(&path).map_err(|error| UsageError::Output(path, error))?)
        }
    };
    Ok(BufWriter::with_capacity(64 << 10, out))
}

/// Whether standard output is to have colour.
pub(crate) fn color(args: &Args) -> bool {
    match args.color {
        When::Always => true,
        When::Never => false,
        When::Auto => anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
    }
}
