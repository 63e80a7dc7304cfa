"""The ledger: deals and launches read out of stories, each fact with its evidence. Pure, but for its data files."""
