//! Values by name, and the expansion of one node: of the graph, of a branch, of a loop's body or of a
//! function.

use std::collections::BTreeMap;

use super::is_well_known;
use crate::model::{Opsets, canonical_domain, decode_tensor, node_name, opsets};
use crate::ops::{Context, find, result_type};
use crate::problem::KNOWN_EXTENTS;
use crate::program::{Builder, Id};
use crate::proto::{AttributeProto, FunctionProto, GraphProto, NodeProto};
use crate::{OnnxError, Options, Result};

/// Most nodes that a model may become when loops are unrolled and functions are inlined.
const MAX_NODES: usize = 1 << 20;
/// Functions, branches and bodies may be nested this deep.
const MAX_DEPTH: usize = 32;

/// The names that a node can read: those of its graph, then those of the graphs around it.
pub(super) struct Scope<'s> {
    outer: Option<&'s Scope<'s>>,
    opsets: &'s Opsets,
    /// None: an optional input of a function that the call leaves out.
    values: BTreeMap<String, Option<Id>>,
    depth: usize,
}

impl<'s> Scope<'s> {
    /// That of the network.
    pub(super) fn new(opsets: &'s Opsets) -> Self {
        Self { outer: None, opsets, values: BTreeMap::new(), depth: 0 }
    }

    /// That of a branch or a body, which sees what is around it.
    fn inner(outer: &'s Scope<'s>) -> Self {
        let (opsets, depth) = (outer.opsets, outer.depth + 1);
        Self { outer: Some(outer), opsets, values: BTreeMap::new(), depth }
    }

    pub(super) fn define(&mut self, name: &str, id: Id) {
        self.values.insert(name.to_owned(), Some(id));
    }

    /// The value of a name, if it has one.
    pub(super) fn get(&self, name: &str) -> Option<Id> {
        self.find(name).flatten()
    }

    /// Some(None) is a value that is known to be absent.
    fn find(&self, name: &str) -> Option<Option<Id>> {
        match self.values.get(name) {
            Some(value) => Some(*value),
            None => self.outer.and_then(|outer| outer.find(name)),
        }
    }
}

/// Expands nodes.
pub(super) struct Expander<'a> {
    options: &'a Options,
    pub(super) b: &'a mut Builder,
    functions: &'a [FunctionProto],
    /// Which node of the network is expanded.
    pub(super) origin: usize,
    /// How many nodes there have been.
    nodes: usize,
}

impl<'a> Expander<'a> {
    pub(super) fn new(options: &'a Options, b: &'a mut Builder, functions: &'a [FunctionProto]) -> Self {
        Self { options, b, functions, origin: 0, nodes: 0 }
    }

    /// Expands one node and defines its outputs; extents of the first one.
    pub(super) fn node(&mut self, node: &NodeProto, scope: &mut Scope<'_>) -> Result<Vec<usize>> {
        let name = node_name(node);
        let label = node.output.iter().find(|name| !name.is_empty()).unwrap_or(&name);
        self.b.begin(self.origin, label);
        self.nodes += 1;
        if self.nodes > MAX_NODES || scope.depth > MAX_DEPTH {
            let expected = format!("at most {MAX_NODES} nodes, nested {MAX_DEPTH} deep");
            let got = format!("{} nodes, nested {} deep", self.nodes, scope.depth);
            return Err(self.context(node, scope)?.error("loops and functions", expected, got));
        }
        if node.output.iter().all(String::is_empty) {
            return Err(self.context(node, scope)?.error("output 0", "a name", "none"));
        }
        let before = self.b.program().values.len();
        let outputs = match (canonical_domain(&node.domain), &*node.op_type) {
            ("", "If") => self.branch(node, scope)?,
            ("", "Loop") => self.repeat(node, scope)?,
            ("", "Scan") => self.scan(node, scope)?,
            _ => match self.function(node) {
                Some(function) => self.call(function, node, scope)?,
                None => self.operator(node, scope)?,
            },
        };
        if let Some((expected, got)) = self.b.take_error() {
            return Err(self.context(node, scope)?.error("result", expected, got));
        }
        let inputs: Vec<Option<Id>> = node.input.iter().map(|name| scope.find(name).flatten()).collect();
        let element =
            |index: usize| inputs.get(index).copied().flatten().and_then(|id| self.b.value(id).element);
        if let (Some(id), Some(found)) =
            (outputs.first(), result_type(node, |index| element(index).map(i64::from)))
            && self.b.value(*id).element.is_none()
        {
            self.b.set_element(*id, found as i32);
        }
        for (index, name) in node.output.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let Some(id) = outputs.get(index).copied() else {
                return Err(self.context(node, scope)?.error(
                    format!("output {index}"),
                    "absent",
                    name.clone(),
                ));
            };
            if id.0 >= before {
                self.b.name(id, name);
            }
            scope.define(name, id);
        }
        Ok(outputs.first().map(|id| self.b.dims(*id).to_vec()).unwrap_or_default())
    }

    /// What an expansion sees of a node.
    pub(super) fn context<'c>(&'c mut self, node: &'c NodeProto, scope: &Scope<'_>) -> Result<Context<'c>> {
        let set = scope.opsets.get(canonical_domain(&node.domain)).or_else(|| scope.opsets.get(""));
        let opset = set.copied().unwrap_or(1);
        let mut cx = Context { node, opset, inputs: Vec::new(), options: self.options, b: self.b };
        for name in &node.input {
            let found = scope.find(name);
            if found.is_none() && !name.is_empty() {
                return Err(cx.error("inputs", KNOWN_EXTENTS, format!("unknown ones of {name}")));
            }
            cx.inputs.push(found.flatten());
        }
        Ok(cx)
    }

    fn operator(&mut self, node: &NodeProto, scope: &Scope<'_>) -> Result<Vec<Id>> {
        let domain = canonical_domain(&node.domain);
        let opset = scope.opsets.get(domain).or_else(|| scope.opsets.get("")).copied().unwrap_or(1);
        let Some(spec) = find(&node.op_type, domain, opset) else {
            let prefix = if domain.is_empty() { String::new() } else { format!("{domain}.") };
            let op = format!("{prefix}{}", node.op_type);
            return Err(OnnxError::UnsupportedOp { node: node_name(node), op, opset });
        };
        let mut cx = self.context(node, scope)?;
        for attribute in &node.attribute {
            if !spec.attributes.contains(&attribute.name.as_str()) {
                let expected = format!("one of {:?}", spec.attributes);
                return Err(cx.error("attribute", expected, attribute.name.clone()));
            }
        }
        let given = node.input.len();
        if given < spec.arity.0 || given > spec.arity.1 {
            let expected = format!("from {} to {}", spec.arity.0, spec.arity.1);
            return Err(cx.error("number of inputs", expected, given.to_string()));
        }
        (spec.expand)(&mut cx)
    }

    /// The function of the file that a node calls.
    fn function(&self, node: &NodeProto) -> Option<&'a FunctionProto> {
        let calls = |function: &&FunctionProto| {
            function.name == node.op_type
                && canonical_domain(&function.domain) == canonical_domain(&node.domain)
                && function.overload == node.overload
        };
        self.functions.iter().find(calls)
    }

    /// A function's body in place of a call.
    fn call(&mut self, function: &FunctionProto, node: &NodeProto, scope: &Scope<'_>) -> Result<Vec<Id>> {
        let cx = self.context(node, scope)?;
        if cx.inputs.len() > function.input.len() {
            let expected = format!("at most {}", function.input.len());
            return Err(cx.error("number of inputs", expected, cx.inputs.len().to_string()));
        }
        let given = cx.inputs.iter().copied().chain(std::iter::repeat(None));
        let versions = opsets(&function.opset_import);
        let values = function.input.iter().cloned().zip(given).collect();
        let mut inner = Scope { outer: None, opsets: &versions, values, depth: scope.depth + 1 };
        for inside in &function.node {
            let inside = resolved(inside, node, function);
            self.node(&inside, &mut inner)?;
        }
        self.results(&function.output, node, &inner)
    }

    /// The values of a body's outputs.
    fn results(&mut self, names: &[String], node: &NodeProto, inner: &Scope<'_>) -> Result<Vec<Id>> {
        let find = |name: &String| {
            inner.get(name).ok_or_else(|| OnnxError::Missing { reader: node_name(node), value: name.clone() })
        };
        names.iter().map(find).collect()
    }

    /// The constants of a branch or a body.
    pub(super) fn constants(&mut self, graph: &GraphProto) -> Result<BTreeMap<String, Id>> {
        let mut constants = BTreeMap::new();
        for tensor in &graph.initializer {
            let (name, element) = (tensor.name.clone(), tensor.data_type);
            let (value, kind) = decode_tensor(tensor.clone(), self.options)?;
            let public = value.len() == 1 && is_well_known(value.get(0));
            let id = self.b.constant_of(&name, value, kind, public);
            self.b.set_element(id, element);
            constants.insert(name, id);
        }
        Ok(constants)
    }

    /// The outputs of a branch or of one run of a body.
    pub(super) fn graph(
        &mut self,
        graph: &GraphProto,
        constants: &BTreeMap<String, Id>,
        given: &[Id],
        node: &NodeProto,
        scope: &Scope<'_>,
    ) -> Result<Vec<Id>> {
        let inputs: Vec<&str> = graph.input.iter().map(|info| &*info.name).collect();
        let inputs: Vec<&str> = inputs.into_iter().filter(|name| !constants.contains_key(*name)).collect();
        if inputs.len() != given.len() {
            let expected = format!("{} inputs", given.len());
            return Err(self.context(node, scope)?.error("body", expected, inputs.len().to_string()));
        }
        let mut inner = Scope::inner(scope);
        for (name, id) in
            constants.iter().map(|(name, id)| (&**name, id)).chain(inputs.into_iter().zip(given))
        {
            inner.define(name, *id);
        }
        for inside in &graph.node {
            self.node(inside, &mut inner)?;
        }
        let names: Vec<String> = graph.output.iter().map(|info| info.name.clone()).collect();
        self.results(&names, node, &inner)
    }
}

/// A node of a function's body with the attributes of the call, or their defaults, in place of references.
fn resolved(inside: &NodeProto, call: &NodeProto, function: &FunctionProto) -> NodeProto {
    let value = |attribute: &AttributeProto| {
        if attribute.ref_attr_name.is_empty() {
            let mut attribute = attribute.clone();
            if let Some(graph) = attribute.g.as_mut() {
                graph.node = graph.node.iter().map(|node| resolved(node, call, function)).collect();
            }
            return Some(attribute);
        }
        let named = |list: &[AttributeProto]| {
            list.iter().find(|other| other.name == attribute.ref_attr_name).cloned()
        };
        let found = named(&call.attribute).or_else(|| named(&function.attribute_proto))?;
        Some(AttributeProto { name: attribute.name.clone(), ..found })
    };
    let attributes = inside.attribute.iter().filter_map(value).collect();
    NodeProto { attribute: attributes, ..inside.clone() }
}
