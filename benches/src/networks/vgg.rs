//! VGG-16 (Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014).

use super::CLASSES;
use super::builder::{Builder, Form, ints};

/// Convolutions and channels before each pooling.
const STAGES: [[usize; 2]; 5] = [[2, 64], [2, 128], [3, 256], [3, 512], [3, 512]];
/// Extent after the last pooling.
const LAST: usize = 7;
const HIDDEN: usize = 4096;

impl Builder {
    pub(super) fn vgg16(&mut self, mut x: String) -> String {
        let mut channels = 3;
        let mut index = 0;
        for [count, outputs] in STAGES {
            for _ in 0..count {
                x = self.conv(&x, &format!("features.{index}"), Form::same([channels, outputs], 3, 1));
                x = self.relu(&x, &format!("features.{}", index + 1));
                channels = outputs;
                index += 2;
            }
            x = self.max_pool(&x, &format!("features.{index}"), [2, 2, 0], false);
            index += 1;
        }
        // AdaptiveAvgPool2d to 7x7, where 7x7 comes in: the exporter writes windows of one entry.
        let windows = vec![ints("kernel_shape", &[1, 1]), ints("strides", &[1, 1])];
        x = self.node("AveragePool", "avgpool", &[&x], windows);
        x = self.flatten(&x);
        x = self.gemm(&x, "classifier.0", [channels * LAST * LAST, HIDDEN]);
        x = self.relu(&x, "classifier.1");
        x = self.gemm(&x, "classifier.3", [HIDDEN, HIDDEN]);
        x = self.relu(&x, "classifier.4");
        self.gemm(&x, "classifier.6", [HIDDEN, CLASSES])
    }
}
