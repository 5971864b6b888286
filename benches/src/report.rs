//! What a kernel reports: the number its bar is about, and the raw times behind it.

use serde_json::{Map, Value, json};

use crate::context::Times;

/// Which numbers are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// A speedup.
    Higher,
    /// A cost.
    Lower,
}

/// The number a kernel must reach.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name under the kernel's key.
    pub quantity: &'static str,
    /// Which side of the bar is good.
    pub better: Better,
    /// What it must reach, if anything.
    pub bar: Option<f64>,
    /// What it should reach.
    pub stretch: Option<f64>,
}

impl Target {
    /// A number without a bar: reported beside another.
    pub const fn unjudged(quantity: &'static str) -> Self {
        Self { quantity, better: Better::Lower, bar: None, stretch: None }
    }

    /// At least `bar` times faster than the reference.
    pub const fn speedup(bar: f64, stretch: f64) -> Self {
        Self { quantity: "speedup", better: Better::Higher, bar: Some(bar), stretch: Some(stretch) }
    }

    /// At most `bar` times the cost of the reference.
    pub const fn cost(quantity: &'static str, bar: f64, stretch: f64) -> Self {
        Self { quantity, better: Better::Lower, bar: Some(bar), stretch: Some(stretch) }
    }

    fn reaches(&self, value: f64, limit: Option<f64>) -> Option<bool> {
        limit.map(|limit| match self.better {
            Better::Higher => value >= limit,
            Better::Lower => value <= limit,
        })
    }
}

/// What one kernel measured.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The judged number, on one thread; `None` in a run without the reference.
    pub value: Option<f64>,
    /// The same number on all threads, where that is not part of its definition.
    pub all_threads: Option<f64>,
    /// The binary logarithm of the input size.
    pub log_size: usize,
    /// Seconds per call, by contender: `ours`, `arkworks`, ...
    pub seconds: Vec<(&'static str, Times)>,
    /// Whatever else belongs to the number.
    pub extra: Map<String, Value>,
    /// A condition beside the number that the bar demands too.
    pub condition: bool,
}

impl Measured {
    /// Times alone.
    pub fn new(log_size: usize, seconds: Vec<(&'static str, Times)>) -> Self {
        Self { value: None, all_threads: None, log_size, seconds, extra: Map::new(), condition: true }
    }

    /// Ours against a reference, as a speedup: reference time over our time.
    pub fn speedup(log_size: usize, ours: Times, name: &'static str, reference: Option<Times>) -> Self {
        Self::compare(log_size, ours, name, reference, |ours, reference| reference / ours)
    }

    /// Ours against a reference, as a cost: our time over the reference time.
    pub fn cost(log_size: usize, ours: Times, name: &'static str, reference: Option<Times>) -> Self {
        Self::compare(log_size, ours, name, reference, |ours, reference| ours / reference)
    }

    fn compare(
        log_size: usize,
        ours: Times,
        name: &'static str,
        reference: Option<Times>,
        quantity: impl Fn(f64, f64) -> f64,
    ) -> Self {
        let mut measured = Self::new(log_size, vec![("ours", ours)]);
        if let Some(reference) = reference {
            measured.seconds.push((name, reference));
            measured.value = Some(quantity(ours.one.min, reference.one.min));
            measured.all_threads = Some(quantity(ours.all.min, reference.all.min));
        }
        measured
    }

    /// Adds a number beside the judged one.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(key.to_owned(), value.into());
        self
    }

    /// The JSON object under the kernel's key. Bars are judged only at full size.
    pub fn to_json(&self, target: &Target, judged: bool) -> Value {
        let mut object = Map::new();
        object.insert(target.quantity.to_owned(), json!(self.value));
        if let Some(value) = self.all_threads {
            object.insert(format!("{}_all_threads", target.quantity), json!(value));
        }
        object.insert("bar".into(), json!(target.bar));
        object.insert("stretch".into(), json!(target.stretch));
        let verdict = |limit| {
            let value = self.value.filter(|_| judged)?;
            target.reaches(value, limit).map(|reached| reached && self.condition)
        };
        object.insert("pass".into(), json!(verdict(target.bar)));
        object.insert("stretch_pass".into(), json!(verdict(target.stretch)));
        object.insert("log_size".into(), json!(self.log_size));
        let mut seconds = Map::new();
        for (name, times) in &self.seconds {
            seconds.insert(
                (*name).to_owned(),
                json!({ "one_thread": times.one.to_json(), "all_threads": times.all.to_json() }),
            );
        }
        object.insert("seconds".into(), seconds.into());
        object.extend(self.extra.clone());
        object.into()
    }
}

/// The table, from the same JSON that a script would read.
pub fn table(report: &Value, keys: &[(&'static str, Target)]) -> String {
    let mut lines = vec![format!(
        "{:<40} {:>9} {:>7} {:>8}  {:<7} {:>12} {:>12} {:>12}",
        "kernel", "value", "bar", "stretch", "verdict", "ours 1t", "reference 1t", "portable 1t"
    )];
    for (key, target) in keys {
        let Some(kernel) = report.get(key) else { continue };
        let seconds = &kernel["seconds"];
        let reference = seconds
            .as_object()
            .and_then(|all| all.iter().find(|(name, _)| *name != "ours" && *name != "portable"))
            .map(|(_, times)| times);
        let one = |times: Option<&Value>| time(times.map(|times| &times["one_thread"]["min"]));
        lines.push(format!(
            "{:<40} {:>9} {:>7} {:>8}  {:<7} {:>12} {:>12} {:>12}",
            format!("{key}.{}", target.quantity),
            number(&kernel[target.quantity]),
            number(&kernel["bar"]),
            number(&kernel["stretch"]),
            verdict(kernel),
            one(seconds.get("ours")),
            one(reference),
            one(seconds.get("portable")),
        ));
    }
    lines.join("\n")
}

fn verdict(kernel: &Value) -> &'static str {
    match (kernel["pass"].as_bool(), kernel["stretch_pass"].as_bool()) {
        (_, Some(true)) => "stretch",
        (Some(true), _) => "bar",
        (Some(false), _) => "BELOW",
        (None, _) => "-",
    }
}

fn number(value: &Value) -> String {
    value.as_f64().map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}

fn time(value: Option<&Value>) -> String {
    match value.and_then(Value::as_f64) {
        None => "-".to_owned(),
        Some(seconds) if seconds >= 1.0 => format!("{seconds:.3} s"),
        Some(seconds) if seconds >= 1e-3 => format!("{:.3} ms", seconds * 1e3),
        Some(seconds) if seconds >= 1e-6 => format!("{:.3} us", seconds * 1e6),
        Some(seconds) => format!("{:.3} ns", seconds * 1e9),
    }
}
