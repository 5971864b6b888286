//! How often a network's largest outputs hold the right class, as a graph: many inferences of it, and steps that count.

use crate::{
    AxisMap, Contract, Entry, Expr, Factor, Formula, Function, Graph, GraphError, Interval, Linear, Operand,
    Role, Shape, Step, Table, TableId, Tensor, TensorId, Term, View, Visibility,
};

/// Values of a pixel.
pub const LEVELS: u32 = 1 << 8;
/// Most values of an output: the differences of two, and one more, fill a table of 2^17.
const SCORES: usize = 1 << 16;
/// Most pixels of all images together, padded: a tensor's.
const MAX_VARS: usize = 28;
/// log2 of the largest chunk of a set, and what makes chunks of a set balanced among those of the networks that it is shown to.
const LARGEST_K: usize = 20;
const BALANCE: usize = 15;

/// The form of a labelled test set: `images` times `pixels` numbers from 0 to 255, and as many labels below `classes`. No model
/// is needed to commit to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LabelledSet {
    /// N, the number of images.
    pub images: u32,
    /// P, the numbers of an image, all channels counted.
    pub pixels: u32,
    /// C, the number of classes.
    pub classes: u32,
}

impl LabelledSet {
    /// Its tensors: images `[N, P]` with the range [0, 255], labels `[N]` with the range [0, C - 1]. Both are private inputs.
    pub fn tensors(&self) -> [Tensor; 2] {
        let role = Role::Input(Visibility::Private);
        let tensor = |name: &str, dims: &[u32], count: u32| {
            let (name, shape) = (name.to_owned(), Shape::new(dims));
            let hi = i32::try_from(count.saturating_sub(1)).unwrap_or(i32::MAX);
            Tensor { name, shape, scale: 0, range: Interval::new(0, hi), role }
        };
        let images = tensor("images", &[self.images, self.pixels], LEVELS);
        [images, tensor("labels", &[self.images], self.classes)]
    }

    /// The graph that holds its tensors, and has no step.
    pub fn graph(&self) -> Graph {
        let inputs = vec![TensorId(0), TensorId(1)];
        Graph { tensors: self.tensors().into(), inputs, ..Graph::default() }
    }

    /// log2 of the cells of its chunks: `floor((L + 15) / 2)`, at most 20, for 2^L cells (L rounded up). A function of N and P alone.
    pub fn chunk_vars(&self) -> usize {
        let cells = self.tensors().iter().fold(0u64, |cells, tensor| cells + (1 << tensor.shape.num_vars()));
        ((cells.next_power_of_two().trailing_zeros() as usize + BALANCE) / 2).min(LARGEST_K)
    }

    /// That there can be such a set: 2 images or more, of a pixel or more, and 2 to 2^16 classes; at most 2^28 numbers with padding.
    ///
    /// # Errors
    /// [`GraphError::Accuracy`].
    pub fn check(&self) -> Result<(), GraphError> {
        let Self { images, pixels, classes } = *self;
        demand((2..=1 << 16).contains(&classes), "classes of the set", "2 to 65536", classes)?;
        demand(images >= 2, "images of the set", "2 or more", images)?;
        demand(pixels >= 1, "pixels of an image", "1 or more", pixels)?;
        let vars = Shape::new([images.min(1 << 31), pixels.min(1 << 31)]).num_vars();
        let expected = format!("at most 2^{MAX_VARS} with padding");
        demand(vars <= MAX_VARS, "numbers of all images", &expected, format!("2^{vars}"))
    }
}

/// What is claimed: of the images of a set at least so many have their class among the `top` largest outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accuracy {
    /// The set.
    pub set: LabelledSet,
    /// Of every entry of the network's input, in their order, the pixel that it is made of: each pixel once.
    pub order: Vec<u32>,
    /// Channels: pixel p is of channel `p mod channels`.
    pub channels: u32,
    /// What the network's input is for a pixel of value u in channel c: entry `256 c + u`.
    pub values: Vec<i32>,
    /// How many of the largest outputs count: 1 for the largest alone.
    pub top: u32,
    /// k: at least so many images.
    pub at_least: u32,
}

impl Graph {
    /// The graph of as many inferences of this one as a set has images ([`batched`](Self::batched)), whose inputs are the set's images, with
    /// steps that count how often the class of a label is among the `top` largest outputs, and subtract what is claimed. It has two
    /// inputs, those of [`LabelledSet::tensors`], and no output: its values exist, exactly, if the claim is true.
    ///
    /// With scores s, label l: `t_c = [c < l]`, so `h_c = t_{c-1} - t_c` (with `t_{-1} = 1`) is 1 at c = l and 0 elsewhere;
    /// `s_l = sum_c h_c s_c`; class c beats the label where `s_c + t_c > s_l`: it is larger, or as large and before it.
    /// The rank is the number of classes that do, `w = [rank < top]`, and `sum w - k` is in [0, N - k].
    ///
    /// The result is to be validated like any other graph.
    ///
    /// # Errors
    /// [`GraphError::Accuracy`] for a graph with several inputs or outputs, an input of other size, outputs that are not one score for each
    /// class or have more than 2^16 values, and numbers that make no sense; those of [`batched`](Self::batched).
    pub fn accuracy(&self, claim: &Accuracy) -> Result<Self, GraphError> {
        let (input, output) = self.ports(claim)?;
        let set = claim.set;
        let mut build = Builder { graph: self.batched(set.images)?, set };

        // The set, and what the network's input is made of.
        let one = build.one();
        let [images, labels] = set.tensors().map(|tensor| build.push(tensor));
        build.graph.inputs = vec![images, labels];
        build.graph.outputs = Vec::new();
        let inferences = std::mem::take(&mut build.graph.steps);
        build.input(claim, input, [images, one]);
        build.graph.steps.extend(inferences);

        // Whether the label is among the largest.
        let (n, c) = (set.images, set.classes);
        let (rows, pairs) = (Shape::new([n]), Shape::new([n, c]));
        let scores = build.scores(output);
        let range = build.graph.tensor(output).range;
        let spread = range.hi - range.lo;
        let most = i32::try_from(c - 1).unwrap_or(i32::MAX);
        let sign = build.table(sign_table(Interval::new(-(spread + 1).max(most), spread.max(most))));
        // c - l is negative where c < l.
        let classes = build.constant(one, (0..c).map(|class| (class, class)));
        let before = build.negative(
            "before the label",
            sign,
            sum(&pairs, [(1, classes), (-1, repeated(labels, &pairs))]),
        );
        // s_l
        let zero = build.constant(one, [(0, 1)].into_iter());
        let shifted = along(before, &pairs, (1..c).map(|out| Entry { out, src: out - 1, coeff: 1 }));
        let hot = vec![(1, shifted), (1, zero), (-1, View::identity(before, &pairs))];
        let chosen = Contract {
            a: Linear { shape: pairs.clone(), terms: hot },
            b: Linear { shape: pairs.clone(), terms: vec![(1, scores.clone())] },
            a_axes: vec![0, 1],
            b_axes: vec![0, 1],
            out_axes: vec![0],
        };
        let acc =
            Expr { shape: rows.clone(), terms: vec![Term { coeff: 1, operand: Operand::Contract(chosen) }] };
        let own = build.ranged("score of the label", acc, range);
        // s_l - s_c - t_c is negative where class c comes before.
        let before = View::identity(before, &pairs);
        let distance = sum(&pairs, [(1, repeated(own, &pairs)), (-1, scores), (-1, before)]);
        let beats = build.negative("beats the label", sign, distance);
        let rank = View { tensor: beats, shape: rows.clone(), factors: vec![identity(0), summed(1, c)] };
        let ones = View { tensor: one, shape: rows.clone(), factors: vec![broadcast(0, n)] };
        let right = build.negative("right", sign, sum(&rows, [(1, rank), (-i64::from(claim.top), ones)]));

        // How many more than claimed.
        let scalar = Shape::default();
        let count = View { tensor: right, shape: scalar.clone(), factors: vec![summed(0, n)] };
        let one = View::identity(one, &scalar);
        let more = sum(&scalar, [(1, count), (-i64::from(claim.at_least), one)]);
        let range = Interval::new(0, i32::try_from(n - claim.at_least).unwrap_or(0));
        build.ranged("more than claimed", more, range);
        Ok(build.graph)
    }

    /// The input and the output, if the claim fits them.
    fn ports(&self, claim: &Accuracy) -> Result<(TensorId, TensorId), GraphError> {
        let Accuracy { set, order, channels, values, top, at_least } = claim;
        set.check()?;
        let LabelledSet { images, pixels, classes } = *set;
        demand((1..classes).contains(top), "top", format!("1 to {}", classes - 1), top)?;
        demand((1..=images).contains(at_least), "images that are right", format!("1 to {images}"), at_least)?;
        let most = u32::try_from(SCORES).unwrap_or(u32::MAX) / LEVELS;
        let divides = *channels >= 1 && *channels <= most && pixels % channels == 0;
        demand(divides, "channels", format!("1 to {most} that divide {pixels} pixels"), channels)?;
        let expected = *channels as usize * LEVELS as usize;
        demand(values.len() == expected, "values of pixels", expected, values.len())?;
        let mut seen = vec![false; pixels as usize];
        for pixel in order {
            if let Some(seen) = seen.get_mut(*pixel as usize) {
                *seen = true;
            }
        }
        let each_once = order.len() == seen.len() && seen.iter().all(|seen| *seen);
        demand(each_once, "order of pixels", format!("each of {pixels} once"), order.len())?;

        let one = |what, list: &[TensorId]| match *list {
            [id] => self.tensors.get(id.0 as usize).map(|tensor| (id, tensor)).ok_or(what),
            _ => Err(what),
        };
        let missing = |what| GraphError::Accuracy {
            what,
            expected: "one input, for an image, and one output, for scores".to_owned(),
            got: format!("{} and {}", self.inputs.len(), self.outputs.len()),
        };
        let (input, image) = one("inputs of the model", &self.inputs).map_err(missing)?;
        let (output, scores) = one("outputs of the model", &self.outputs).map_err(missing)?;
        let entries = image.shape.len();
        demand(entries == pixels as usize, "pixels of an image", entries, pixels)?;
        demand(scores.shape.len() == classes as usize, "classes of the set", scores.shape.len(), classes)?;
        let expected = format!("at most {SCORES} values");
        demand(scores.range.len() <= SCORES, "range of the scores", expected, scores.range.len())?;
        Ok((input, output))
    }
}

fn demand(
    holds: bool,
    what: &'static str,
    expected: impl ToString,
    got: impl ToString,
) -> Result<(), GraphError> {
    if holds {
        return Ok(());
    }
    Err(GraphError::Accuracy { what, expected: expected.to_string(), got: got.to_string() })
}

/// `v -> [v < 0]`.
fn sign_table(domain: Interval) -> Table {
    let formula = Formula::argument().with_constant(crate::Binary::Less, 0.0);
    Table { function: Function::Formula { formula, input_scale: 0, output_scale: 0, lo: 0, hi: 1 }, domain }
}

fn identity(axis: u32) -> Factor {
    Factor { src: vec![axis], out: vec![axis], map: AxisMap::Identity }
}

/// One entry, repeated along an axis.
fn broadcast(axis: u32, count: u32) -> Factor {
    let entries = (0..count).map(|out| Entry { out, src: 0, coeff: 1 }).collect();
    Factor { src: vec![], out: vec![axis], map: AxisMap::Sparse(entries) }
}

/// The sum along an axis.
fn summed(axis: u32, count: u32) -> Factor {
    let entries = (0..count).map(|src| Entry { out: 0, src, coeff: 1 }).collect();
    Factor { src: vec![axis], out: vec![], map: AxisMap::Sparse(entries) }
}

/// A tensor `[N]` as `[N, C]`, the same for every class.
fn repeated(tensor: TensorId, pairs: &Shape) -> View {
    let classes = pairs.dims().last().copied().unwrap_or(1);
    View { tensor, shape: pairs.clone(), factors: vec![identity(0), broadcast(1, classes)] }
}

/// A view of a tensor `[N, C]` along its second axis.
fn along(tensor: TensorId, pairs: &Shape, entries: impl Iterator<Item = Entry>) -> View {
    let map = AxisMap::Sparse(entries.collect());
    View {
        tensor,
        shape: pairs.clone(),
        factors: vec![identity(0), Factor { src: vec![1], out: vec![1], map }],
    }
}

fn sum<const M: usize>(shape: &Shape, terms: [(i64, View); M]) -> Expr {
    Linear { shape: shape.clone(), terms: terms.into() }.into()
}

/// The axes of a shape but the first, and the index that each of their entries has over the padded extents.
fn inner(shape: &Shape) -> (Vec<u32>, Vec<u32>) {
    let dims = shape.dims().get(1..).unwrap_or_default();
    let padded = dims.iter().fold(vec![0u32], |indices, dim| {
        let width = dim.next_power_of_two();
        indices.into_iter().flat_map(|index| (0..*dim).map(move |i| index * width + i)).collect()
    });
    ((1..).take(dims.len()).collect(), padded)
}

/// Whether the entries behind the first axis are those of one axis.
fn is_flat(shape: &Shape) -> bool {
    shape.rank() == 2
}

struct Builder {
    graph: Graph,
    set: LabelledSet,
}

impl Builder {
    fn push(&mut self, tensor: Tensor) -> TensorId {
        self.graph.tensors.push(tensor);
        TensorId(u32::try_from(self.graph.tensors.len() - 1).unwrap_or(u32::MAX))
    }

    fn tensor(&mut self, name: &str, shape: &Shape, range: Interval, role: Role) -> TensorId {
        self.push(Tensor { name: name.to_owned(), shape: shape.clone(), scale: 0, range, role })
    }

    fn table(&mut self, table: Table) -> TableId {
        self.graph.tables.push(table);
        TableId(u32::try_from(self.graph.tables.len() - 1).unwrap_or(u32::MAX))
    }

    /// The number one: a graph has it once at most.
    fn one(&mut self) -> TensorId {
        let found = (0..).map(TensorId).zip(&self.graph.tensors).find(|(_, tensor)| tensor.role == Role::One);
        found.map(|(id, _)| id).unwrap_or_else(|| self.push(Tensor::one()))
    }

    /// Numbers that are not zero, by class; the same for every image.
    fn constant(&self, one: TensorId, numbers: impl Iterator<Item = (u32, u32)>) -> View {
        let entry = |(out, number): (u32, u32)| Entry {
            out,
            src: 0,
            coeff: i32::try_from(number).unwrap_or(i32::MAX),
        };
        let entries = numbers.filter(|(_, number)| *number != 0).map(entry).collect();
        let factors = vec![
            broadcast(0, self.set.images),
            Factor { src: vec![], out: vec![1], map: AxisMap::Sparse(entries) },
        ];
        View { tensor: one, shape: Shape::new([self.set.images, self.set.classes]), factors }
    }

    /// An expression, stored exactly.
    fn ranged(&mut self, name: &str, acc: Expr, range: Interval) -> TensorId {
        let id = self.tensor(name, &acc.shape.clone(), range, Role::Ranged);
        self.graph.steps.push(Step::rescale(acc, 1, id, None));
        id
    }

    /// `y = f(acc)`, acc being stored exactly.
    fn function(&mut self, name: &str, table: TableId, acc: Expr, y: TensorId) {
        let domain = self.graph.table(table).domain;
        let x = self.tensor(name, &acc.shape.clone(), domain, Role::LookupInput(table));
        self.graph.steps.push(Step::rescale(acc, 1, x, None));
        self.graph.steps.push(Step::Lookup { table, x, y });
    }

    /// Where an expression is negative: 1, else 0.
    fn negative(&mut self, name: &str, sign: TableId, acc: Expr) -> TensorId {
        let role = Role::LookupOutput(sign);
        let y = self.tensor(name, &acc.shape.clone(), Interval::new(0, 1), role);
        self.function(&format!("{name}: difference"), sign, acc, y);
        y
    }

    /// The network's input: looked up from pixels, each by its channel, before anything reads it.
    fn input(&mut self, claim: &Accuracy, input: TensorId, [images, one]: [TensorId; 2]) {
        let last = i32::try_from(claim.values.len()).map_or(i32::MAX, |len| len - 1);
        let (domain, values) = (Interval::new(0, last), claim.values.clone());
        let image = values.iter().fold(Interval::new(0, 0), |image, value| Interval {
            lo: image.lo.min(*value),
            hi: image.hi.max(*value),
        });
        let table = self.table(Table { function: Function::Values { first: 0, values }, domain });
        let tensor = &mut self.graph.tensors[input.0 as usize];
        (tensor.role, tensor.range) = (Role::LookupOutput(table), image);
        let shape = tensor.shape.clone();

        let (axes, padded) = inner(&shape);
        let entry = |(out, src): (&u32, &u32)| Entry { out: *out, src: *src, coeff: 1 };
        let in_order = (0..self.set.pixels).eq(claim.order.iter().copied());
        let pixels = match is_flat(&shape) && in_order {
            true => identity(1),
            false => {
                let map = AxisMap::Sparse(padded.iter().zip(&claim.order).map(entry).collect());
                Factor { src: vec![1], out: axes.clone(), map }
            }
        };
        let factors = vec![identity(0), pixels];
        let mut terms = vec![(1, View { tensor: images, shape: shape.clone(), factors })];
        if claim.channels > 1 {
            let channel = |(out, pixel): (&u32, &u32)| {
                let coeff = i32::try_from(pixel % claim.channels * LEVELS).unwrap_or(i32::MAX);
                Some(Entry { out: *out, src: 0, coeff }).filter(|entry| entry.coeff != 0)
            };
            let map = AxisMap::Sparse(padded.iter().zip(&claim.order).filter_map(channel).collect());
            let factors = vec![broadcast(0, self.set.images), Factor { src: vec![], out: axes, map }];
            terms.push((1, View { tensor: one, shape: shape.clone(), factors }));
        }
        self.function("pixel by channel", table, Linear { shape, terms }.into(), input);
    }

    /// The network's output `[N, ..]` as scores `[N, C]`, an intermediate value.
    fn scores(&mut self, output: TensorId) -> View {
        let tensor = &mut self.graph.tensors[output.0 as usize];
        tensor.role = Role::Ranged;
        let (axes, padded) = inner(&tensor.shape);
        let entries = (0..).zip(padded).map(|(out, src)| Entry { out, src, coeff: 1 }).collect();
        let classes = match is_flat(&tensor.shape) {
            true => identity(1),
            false => Factor { src: axes, out: vec![1], map: AxisMap::Sparse(entries) },
        };
        let shape = Shape::new([self.set.images, self.set.classes]);
        View { tensor: output, shape, factors: vec![identity(0), classes] }
    }
}

#[cfg(test)]
#[cfg(feature = "executor")]
mod tests;
