//! What a panic said. It ends the instance, and the package asks for the words before it starts another one.

use std::panic;
use std::sync::{Mutex, Once, PoisonError};

use wasm_bindgen::prelude::*;

static LAST: Mutex<String> = Mutex::new(String::new());

#[wasm_bindgen(start)]
fn keep_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|panic| {
            *LAST.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string();
        }));
    });
}

/// The message and place of the panic that ended this instance; empty if it was none.
#[wasm_bindgen(js_name = lastPanic)]
pub fn last_panic() -> String {
    std::mem::take(&mut LAST.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_panic_are_kept_once() {
        keep_panics();
        assert!(std::thread::spawn(|| panic!("a bug of {}", "ours")).join().is_err());
        let said = last_panic();
        assert!(said.contains("a bug of ours") && said.contains("panic.rs"), "{said}");
        assert_eq!(last_panic(), "");
    }
}
