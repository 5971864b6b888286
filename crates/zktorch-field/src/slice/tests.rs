//! Against naive loops over arkworks.
