mod cheating;
mod forger;
mod oracle;
mod round_trip;
