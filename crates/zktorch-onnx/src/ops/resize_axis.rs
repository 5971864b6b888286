//! Interpolation along one axis: where every entry of the result comes from, and with which coefficients.

/// How places of the result become places of the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Coordinates {
    HalfPixel,
    Symmetric,
    PytorchHalfPixel,
    AlignCorners,
    Asymmetric,
    /// From the first to the second one, as parts of the input.
    Crop(f64, f64),
}

/// Which neighbour is the nearest one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rounding {
    PreferFloor,
    PreferCeil,
    Floor,
    Ceil,
}

/// How neighbours are combined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Method {
    Nearest(Rounding),
    Linear,
    /// With the coefficient a of Keys' kernel.
    Cubic(f64),
}

/// One axis of a resize.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) scale: f64,
    pub(super) coordinates: Coordinates,
    pub(super) method: Method,
    pub(super) antialias: bool,
    pub(super) exclude_outside: bool,
}

/// Keys' cubic convolution kernel.
fn cubic(x: f64, a: f64) -> f64 {
    let x = x.abs();
    if x <= 1.0 {
        ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        a * (((x - 5.0) * x + 8.0) * x - 4.0)
    } else {
        0.0
    }
}

impl Axis {
    /// An axis that stays as it is.
    pub(super) fn kept(extent: usize) -> Self {
        Self {
            input: extent,
            output: extent,
            scale: 1.0,
            coordinates: Coordinates::Asymmetric,
            method: Method::Nearest(Rounding::Floor),
            antialias: false,
            exclude_outside: false,
        }
    }

    pub(super) fn is_kept(&self) -> bool {
        let crops = matches!(self.coordinates, Coordinates::Crop(from, to) if (from, to) != (0.0, 1.0));
        self.input == self.output && self.scale == 1.0 && !crops
    }

    pub(super) fn is_selection(&self) -> bool {
        self.is_kept() || matches!(self.method, Method::Nearest(_))
    }

    /// The place in the input of entry p of the result.
    fn source(&self, p: usize) -> f64 {
        let (p, input) = (p as f64, self.input as f64);
        let output = self.scale * input;
        let half_pixel = (p + 0.5) / self.scale - 0.5;
        match self.coordinates {
            Coordinates::HalfPixel => half_pixel,
            Coordinates::Symmetric => input / 2.0 * (1.0 - self.output as f64 / output) + half_pixel,
            Coordinates::PytorchHalfPixel => {
                if output == 1.0 {
                    -0.5
                } else {
                    half_pixel
                }
            }
            Coordinates::AlignCorners => {
                if output == 1.0 {
                    0.0
                } else {
                    p * (input - 1.0) / (output - 1.0)
                }
            }
            Coordinates::Asymmetric => p / self.scale,
            Coordinates::Crop(from, to) => {
                let offset = match output == 1.0 {
                    true => (to - from) * (input - 1.0) / 2.0,
                    false => p * (to - from) * (input - 1.0) / (output - 1.0),
                };
                offset + from * (input - 1.0)
            }
        }
    }

    /// Which entries of the result lie outside of the input; in a crop alone.
    pub(super) fn outside(&self) -> Vec<bool> {
        let crop = matches!(self.coordinates, Coordinates::Crop(..));
        let is_outside = |x: f64| crop && !(0.0..=self.input as f64 - 1.0).contains(&x);
        (0..self.output).map(|p| is_outside(self.source(p))).collect()
    }

    /// How much a kernel is stretched.
    fn stretch(&self) -> f64 {
        if self.antialias { self.scale.min(1.0) } else { 1.0 }
    }

    /// An upper bound on the number of coefficients of an entry.
    pub(super) fn taps(&self) -> usize {
        ((4.0 / self.stretch()).ceil() as usize).saturating_add(2)
    }

    /// Neighbours of a place with their coefficients; neighbours may be outside.
    fn neighbours(&self, x: f64) -> Vec<(i64, f64)> {
        let floor = x.floor();
        // The pixel on the left is preferred: the distance to it is in (0, 1].
        let (left, ratio) = if x == floor { (floor - 1.0, 1.0) } else { (floor, x - floor) };
        let left = left as i64;
        let stretch = self.stretch();
        let kernel = |radius: f64, f: &dyn Fn(f64) -> f64| {
            let start = (-radius / stretch).floor() as i64 + 1;
            let taps: Vec<(i64, f64)> =
                (start..2 - start).map(|i| (left + i, f((i as f64 - ratio) * stretch))).collect();
            let sum: f64 = taps.iter().map(|(_, c)| c).sum();
            let sum = if self.antialias { sum } else { 1.0 };
            taps.into_iter().map(|(i, c)| (i, c / sum)).collect::<Vec<_>>()
        };
        match self.method {
            Method::Nearest(rounding) => {
                let right = match rounding {
                    _ if x == floor => true,
                    Rounding::PreferFloor => ratio > 0.5,
                    Rounding::PreferCeil => ratio >= 0.5,
                    Rounding::Floor => false,
                    Rounding::Ceil => true,
                };
                vec![(left + i64::from(right), 1.0)]
            }
            Method::Linear => kernel(1.0, &|x| (1.0 - x.abs()).max(0.0)),
            Method::Cubic(a) => kernel(2.0, &|x| cubic(x, a)),
        }
    }

    /// (row, column, coefficient) with the divisor of all coefficients.
    pub(super) fn matrix(&self, bits: u32) -> (Vec<(u32, u32, i32)>, u32) {
        let last = self.input.saturating_sub(1) as i64;
        let outside = self.outside();
        let mut rows = Vec::new();
        for p in (0..self.output).filter(|p| !outside[*p]) {
            let mut taps = self.neighbours(self.source(p));
            if self.exclude_outside {
                taps.retain(|(i, _)| (0..=last).contains(i));
                let sum: f64 = taps.iter().map(|(_, c)| c).sum();
                taps.iter_mut().for_each(|(_, c)| *c /= sum);
            }
            let mut row: Vec<(u32, f64)> = Vec::new();
            for (i, coefficient) in taps {
                let column = i.clamp(0, last) as u32;
                match row.iter_mut().find(|(other, _)| *other == column) {
                    Some((_, sum)) => *sum += coefficient,
                    None => row.push((column, coefficient)),
                }
            }
            rows.extend(row.into_iter().map(|(column, c)| (p as u32, column, c)));
        }
        if self.is_selection() {
            return (rows.into_iter().map(|(p, q, _)| (p, q, 1)).collect(), 1);
        }
        // The smallest power of two that makes all coefficients integers, or the largest one.
        let exact = |bits: &u32| rows.iter().all(|(_, _, c)| (c * f64::from(1u32 << bits)).fract() == 0.0);
        let bits = (0..bits).find(exact).unwrap_or(bits);
        let divisor = 1u32 << bits;
        let rounded = |c: f64| (c * f64::from(divisor)).round() as i32;
        (rows.into_iter().map(|(p, q, c)| (p, q, rounded(c))).collect(), divisor)
    }
}
