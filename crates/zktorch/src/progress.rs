//! Progress on stderr: a stage's name, a count and an estimate. Only on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows the stages of a command.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    quiet: bool,
}

impl Progress {
    /// `quiet` shows nothing; otherwise there is progress if stderr is a terminal.
    pub fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// A stage without a known number of steps.
    pub fn spinner(&self, name: &'static str) -> StageBar {
        self.bar(ProgressBar::with_draw_target(None, self.target()), name, "{spinner} {msg} ({elapsed})")
    }

    /// A stage of `steps` steps.
    pub fn stage(&self, name: &'static str, steps: u64) -> StageBar {
        let template = "{spinner} {msg} [{bar:30}] {pos}/{len} ({eta} left)";
        self.bar(ProgressBar::with_draw_target(Some(steps), self.target()), name, template)
    }

    /// Something that the user should know. Not a warning: `quiet` hides it.
    pub fn info(&self, text: &str) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }

    /// Something that the user must know, quiet or not.
    pub fn warn(&self, text: &str) {
        eprintln!("warning: {text}");
    }

    fn target(&self) -> ProgressDrawTarget {
        // stderr() hides itself if it is no terminal.
        if self.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() }
    }

    fn bar(&self, bar: ProgressBar, name: &'static str, template: &str) -> StageBar {
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(name);
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        StageBar { bar }
    }
}

/// One stage; its line disappears when it is dropped.
#[derive(Debug)]
pub struct StageBar {
    bar: ProgressBar,
}

impl StageBar {
    /// `steps` more are done.
    pub fn advance(&self, steps: u64) {
        self.bar.inc(steps);
    }

    /// Steps that are done.
    pub fn done(&self) -> u64 {
        self.bar.position()
    }

    /// Whether anything is shown.
    pub fn is_hidden(&self) -> bool {
        self.bar.is_hidden()
    }
}

impl Drop for StageBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_stays_quiet() {
        let progress = Progress::new(true);
        let bar = progress.stage("proving", 10);
        assert!(bar.is_hidden());
        bar.advance(3);
        bar.advance(4);
        assert_eq!(bar.done(), 7);
        assert!(progress.spinner("loading").is_hidden());
    }

    #[test]
    fn templates_are_valid() {
        for template in ["{spinner} {msg} ({elapsed})", "{spinner} {msg} [{bar:30}] {pos}/{len} ({eta} left)"]
        {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
