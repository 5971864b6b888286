//! The network: a bar for every node in the order of computation, and the nodes with what they read.
//!
//! What is shown as colour is chosen by three radio buttons before everything else: style rules for what follows the chosen one do the
//! rest, without a script.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use maud::{Markup, html};
use zktorch_prover::Cost;

use super::layers::{HEIGHT, Item, Placed, Section, WIDTH, sections};
use super::scale::{STEPS, Scale};
use super::{Kind, Node, Page, number, shown};

/// What a colour may stand for.
pub(super) struct Measure {
    /// Of its radio button and its classes.
    pub(super) key: char,
    name: &'static str,
    /// What the legend says.
    says: &'static str,
    value: fn(&Node) -> f64,
    text: fn(f64) -> String,
    /// Whether bars have the value's logarithm as their height: where a sum means nothing.
    logarithmic: bool,
    scale: Scale,
}

/// What the measures are, before it is known which of them have values.
type Wanted = (char, &'static str, &'static str, fn(&Node) -> f64, fn(f64) -> String, bool);

const MEASURES: [Wanted; 3] = [
    (
        'c',
        "Proving time",
        "estimated seconds",
        |node| node.cost.map_or(0.0, |cost| cost.seconds),
        number::seconds,
        false,
    ),
    (
        'm',
        "Memory",
        "committed values",
        |node| node.cost.map_or(0.0, |cost| cost.committed_values as f64),
        whole,
        false,
    ),
    (
        'e',
        "Quantisation error",
        "of the largest value",
        |node| node.error.map_or(0.0, |error| error.relative),
        number::percent,
        true,
    ),
];

fn whole(value: f64) -> String {
    number::count(value as u64)
}

/// The drawn network of a page.
pub(super) struct Network<'a> {
    page: &'a Page,
    sections: Vec<Section>,
    measures: Vec<Measure>,
}

impl<'a> Network<'a> {
    pub(super) fn new(page: &'a Page) -> Self {
        let reads: Vec<Vec<usize>> = page.nodes.iter().map(|node| node.reads.clone()).collect();
        let measure = |(key, name, says, value, text, logarithmic): Wanted| {
            let scale = Scale::new(page.nodes.iter().map(value))?;
            Some(Measure { key, name, says, value, text, logarithmic, scale })
        };
        Self {
            page,
            sections: sections(&reads),
            measures: MEASURES.into_iter().filter_map(measure).collect(),
        }
    }

    /// The places of boxes, as rules: attributes would need a weaker policy.
    pub(super) fn style(&self) -> String {
        let placed = || self.sections.iter().flat_map(|section| &section.placed);
        let set = |value: fn(&Placed) -> i32| placed().map(value).collect::<BTreeSet<i32>>();
        let mut style = format!(".g{{width:{WIDTH}px}}.n{{height:{HEIGHT}px}}");
        let heights: BTreeSet<i32> = self.sections.iter().map(|section| section.height).collect();
        for (class, property, values) in [
            ('l', "left", set(|placed| placed.left)),
            ('t', "top", set(|placed| placed.top)),
            ('w', "width", set(|placed| placed.width)),
            ('h', "height", heights),
        ] {
            for value in values {
                let _ = write!(style, ".{class}{value}{{{property}:{value}px}}");
            }
        }
        style
    }

    pub(super) fn markup(&self) -> Markup {
        let nodes = &self.page.nodes;
        html! {
            @if !nodes.is_empty() {
                @for (index, measure) in self.measures.iter().enumerate() {
                    input type="radio" name="measure" id={ "by-" (measure.key) } class="choice" checked[index == 0];
                }
                section id="network" {
                    h2 { "The network" }
                    (self.choice())
                    @for measure in &self.measures {
                        div class={ "only only-" (measure.key) } { (self.legend(measure)) (self.bars(measure)) }
                    }
                    (self.by_operator())
                    p class="hint" {
                        "Boxes are " (self.page.unit) "s, in the order of computation from the top to the bottom, in columns. Point at one, or go "
                        "there with Tab, for its numbers. ↑ is the result of an earlier box."
                        @if self.page.constants > 0 {
                            " " (self.page.constants) " " (self.page.unit) "s are computed when the model is compiled, and are not drawn."
                        }
                    }
                    div class="columns" { @for section in &self.sections { (self.section(section)) } }
                }
            }
        }
    }

    fn choice(&self) -> Markup {
        html! {
            @if self.measures.len() > 1 {
                p class="choices" {
                    span { "Colour: " }
                    @for measure in &self.measures { label for={ "by-" (measure.key) } { (measure.name) } }
                }
            }
        }
    }

    fn legend(&self, measure: &Measure) -> Markup {
        let ends = measure.scale.ends();
        let rises = ends[STEPS - 1] / ends[STEPS - 2];
        html! {
            div class="legend" {
                ol {
                    @for (step, end) in (1..).zip(ends) {
                        li { i class={ "s" (step) } {} span { "≤ " ((measure.text)(end)) } }
                    }
                }
                p { (measure.name) ": " (measure.says) "; every step is " (rises) " times the one before. Boxes without a colour add nothing"
                    @if measure.key == 'e' { ", or are stored nowhere" } "." }
            }
        }
    }

    /// A bar for every box.
    fn bars(&self, measure: &Measure) -> Markup {
        let nodes = &self.page.nodes;
        let most = measure.scale.ends()[STEPS - 1];
        let least = nodes.iter().map(measure.value).filter(|value| *value > 0.0).fold(most, f64::min);
        let height = |value: f64| match value {
            _ if value <= 0.0 => 0.0,
            _ if measure.logarithmic && least < most => {
                10.0 + 90.0 * (value / least).ln() / (most / least).ln()
            }
            _ => (100.0 * value / most).max(1.0),
        };
        let largest = nodes.iter().max_by(|a, b| (measure.value)(a).total_cmp(&(measure.value)(b)));
        html! {
            svg class="bars" viewBox={ "0 0 " (nodes.len()) " 100" } preserveAspectRatio="none" role="img"
                aria-label={ (measure.name) " of every box in the order of computation" } {
                @for (index, node) in nodes.iter().enumerate() {
                    @let value = (measure.value)(node);
                    @if value > 0.0 {
                        @let height = height(value);
                        a href={ "#n" (index) } tabindex="-1" {
                            rect class={ "s" (measure.scale.step(value)) } x=(index) y=(format!("{:.1}", 100.0 - height)) width="1"
                                height=(format!("{height:.1}")) {
                                title { (shown(&node.operator)) " " (shown(&node.name)) ": " ((measure.text)(value)) }
                            }
                        }
                    }
                }
            }
            @if let Some(largest) = largest {
                p class="caption" {
                    (measure.name) " in the order of computation" @if measure.logarithmic { ", on a logarithmic scale" }
                    "; the most is " ((measure.text)((measure.value)(largest))) ", of " (shown(&largest.operator)) " "
                    (shown(&largest.name)) "."
                }
            }
        }
    }

    /// Sums over the boxes of every operator.
    fn by_operator(&self) -> Markup {
        let mut sums: Vec<(&str, usize, Cost)> = Vec::new();
        for node in self.page.nodes.iter().filter(|node| node.kind == Kind::Node) {
            let Some(cost) = node.cost else { continue };
            let sum = match sums.iter_mut().find(|(operator, ..)| *operator == node.operator) {
                Some(sum) => sum,
                None => {
                    sums.push((&node.operator, 0, Cost::default()));
                    let last = sums.len() - 1;
                    &mut sums[last]
                }
            };
            sum.1 += 1;
            sum.2.seconds += cost.seconds;
            sum.2.committed_values += cost.committed_values;
            sum.2.multiplications += node.multiplications;
        }
        sums.sort_by(|a, b| b.2.seconds.total_cmp(&a.2.seconds));
        let all: f64 = sums.iter().map(|(_, _, cost)| cost.seconds).sum();
        html! {
            @if all > 0.0 {
                div class="scroll" tabindex="0" role="region" aria-label="Operators" {
                    table {
                        thead { tr {
                            th { "Operator" } th { "Boxes" } th { "Multiplications" } th { "Committed values" } th { "Time, estimated" }
                            th { "Share" } th {}
                        } }
                        tbody {
                            @for (operator, count, cost) in &sums {
                                tr {
                                    th { (shown(operator)) }
                                    td { (count) }
                                    td { (number::count(cost.multiplications)) }
                                    td { (number::count(cost.committed_values)) }
                                    td { (number::seconds(cost.seconds)) }
                                    td { (number::percent(cost.seconds / all)) }
                                    td class="share" {
                                        svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
                                            rect width=(format!("{:.1}", 100.0 * cost.seconds / all)) height="10" {}
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn section(&self, section: &Section) -> Markup {
        html! {
            div class={ "g h" (section.height) } {
                svg class="edges" width=(WIDTH) height=(section.height) aria-hidden="true" {
                    path d=(section.edges.iter().map(|points| curve(points)).collect::<String>()) {}
                }
                ol {
                    @for placed in &section.placed {
                        @let class = format!("l{} t{} w{}", placed.left, placed.top, placed.width);
                        @match placed.item {
                            Item::Node(index) => (self.node(index, &class)),
                            Item::Reference(index) => {
                                @let node = &self.page.nodes[index];
                                li class={ "n r " (class) } {
                                    a href={ "#n" (index) } { "↑ " (shown(&node.operator)) " " span { (shown(&node.name)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn node(&self, index: usize, class: &str) -> Markup {
        let node = &self.page.nodes[index];
        let mut class = format!("n {class}");
        for measure in &self.measures {
            let step = measure.scale.step((measure.value)(node));
            if step > 0 {
                let _ = write!(class, " {}{step}", measure.key);
            }
        }
        class.push_str(match (node.kind, &node.problem) {
            (_, Some(_)) => " bad",
            (Kind::Node, _) => "",
            (Kind::Input | Kind::Output, _) => " io",
        });
        let label = if node.kind == Kind::Node { &node.operator } else { &node.name };
        html! {
            li class=(class) id={ "n" (index) } tabindex="0" {
                b { (shown(label)) }
                @if let Some(dims) = &node.extents { span { (number::extents(dims)) } }
                div class="d" { (self.detail(node)) }
            }
        }
    }

    fn detail(&self, node: &Node) -> Markup {
        let share = |seconds: f64| match self.page.seconds {
            Some(all) if all > 0.0 => format!(", {} of the proof", number::percent(seconds / all)),
            _ => String::new(),
        };
        html! {
            strong { (shown(&node.operator)) }
            em { (shown(&node.name)) }
            @if let Some(problem) = &node.problem { p class="problem" { (shown(problem)) } }
            dl {
                @if let Some(dims) = &node.extents { dt { "Shape" } dd { (number::extents(dims)) } }
                @if node.multiplications > 0 { dt { "Multiplications" } dd { (number::grouped(node.multiplications)) } }
                @if let Some(cost) = node.cost {
                    @if cost.weights > 0 { dt { "Weights" } dd { (number::grouped(cost.weights)) } }
                    dt { "Committed values" } dd { (number::grouped(cost.committed_values)) }
                    @if cost.cells > 0 {
                        dt { "Cells, with padding" } dd { (number::grouped(cost.cells)) }
                        dt { "Commitments they lie in" } dd { (number::grouped(cost.commitments)) }
                    }
                    @if cost.seconds > 0.0 {
                        dt { "Proving, estimated" } dd { (number::seconds(cost.seconds)) (share(cost.seconds)) }
                    }
                }
                @if let Some(error) = node.error {
                    dt { "Quantisation error" }
                    dd { (format!("{:.2e}", error.absolute)) ", " (number::percent(error.relative)) " of the largest value" }
                }
            }
        }
    }
}

/// A line down to the end of a row, and a curve to the next one.
fn curve(points: &[[i32; 2]]) -> String {
    let [[x, start], [_, end], [next, top]] = points else { return String::new() };
    let mut path = format!("M{x} {start}");
    if start != end {
        let _ = write!(path, "V{end}");
    }
    if x == next {
        let _ = write!(path, "V{top}");
    } else {
        let middle = (end + top) / 2;
        let _ = write!(path, "C{x} {middle} {next} {middle} {next} {top}");
    }
    path
}
