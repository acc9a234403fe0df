"""Where frames come from: one table, one `open_source`."""
