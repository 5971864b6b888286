mod cheating;
mod forger;
mod messages;
mod oracle;
mod order;
mod round_trip;
