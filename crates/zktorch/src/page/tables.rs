//! Facts, who sees what, and all numbers of all nodes.

use maud::{Markup, html};
use zktorch_prover::Cost;

use super::{Fact, Kind, Page, Visible, number, shown};

/// The numbers that are asked for first.
pub(super) fn facts(facts: &[Fact]) -> Markup {
    html! {
        @if !facts.is_empty() {
            dl class="facts" {
                @for fact in facts {
                    div {
                        dt { (shown(&fact.name)) }
                        dd {
                            @match &fact.value {
                                Some(value) => data value=(shown(value)) { (shown(&fact.text)) },
                                None => (shown(&fact.text)),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Two lists.
pub(super) fn visible(visible: &[Visible]) -> Option<Markup> {
    let list = |title: &str, class: &str, public: bool| {
        html! {
            div class=(class) {
                h3 { (title) }
                ul {
                    @for item in visible.iter().filter(|item| item.public == public) {
                        li { b { (shown(&item.what)) } " " span { (shown(&item.how)) } }
                    }
                }
            }
        }
    };
    (!visible.is_empty()).then(|| {
        html! {
            p class="caption" { "For whoever has the verifying key, a statement and its proof." }
            div class="pair" {
                (list("Public", "public", true))
                (list("Hidden", "hidden", false))
            }
        }
    })
}

/// A row for every node, and the sums.
pub(super) fn nodes(page: &Page) -> Option<Markup> {
    let nodes: Vec<_> = page.nodes.iter().enumerate().filter(|(_, node)| node.kind == Kind::Node).collect();
    if nodes.is_empty() {
        return None;
    }
    let costs = || nodes.iter().filter_map(|(_, node)| node.cost);
    let known = costs().next().is_some();
    let sum = |value: fn(&Cost) -> u64| costs().map(|cost| value(&cost)).sum::<u64>();
    let (values, cells, weights) =
        (sum(|cost| cost.committed_values), sum(|cost| cost.cells), sum(|cost| cost.weights));
    let seconds: f64 = costs().map(|cost| cost.seconds).sum();
    let multiplications: u64 = nodes.iter().map(|(_, node)| node.multiplications).sum();
    Some(html! {
        details {
            summary { (nodes.len()) " " (page.unit) "s in a table" }
            div class="scroll" tabindex="0" role="region" aria-label="All numbers" {
                table id="all" {
                    thead { tr {
                        th { "Name" } th class="text" { "Operator" } th class="text" { "Shape" } th { "Multiplications" }
                        @if known {
                            th { "Weights" } th { "Committed values" } th { "Cells" } th { "Commitments" } th { "Time, estimated" }
                        }
                        th { "Error" }
                    } }
                    tbody {
                        @for (index, node) in &nodes {
                            tr {
                                th { a href={ "#n" (index) } { (shown(&node.name)) } }
                                td class="text" { (shown(&node.operator)) }
                                td class="text" { @if let Some(dims) = &node.extents { (number::extents(dims)) } }
                                td { (number::grouped(node.multiplications)) }
                                @if let Some(cost) = node.cost {
                                    td { (number::grouped(cost.weights)) }
                                    td { (number::grouped(cost.committed_values)) }
                                    td { (number::grouped(cost.cells)) }
                                    td { (number::grouped(cost.commitments)) }
                                    td { (number::seconds(cost.seconds)) }
                                }
                                td { @if let Some(error) = node.error { (number::percent(error.relative)) } }
                            }
                        }
                    }
                    tfoot {
                        @if let (true, Some(all)) = (known, page.committed_values) {
                            tr {
                                th { "private inputs, and what crosses the cuts of shards" } td {} td {} td {} td {}
                                td { data class="elsewhere" value=(all.saturating_sub(values)) { (number::grouped(all.saturating_sub(values))) } }
                                td {} td {} td {} td {}
                            }
                        }
                        @if let (true, Some(all)) = (known, page.seconds) {
                            tr {
                                th { "tables, mask, opening and the padding of chunks, which belong to no " (page.unit) }
                                td {} td {} td {} td {} td {} td {} td {} td { (number::seconds((all - seconds).max(0.0))) } td {}
                            }
                        }
                        tr {
                            th { "all" } td {} td {}
                            td { data class="multiplications" value=(multiplications) { (number::grouped(multiplications)) } }
                            @if known {
                                @let all = page.committed_values.unwrap_or(values);
                                td { (number::grouped(weights)) }
                                td { data class="values" value=(all) { (number::grouped(all)) } }
                                td { (number::grouped(cells)) }
                                td {}
                                td { (number::seconds(page.seconds.unwrap_or(seconds))) }
                            }
                            td {}
                        }
                    }
                }
            }
        }
    })
}
