"""Sending what a person released: in waves that can be taken up again; nothing is kept in clear."""
