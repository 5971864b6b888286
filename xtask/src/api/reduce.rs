//! Items without what other crates cannot see: bodies, private fields and methods, documentation.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Block, Expr, Fields, FnArg, ImplItem, Item, ItemImpl, ItemMacro, Pat, Signature, TraitItem,
    Visibility, parse_quote,
};

use super::tree::is_public as is_pub;

/// Attributes that other crates notice. `from` and `prost` make implementations.
const KEPT: [&str; 10] = [
    "cfg",
    "deprecated",
    "derive",
    "from",
    "macro_export",
    "must_use",
    "non_exhaustive",
    "prost",
    "repr",
    "target_feature",
];
/// Values of constants that are longer than this, printed, are left out.
const MAX_VALUE: usize = 80;

/// Whether an item is public where it stands.
pub(super) fn is_public(item: &Item) -> bool {
    match item {
        Item::Const(item) => is_pub(&item.vis),
        Item::Enum(item) => is_pub(&item.vis),
        Item::Fn(item) => is_pub(&item.vis),
        Item::Static(item) => is_pub(&item.vis),
        Item::Struct(item) => is_pub(&item.vis),
        Item::Trait(item) => is_pub(&item.vis),
        Item::TraitAlias(item) => is_pub(&item.vis),
        Item::Type(item) => is_pub(&item.vis),
        Item::Union(item) => is_pub(&item.vis),
        _ => false,
    }
}

/// An item under the name that it is exported as.
pub(super) fn item(item: &Item, name: &syn::Ident) -> Item {
    let mut item = item.clone();
    match &mut item {
        Item::Const(item) => {
            (item.ident, item.vis) = (name.clone(), parse_quote!(pub));
            keep(&mut item.attrs);
            value(&mut item.expr);
        }
        Item::Enum(item) => {
            (item.ident, item.vis) = (name.clone(), parse_quote!(pub));
            keep(&mut item.attrs);
            for variant in &mut item.variants {
                keep(&mut variant.attrs);
                for field in &mut variant.fields {
                    keep(&mut field.attrs);
                }
            }
        }
        Item::Fn(item) => {
            item.vis = parse_quote!(pub);
            keep(&mut item.attrs);
            *item.block = nothing();
            signature(&mut item.sig);
            item.sig.ident = name.clone();
        }
        Item::Macro(item) => {
            keep(&mut item.attrs);
            item.ident = Some(name.clone());
        }
        Item::Static(item) => {
            (item.ident, item.vis) = (name.clone(), parse_quote!(pub));
            keep(&mut item.attrs);
            value(&mut item.expr);
        }
        Item::Struct(item) => {
            (item.ident, item.vis) = (name.clone(), parse_quote!(pub));
            keep(&mut item.attrs);
            if fields(&mut item.fields) {
                item.attrs.push(parse_quote!(#[doc = " With private fields."]));
            }
        }
        Item::Trait(item) => {
            (item.ident, item.vis) = (name.clone(), parse_quote!(pub));
            keep(&mut item.attrs);
            item.items.iter_mut().for_each(trait_item);
        }
        Item::TraitAlias(item) => {
            (item.ident, item.vis) = (name.clone(), parse_quote!(pub));
            keep(&mut item.attrs);
        }
        Item::Type(item) => {
            (item.ident, item.vis) = (name.clone(), parse_quote!(pub));
            keep(&mut item.attrs);
        }
        Item::Union(item) => {
            (item.ident, item.vis) = (name.clone(), parse_quote!(pub));
            keep(&mut item.attrs);
            item.fields.named = public_fields(&item.fields.named);
        }
        _ => {}
    }
    item
}

/// An `impl` with what it adds: all types and constants of a trait's, whose methods are the trait's; else what is public. None if
/// that is nothing.
pub(super) fn implementation(block: &ItemImpl) -> Option<Item> {
    let mut block = block.clone();
    keep(&mut block.attrs);
    let of_trait = block.trait_.is_some();
    block.items.retain(|item| match item {
        ImplItem::Fn(item) => !of_trait && is_pub(&item.vis),
        ImplItem::Const(item) => of_trait || is_pub(&item.vis),
        ImplItem::Type(item) => of_trait || is_pub(&item.vis),
        _ => true,
    });
    for item in &mut block.items {
        match item {
            ImplItem::Fn(item) => {
                keep(&mut item.attrs);
                signature(&mut item.sig);
                item.block = nothing();
            }
            ImplItem::Const(item) => {
                keep(&mut item.attrs);
                value(&mut item.expr);
            }
            ImplItem::Type(item) => keep(&mut item.attrs),
            _ => {}
        }
    }
    (of_trait || !block.items.is_empty()).then_some(Item::Impl(block))
}

/// The call of a macro, with the heads of the `impl`s in the macro's body. None if the macro makes nothing that is public.
pub(super) fn call(item: &ItemMacro, body: Option<&TokenStream>) -> Option<Item> {
    let mut item = item.clone();
    keep(&mut item.attrs);
    if let Some(body) = body {
        let mut made = Vec::new();
        heads(body.clone(), &mut made);
        if made.is_empty() {
            return None;
        }
        for head in made {
            let line = format!(" {head}");
            item.attrs.push(parse_quote!(#[doc = #line]));
        }
    }
    Some(Item::Macro(item))
}

/// Each `impl .. for ..` and each `pub ..` of a macro's body, up to the brace.
fn heads(body: TokenStream, made: &mut Vec<String>) {
    let mut open: Option<TokenStream> = None;
    let mut tokens = body.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if let TokenTree::Group(group) = &token
            && (open.is_none() || group.delimiter() == Delimiter::Brace)
        {
            made.extend(open.take().map(|head| head.to_string()));
            heads(group.stream(), made);
            continue;
        }
        let starts = match &token {
            TokenTree::Ident(word) if word == "impl" => true,
            // Not `pub(crate)`.
            TokenTree::Ident(word) if word == "pub" => !matches!(tokens.peek(), Some(TokenTree::Group(_))),
            _ => false,
        };
        if open.is_none() && starts {
            open = Some(TokenStream::new());
        }
        if let Some(head) = &mut open {
            head.extend([token]);
        }
    }
    made.extend(open.map(|head| head.to_string()));
}

fn trait_item(item: &mut TraitItem) {
    match item {
        TraitItem::Fn(item) => {
            keep(&mut item.attrs);
            signature(&mut item.sig);
            // That there is a body is of interest: whoever implements the trait may leave it out.
            item.default = item.default.as_ref().map(|_| nothing());
        }
        TraitItem::Const(item) => {
            keep(&mut item.attrs);
            item.default.iter_mut().for_each(|(_, expr)| value(expr));
        }
        TraitItem::Type(item) => keep(&mut item.attrs),
        _ => {}
    }
}

/// Names of arguments are shown, patterns are not.
fn signature(signature: &mut Signature) {
    for argument in &mut signature.inputs {
        match argument {
            FnArg::Typed(argument) => {
                argument.attrs.clear();
                match &mut *argument.pat {
                    Pat::Ident(name) => (name.by_ref, name.mutability) = (None, None),
                    pattern => *pattern = parse_quote!(_),
                }
            }
            FnArg::Receiver(receiver) => {
                if matches!(receiver.kind, syn::ReceiverKind::Value) {
                    receiver.mutability = None;
                }
            }
        }
    }
}

/// Leaves the public fields; whether there were others.
fn fields(fields: &mut Fields) -> bool {
    let private = fields.iter().any(|field| !is_pub(&field.vis));
    match fields {
        Fields::Named(fields) => fields.named = public_fields(&fields.named),
        Fields::Unnamed(fields) => {
            for field in &mut fields.unnamed {
                keep(&mut field.attrs);
                if !is_pub(&field.vis) {
                    // Its place counts.
                    (field.vis, field.ty) = (Visibility::Inherited, parse_quote!(_));
                }
            }
        }
        Fields::Unit => {}
    }
    private
}

fn public_fields<P: Default>(fields: &Punctuated<syn::Field, P>) -> Punctuated<syn::Field, P> {
    let public = fields.iter().filter(|field| is_pub(&field.vis)).cloned();
    public
        .map(|mut field| {
            keep(&mut field.attrs);
            field
        })
        .collect()
}

fn keep(attrs: &mut Vec<Attribute>) {
    let hidden = |attr: &Attribute| {
        attr.path().is_ident("doc")
            && attr.parse_args::<syn::Path>().is_ok_and(|argument| argument.is_ident("hidden"))
    };
    attrs.retain(|attr| KEPT.iter().any(|name| attr.path().is_ident(name)) || hidden(attr));
}

fn value(expr: &mut Expr) {
    if expr.to_token_stream().to_string().len() > MAX_VALUE {
        *expr = parse_quote!(_);
    }
}

fn nothing() -> Block {
    parse_quote!({})
}
