mod forger;
mod inventory;
mod round_trip;
mod soundness;
