//! Plots as SVG: horizontal bars and curves. They know nothing of what they show.

use std::ops::Range;

use anyhow::Result;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::FontFamily;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::palette::{GREY, GRID, INK};

/// The page's own font, whose name the style sheet gives.
const FONT: FontFamily<'static> = FontFamily::SansSerif;
/// Pixels of text; plotters writes sizes divided by 1.24.
const TEXT: f64 = 13.0 * 1.24;
const SMALL: f64 = 12.0 * 1.24;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// How an axis counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// From zero.
    Linear,
    /// By powers of ten.
    Log,
}

/// What is said along an axis.
pub(super) struct Axis {
    pub(super) name: &'static str,
    pub(super) scale: Scale,
    pub(super) format: fn(f64) -> String,
}

/// One bar: parts in a row from zero, and a word at its end.
pub(super) struct Bar {
    pub(super) parts: Vec<(RGBColor, f64)>,
    pub(super) label: String,
}

impl Bar {
    /// A bar of one part.
    pub(super) fn plain(colour: RGBColor, value: f64, label: String) -> Self {
        Self { parts: vec![(colour, value)], label }
    }

    fn length(&self) -> f64 {
        self.parts.iter().map(|(_, value)| value).sum()
    }
}

/// Bars that belong together, with their name at the left.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) bars: Vec<Bar>,
}

/// Pixels of a bar chart.
pub(super) struct Shape {
    pub(super) width: u32,
    /// Of one bar.
    pub(super) bar: u32,
    /// For the rows' names.
    pub(super) left: u32,
    /// For the words at the bars' ends.
    pub(super) right: u32,
}

/// Horizontal bars, the first row at the top. On a logarithmic axis a bar starts at the power of ten below the smallest.
pub(super) fn bars(rows: &[Row], axis: &Axis, shape: &Shape) -> Result<String> {
    let largest = rows.iter().flat_map(|row| &row.bars).map(Bar::length).fold(0.0, f64::max);
    let smallest = rows.iter().flat_map(|row| &row.bars).map(Bar::length).filter(|length| *length > 0.0);
    let decades = decades(smallest.fold(f64::INFINITY, f64::min), largest);
    match axis.scale {
        Scale::Linear => {
            let end = if largest > 0.0 { 1.02 * largest } else { 1.0 };
            let x: plotters::coord::types::RangedCoordf64 = (0.0..end).into();
            bars_on(rows, axis, shape, x, 0.0)
        }
        Scale::Log => {
            let range = ends(&decades);
            let start = range.start;
            bars_on(rows, axis, shape, range.log_scale().with_key_points(decades), start)
        }
    }
}

fn bars_on<X>(rows: &[Row], axis: &Axis, shape: &Shape, x: X, start: f64) -> Result<String>
where
    X: AsRangedCoord<Value = f64>,
    X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    const GAP: u32 = 12;
    let slots: u32 = rows.iter().map(|row| row.bars.len() as u32 * shape.bar + GAP).sum();
    let height = slots + 46;
    // Rows go down, coordinates up.
    let up = |top: f64| f64::from(slots) - top;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (shape.width, height)).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_top(4)
            .margin_right(shape.right)
            .x_label_area_size(42)
            .y_label_area_size(shape.left)
            .build_cartesian_2d(x, 0.0..f64::from(slots).max(1.0))?;
        mesh(&mut chart, axis, None)?;
        let mut top = f64::from(GAP) / 2.0;
        for row in rows {
            let middle = top + f64::from(shape.bar) * row.bars.len() as f64 / 2.0;
            let (x, y) = chart.backend_coord(&(start, up(middle)));
            root.draw_text(&row.name, &text(TEXT, &INK, HPos::Right), (x - 10, y))?;
            for bar in &row.bars {
                let bottom = top + f64::from(shape.bar);
                let mut from = start.min(bar.length());
                let mut sum = 0.0;
                for (colour, value) in &bar.parts {
                    sum += value;
                    let to = sum.max(from);
                    chart.draw_series([Rectangle::new(
                        [(from, up(top + 1.0)), (to, up(bottom - 1.0))],
                        colour.filled(),
                    )])?;
                    from = to;
                }
                let (x, y) = chart.backend_coord(&(from, up((top + bottom) / 2.0)));
                root.draw_text(&bar.label, &text(SMALL, &GREY, HPos::Left), (x + 6, y))?;
                top = bottom;
            }
            top += f64::from(GAP);
        }
        root.present()?;
    }
    Ok(svg)
}

/// How a word is written at a point: to its left, right, or around it.
fn text(size: f64, colour: &RGBColor, side: HPos) -> TextStyle<'_> {
    TextStyle::from((FONT, size).into_font()).color(colour).pos(Pos::new(side, VPos::Center))
}

/// Points, joined by a line, each with a word.
pub(super) struct Curve {
    pub(super) colour: RGBColor,
    pub(super) points: Vec<(f64, f64, String)>,
}

/// A curve over two logarithmic axes.
pub(super) fn curve(curve: &Curve, x: &Axis, y: &Axis, size: (u32, u32)) -> Result<String> {
    let span = |values: &dyn Fn(&(f64, f64, String)) -> f64| {
        let all = || curve.points.iter().map(values);
        decades(all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max))
    };
    let (xs, ys) = (span(&|point| point.0), span(&|point| point.1));
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_top(14)
            .margin_right(48)
            .x_label_area_size(42)
            .y_label_area_size(72)
            .build_cartesian_2d(
                ends(&xs).log_scale().with_key_points(xs),
                ends(&ys).log_scale().with_key_points(ys),
            )?;
        mesh(&mut chart, x, Some(y))?;
        let path = curve.points.iter().map(|(x, y, _)| (*x, *y));
        chart.draw_series(LineSeries::new(path, curve.colour.mix(0.5).stroke_width(2)))?;
        let points = curve.points.iter().map(|(x, y, _)| Circle::new((*x, *y), 5, curve.colour.filled()));
        chart.draw_series(points)?;
        let places: Vec<(i32, i32)> =
            curve.points.iter().map(|(x, y, _)| chart.backend_coord(&(*x, *y))).collect();
        words(&root, &places, curve)?;
        root.present()?;
    }
    Ok(svg)
}

/// The points' words: above or below, farther away where another word or point is; a thin line then leads to the point.
fn words(root: &Area<'_>, places: &[(i32, i32)], curve: &Curve) -> Result<()> {
    const STEPS: [i32; 8] = [-16, 18, -34, 36, -52, 54, -70, 72];
    // Middles and half extents of what a word must not cover.
    let mut taken: Vec<(i32, i32, i32, i32)> = places.iter().map(|(x, y)| (*x, *y, 4, 3)).collect();
    for ((x, y), (_, _, word)) in places.iter().zip(&curve.points) {
        let half = 4 * i32::try_from(word.chars().count())?;
        let free = |step: &i32| {
            let apart = |(tx, ty, width, height): &(i32, i32, i32, i32)| {
                (x - tx).abs() > half + width || (y + step - ty).abs() > 7 + height
            };
            taken.iter().all(apart)
        };
        let step = STEPS.into_iter().find(free).unwrap_or(-16);
        taken.push((*x, y + step, half, 7));
        if step.abs() > 20 {
            let ends = [(*x, y + 5 * step.signum()), (*x, y + step - 7 * step.signum())];
            root.draw(&PathElement::new(ends, GREY.stroke_width(1)))?;
        }
        root.draw_text(word, &text(SMALL, &INK, HPos::Center), (*x, y + step))?;
    }
    Ok(())
}

/// The lines behind the data and what is said along the axes; without `y` only across.
fn mesh<X, Y>(
    chart: &mut ChartContext<'_, SVGBackend<'_>, Cartesian2d<X, Y>>,
    x: &Axis,
    y: Option<&Axis>,
) -> Result<()>
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let x_format = |value: &f64| (x.format)(*value);
    let y_format = |value: &f64| y.map_or_else(String::new, |axis| (axis.format)(*value));
    let mut mesh = chart.configure_mesh();
    mesh.axis_style(GREY.stroke_width(1))
        .bold_line_style(GRID.stroke_width(1))
        .light_line_style(TRANSPARENT)
        .label_style((FONT, SMALL, &GREY))
        .axis_desc_style((FONT, SMALL, &INK))
        .x_labels(7)
        .x_desc(x.name)
        .x_label_formatter(&x_format)
        .y_label_formatter(&y_format);
    match y {
        Some(axis) => mesh.y_desc(axis.name),
        None => mesh.disable_y_mesh().disable_y_axis(),
    };
    mesh.draw()?;
    Ok(())
}

/// The powers of ten from the one at or below `smallest` to the one at or above `largest`: at least two.
fn decades(smallest: f64, largest: f64) -> Vec<f64> {
    if !(smallest.is_finite() && smallest > 0.0 && largest.is_finite()) {
        return vec![1.0, 10.0];
    }
    let first = smallest.log10().floor() as i32;
    let last = (largest.log10().ceil() as i32).max(first + 1);
    (first..=last).map(|exponent| 10f64.powi(exponent)).collect()
}

fn ends(decades: &[f64]) -> Range<f64> {
    decades.first().copied().unwrap_or(1.0)..decades.last().copied().unwrap_or(10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Axis = Axis { name: "time", scale: Scale::Linear, format: |value| format!("{value} s") };
    const LOG: Axis = Axis { name: "cost", scale: Scale::Log, format: |value| format!("{value}") };
    const SHAPE: Shape = Shape { width: 600, bar: 20, left: 100, right: 100 };

    /// The widths of the rectangles of one colour.
    fn widths(svg: &str, colour: RGBColor) -> Vec<f64> {
        let hex = super::super::palette::hex(colour).to_uppercase();
        svg.lines()
            .filter(|line| line.starts_with("<rect") && line.contains(&format!("fill=\"{hex}\"")))
            .map(|line| line.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap())
            .collect()
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        let row = |name: &str, parts: Vec<(RGBColor, f64)>| Row {
            name: name.to_owned(),
            bars: vec![Bar { parts, label: String::new() }],
        };
        let rows = [row("a", vec![(RED, 1.0), (BLUE, 3.0)]), row("b", vec![(RED, 2.0), (BLUE, 0.0)])];
        let svg = bars(&rows, &PLAIN, &SHAPE).unwrap();
        let (red, blue) = (widths(&svg, RED), widths(&svg, BLUE));
        // The longest bar, of length 4, nearly fills the 400 pixels.
        let unit = 400.0 / 4.08;
        assert!((red[0] - unit).abs() <= 2.0 && (red[1] - 2.0 * unit).abs() <= 2.0, "{red:?}");
        assert!((blue[0] - 3.0 * unit).abs() <= 2.0 && blue[1] == 0.0, "{blue:?}");
    }

    #[test]
    fn logarithmic_bars_count_decades() {
        let rows = [1.0, 100.0, 10_000.0]
            .map(|value| Row { name: String::new(), bars: vec![Bar::plain(RED, value, String::new())] });
        let red = widths(&bars(&rows, &LOG, &SHAPE).unwrap(), RED);
        assert_eq!(red[0], 0.0);
        assert!((red[1] - 200.0).abs() <= 2.0 && (red[2] - 400.0).abs() <= 2.0, "{red:?}");
    }

    #[test]
    fn nothing_to_show_is_no_error() {
        assert!(bars(&[], &PLAIN, &SHAPE).is_ok());
        assert!(bars(&[], &LOG, &SHAPE).is_ok());
        let zero = [Row { name: "zero".into(), bars: vec![Bar::plain(RED, 0.0, "0".into())] }];
        assert!(bars(&zero, &LOG, &SHAPE).is_ok());
        let none = Curve { colour: RED, points: Vec::new() };
        assert!(curve(&none, &LOG, &LOG, (300, 200)).is_ok());
    }

    #[test]
    fn powers_of_ten() {
        assert_eq!(decades(340.0, 81e6), [1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8]);
        assert_eq!(decades(10.0, 10.0), [10.0, 100.0]);
        assert_eq!(decades(f64::INFINITY, 0.0), [1.0, 10.0]);
    }

    #[test]
    fn text_is_escaped() {
        let rows = [Row { name: "<b>&".into(), bars: vec![Bar::plain(RED, 1.0, "\"<i>".into())] }];
        let svg = bars(&rows, &PLAIN, &SHAPE).unwrap();
        assert!(svg.contains("&lt;b&gt;&amp;") && !svg.contains("<b>") && !svg.contains("<i>"), "{svg}");
    }
}
