//! A line on the terminal while an image takes long to read.

use std::io::IsTerminal as _;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use imgldd::source::image::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long nothing is shown.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often what is shown changes.
const TICK: Duration = Duration::from_millis(100);

/// Runs `work`; meanwhile, where `wanted` and on a terminal, a line on standard
/// error says how far it is. The line is gone afterwards.
pub(crate) fn shown<T>(wanted: bool, progress: &Progress, work: impl FnOnce() -> T) -> T {
    if !wanted || !std::io::stderr().is_terminal() {
        return work();
    }
    thread::scope(|scope| {
        let (done, until) = channel();
        // Dropped with this scope's closure, and when `work` panics too.
        let _done: Sender<()> = done;
        scope.spawn(move || {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let mut patience = PATIENCE;
            while until.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                patience = TICK;
                draw(&bar, progress);
            }
            bar.finish_and_clear();
        });
        work()
    })
}

fn draw(bar: &ProgressBar, progress: &Progress) {
    let template = match progress.total() {
        0 => "reading {spinner} {bytes}",
        total => {
            bar.set_length(total);
            "reading {bar:30} {bytes} of {total_bytes}"
        }
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_position(progress.read());
    bar.tick();
}
