//! Colours. Those of parts are Paul Tol's "muted" scheme, which colour-blind readers can tell apart.

use plotters::style::RGBColor;

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Text of less weight.
pub(super) const GREY: RGBColor = RGBColor(0x66, 0x66, 0x66);
/// Lines behind the data.
pub(super) const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);

pub(super) const INDIGO: RGBColor = RGBColor(0x33, 0x22, 0x88);
pub(super) const CYAN: RGBColor = RGBColor(0x88, 0xcc, 0xee);
pub(super) const TEAL: RGBColor = RGBColor(0x44, 0xaa, 0x99);
pub(super) const GREEN: RGBColor = RGBColor(0x11, 0x77, 0x33);
pub(super) const OLIVE: RGBColor = RGBColor(0x99, 0x99, 0x33);
pub(super) const SAND: RGBColor = RGBColor(0xdd, 0xcc, 0x77);
pub(super) const ROSE: RGBColor = RGBColor(0xcc, 0x66, 0x77);
pub(super) const WINE: RGBColor = RGBColor(0x88, 0x22, 0x55);
pub(super) const PURPLE: RGBColor = RGBColor(0xaa, 0x44, 0x99);
/// What is left over.
pub(super) const PALE: RGBColor = RGBColor(0xbb, 0xbb, 0xbb);

/// The parts of a whole, in order; neighbours differ in lightness too.
pub(super) const PARTS: [RGBColor; 9] = [CYAN, INDIGO, SAND, GREEN, OLIVE, WINE, TEAL, ROSE, PURPLE];

/// As HTML says it.
pub(super) fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
