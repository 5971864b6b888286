//! A crate's modules, as its files have them: without tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use syn::{Attribute, Ident, Item, ItemUse, UseTree, Visibility};

/// All modules of a crate; the first is its root.
pub(super) struct Tree {
    pub(super) modules: Vec<Module>,
}

/// One module.
#[derive(Default)]
pub(super) struct Module {
    pub(super) parent: Option<usize>,
    /// Its child modules, in the order of the source.
    pub(super) children: Vec<Child>,
    /// What has a name: several items may have one, under different conditions.
    pub(super) named: Vec<(Ident, Item)>,
    pub(super) imports: Vec<Import>,
    /// `impl` blocks and calls of macros.
    pub(super) others: Vec<Item>,
    /// The bodies of macros that are defined here.
    pub(super) macros: BTreeMap<String, proc_macro2::TokenStream>,
}

/// A module in a module.
pub(super) struct Child {
    pub(super) name: Ident,
    pub(super) public: bool,
    pub(super) attrs: Vec<Attribute>,
    pub(super) index: usize,
}

/// One name that a `use` brings into a module.
pub(super) struct Import {
    /// None for all names of the module that `path` leads to.
    pub(super) name: Option<Ident>,
    pub(super) path: Vec<Ident>,
    pub(super) public: bool,
    pub(super) attrs: Vec<Attribute>,
}

impl Tree {
    /// Reads a crate from its first file.
    pub(super) fn read(lib: &Path) -> Result<Self> {
        let mut tree = Self { modules: Vec::new() };
        let folder = lib.parent().context("a file has a folder")?;
        tree.file(lib, folder, None)?;
        Ok(tree)
    }

    /// Adds the module in a file, whose children's files are in `folder`.
    fn file(&mut self, path: &Path, folder: &Path, parent: Option<usize>) -> Result<usize> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let file = syn::parse_file(&text).with_context(|| format!("cannot parse {}", path.display()))?;
        self.module(file.items, folder, parent)
    }

    fn module(&mut self, items: Vec<Item>, folder: &Path, parent: Option<usize>) -> Result<usize> {
        let index = self.modules.len();
        self.modules.push(Module { parent, ..Module::default() });
        for item in items {
            if attributes(&item).iter().any(is_test) {
                continue;
            }
            match item {
                Item::Mod(item) => {
                    let inside = folder.join(item.ident.to_string());
                    let child = match item.content {
                        Some((_, items)) => self.module(items, &inside, Some(index))?,
                        None => self.file(&file_of(folder, &item.ident)?, &inside, Some(index))?,
                    };
                    let public = is_public(&item.vis);
                    let (name, attrs) = (item.ident, item.attrs);
                    self.modules[index].children.push(Child { name, public, attrs, index: child });
                }
                Item::Use(item) => imports(&item, &mut self.modules[index].imports),
                Item::Macro(item) if item.mac.path.is_ident("macro_rules") => {
                    let module = &mut self.modules[index];
                    if let Some(name) = &item.ident {
                        module.macros.insert(name.to_string(), item.mac.tokens.clone());
                        if item.attrs.iter().any(|attr| attr.path().is_ident("macro_export")) {
                            module.named.push((name.clone(), Item::Macro(item)));
                        }
                    }
                }
                Item::Impl(_) | Item::Macro(_) => self.modules[index].others.push(item),
                item => {
                    if let Some(name) = name(&item) {
                        self.modules[index].named.push((name, item));
                    }
                }
            }
        }
        Ok(index)
    }
}

/// `name.rs` or `name/mod.rs`.
fn file_of(folder: &Path, name: &Ident) -> Result<PathBuf> {
    let candidates = [folder.join(format!("{name}.rs")), folder.join(name.to_string()).join("mod.rs")];
    let found = candidates.iter().find(|path| path.is_file()).cloned();
    found.with_context(|| format!("the module {name} has no file in {}", folder.display()))
}

/// `#[cfg(test)]`, alone.
fn is_test(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg") && attr.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
}

pub(super) fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// One import for each name.
fn imports(item: &ItemUse, to: &mut Vec<Import>) {
    let mut open = vec![(Vec::new(), &item.tree)];
    while let Some((mut path, tree)) = open.pop() {
        let (name, last) = match tree {
            UseTree::Path(segment) => {
                path.push(segment.ident.clone());
                open.push((path, &segment.tree));
                continue;
            }
            UseTree::Group(group) => {
                open.extend(group.items.iter().rev().map(|tree| (path.clone(), tree)));
                continue;
            }
            UseTree::Glob(_) => (None, None),
            // `use a::{self}` brings in `a`.
            UseTree::Name(name) if name.ident == "self" => (path.last().cloned(), None),
            UseTree::Rename(rename) if rename.ident == "self" => (Some(rename.rename.clone()), None),
            UseTree::Name(name) => (Some(name.ident.clone()), Some(&name.ident)),
            UseTree::Rename(rename) => (Some(rename.rename.clone()), Some(&rename.ident)),
        };
        path.extend(last.cloned());
        to.push(Import { name, path, public: is_public(&item.vis), attrs: item.attrs.clone() });
    }
}

fn name(item: &Item) -> Option<Ident> {
    Some(match item {
        Item::Const(item) => item.ident.clone(),
        Item::Enum(item) => item.ident.clone(),
        Item::Fn(item) => item.sig.ident.clone(),
        Item::Static(item) => item.ident.clone(),
        Item::Struct(item) => item.ident.clone(),
        Item::Trait(item) => item.ident.clone(),
        Item::TraitAlias(item) => item.ident.clone(),
        Item::Type(item) => item.ident.clone(),
        Item::Union(item) => item.ident.clone(),
        _ => return None,
    })
}

/// The attributes of what may be in a module; of anything else, none.
fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
