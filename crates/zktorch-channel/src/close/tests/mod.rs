mod attacks;
mod forger;
mod inventory;
mod mutation;
mod overlong;
mod round_trip;
mod soundness;
mod zero_knowledge;
