//! Stages over time, errors by layer, bytes by part.

use maud::{Markup, html};

use super::{Page, ProofBytes, Timeline, number, shown};

/// Errors that are listed: those of the layers with the largest.
const WORST: usize = 12;
/// Colours of parts: as many classes as the style sheet has.
const COLOURS: usize = 10;

/// A row for every stage, in the order in which they begin.
pub(super) fn timeline(timeline: Option<&Timeline>) -> Option<Markup> {
    let timeline = timeline.filter(|timeline| !timeline.spans.is_empty())?;
    let end = timeline.spans.iter().map(|span| span.end).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let mut stages: Vec<(&str, f64)> = Vec::new();
    for span in &timeline.spans {
        match stages.iter_mut().find(|(stage, _)| *stage == span.stage) {
            Some((_, seconds)) => *seconds += span.end - span.start,
            None => stages.push((&span.stage, span.end - span.start)),
        }
    }
    let all: f64 = stages.iter().map(|(_, seconds)| seconds).sum();
    let percent = |part: f64| format!("{:.3}%", 100.0 * part / end);
    let ticks = ticks(end);
    Some(html! {
        p class="caption" {
            @if timeline.measured { "Measured: " (number::seconds(all)) " in all, each moment counted for the innermost stage." }
            @else { "Estimated, on two cores with AVX-512 IFMA: " (number::seconds(all)) " in all. Other machines differ by a factor." }
        }
        div class="times" role="table" aria-label="Stages" {
            @for (stage, seconds) in &stages {
                div role="row" {
                    span role="cell" { (shown(&stage.replace('_', " "))) }
                    svg aria-hidden="true" {
                        @for tick in &ticks { line class="grid" x1=(percent(*tick)) x2=(percent(*tick)) y1="0" y2="100%" {} }
                        @for span in timeline.spans.iter().filter(|span| span.stage == *stage) {
                            rect x=(percent(span.start)) y="3" width=(percent((span.end - span.start).max(end / 400.0))) height="14" {}
                        }
                    }
                    data role="cell" value=(seconds) { (number::seconds(*seconds)) " · " (number::percent(seconds / all.max(f64::MIN_POSITIVE))) }
                }
            }
            div class="axis" {
                span {}
                svg aria-hidden="true" {
                    @for tick in &ticks { text x=(percent(*tick)) y="11" { (number::seconds(*tick)) } }
                }
                span {}
            }
        }
    })
}

/// Round numbers from 0 on, four or five of them.
fn ticks(end: f64) -> Vec<f64> {
    let unit = 10f64.powf((end / 4.0).log10().floor());
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|factor| factor * unit).find(|step| end / step <= 4.5);
    let step = step.unwrap_or(end);
    (0..5).map(|index| f64::from(index) * step).filter(|tick| *tick <= 0.93 * end).collect()
}

/// The layers with the largest errors.
pub(super) fn errors(page: &Page) -> Option<Markup> {
    let with_error =
        page.nodes.iter().enumerate().filter_map(|(index, node)| Some((index, node, node.error?)));
    let mut all: Vec<_> = with_error.collect();
    let count = all.len();
    all.sort_by(|(.., a), (.., b)| b.relative.total_cmp(&a.relative));
    all.truncate(WORST);
    let most = all.first().map(|(.., error)| error.relative).filter(|most| *most > 0.0);
    let on = page.measured_on.as_deref()?;
    Some(html! {
        p class="caption" {
            "How far the integers are from the float model, as a part of a layer's largest value, on " (shown(on)) ". "
            @if all.is_empty() { "Nothing was compared." }
            @else if count > all.len() { "The " (all.len()) " largest of " (count) " stored results; all are in the table below, and in the network above." }
        }
        @if !all.is_empty() {
            div class="scroll" tabindex="0" role="region" aria-label="Quantisation errors" {
                table {
                    thead { tr { th { "Layer" } th class="text" { "Operator" } th { "Largest difference" } th { "Of the largest value" } th {} } }
                    tbody {
                        @for (index, node, error) in &all {
                            tr {
                                th { a href={ "#n" (index) } { (shown(&node.name)) } }
                                td class="text" { (shown(&node.operator)) }
                                td { (format!("{:.2e}", error.absolute)) }
                                td { (number::percent(error.relative)) }
                                td class="share" {
                                    svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
                                        rect width=(format!("{:.1}", 100.0 * error.relative / most.unwrap_or(1.0))) height="10" {}
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    })
}

/// A bar with all parts of a proof, and a row for each.
pub(super) fn bytes(bytes: Option<&ProofBytes>) -> Option<Markup> {
    let ProofBytes { header, parts } = bytes.filter(|bytes| !bytes.parts.is_empty())?;
    let header = ("header: format, version, model id", 0, 0, *header);
    let parts = parts.iter().map(|part| (part.name, part.points, part.scalars, part.bytes()));
    let parts: Vec<(&str, usize, usize, usize)> =
        std::iter::once(header).chain(parts).filter(|part| part.3 > 0).collect();
    let all: usize = parts.iter().map(|part| part.3).sum();
    let share = |bytes: usize| bytes as f64 / all.max(1) as f64;
    let before = |index: usize| parts[..index].iter().map(|part| part.3).sum::<usize>();
    Some(html! {
        p class="caption" {
            "Every proof of this model has " (number::grouped(all as u64)) " bytes: group elements (commitments) and scalars of 32 bytes each, and a \
             header."
        }
        svg class="stack" aria-hidden="true" {
            @for (index, part) in parts.iter().enumerate() {
                rect class={ "p" (index % COLOURS) } x=(format!("{:.3}%", 100.0 * share(before(index)))) width=(format!("{:.3}%", 100.0 * share(part.3)))
                    height="100%" {}
            }
        }
        div class="scroll" tabindex="0" role="region" aria-label="Parts of the proof" {
            table id="parts" {
                thead { tr { th { "Part" } th { "Group elements" } th { "Scalars" } th { "Bytes" } th { "Share" } } }
                tbody {
                    @for (index, (name, points, scalars, bytes)) in parts.iter().enumerate() {
                        tr {
                            th { svg class="key" viewBox="0 0 1 1" aria-hidden="true" { rect class={ "p" (index % COLOURS) } width="1" height="1" {} } (name) }
                            td { @if *points > 0 { (points) } }
                            td { @if *scalars > 0 { (scalars) } }
                            td { (number::grouped(*bytes as u64)) }
                            td { (number::percent(share(*bytes))) }
                        }
                    }
                }
                tfoot { tr { th { "the whole file" } td {} td {} td { data value=(all) { (number::grouped(all as u64)) } } td {} } }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::ticks;

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(4.94), [0.0, 2.0, 4.0]);
        assert_eq!(ticks(1.0), [0.0, 0.25, 0.5, 0.75]);
        assert!((1..1000).all(|end| (2..=5).contains(&ticks(f64::from(end) * 0.013).len())));
    }
}
