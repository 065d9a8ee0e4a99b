//! The rules of cards, over a tenant in memory: once with every row at hand, once decided from nothing.
