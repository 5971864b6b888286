//! A crate's interface as one file of Rust without bodies.

use std::collections::BTreeMap;

use quote::ToTokens;
use syn::{Attribute, Ident, Item, Type, parse_quote};

use super::exports::{Export, Places, Target};
use super::reduce;
use super::tree::{Import, Tree};

/// All public items, below the modules in which other crates find them.
pub(super) fn items(tree: &Tree) -> Vec<Item> {
    let places = tree.places();
    let (implementations, mut rest) = implementations(tree, &places);
    let listing = Listing { tree, places, implementations };
    let mut items = listing.module(0, &[]);
    items.append(&mut rest);
    items
}

struct Listing<'a> {
    tree: &'a Tree,
    places: Places,
    /// What is implemented for each item.
    implementations: BTreeMap<Target, Vec<Item>>,
}

impl Listing<'_> {
    fn module(&self, module: usize, path: &[Ident]) -> Vec<Item> {
        let mut items = Vec::new();
        for export in self.tree.exports(module) {
            let path: Vec<Ident> = [path, std::slice::from_ref(&export.name)].concat();
            match self.places.get(&export.target) {
                Some(place) if *place == path => self.define(&export, &path, &mut items),
                Some(place) => items.push(link(&export, place)),
                None => items.extend(export.import.map(foreign)),
            }
        }
        items
    }

    /// Lists an item, with what is implemented for it, or a module with what is in it.
    fn define(&self, export: &Export<'_>, path: &[Ident], items: &mut Vec<Item>) {
        let name = &export.name;
        let own = |attrs: &[Attribute]| attrs.iter().filter(|a| a.path().is_ident("cfg")).cloned().collect();
        match &export.target {
            Target::Module(index) => {
                let child = self.tree.modules.iter().flat_map(|module| &module.children);
                let child = child.into_iter().find(|child| child.index == *index);
                let attrs: Vec<Attribute> = child.map_or_else(Vec::new, |child| own(&child.attrs));
                let inside = self.module(*index, path);
                items.push(parse_quote!(#(#attrs)* pub mod #name { #(#inside)* }));
            }
            Target::Item(index, original) => {
                let named = self.tree.modules.get(*index).into_iter().flat_map(|module| &module.named);
                let same = named.filter(|(found, _)| found == original);
                items.extend(same.map(|(_, item)| reduce::item(item, name)));
                items.extend(self.implementations.get(&export.target).into_iter().flatten().cloned());
            }
            Target::Foreign => {}
        }
    }
}

/// Another path to something that is listed elsewhere.
fn link(export: &Export<'_>, place: &[Ident]) -> Item {
    let name = &export.name;
    match place.last() {
        Some(last) if last != name => parse_quote!(pub use crate::#(#place)::* as #name;),
        _ => parse_quote!(pub use crate::#(#place)::*;),
    }
}

/// Something of another crate.
fn foreign(import: &Import) -> Item {
    let path = &import.path;
    let attrs = import.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    match &import.name {
        None => parse_quote!(#(#attrs)* pub use #(#path)::* ::*;),
        Some(name) if path.last() != Some(name) => parse_quote!(#(#attrs)* pub use #(#path)::* as #name;),
        Some(_) => parse_quote!(#(#attrs)* pub use #(#path)::*;),
    }
}

/// What is implemented for each listed item, and what for types of other crates; calls of macros that implement.
fn implementations(tree: &Tree, places: &Places) -> (BTreeMap<Target, Vec<Item>>, Vec<Item>) {
    let (mut of, mut rest) = (BTreeMap::<Target, Vec<Item>>::new(), Vec::new());
    for (index, module) in tree.modules.iter().enumerate() {
        for item in &module.others {
            match item {
                Item::Impl(block) => {
                    let of_trait = block.trait_.as_ref().map(|(path, _)| tree.resolve(index, &names(path)));
                    // Nobody else can name such a trait.
                    if of_trait.is_some_and(|of| of != Target::Foreign && !places.contains_key(&of)) {
                        continue;
                    }
                    let target =
                        head(&block.self_ty).map_or(Target::Foreign, |path| tree.resolve(index, &path));
                    let Some(item) = reduce::implementation(block) else { continue };
                    if target == Target::Foreign {
                        rest.push(item);
                    } else if places.contains_key(&target) {
                        of.entry(target).or_default().push(item);
                    }
                }
                Item::Macro(call) => {
                    let name = call.mac.path.segments.last().map(|segment| segment.ident.to_string());
                    let name = name.unwrap_or_default();
                    let body = tree.modules.iter().find_map(|module| module.macros.get(&name));
                    // Variables of threads are nobody else's.
                    if name != "thread_local" {
                        rest.extend(reduce::call(call, body));
                    }
                }
                _ => {}
            }
        }
    }
    of.values_mut().for_each(|items| sort(items));
    sort(&mut rest);
    (of, rest)
}

/// Own methods first, then by what is printed: the order of the source is of no interest.
fn sort(items: &mut [Item]) {
    items.sort_by_cached_key(|item| {
        let of_trait = matches!(item, Item::Impl(block) if block.trait_.is_some());
        (of_trait, item.to_token_stream().to_string())
    });
}

/// The path of the type that something is implemented for: of `&'a mut Name<T>` the `Name`.
fn head(of: &Type) -> Option<Vec<Ident>> {
    match of {
        Type::Path(path) if path.qself.is_none() => Some(names(&path.path)),
        Type::Reference(reference) => head(&reference.elem),
        Type::Paren(inner) => head(&inner.elem),
        Type::Group(inner) => head(&inner.elem),
        _ => None,
    }
}

fn names(path: &syn::Path) -> Vec<Ident> {
    path.segments.iter().map(|segment| segment.ident.clone()).collect()
}
