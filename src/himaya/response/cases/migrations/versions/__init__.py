"""The versions of the register's schema, the oldest first."""
