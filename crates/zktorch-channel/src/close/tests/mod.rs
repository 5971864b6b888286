mod inventory;
mod round_trip;
