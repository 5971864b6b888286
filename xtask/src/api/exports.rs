//! What the names of a crate stand for, and under which paths other crates reach it.

use std::collections::BTreeMap;

use syn::{Ident, Item};

use super::reduce;
use super::tree::{Import, Module, Tree};

/// How many imports of imports are followed: a name that imports itself leads nowhere.
const MAX_IMPORTS: usize = 16;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Module(usize),
    /// An item in a module, by its name there.
    Item(usize, Ident),
    /// Something of another crate.
    Foreign,
}

/// Everything that other crates can name, with the path at which it is listed: below `crate`.
pub(super) type Places = BTreeMap<Target, Vec<Ident>>;

/// A public name in a module.
pub(super) struct Export<'a> {
    pub(super) name: Ident,
    pub(super) target: Target,
    /// None for what stands here itself.
    pub(super) import: Option<&'a Import>,
}

impl Tree {
    /// What a path that stands in a module leads to.
    pub(super) fn resolve(&self, module: usize, path: &[Ident]) -> Target {
        self.follow(module, path, 0).unwrap_or(Target::Foreign)
    }

    fn follow(&self, module: usize, path: &[Ident], imports: usize) -> Option<Target> {
        let (first, mut rest) = path.split_first()?;
        let mut at = if first == "crate" {
            Target::Module(0)
        } else if first == "self" {
            Target::Module(module)
        } else if first == "super" {
            Target::Module(self.modules.get(module)?.parent?)
        } else if rest.is_empty() {
            self.lookup(module, first, imports)?
        } else {
            // The first of several names is a module, even where a function has the same name.
            let child = self.modules.get(module)?.children.iter().find(|child| child.name == *first);
            child.map(|child| Target::Module(child.index)).or_else(|| self.lookup(module, first, imports))?
        };
        while let (Some((next, more)), Target::Module(index)) = (rest.split_first(), &at) {
            at = if next == "super" {
                Target::Module(self.modules.get(*index)?.parent?)
            } else if more.is_empty() {
                self.lookup(*index, next, imports)?
            } else {
                let child = self.modules.get(*index)?.children.iter().find(|child| child.name == *next);
                child
                    .map(|child| Target::Module(child.index))
                    .or_else(|| self.lookup(*index, next, imports))?
            };
            rest = more;
        }
        // A name in an item: an enum's variant.
        rest.is_empty().then_some(at)
    }

    /// What a name stands for in a module: an item, something imported, a module.
    fn lookup(&self, module: usize, name: &Ident, imports: usize) -> Option<Target> {
        let Module { named, children, imports: list, .. } = self.modules.get(module)?;
        if named.iter().any(|(own, _)| own == name) {
            return Some(Target::Item(module, name.clone()));
        }
        if imports < MAX_IMPORTS {
            let named = list.iter().filter(|import| import.name.as_ref() == Some(name));
            for import in named {
                if let Some(target) = self.follow(module, &import.path, imports + 1) {
                    return Some(target);
                }
            }
        }
        if let Some(child) = children.iter().find(|child| child.name == *name) {
            return Some(Target::Module(child.index));
        }
        let globs = list.iter().filter(|import| import.name.is_none() && imports < MAX_IMPORTS);
        globs
            .filter_map(|import| match self.follow(module, &import.path, imports + 1)? {
                Target::Module(index) if index != module => self.lookup(index, name, imports + 1),
                _ => None,
            })
            .next()
    }

    /// The public names of a module, sorted: items, then modules. What one `use` brings in from elsewhere as a whole is under `*`.
    pub(super) fn exports(&self, module: usize) -> Vec<Export<'_>> {
        let mut exports = Vec::new();
        self.collect(module, &mut exports, 0);
        exports.sort_by_key(|export| (matches!(export.target, Target::Module(_)), export.name.to_string()));
        exports.dedup_by(|a, b| a.name == b.name && a.target == b.target && a.target != Target::Foreign);
        exports
    }

    fn collect<'a>(&'a self, module: usize, exports: &mut Vec<Export<'a>>, globs: usize) {
        let Some(Module { named, children, imports, .. }) = self.modules.get(module) else { return };
        for (name, _) in named.iter().filter(|(_, item)| is_exported(item)) {
            exports.push(Export {
                name: name.clone(),
                target: Target::Item(module, name.clone()),
                import: None,
            });
        }
        for child in children.iter().filter(|child| child.public) {
            exports.push(Export {
                name: child.name.clone(),
                target: Target::Module(child.index),
                import: None,
            });
        }
        for import in imports.iter().filter(|import| import.public) {
            let target = self.resolve(module, &import.path);
            match (&import.name, target) {
                (Some(name), target) => {
                    exports.push(Export { name: name.clone(), target, import: Some(import) })
                }
                (None, Target::Module(index)) if globs < MAX_IMPORTS => {
                    self.collect(index, exports, globs + 1)
                }
                (None, _) => {
                    let last = import.path.last().cloned();
                    exports.extend(last.map(|name| Export {
                        name,
                        target: Target::Foreign,
                        import: Some(import),
                    }));
                }
            }
        }
    }

    /// Where everything is listed: nearest to the root first.
    pub(super) fn places(&self) -> Places {
        let mut places = Places::from([(Target::Module(0), Vec::new())]);
        let mut level = vec![(0, Vec::new())];
        while !level.is_empty() {
            let mut below = Vec::new();
            for (module, path) in level {
                for Export { name, target, .. } in self.exports(module) {
                    let path: Vec<Ident> = [&path[..], &[name]].concat();
                    if target == Target::Foreign || places.contains_key(&target) {
                        continue;
                    }
                    if let Target::Module(index) = target {
                        below.push((index, path.clone()));
                    }
                    places.insert(target, path);
                }
            }
            level = below;
        }
        places
    }
}

/// An exported macro is public by its attribute, and all else by its visibility.
fn is_exported(item: &Item) -> bool {
    matches!(item, Item::Macro(_)) || reduce::is_public(item)
}
