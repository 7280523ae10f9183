//! The document of `imgldd explain -o json`: codes with their pages, or what a text proves.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Recognised, Span, nearest, page, passed_on_by};
use crate::finding::{CODES, Code};
use crate::report::{SCHEMA_VERSION, Severity, Tool};

/// The document of `imgldd explain -o json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExplainReport {
    /// As in the report of `check`.
    pub schema_version: u32,
    /// Which program wrote it.
    pub tool: Tool,
    /// What was asked, as typed or read; `null` where every code was.
    pub asked: Option<String>,
    /// The code that was asked for; every code where nothing was.
    pub codes: Vec<CodePage>,
    /// The error texts that were recognised in what was asked, in their order.
    pub recognised: Vec<Proof>,
    /// Who put something before those texts, outermost first.
    pub passed_on_by: Vec<String>,
    /// Codes like a word that is none.
    pub near: Vec<String>,
}

/// A code.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CodePage {
    /// The word.
    pub code: String,
    /// How bad it is, unless the facts say otherwise.
    pub severity: Severity,
    /// What it means, in one sentence.
    pub meaning: String,
    /// The paragraphs of its page, what is typed or shown between backticks.
    pub page: Vec<String>,
}

/// What a text proves.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Proof {
    /// A word for this kind of text.
    pub id: String,
    /// The words that were recognised.
    pub said: String,
    /// In how many lines.
    pub times: usize,
    /// Who says it.
    pub said_by: String,
    /// How far the start had come.
    pub when: String,
    /// What is certain.
    pub proves: String,
    /// What stays open, or misleads; `null` where nothing does.
    pub open: Option<String>,
    /// What it can be, the most likely first.
    pub causes: Vec<ProofCause>,
    /// What to type to find out.
    pub ask: Vec<String>,
}

/// What a text can come from.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProofCause {
    /// The word of the cause.
    pub code: String,
    /// What speaks for it.
    pub why: String,
    /// There is a finding with that code.
    pub is_checked: bool,
}

impl ExplainReport {
    fn new(asked: Option<&str>) -> ExplainReport {
        ExplainReport {
            schema_version: SCHEMA_VERSION,
            tool: Tool::default(),
            asked: asked.map(str::to_owned),
            codes: Vec::new(),
            recognised: Vec::new(),
            passed_on_by: Vec::new(),
            near: Vec::new(),
        }
    }

    /// Every code.
    #[must_use]
    pub fn of_all() -> ExplainReport {
        ExplainReport {
            codes: CODES.iter().map(|&code| CodePage::of(code)).collect(),
            ..ExplainReport::new(None)
        }
    }

    /// The code that `asked` names.
    #[must_use]
    pub fn of_code(asked: &str, code: Code) -> ExplainReport {
        ExplainReport {
            codes: vec![CodePage::of(code)],
            ..ExplainReport::new(Some(asked))
        }
    }

    /// What was `found` in a text; where that is nothing, the codes that are near.
    #[must_use]
    pub fn of_text(asked: &str, found: &[Recognised]) -> ExplainReport {
        let word = asked.trim();
        let is_word = found.is_empty() && !word.contains(char::is_whitespace);
        let near = if is_word { nearest(word) } else { Vec::new() };
        let by = match found.is_empty() {
            true => Vec::new(),
            false => passed_on_by(asked),
        };
        ExplainReport {
            recognised: found.iter().map(Proof::of).collect(),
            passed_on_by: by.into_iter().map(str::to_owned).collect(),
            near: near.iter().map(|code| code.word().to_owned()).collect(),
            ..ExplainReport::new(Some(asked))
        }
    }
}

impl CodePage {
    fn of(code: Code) -> CodePage {
        let text = |span: &Span| match span {
            Span::Plain(text) => text.clone(),
            // As Markdown has it, so that it can be told from words.
            Span::Code(text) if text.contains('`') => format!("`` {text} ``"),
            Span::Code(text) => format!("`{text}`"),
        };
        let paragraph = |spans: &Vec<Span>| spans.iter().map(text).collect::<String>();
        CodePage {
            code: code.word().to_owned(),
            severity: code.severity(),
            meaning: code.meaning().to_owned(),
            page: page(code).iter().map(paragraph).collect(),
        }
    }
}

impl Proof {
    fn of(one: &Recognised) -> Proof {
        let open = one.open();
        Proof {
            id: one.pattern.id.to_owned(),
            said: one.said.clone(),
            times: one.times,
            said_by: one.pattern.who.to_owned(),
            when: one.pattern.phase.words().to_owned(),
            proves: one.proves(),
            open: (!open.is_empty()).then_some(open),
            causes: one
                .causes()
                .map(|(code, why, is_checked)| ProofCause {
                    code: code.to_owned(),
                    why: why.to_owned(),
                    is_checked,
                })
                .collect(),
            ask: one.ask(),
        }
    }
}
