"""Labels that were made elsewhere, read into one form: one module per format, none of which knows a database."""
