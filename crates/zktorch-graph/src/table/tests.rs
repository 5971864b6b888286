use super::*;

const I16: Interval = Interval::I16;

fn table(function: Function, domain: Interval) -> Table {
    Table { function, domain }
}

/// Compares with floating point, but for values closer to a tie than the documented error (and that of f64).
fn check(function: Function, scales: (i32, i32), exact: impl Fn(f64) -> f64) {
    let (s, t) = scales;
    for domain in [I16, Interval::new(-(1 << 16), (1 << 16) - 1)] {
        let values = table(function.clone(), domain).values();
        let mut near = 0;
        for (v, y) in (domain.lo..=domain.hi).zip(&values) {
            let real = exact(f64::from(v) * (-f64::from(s)).exp2()) * f64::from(t).exp2() + 0.5;
            let tie = (real - real.round()).abs() < (-36f64).exp2() && v != 0;
            near += usize::from(tie && real.round() != f64::from(t).exp2());
            assert!(tie || real.floor() == f64::from(*y), "{function:?} at {v}: {y}, expected {real}");
        }
        // Values next to a tie are rare, so nearly all were compared (large negative t: all ties are at zero).
        assert!(near < 20 || t < 1, "{near}");
        assert!(values.is_sorted());
    }
}

#[test]
fn sigmoid_and_tanh_are_the_real_functions_rounded() {
    for s in [-32, -3, 0, 4, 8, 11, 13, 16, 20, 32] {
        for t in [-32, -1, 0, 1, 7, 12, 15, 16] {
            let sigmoid = Function::Sigmoid { input_scale: s, output_scale: t };
            check(sigmoid, (s, t), |x| {
                if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
            });
            check(Function::Tanh { input_scale: s, output_scale: t }, (s, t), f64::tanh);
        }
    }
}

#[test]
fn sigmoid_and_tanh_are_symmetric_and_saturate() {
    for (s, t) in [(0, 0), (11, 14), (12, 15), (-32, 16), (32, 16), (3, 1)] {
        let sigmoid = Function::Sigmoid { input_scale: s, output_scale: t };
        let tanh = Function::Tanh { input_scale: s, output_scale: t };
        assert_eq!((sigmoid.eval(0), tanh.eval(0)), ((1 << t) - (1 << t) / 2, 0));
        for v in (1..40_000).chain([i32::MAX]) {
            assert_eq!(sigmoid.eval(-v), (1 << t) - sigmoid.eval(v));
            assert_eq!(tanh.eval(-v), -tanh.eval(v));
        }
        if s < 20 {
            for v in [i32::MAX, i32::MIN] {
                assert_eq!(sigmoid.eval(v), if v > 0 { 1 << t } else { 0 });
                assert_eq!(tanh.eval(v), v.signum() << t);
            }
        }
    }
}

/// A table that is steep where its values are near zero, with every bit of the argument and the result in use.
#[test]
fn fine_scales_keep_their_accuracy() {
    let tanh = Function::Tanh { input_scale: 32, output_scale: 32 };
    for v in -60_000..60_000 {
        // tanh(x) = x - x^3/3 + ..: x < 2^-16 changes nothing at 2^-32 but by x^3 2^32 / 3 < 2^-17.
        assert_eq!(tanh.eval(v), v);
    }
}

#[test]
fn golden_values() {
    let sigmoid = Function::Sigmoid { input_scale: 12, output_scale: 15 };
    let tanh = Function::Tanh { input_scale: 12, output_scale: 15 };
    // Python's decimal with 50 digits.
    let expected = [
        (-32768, 11, -32768),
        (-4096, 8813, -24956),
        (1, 16386, 8),
        (4096, 23955, 24956),
        (10000, 30144, 32275),
    ];
    for (v, s, t) in expected {
        assert_eq!((sigmoid.eval(v), tanh.eval(v)), (s, t), "{v}");
    }
}

#[test]
fn piecewise_linear_functions() {
    let leaky = Function::LeakyRelu { numerator: 3, shift: 3 };
    let expected = [(-8, -3), (-4, -1), (-3, -1), (-2, -1), (-1, 0), (0, 0), (7, 7), (i32::MAX, i32::MAX)];
    for (v, y) in expected {
        assert_eq!(leaky.eval(v), y, "{v}");
    }
    assert_eq!(Function::LeakyRelu { numerator: i32::MIN, shift: 1 }.eval(i32::MIN), i32::MAX);
    assert_eq!(Function::LeakyRelu { numerator: i32::MIN, shift: 31 }.eval(i32::MIN), i32::MAX);
    assert_eq!(table(Function::Relu, Interval::new(-2, 2)).values(), [0, 0, 0, 1, 2]);
    assert_eq!(
        table(Function::Clip { lo: -1, hi: 6 }, Interval::new(-3, 8)).values(),
        [-1, -1, -1, 0, 1, 2, 3, 4, 5, 6, 6, 6]
    );
}

/// Parameters that validation refuses do not panic either.
#[test]
fn parameters_out_of_range() {
    let extremes = [i32::MIN, -33, -1, 0, 33, i32::MAX];
    for v in [i32::MIN, -1, 0, 1, i32::MAX] {
        for a in extremes {
            for b in extremes {
                for function in [
                    Function::Clip { lo: a, hi: b },
                    Function::LeakyRelu { numerator: a, shift: b as u32 },
                    Function::Sigmoid { input_scale: a, output_scale: b },
                    Function::Tanh { input_scale: a, output_scale: b },
                ] {
                    function.eval(v);
                    table(function, Interval::new(v, v)).image();
                }
            }
        }
    }
}

#[test]
fn image_is_the_range_of_the_values() {
    let functions = [
        Function::Relu,
        Function::LeakyRelu { numerator: 5, shift: 4 },
        Function::LeakyRelu { numerator: -50, shift: 4 },
        Function::Clip { lo: -10, hi: -5 },
        Function::Clip { lo: 5, hi: 10 },
        Function::Sigmoid { input_scale: 3, output_scale: 10 },
        Function::Tanh { input_scale: 3, output_scale: 10 },
    ];
    for function in functions {
        for (lo, hi) in [(0, 0), (-1, 0), (0, 1), (-1, 1), (-40, 30), (0, 100), (-100, 0)] {
            let table = table(function.clone(), Interval::new(lo, hi));
            let values = table.values();
            let image = Interval::new(*values.iter().min().unwrap(), *values.iter().max().unwrap());
            assert_eq!(table.image(), image, "{table:?}");
        }
    }
}

/// A generous limit: the aim is 20 ms for the largest table, optimised, on one core.
#[test]
fn largest_table_is_quick() {
    let table = table(
        Function::Sigmoid { input_scale: 13, output_scale: 15 },
        Interval::new(-(1 << 16), (1 << 16) - 1),
    );
    let start = std::time::Instant::now();
    assert_eq!(table.values().len(), 1 << 17);
    let elapsed = start.elapsed();
    println!("{elapsed:?}");
    assert!(elapsed.as_millis() < 500, "{elapsed:?}");
}
