//! Every form of the result: text, JSON, Markdown, HTML.

#[path = "../browser/mod.rs"]
mod browser;
#[path = "../outcomes/mod.rs"]
mod outcomes;
#[path = "../support/mod.rs"]
mod support;

mod beside_code;
mod html;
mod in_browser;
mod machine;
mod markdown;
mod preview;
mod text;
