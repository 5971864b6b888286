use tract_onnx as _; #[test] fn t(){}
