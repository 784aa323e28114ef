"""How the tables of `store.schema` came to be: one step a version, run by `store.database`."""
