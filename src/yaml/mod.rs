//! Lossless YAML: where every key, value, comment and anchor stands, and edits that touch nothing else.
