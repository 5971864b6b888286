//! Who sees inputs and outputs.

use std::convert::Infallible;

use clap::{Args, ValueEnum};

/// Who sees a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Visibility {
    /// It is part of the statement
    Public,
    /// The statement holds a commitment to it
    Private,
}

/// A side of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Side {
    /// What goes in
    Input,
    /// What comes out
    Output,
}

/// Who sees inputs and outputs: everybody, unless something else is said.
#[derive(Clone, Debug, Args)]
pub struct PortVisibility {
    /// Who sees the inputs
    #[arg(long, value_enum, value_name = "WHO", default_value_t = Visibility::Public)]
    input_visibility: Visibility,
    /// Who sees the outputs
    #[arg(long, value_enum, value_name = "WHO", default_value_t = Visibility::Public)]
    output_visibility: Visibility,
    /// Keep these private: input, output, or input,output
    #[arg(
        long,
        value_enum,
        value_name = "SIDES",
        value_delimiter = ',',
        conflicts_with_all = ["input_visibility", "output_visibility"]
    )]
    private: Vec<Side>,
    /// What `--input-visibility` was called; elsewhere `--input` is a file.
    #[arg(long = "input", hide = true, value_parser = former_input)]
    former_input: Option<Infallible>,
    /// What `--output-visibility` was called.
    #[arg(long = "output", hide = true, value_parser = former_output)]
    former_output: Option<Infallible>,
}

fn former_input(_: &str) -> Result<Infallible, String> {
    Err("who sees the inputs is said by --input-visibility public or private (or --private input)".to_owned())
}

fn former_output(_: &str) -> Result<Infallible, String> {
    Err("who sees the outputs is said by --output-visibility public or private (or --private output); the compiled model \
         goes to -o"
        .to_owned())
}

impl PortVisibility {
    /// Who sees this side.
    pub fn of(&self, side: Side) -> Visibility {
        let said = match side {
            Side::Input => self.input_visibility,
            Side::Output => self.output_visibility,
        };
        if self.private.contains(&side) { Visibility::Private } else { said }
    }
}
